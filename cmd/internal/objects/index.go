package objects

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"
	"unique"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

// index is what is known of the objects of this home: in memory, without manifests, and, a little later, in the database.
// An object is known by its OID; one that has another size is another object's lie.
type index struct {
	*journal

	mu   sync.RWMutex
	rows map[blobstore.OID]*row
}

// row is one object. It is guarded by the index.
type row struct {
	friend.Object // without Shares
	shares        []placed
}

// placed is a share that somebody has acknowledged.
type placed struct {
	at       unique.Handle[radicle.DID]
	k, index uint8
	acked    int64 // Unix seconds
	verified int64 // 0: not since
}

func openIndex(ctx context.Context, j *journal) (*index, error) {
	x := &index{journal: j, rows: map[blobstore.OID]*row{}}
	return x, j.state.EachObject(ctx, func(o friend.Object) error {
		r := &row{Object: o}
		for _, s := range o.Shares {
			p := placed{at: unique.Make(s.DID), k: uint8(s.K), index: uint8(s.Index), acked: s.Acked.Unix()}
			if !s.Verified.IsZero() {
				p.verified = s.Verified.Unix()
			}
			r.shares = append(r.shares, p)
		}
		r.Shares = nil
		x.rows[o.OID] = r
		return nil
	})
}

// copied returns a row that is the caller's.
func (r *row) copied() *row {
	c := *r
	c.shares, c.Repositories = slices.Clone(r.shares), slices.Clone(r.Repositories)
	return &c
}

// of returns who has which share of a coding.
func (r *row) of(k int) map[int]radicle.DID {
	m := map[int]radicle.DID{}
	for _, s := range r.shares {
		if int(s.k) == k {
			m[int(s.index)] = s.at.Value()
		}
	}
	return m
}

// at returns the share of a coding that is at an index; nil where nobody has it.
func (r *row) at(k, index int) *placed {
	for i := range r.shares {
		if s := &r.shares[i]; int(s.k) == k && int(s.index) == index {
			return s
		}
	}
	return nil
}

// get returns a copy of a row; nil where the object is not known. A size below 0 is any.
func (x *index) get(oid blobstore.OID, size int64) *row {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if r := x.rows[oid]; r != nil && (size < 0 || r.Size == size) {
		return r.copied()
	}
	return nil
}

// look calls f with the row itself, which it must neither keep nor change.
func (x *index) look(p blobstore.Pointer, f func(*row)) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	r := x.rows[p.OID]
	if r == nil || r.Size != p.Size {
		return false
	}
	f(r)
	return true
}

// all returns the names of all objects for which keep says so, the newest first.
func (x *index) all(keep func(*row) bool) []blobstore.Pointer {
	type dated struct {
		blobstore.Pointer
		added time.Time
	}
	x.mu.RLock()
	var some []dated
	for r := range maps.Values(x.rows) {
		if keep(r) {
			some = append(some, dated{r.Pointer, r.Added})
		}
	}
	x.mu.RUnlock()
	slices.SortFunc(some, func(a, b dated) int {
		return cmp.Or(b.added.Compare(a.added), slices.Compare(a.OID[:], b.OID[:]))
	})
	names := make([]blobstore.Pointer, len(some))
	for i, d := range some {
		names[i] = d.Pointer
	}
	return names
}

// add adds an object unless it is there, and returns whether it was not.
func (x *index) add(o friend.Object) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.rows[o.OID] != nil {
		return false
	}
	o.Shares, o.Repositories = nil, nil
	x.put(&row{Object: o})
	return true
}

// put makes a row what is known of its object. The index is locked.
func (x *index) put(r *row) {
	o := r.Object
	r.Coding.Manifest, r.Next.Manifest = nil, nil
	x.rows[o.OID] = r
	x.journal.add(func(c *friend.ObjectChange) error { return c.Put(o) })
}

// edit changes what stands in an object's row, if it is there. Manifests that f does not set stay.
func (x *index) edit(oid blobstore.OID, f func(*friend.Object)) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rows[oid]
	if r == nil {
		return false
	}
	f(&r.Object)
	x.put(r)
	return true
}

// belongs adds an object to a repository.
func (x *index) belongs(p blobstore.Pointer, rid radicle.RID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rows[p.OID]
	if r == nil || slices.ContainsFunc(r.Repositories, func(o friend.ObjectRepository) bool { return o.RID == rid }) {
		return
	}
	x.member(r, friend.ObjectRepository{RID: rid})
}

// member says how an object stands in a repository. The index is locked.
func (x *index) member(r *row, m friend.ObjectRepository) {
	i := slices.IndexFunc(r.Repositories, func(o friend.ObjectRepository) bool { return o.RID == m.RID })
	r.Repositories = slices.Clone(r.Repositories)
	if i < 0 {
		r.Repositories = append(r.Repositories, m)
	} else {
		r.Repositories[i] = m
	}
	p := r.Pointer
	x.journal.add(func(c *friend.ObjectChange) error { return c.Belongs(p, m) })
}

// recorded says that the records of objects in a repository are as they should be, or are not any more.
func (x *index) recorded(rid radicle.RID, yes bool, objects ...blobstore.Pointer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, p := range objects {
		r := x.rows[p.OID]
		if r == nil {
			continue
		}
		for _, m := range r.Repositories {
			if m.RID == rid && m.Recorded != yes {
				x.member(r, friend.ObjectRepository{RID: rid, Recorded: yes})
			}
		}
	}
}

// share says that somebody has a share, because it was placed or shown now.
func (x *index) share(oid blobstore.OID, k, index int, at radicle.DID, shown bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rows[oid]
	if r == nil {
		return
	}
	now := time.Now().Unix()
	s := placed{at: unique.Make(at), k: uint8(k), index: uint8(index), acked: now}
	if old := r.at(k, index); old == nil {
		r.shares = append(r.shares, s)
	} else {
		if old.at == s.at {
			s.acked = old.acked
		}
		*old = s
	}
	if kept := r.at(k, index); shown {
		kept.verified, s.verified = now, now
	}
	p := r.Pointer
	x.journal.add(func(c *friend.ObjectChange) error { return c.Share(p, s.row()) })
}

func (s placed) row() friend.ObjectShare {
	out := friend.ObjectShare{K: int(s.k), Index: int(s.index), DID: s.at.Value(), Acked: time.Unix(s.acked, 0)}
	if s.verified != 0 {
		out.Verified = time.Unix(s.verified, 0)
	}
	return out
}

// lost says that somebody does not have a share any more; where it is somebody else's by now, that stays.
func (x *index) lost(oid blobstore.OID, k, index int, at radicle.DID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	r := x.rows[oid]
	if r == nil {
		return
	}
	i := slices.IndexFunc(r.shares, func(s placed) bool {
		return int(s.k) == k && int(s.index) == index && s.at.Value() == at
	})
	if i < 0 {
		return
	}
	r.shares = slices.Delete(r.shares, i, i+1)
	p := r.Pointer
	x.journal.add(func(c *friend.ObjectChange) error { return c.Lost(p, k, index) })
}

// forget removes an object.
func (x *index) forget(p blobstore.Pointer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.rows, p.OID)
	x.journal.add(func(c *friend.ObjectChange) error { return c.Forget(p) })
}

// newPlaced is a share that somebody is said to have.
func newPlaced(did radicle.DID, k, index int) placed {
	return placed{at: unique.Make(did), k: uint8(k), index: uint8(index)}
}
