package friend

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// How many certificates and cards are kept of those who are neither friends nor DIDs of this person.
const (
	MaxCertificates = 4096
	MaxCards        = 512
)

// ByDevice says whose device it is and how it stands. A device that is nobody's, or is not its person's any more, is
// [fs.ErrNotExist]; one whose certificate ran out before it was ever met is [keyring.ErrExpired]. Whether the person is a friend
// says [State.Friend].
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

// AddCertificate remembers a certificate that a device presented on a connection of its own, or that its owner published, and
// says how the device stands. Errors are those of [keyring.Certificates.Add]. When it returns, what was seen is durable: no
// older device of the DID is believed again. Callers add certificates of those whom they admit: of others than friends and DIDs
// of this person the newest MaxCertificates are kept.
func (s *State) AddCertificate(ctx context.Context, cert *keyring.Certificate) (standing keyring.Standing, err error) {
	var refused error
	err = s.update(ctx, func(c *change) error {
		standing, refused, err = s.putCertificate(c, cert)
		return err
	})
	if err != nil {
		return 0, err
	}
	return standing, refused
}

// putCertificate writes what is known once cert was seen. Refused is what the caller is told; what was seen is kept all the
// same.
func (s *State) putCertificate(c *change, cert *keyring.Certificate) (_ keyring.Standing, refused, err error) {
	did := cert.DID()
	before, _ := s.certs.Get(did)
	scratch := keyring.NewCertificates(s.Now)
	scratch.Restore(before)
	standing, refused := scratch.Add(cert)
	after, ok := scratch.Get(did)
	if !ok || after == before {
		return standing, refused, nil
	}
	const put = "INSERT OR REPLACE INTO certificate (did, bytes, met, turn) VALUES (?, ?, ?, " +
		"(SELECT coalesce(max(turn), 0) + 1 FROM certificate))"
	if err := c.exec(put, did[:], after.Certificate.Bytes(), after.Met); err != nil {
		return 0, nil, err
	}
	c.then(func() {
		if before.Certificate != nil {
			s.dropDevice(before.Certificate)
		}
		s.devices[after.Certificate.Device()] = did
		s.certs.Restore(after)
	})
	return standing, refused, s.evict(c, "certificate", MaxCertificates, func(did radicle.DID) {
		known, _ := s.certs.Get(did)
		s.dropDevice(known.Certificate)
		s.certs.Forget(did)
	})
}

// dropDevice forgets whose device it is, unless two DIDs name one device and the other one counts.
func (s *State) dropDevice(cert *keyring.Certificate) {
	if cert != nil && s.devices[cert.Device()] == cert.DID() {
		delete(s.devices, cert.Device())
	}
}

// evict removes the rows of strangers that were written longest ago, if there are more than limit.
func (s *State) evict(c *change, table string, limit int, forget func(radicle.DID)) error {
	const strangers = " WHERE did NOT IN (SELECT did FROM friend UNION ALL SELECT did FROM mine UNION ALL SELECT did FROM self)"
	var n int
	if err := c.one("SELECT count(*) FROM "+table, nil, &n); err != nil || n <= limit {
		return err // as a rule: counted in vain only with many strangers
	}
	if err := c.one("SELECT count(*) FROM "+table+strangers, nil, &n); err != nil || n <= limit {
		return err
	}
	var gone []radicle.DID
	var b []byte
	err := c.each("SELECT did FROM "+table+strangers+" ORDER BY turn LIMIT ?", []any{n - limit}, func() error {
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
	var met bool
	return s.db.each("SELECT bytes, met FROM certificate", nil, func() error {
		cert, err := keyring.ParseCertificate(b)
		if err != nil {
			return damage{fmt.Errorf("certificate: %w", err)}
		}
		s.certs.Restore(keyring.Known{Certificate: cert, Met: met})
		s.devices[cert.Device()] = cert.DID()
		return nil
	}, &b, &met)
}

// Card returns the newest key card that was seen of a DID, nil where none was.
func (s *State) Card(did radicle.DID) *keyring.Card { return s.cards.Get(did) }

// AddCard remembers a key card. One older than what was seen is [keyring.ErrRollback], one dated too far ahead
// [keyring.ErrClock]. When it returns nil no older card of the DID is believed again. Of others than friends and DIDs of this
// person the newest MaxCards are kept.
func (s *State) AddCard(ctx context.Context, card *keyring.Card) error {
	did := card.DID()
	return s.update(ctx, func(c *change) error {
		scratch := keyring.NewCards(s.Now)
		before := s.cards.Get(did)
		if before != nil {
			scratch.Restore(before)
		}
		if err := scratch.Add(card); err != nil {
			return err
		}
		if before != nil && string(before.Bytes()) == string(card.Bytes()) {
			return nil
		}
		const put = "INSERT OR REPLACE INTO card (did, bytes, turn) VALUES (?, ?, (SELECT coalesce(max(turn), 0) + 1 FROM card))"
		c.then(func() { s.cards.Restore(card) })
		return errors.Join(c.exec(put, did[:], card.Bytes()), s.evict(c, "card", MaxCards, s.cards.Forget))
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
