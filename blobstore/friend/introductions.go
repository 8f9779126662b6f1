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
	MaxIssued       = 16_384 // by us
	MaxReceived     = 4096   // of us, in all
	MaxReceivedFrom = 64     // of us, by one issuer
)

// AddIssued keeps an introduction by us. Errors are [keyring.ErrMismatch] for one by somebody else, those of
// [Introduction.Check], and [ErrLimit].
func (s *State) AddIssued(ctx context.Context, i *Introduction) error {
	if i.DID() != s.self {
		return fmt.Errorf("introduction by %v: %w", i.DID(), keyring.ErrMismatch)
	}
	return s.update(ctx, func(c *change) error {
		if err := i.Check(c.now); err != nil {
			return err
		}
		if err := makeRoom(c, "issued", "introductions", s.limit.issued); err != nil {
			return err
		}
		const put = "INSERT OR IGNORE INTO issued (id, guest, bytes, made, ends, revoked) VALUES (?, ?, ?, ?, ?, 0)"
		return c.exec(put, i.id[:], i.guest[:], i.raw, i.first, i.last)
	})
}

// makeRoom removes rows that ended if there is no room for one more, and refuses if that does not help.
func makeRoom(c *change, table, what string, limit int) error {
	var n int
	if err := c.one("SELECT count(*) FROM "+table, nil, &n); err != nil || n < limit {
		return err
	}
	gone, err := c.change("DELETE FROM "+table+" WHERE ends <= ?", unix(c.now))
	if err == nil && gone == 0 {
		err = &LimitError{what, limit}
	}
	return err
}

// Issued is an introduction by us.
type Issued struct {
	*Introduction
	Revoked bool
}

// Issued returns the introductions of a guest by us that have not run out, those that end last first; of all guests for the
// zero DID.
func (s *State) Issued(ctx context.Context, guest radicle.DID) ([]Issued, error) {
	const query = "SELECT bytes, revoked FROM issued WHERE (guest = ?1 OR ?2) AND ends > ?3 ORDER BY ends DESC, id"
	rows, err := s.rows(ctx, query, guest[:], guest.IsZero(), unix(s.now()))
	all := make([]Issued, 0, len(rows))
	for _, row := range rows {
		i, err := ParseIntroduction(row.bytes)
		if err != nil {
			return nil, explain(s.path, damage{err})
		}
		all = append(all, Issued{i, row.mark})
	}
	return all, err
}

// AddNotice keeps a revocation by us and marks what it ends, in one step. Friends are to be told of it until it ends:
// [State.Notices]. Errors are [keyring.ErrMismatch] for one by somebody else, those of [Revocation.Check], and [ErrLimit].
func (s *State) AddNotice(ctx context.Context, r *Revocation) error {
	if r.DID() != s.self {
		return fmt.Errorf("revocation by %v: %w", r.DID(), keyring.ErrMismatch)
	}
	return s.update(ctx, func(c *change) error {
		if err := r.Check(c.now); err != nil {
			return err
		}
		if err := makeRoom(c, "notice", "revocations", s.limit.issued); err != nil {
			return err
		}
		const mark = "UPDATE issued SET revoked = 1 WHERE id = ? OR guest = ? AND made < ?"
		if err := c.exec(mark, r.id[:], r.guest[:], r.before); err != nil {
			return err
		}
		return c.exec("INSERT OR IGNORE INTO notice (bytes, ends) VALUES (?, ?)", r.raw, r.until)
	})
}

// Notices returns the revocations by us that still mean something, those that end last first.
func (s *State) Notices(ctx context.Context) ([]*Revocation, error) {
	const query = "SELECT bytes, 0 FROM notice WHERE ends > ? ORDER BY ends DESC, bytes"
	rows, err := s.rows(ctx, query, unix(s.now()))
	return parseRows(s, rows, err, ParseRevocation)
}

// AddReceived keeps an introduction of us, to be presented to holders. Of one issuer those that end last are kept, at most
// MaxReceivedFrom; of all MaxReceived, less of whoever has most. Errors are [keyring.ErrMismatch] for one of somebody else, and
// those of [Introduction.Check]. The same one again is no error.
func (s *State) AddReceived(ctx context.Context, i *Introduction) error {
	if i.guest != s.self {
		return fmt.Errorf("introduction of %v: %w", i.guest, keyring.ErrMismatch)
	}
	issuer := i.DID()
	return s.update(ctx, func(c *change) error {
		if err := i.Check(c.now); err != nil {
			return err
		}
		const put = "INSERT OR IGNORE INTO received (issuer, id, bytes, ends) VALUES (?, ?, ?, ?)"
		if err := c.exec(put, issuer[:], i.id[:], i.raw, i.last); err != nil {
			return err
		}
		return s.evictReceived(c, issuer)
	})
}

// evictReceived removes what ends first of an issuer with too many, and where there are too many in all, of whoever has most.
func (s *State) evictReceived(c *change, issuer radicle.DID) error {
	const soonest = "DELETE FROM received WHERE issuer = ?1 AND id = " +
		"(SELECT id FROM received WHERE issuer = ?1 ORDER BY ends, id LIMIT 1)"
	many, err := c.more("SELECT count(*) FROM received WHERE issuer = ?", s.limit.receivedFrom, issuer[:])
	if err != nil {
		return err
	}
	if many {
		return c.exec(soonest, issuer[:])
	}
	if many, err = c.more("SELECT count(*) FROM received", s.limit.received); err != nil || !many {
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
func (s *State) Received(ctx context.Context, issuer radicle.DID) ([]*Introduction, error) {
	const query = "SELECT bytes, 0 FROM received WHERE (issuer = ?1 OR ?2) AND ends > ?3 ORDER BY ends DESC, id"
	rows, err := s.rows(ctx, query, issuer[:], issuer.IsZero(), unix(s.now()))
	return parseRows(s, rows, err, ParseIntroduction)
}

// row is an encoding as it stands in the file, and a mark.
type row struct {
	bytes []byte
	mark  bool
}

// rows returns what a query selects. It is parsed when nobody waits for it.
func (s *State) rows(ctx context.Context, query string, args ...any) (all []row, err error) {
	err = s.view(ctx, func(d *database) error {
		var b []byte
		var mark bool
		return d.each(query, args, func() error {
			all = append(all, row{b, mark})
			b = nil // Scan makes another
			return nil
		}, &b, &mark)
	})
	return all, err
}

func parseRows[T any](s *State, rows []row, err error, parse func([]byte) (T, error)) ([]T, error) {
	all := make([]T, 0, len(rows))
	for _, row := range rows {
		one, err := parse(row.bytes)
		if err != nil {
			return nil, explain(s.path, damage{err})
		}
		all = append(all, one)
	}
	return all, err
}

// CheckIntroduction says whether a guest with a certificate of its own may be let in on an introduction: its issuer is a friend
// or another DID of this person ([ErrStranger]), the device that signed it was not replaced ([keyring.ErrRetired]), the guest
// is the one that is named ([keyring.ErrMismatch]), it holds now ([ErrEnded], [keyring.ErrClock]), and it was not revoked
// ([ErrRevoked]). It does not ask whether the certificate that it was signed under has run out since: that an owner is away is
// what introductions are for.
func (s *State) CheckIntroduction(ctx context.Context, i *Introduction, guest radicle.DID) error {
	if i.guest != guest {
		return fmt.Errorf("introduction of %v, presented by %v: %w", i.guest, guest, keyring.ErrMismatch)
	}
	return s.refuse(ctx, func(c *change) (refused, err error) {
		if err := i.Check(c.now); err != nil {
			return err, nil
		}
		if refused, err = s.fromFriend(c, &i.word); refused != nil || err != nil {
			return refused, err
		}
		return isRevoked(c.database, i)
	})
}

// fromFriend holds a word to what may be believed of a friend or another DID of this person: it is one, and the device is not
// replaced. Its certificate counts as one that the device presented: the device signed it.
func (s *State) fromFriend(c *change, w *word) (refused, err error) {
	if _, ok := s.Friend(w.DID()); !ok && !s.IsMine(w.DID()) {
		return fmt.Errorf("%v: %w", w.DID(), ErrStranger), nil
	}
	_, refused, err = s.putCertificate(c, w.cert, true)
	if errors.Is(refused, keyring.ErrExpired) {
		refused = nil // what was said before it ran out stands
	}
	return refused, err
}
