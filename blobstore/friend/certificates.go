package friend

import (
	"context"
	"fmt"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// How many certificates and cards are kept of those who are neither friends nor DIDs of this person.
const (
	MaxCertificates = 4096
	MaxCards        = 512
)

// ByDevice says whose device it is and how it stands. A device that nobody has shown to be theirs, or that is not its person's
// any more, is [fs.ErrNotExist]; one whose certificate ran out before it was ever met is [keyring.ErrExpired]; one that is
// being replaced at this moment may be [keyring.ErrRetired]. Whether the person is a friend says [State.Friend].
func (s *State) ByDevice(device keyring.Device) (radicle.DID, keyring.Standing, error) {
	s.mu.RLock()
	did, ok := s.devices[device]
	s.mu.RUnlock()
	if !ok {
		return did, 0, &UnknownError{"device " + device.String()}
	}
	standing, err := s.certs.Standing(did, device)
	return did, standing, err
}

// Certificate returns the newest certificate that was seen of a DID.
func (s *State) Certificate(did radicle.DID) (keyring.Known, bool) { return s.certs.Get(did) }

// AddCertificate remembers a certificate that a device presented on a connection that its key secures, and says how the device
// stands. Errors are those of [keyring.Certificates.Add]. When it returns, what was seen is durable: no older device of the DID
// is believed again. Callers add certificates of those whom they admit: of others than friends and DIDs of this person, the
// MaxCertificates that were written last are kept.
func (s *State) AddCertificate(ctx context.Context, cert *keyring.Certificate) (keyring.Standing, error) {
	return s.addCertificate(ctx, cert, true)
}

// AddPublished remembers a certificate that its owner published, as in a repository. It tells which device to dial, and retires
// others as in [State.AddCertificate]; but the device has not agreed, and [State.ByDevice] does not know it by that: whoever
// publishes could name another's device (KEYS.md §8). Where room is needed those go first that were only published.
func (s *State) AddPublished(ctx context.Context, cert *keyring.Certificate) (keyring.Standing, error) {
	return s.addCertificate(ctx, cert, false)
}

func (s *State) addCertificate(
	ctx context.Context, cert *keyring.Certificate, agreed bool,
) (standing keyring.Standing, err error) {
	err = s.refuse(ctx, func(c *change) (refused, err error) {
		standing, refused, err = s.putCertificate(c, cert, agreed)
		return refused, err
	})
	if err != nil {
		standing = 0
	}
	return standing, err
}

// putCertificate writes what is known once cert was seen. Refused is what the caller is told; what was seen is kept all the
// same.
func (s *State) putCertificate(c *change, cert *keyring.Certificate, agrees bool) (_ keyring.Standing, refused, err error) {
	did := cert.DID()
	before, agreed := s.known(did)
	scratch := keyring.NewCertificates(s.now)
	scratch.Restore(before)
	standing, refused := scratch.Add(cert)
	after, ok := scratch.Get(did)
	if !ok {
		return 0, refused, nil
	}
	sameDevice := before.Certificate != nil && before.Certificate.Device() == after.Certificate.Device()
	agreed = agreed && sameDevice || agrees && cert.Device() == after.Certificate.Device()
	if _, was := s.known(did); after == before && agreed == was {
		return standing, refused, nil
	}
	const put = "INSERT OR REPLACE INTO certificate (did, bytes, met, agreed, turn) VALUES (?, ?, ?, ?, " +
		"(SELECT coalesce(max(turn), 0) + 1 FROM certificate))"
	if err := c.exec(put, did[:], after.Certificate.Bytes(), after.Met, agreed); err != nil {
		return 0, nil, err
	}
	c.then(func() {
		s.dropDevice(before.Certificate)
		if agreed {
			s.devices[after.Certificate.Device()] = did
		}
		s.certs.Restore(after)
	})
	return standing, refused, s.evict(c, "certificate", "agreed, turn", s.limit.certificates, func(did radicle.DID) {
		known, _ := s.certs.Get(did)
		s.dropDevice(known.Certificate)
		s.certs.Forget(did)
	})
}

// known returns what is known of a DID, and whether its device has agreed to be its.
func (s *State) known(did radicle.DID) (k keyring.Known, agreed bool) {
	k, ok := s.certs.Get(did)
	if !ok {
		return k, false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return k, s.devices[k.Certificate.Device()] == did
}

// dropDevice forgets whose device it is, unless two DIDs name one device and the other one counts.
func (s *State) dropDevice(cert *keyring.Certificate) {
	if cert != nil && s.devices[cert.Device()] == cert.DID() {
		delete(s.devices, cert.Device())
	}
}

// strangers says in SQL that a DID is neither a friend's nor of this person.
const strangers = "did NOT IN (SELECT did FROM friend UNION ALL SELECT did FROM mine UNION ALL SELECT did FROM self)"

// evict removes the first rows of strangers, in an order, if there are more than limit.
func (s *State) evict(c *change, table, order string, limit int, forget func(radicle.DID)) error {
	var n int
	if err := c.one("SELECT count(*) FROM "+table, nil, &n); err != nil || n <= limit {
		return err // as a rule: strangers are looked for only where there are many
	}
	if err := c.one("SELECT count(*) FROM "+table+" WHERE "+strangers, nil, &n); err != nil || n <= limit {
		return err
	}
	var gone []radicle.DID
	var b []byte
	err := c.each("SELECT did FROM "+table+" WHERE "+strangers+" ORDER BY "+order+" LIMIT ?", []any{n - limit}, func() error {
		did, err := toDID(b)
		gone = append(gone, did)
		return err
	}, &b)
	for _, did := range gone {
		if err := c.exec("DELETE FROM "+table+" WHERE did = ?", did[:]); err != nil {
			return err
		}
		c.then(func() { forget(did) })
	}
	return err
}

func (s *State) loadCertificates() error {
	var b []byte
	var met, agreed bool
	return s.db.each("SELECT bytes, met, agreed FROM certificate ORDER BY turn", nil, func() error {
		cert, err := keyring.ParseCertificate(b)
		if err != nil {
			return damage{fmt.Errorf("certificate: %w", err)}
		}
		s.certs.Restore(keyring.Known{Certificate: cert, Met: met})
		if agreed {
			s.devices[cert.Device()] = cert.DID()
		}
		return nil
	}, &b, &met, &agreed)
}

// Card returns the newest key card that was seen of a DID, nil where none was.
func (s *State) Card(did radicle.DID) *keyring.Card { return s.cards.Get(did) }

// AddCard remembers a key card. One older than what was seen is [keyring.ErrRollback], one dated too far ahead
// [keyring.ErrClock]. When it returns nil no older card of the DID is believed again. Of others than friends and DIDs of this
// person the newest MaxCards are kept.
func (s *State) AddCard(ctx context.Context, card *keyring.Card) error {
	did := card.DID()
	return s.update(ctx, func(c *change) error {
		scratch := keyring.NewCards(s.now)
		before := s.cards.Get(did)
		scratch.Restore(before)
		if err := scratch.Add(card); err != nil {
			return err
		}
		if before != nil && string(before.Bytes()) == string(card.Bytes()) {
			return nil
		}
		const put = "INSERT OR REPLACE INTO card (did, bytes, turn) VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM card))"
		if err := c.exec(put, did[:], card.Bytes()); err != nil {
			return err
		}
		c.then(func() { s.cards.Restore(card) })
		return s.evict(c, "card", "turn", s.limit.cards, s.cards.Forget)
	})
}

func (s *State) loadCards() error {
	var b []byte
	return s.db.each("SELECT bytes FROM card", nil, func() error {
		card, err := keyring.ParseCard(b)
		if err != nil {
			return damage{fmt.Errorf("key card: %w", err)}
		}
		s.cards.Restore(card)
		return nil
	}, &b)
}
