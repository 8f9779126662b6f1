package friend

import (
	"context"
	"fmt"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// MaxRevocations is how many revocations of one friend are kept one by one. Where there are more, all introductions that the
// friend may have issued until then are refused: nothing that was revoked comes back for want of room.
const MaxRevocations = 1024

// AddRevocation keeps the revocation of a friend. Errors are [ErrStranger], [keyring.ErrRetired] for a device that was replaced,
// and those of [Revocation.Check]. The same one again is no error.
func (s *State) AddRevocation(ctx context.Context, r *Revocation) error {
	return s.refuse(ctx, func(c *change) (refused, err error) {
		if err := r.Check(c.now); err != nil {
			return err, nil
		}
		if refused, err = s.fromFriend(c, &r.word); refused != nil || err != nil {
			return refused, err
		}
		what := r.id[:]
		if r.kind == revokesGuest {
			what = r.guest[:]
		}
		return nil, s.putRevoked(c, r.DID(), what, r.before, r.until)
	})
}

const upsertRevoked = `INSERT INTO revoked (issuer, what, before, ends) VALUES (?, ?, ?, ?)
	ON CONFLICT (issuer, what) DO UPDATE SET before = max(before, excluded.before), ends = max(ends, excluded.ends)`

// putRevoked adds a row. Those that ended are removed only where room is needed: a clock that was wrong for a while must not
// bring back what was revoked.
func (s *State) putRevoked(c *change, issuer radicle.DID, what []byte, before, until int64) error {
	if err := c.exec(upsertRevoked, issuer[:], what, before, until); err != nil {
		return err
	}
	const count = "SELECT count(*) FROM revoked WHERE issuer = ?"
	if many, err := c.more(count, s.limit.revocations, issuer[:]); err != nil || !many {
		return err
	}
	if err := c.exec("DELETE FROM revoked WHERE issuer = ? AND ends <= ?", issuer[:], unix(c.now)); err != nil {
		return err
	}
	if many, err := c.more(count, s.limit.revocations, issuer[:]); err != nil || !many {
		return err
	}
	return s.revokeAll(c, issuer)
}

// revokeAll puts one row in place of all of an issuer: everything that would have been believed until now.
func (s *State) revokeAll(c *change, issuer radicle.DID) error {
	var before, until int64
	const last = "SELECT max(before), max(ends) FROM revoked WHERE issuer = ?"
	if err := c.one(last, []any{issuer[:]}, &before, &until); err != nil {
		return err
	}
	if err := c.exec("DELETE FROM revoked WHERE issuer = ?", issuer[:]); err != nil {
		return err
	}
	s.log.Warn("too many revocations of one friend: all introductions by it until now are refused", "friend", issuer)
	ahead := c.now.Add(keyring.MaxAhead)
	return c.exec(upsertRevoked, issuer[:], []byte{}, max(before, unix(ahead)+1), max(until, unix(ahead.Add(MaxIntroductionLife))))
}

// isRevoked returns ErrRevoked for an introduction that its issuer took back.
func isRevoked(d *database, i *Introduction) (refused, err error) {
	issuer := i.DID()
	const query = "SELECT count(*) FROM revoked WHERE issuer = ? AND (what = ? OR what IN (?, x'') AND before > ?)"
	if found, err := d.more(query, 0, issuer[:], i.id[:], i.guest[:], i.first); err != nil || !found {
		return nil, err
	}
	return fmt.Errorf("introduction %v by %v: %w", i.id, issuer, ErrRevoked), nil
}
