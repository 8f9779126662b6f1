package objects

import (
	"context"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/swarm"
)

// better returns in which scheme an object should be, where that is another one than it is in: K is to grow. Settled says that it
// is time: friends have been as many as now for a while, or a client waits.
func (o *Objects) better(r *row, crowd *crowd, settled bool) (swarm.Scheme, bool) {
	if !settled || r.Coding.K == 0 {
		return swarm.Scheme{}, false
	}
	scheme := crowd.scheme()
	layout, err := r.params().Layout()
	if err != nil {
		return scheme, false
	}
	return scheme, int(min(int64(scheme.K), layout.Chunks())) > r.Coding.K
}

// grows returns whether an object in its coding is to have more shares.
func (o *Objects) grows(r *row, crowd *crowd, settled bool) (swarm.Scheme, bool) {
	scheme := crowd.scheme()
	_, better := o.better(r, crowd, settled)
	return scheme, settled && !better && r.Coding.K > 0 && scheme.N > r.Coding.N && fits(r, scheme.N)
}

// fits reports whether a manifest commits to so many shares.
func fits(r *row, n int) bool {
	switch {
	case r.Coding.K >= manyK:
		return n <= widest
	case r.Coding.K == 1:
		return n <= blobstore.MaxN
	}
	return n <= 10 // FORMAT.md §7.1
}

// grow has more shares placed where there are more friends.
func (o *Objects) grow(r *row, crowd *crowd, settled bool) {
	scheme, grows := o.grows(r, crowd, settled)
	if !grows {
		return
	}
	o.index.edit(r.OID, func(row *friend.Object) {
		row.Coding.N = scheme.N
		if row.Pending.IsZero() {
			row.Pending = time.Now()
		}
	})
	r.Coding.N = scheme.N
}

// recode codes an object anew where there are more friends than when it was coded: all of the new coding is placed first, then
// the old shares are deleted. In between the object is at least as safe as before.
func (o *Objects) recode(ctx context.Context, w *work, old *coded, crowd *crowd, settled bool) error {
	r := old.row
	next, err := o.next(ctx, w, old, crowd, settled)
	if err != nil || next == nil {
		return err
	}
	if err := o.place(ctx, w, next, crowd); err != nil {
		return err
	}
	fresh := o.index.get(r.OID, r.Size)
	if fresh == nil {
		return nil
	}
	was, is := crowd.safetyOf(fresh), crowd.safety(fresh, fresh.Next.K, fresh.Next.N)
	if !is.Safe || is.Spare < was.Spare || is.Placed < is.N && was.Safe && is.Spare <= was.Spare {
		return nil
	}
	return o.replace(ctx, old, next)
}

// next returns the coding that takes the place of the one that counts; it begins one where that is better. Nil: there is none.
func (o *Objects) next(ctx context.Context, w *work, old *coded, crowd *crowd, settled bool) (*coded, error) {
	r := old.row
	if r.Next.K > 0 {
		return o.coded(ctx, r, true)
	}
	scheme, better := o.better(r, crowd, settled)
	if !better {
		return nil, nil
	}
	c, err := o.commit(ctx, w, r, old.key, scheme)
	if err != nil {
		return nil, err
	}
	c.reused = old.reused
	bytes, err := c.manifest.MarshalBinary()
	if err != nil {
		return nil, err
	}
	o.index.edit(r.OID, func(row *friend.Object) {
		row.Next = friend.ObjectCoding{K: c.k(), N: c.n, Manifest: bytes}
		if row.Pending.IsZero() {
			row.Pending = time.Now()
		}
	})
	r.Next = friend.ObjectCoding{K: c.k(), N: c.n}
	return c, nil
}

// replace makes the next coding the one that counts, and has the shares of the other deleted.
func (o *Objects) replace(ctx context.Context, old, next *coded) error {
	bytes, err := next.manifest.MarshalBinary()
	if err != nil {
		return err
	}
	r := o.index.get(old.row.OID, old.row.Size)
	if r == nil {
		return nil
	}
	was := old.k()
	o.index.edit(r.OID, func(row *friend.Object) {
		row.Coding = friend.ObjectCoding{K: next.k(), N: next.n, Manifest: bytes}
		row.Next = friend.ObjectCoding{Manifest: []byte{}}
	})
	for index, at := range r.of(was) {
		name, err := old.name(at, index)
		if err != nil {
			return err
		}
		o.partings.say(at, name)
		o.index.lost(r.OID, was, index, at)
	}
	next.row = o.index.get(r.OID, r.Size)
	if next.row != nil {
		o.tellRecords(ctx, next)
	}
	if err := o.index.sync(ctx); err != nil {
		return err
	}
	o.partings.wake()
	return nil
}
