package disk

import (
	"database/sql"
	"errors"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// row returns what the index says of a name: without the manifests of its leases. Suspect means that it may be wrong.
func (x *index) row(name blobstore.ShareName) (r record, suspect bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r.name = name
	var id int64
	err = x.one("SELECT id, state, since, length, base FROM share WHERE sid = ? AND root = ?",
		[]any{name.SID[:], name.Root[:]}, &id, &r.state, &r.since, &r.length, &r.base)
	if errors.Is(err, sql.ErrNoRows) {
		return r, x.suspect[name], nil
	}
	if err != nil {
		return r, true, err
	}
	if r.state == absent { // marked, and without leases
		return r, x.suspect[name], nil
	}
	var owner, mid []byte
	var open bool
	err = x.each("SELECT owner, open, mid FROM lease WHERE share = ? ORDER BY owner", []any{id}, func() error {
		l := lease{owner: toDID(owner), open: open}
		copy(l.mid[:], mid)
		r.leases = append(r.leases, l)
		return nil
	}, &owner, &open, &mid)
	return r, x.suspect[name], err
}

// sums returns what is charged in all.
func (x *index) sums() (charges, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var sum charges
	var bytes int64
	err := x.one("SELECT (SELECT coalesce(sum(base), 0) FROM share) + (SELECT coalesce(sum(sealed), 0) FROM lease)", nil, &sum.total)
	if err != nil {
		return sum, err
	}
	var owner []byte
	err = x.each("SELECT owner, sum(charge) FROM lease GROUP BY owner", nil, func() error {
		sum.add(toDID(owner), bytes)
		return nil
	}, &owner, &bytes)
	return sum, err
}

// counts returns how many shares are in each state.
func (x *index) counts() (n [trashed + 1]int64, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var s state
	var count int64
	err = x.each("SELECT state, count(*) FROM share GROUP BY state", nil, func() error {
		if s >= 0 && s <= trashed {
			n[s] = count
		}
		return nil
	}, &s, &count)
	return n, err
}

// names returns the names that a query selects.
func (x *index) names(query string, args ...any) ([]blobstore.ShareName, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []blobstore.ShareName
	var sid, root []byte
	err := x.each(query, args, func() error {
		all = append(all, toName(sid, root))
		return nil
	}, &sid, &root)
	return all, err
}

// pageSize is how many rows are read at once.
const pageSize = 256

// dirty returns the next names, after one, that are marked.
func (x *index) dirty(after blobstore.ShareName) ([]blobstore.ShareName, error) {
	const query = "SELECT sid, root FROM share WHERE dirty <> 0 AND (sid, root) > (?, ?) ORDER BY sid, root LIMIT ?"
	return x.names(query, after.SID[:], after.Root[:], pageSize)
}

// trash returns names that went to the trash at a time or before, the oldest first.
func (x *index) trash(until time.Time) ([]blobstore.ShareName, error) {
	const query = "SELECT sid, root FROM share WHERE state = 3 AND since <= ? ORDER BY since LIMIT ?"
	return x.names(query, until.Unix(), pageSize)
}

// unread returns names of shares that were not read since a time, the longest first.
func (x *index) unread(before time.Time) ([]blobstore.ShareName, error) {
	const query = "SELECT sid, root FROM share WHERE state = 1 AND read < ? ORDER BY read LIMIT ?"
	return x.names(query, before.Unix(), pageSize)
}

// wasRead notes when a share was read.
func (x *index) wasRead(name blobstore.ShareName, at time.Time) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.update(false, func() error {
		return x.exec("UPDATE share SET read = ? WHERE sid = ? AND root = ?", at.Unix(), name.SID[:], name.Root[:])
	})
}

// offerOf is a manifest that may be read beside a share.
type offerOf struct {
	name      blobstore.ShareName
	owner     radicle.DID
	candidate [16]byte
}

// manifests returns where the manifests under a name are that a peer may see: its own first, then one of each owner in turn.
// Of equal ones of an owner there are up to three, in case that one cannot be read.
func (x *index) manifests(mid blobstore.MID, peer radicle.DID) ([]offerOf, error) {
	const query = `
		SELECT sid, root, owner, candidate FROM (
			SELECT s.sid, s.root, l.owner, l.candidate,
				row_number() OVER (PARTITION BY l.owner, l.candidate ORDER BY s.id) AS copy,
				dense_rank() OVER (PARTITION BY l.owner ORDER BY l.candidate) AS turn
			FROM lease AS l JOIN share AS s ON s.id = l.share
			WHERE l.mid = ?1 AND l.sealed > 0 AND s.state = 1 AND (l.owner = ?2 OR l.open))
		WHERE copy <= 3 ORDER BY owner <> ?2, turn, owner, copy LIMIT 1024`
	x.mu.Lock()
	defer x.mu.Unlock()
	var all []offerOf
	var sid, root, owner, hash []byte
	err := x.each(query, []any{mid[:], peer[:]}, func() error {
		o := offerOf{name: toName(sid, root), owner: toDID(owner)}
		copy(o.candidate[:], hash)
		all = append(all, o)
		return nil
	}, &sid, &root, &owner, &hash)
	return all, err
}

// session returns the session of the index, or nil.
func (x *index) session() ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var id []byte
	err := x.one("SELECT id FROM session", nil, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return id, err
}

// setSession begins a session, durably.
func (x *index) setSession(id []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.update(true, func() error {
		if err := x.exec("DELETE FROM session"); err != nil {
			return err
		}
		return x.exec("INSERT INTO session (id) VALUES (?)", id)
	})
}

// kept returns a page of the shares of an owner, and the number of the last.
func (x *index) kept(owner radicle.DID, after int64) (page []Kept, last int64, err error) {
	const query = `SELECT s.id, s.sid, s.root, s.state, s.length, l.charge, l.open FROM lease AS l JOIN share AS s ON s.id = l.share
		WHERE l.owner = ? AND l.share > ? AND s.state IN (1, 2) ORDER BY l.share LIMIT ?`
	x.mu.Lock()
	defer x.mu.Unlock()
	var sid, root []byte
	var st state
	var k Kept
	err = x.each(query, []any{owner[:], after, pageSize}, func() error {
		k.Name, k.Bad = toName(sid, root), st == bad
		page = append(page, k)
		return nil
	}, &last, &sid, &root, &st, &k.Len, &k.Charge, &k.Open)
	return page, last, err
}
