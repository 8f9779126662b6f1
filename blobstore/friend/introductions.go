package friend

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// How many introductions are kept.
const (
	MaxIssued       = 16_384 // by us that have not run out
	MaxReceived     = 4096   // of us, in all
	MaxReceivedFrom = 64     // of us, by one issuer
)

// AddIssued keeps an introduction by us. Errors are [keyring.ErrMismatch] for one by somebody else, those of
// [Introduction.Check], and [ErrLimit].
func (s *State) AddIssued(ctx context.Context, i *Introduction) error {
	if i.DID() != s.Self {
		return fmt.Errorf("introduction by %v: %w", i.DID(), keyring.ErrMismatch)
	}
	return s.update(ctx, func(c *change) error {
		if err := i.Check(c.now); err != nil {
			return err
		}
		if err := c.exec("DELETE FROM issued WHERE ends <= ?", unix(c.now)); err != nil {
			return err
		}
		var n int
		if err := c.one("SELECT count(*) FROM issued", nil, &n); err != nil {
			return err
		}
		if n >= MaxIssued {
			return &LimitError{"introductions", MaxIssued}
		}
		const put = "INSERT OR IGNORE INTO issued (id, guest, bytes, ends, revoked) VALUES (?, ?, ?, ?, 0)"
		return c.exec(put, i.id[:], i.guest[:], i.raw, i.last)
	})
}

// Issued is an introduction by us.
type Issued struct {
	*Introduction
	Revoked bool
}

// Issued returns the introductions of a guest by us that have not run out, those that end last first; of all guests for the
// zero DID.
func (s *State) Issued(ctx context.Context, guest radicle.DID) (all []Issued, err error) {
	err = s.view(ctx, func(d *database) error {
		var b []byte
		var revoked bool
		const query = "SELECT bytes, revoked FROM issued WHERE (guest = ?1 OR ?2) AND ends > ?3 ORDER BY ends DESC, id"
		return d.each(query, []any{guest[:], guest.IsZero(), unix(s.Now())}, func() error {
			i, err := ParseIntroduction(b)
			if err != nil {
				return damage{err}
			}
			all = append(all, Issued{i, revoked})
			return nil
		}, &b, &revoked)
	})
	return all, err
}

// AddNotice keeps a revocation by us and marks what it ends, in one step. It is for telling friends until it ends:
// [State.Notices]. Errors are [keyring.ErrMismatch] for one by somebody else, and those of [Revocation.Check].
func (s *State) AddNotice(ctx context.Context, r *Revocation) error {
	if r.DID() != s.Self {
		return fmt.Errorf("revocation by %v: %w", r.DID(), keyring.ErrMismatch)
	}
	ends, err := s.Issued(ctx, radicle.DID{})
	if err != nil {
		return err
	}
	return s.update(ctx, func(c *change) error {
		if err := r.Check(c.now); err != nil {
			return err
		}
		for _, i := range ends {
			if !r.Ends(i.Introduction) {
				continue
			}
			if err := c.exec("UPDATE issued SET revoked = 1 WHERE id = ?", i.id[:]); err != nil {
				return err
			}
		}
		return errors.Join(c.exec("DELETE FROM notice WHERE ends <= ?", unix(c.now)),
			c.exec("INSERT OR IGNORE INTO notice (bytes, ends) VALUES (?, ?)", r.raw, r.until))
	})
}

// Notices returns the revocations by us that still mean something, those that end last first.
func (s *State) Notices(ctx context.Context) (all []*Revocation, err error) {
	err = s.view(ctx, func(d *database) error {
		var b []byte
		const query = "SELECT bytes FROM notice WHERE ends > ? ORDER BY ends DESC, bytes"
		return d.each(query, []any{unix(s.Now())}, func() error {
			r, err := ParseRevocation(b)
			if err != nil {
				return damage{err}
			}
			all = append(all, r)
			return nil
		}, &b)
	})
	return all, err
}

// AddReceived keeps an introduction of us, to be presented to holders. Of one issuer those that end last are kept, at most
// MaxReceivedFrom; of all MaxReceived, less of whoever has most. Errors are [keyring.ErrMismatch] for one of somebody else, and
// those of [Introduction.Check].
func (s *State) AddReceived(ctx context.Context, i *Introduction) error {
	if i.guest != s.Self {
		return fmt.Errorf("introduction of %v: %w", i.guest, keyring.ErrMismatch)
	}
	issuer := i.DID()
	return s.update(ctx, func(c *change) error {
		if err := i.Check(c.now); err != nil {
			return err
		}
		if err := c.exec("DELETE FROM received WHERE ends <= ?", unix(c.now)); err != nil {
			return err
		}
		const put = "INSERT OR IGNORE INTO received (issuer, id, bytes, ends) VALUES (?, ?, ?, ?)"
		if err := c.exec(put, issuer[:], i.id[:], i.raw, i.last); err != nil {
			return err
		}
		return evictReceived(c, issuer)
	})
}

func evictReceived(c *change, issuer radicle.DID) error {
	const soonest = "DELETE FROM received WHERE issuer = ?1 AND id = " +
		"(SELECT id FROM received WHERE issuer = ?1 ORDER BY ends, id LIMIT 1)"
	var n int
	if err := c.one("SELECT count(*) FROM received WHERE issuer = ?", []any{issuer[:]}, &n); err != nil {
		return err
	}
	if n > MaxReceivedFrom {
		return c.exec(soonest, issuer[:])
	}
	if err := c.one("SELECT count(*) FROM received", nil, &n); err != nil || n <= MaxReceived {
		return err
	}
	var most []byte
	const busiest = "SELECT issuer FROM received GROUP BY issuer ORDER BY count(*) DESC, min(ends) LIMIT 1"
	if err := c.one(busiest, nil, &most); err != nil {
		return err
	}
	return c.exec(soonest, most)
}

// Received returns the introductions of us by an issuer that have not run out, those that end last first; by all issuers for
// the zero DID.
func (s *State) Received(ctx context.Context, issuer radicle.DID) (all []*Introduction, err error) {
	err = s.view(ctx, func(d *database) error {
		var b []byte
		const query = "SELECT bytes FROM received WHERE (issuer = ?1 OR ?2) AND ends > ?3 ORDER BY ends DESC, id"
		return d.each(query, []any{issuer[:], issuer.IsZero(), unix(s.Now())}, func() error {
			i, err := ParseIntroduction(b)
			if err != nil {
				return damage{err}
			}
			all = append(all, i)
			return nil
		}, &b)
	})
	return all, err
}

// fromFriend holds a word to what may be believed of a friend: it is one, and the device is not replaced. Its certificate counts
// as one that its owner published.
func (s *State) fromFriend(c *change, w *word) (refused, err error) {
	if _, ok := s.Friend(w.DID()); !ok {
		return fmt.Errorf("%v: %w", w.DID(), ErrStranger), nil
	}
	_, refused, err = s.putCertificate(c, w.cert)
	if errors.Is(refused, keyring.ErrExpired) {
		refused = nil // what was said before it ran out stands
	}
	return refused, err
}

// CheckIntroduction says whether a guest with a certificate of its own may be let in on an introduction: its issuer is a
// friend ([ErrStranger]), the device that signed it was not replaced ([keyring.ErrRetired]), the guest is the one that is named
// ([keyring.ErrMismatch]), it holds now ([ErrEnded], [keyring.ErrClock]), and it was not revoked ([ErrRevoked]). It does not ask
// whether the certificate that it was signed under has run out since: that an owner is away is what introductions are for.
func (s *State) CheckIntroduction(ctx context.Context, i *Introduction, guest radicle.DID) error {
	if i.guest != guest {
		return fmt.Errorf("introduction of %v, presented by %v: %w", i.guest, guest, keyring.ErrMismatch)
	}
	if err := i.Check(s.Now()); err != nil {
		return err
	}
	var refused error
	err := s.update(ctx, func(c *change) (err error) {
		if refused, err = s.fromFriend(c, &i.word); refused != nil || err != nil {
			return err
		}
		refused, err = isRevoked(c.database, i)
		return err
	})
	if err != nil {
		return err
	}
	return refused
}
