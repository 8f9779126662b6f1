package friend

import (
	"context"
	"fmt"

	"radswarm/radicle"
)

// MaxRevocations is how many revocations of one friend are kept one by one. Where there are more, all introductions that the
// friend issued until then are refused: nothing that was revoked comes back for want of room.
const MaxRevocations = 1024

// AddRevocation keeps the revocation of a friend until what it ends has run out. Errors are [ErrStranger],
// [keyring.ErrRetired] for a device that was replaced, and those of [Revocation.Check]. The same one again is no error.
func (s *State) AddRevocation(ctx context.Context, r *Revocation) error {
	if err := r.Check(s.Now()); err != nil {
		return err
	}
	var refused error
	err := s.update(ctx, func(c *change) (err error) {
		if refused, err = s.fromFriend(c, &r.word); refused != nil || err != nil {
			return err
		}
		what := r.id[:]
		if r.kind == revokesGuest {
			what = r.guest[:]
		}
		return putRevoked(c, r.DID(), what, r.before, r.until)
	})
	if err != nil {
		return err
	}
	return refused
}

func putRevoked(c *change, issuer radicle.DID, what []byte, before, until int64) error {
	if err := c.exec("DELETE FROM revoked WHERE ends <= ?", unix(c.now)); err != nil {
		return err
	}
	const put = `INSERT INTO revoked (issuer, what, before, ends) VALUES (?, ?, ?, ?)
		ON CONFLICT (issuer, what) DO UPDATE SET before = max(before, excluded.before), ends = max(ends, excluded.ends)`
	if err := c.exec(put, issuer[:], what, before, until); err != nil {
		return err
	}
	var n int
	if err := c.one("SELECT count(*) FROM revoked WHERE issuer = ?", []any{issuer[:]}, &n); err != nil || n <= MaxRevocations {
		return err
	}
	return revokeAll(c, issuer, put)
}

// revokeAll puts one row in place of all of an issuer: everything that was issued until the latest that one of them means.
func revokeAll(c *change, issuer radicle.DID, put string) error {
	var before, until int64
	const last = "SELECT max(max(before), ?2), max(ends) FROM revoked WHERE issuer = ?1"
	if err := c.one(last, []any{issuer[:], unix(c.now) + 1}, &before, &until); err != nil {
		return err
	}
	if err := c.exec("DELETE FROM revoked WHERE issuer = ?", issuer[:]); err != nil {
		return err
	}
	return c.exec(put, issuer[:], []byte{}, before, max(until, unix(c.now.Add(MaxIntroductionLife))))
}

// isRevoked returns ErrRevoked for an introduction that its issuer took back.
func isRevoked(d *database, i *Introduction) (refused, err error) {
	issuer := i.DID()
	const query = `SELECT count(*) FROM revoked WHERE issuer = ?1 AND
		(what = ?2 OR what IN (?3, x'') AND before > ?4)`
	var n int
	if err := d.one(query, []any{issuer[:], i.id[:], i.guest[:], i.first}, &n); err != nil || n == 0 {
		return nil, err
	}
	return fmt.Errorf("introduction %v by %v: %w", i.id, issuer, ErrRevoked), nil
}
