package disk

import (
	"context"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// stepsAtOnce is how many names change together where many change.
const stepsAtOnce = 64

// Delete implements [blobstore.Deleter]. The share of a last owner stays in the trash, charged to that owner, for
// [TrashTime]: until then whoever puts it again has it without sending it. One that rotted goes at once.
func (v *View) Delete(ctx context.Context, names []blobstore.ShareName) error {
	if err := checkCount("number of names", len(names), blobstore.MaxNames); err != nil {
		return err
	}
	leave, err := v.store.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	for some := range slices.Chunk(names, stepsAtOnce) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := v.endLeases(some); err != nil {
			return err
		}
	}
	return nil
}

func (v *View) endLeases(names []blobstore.ShareName) error {
	var steps []*step
	for _, name := range names {
		r, err := v.store.peek(name)
		if err != nil {
			return err
		}
		if _, ok := leaseOf(r.leases, v.peer); ok && (r.state == held || r.state == bad) {
			steps = append(steps, &step{name: name, do: v.store.endLease(v.peer)})
		}
	}
	return v.store.change(steps)
}

// change runs steps that make room, from touch to apply, and returns the first error. Where the index cannot be written, which
// is so when the disk is full to the last byte, it is given up and they are run all the same: the next Open makes it anew.
func (s *Store) change(steps []*step) error {
	if len(steps) == 0 {
		return nil
	}
	given := false
	if err := s.touch(steps); err != nil {
		s.log.Warn("index is given up", "error", err)
		if err := s.distrust(); err != nil {
			return err
		}
		given = true
	}
	if err := s.apply(steps); err != nil && !given {
		return err
	}
	for _, st := range steps {
		if st.err != nil {
			return st.err
		}
	}
	return nil
}

// endLease ends an owner's lease, and with the last one the share.
func (s *Store) endLease(owner radicle.DID) func(*record) error {
	return func(r *record) error {
		rest := withoutOwner(r.leases, owner)
		switch {
		case len(rest) == len(r.leases) || r.state == trashed || r.state == absent:
			return nil
		case len(rest) > 0:
			if err := s.writeLeases(r.name, r.footer, rest); err != nil {
				return err
			}
			r.leases = rest
			return nil
		case r.state == bad:
			return s.erase(r)
		}
		since := max(0, s.now().Unix())
		if err := s.fs.Rename(sharePath(r.name, held, 0), sharePath(r.name, trashed, since)); err != nil {
			return err
		}
		r.state, r.since = trashed, since
		return nil
	}
}

// erase removes the files of a share.
func (s *Store) erase(r *record) error {
	if err := remove(s.fs, sharePath(r.name, r.state, r.since)); err != nil {
		return err
	}
	if err := remove(s.fs, leasePath(r.name)); err != nil {
		return err
	}
	*r = record{name: r.name}
	return nil
}

// Sweep removes what has been in the trash for [TrashTime], and returns how many shares that was. Whoever opened the store
// calls it once in a while.
func (s *Store) Sweep(ctx context.Context) (swept int, err error) {
	until := s.now().Add(-TrashTime)
	for {
		n, err := s.sweepSome(ctx, until)
		swept += n
		if err != nil || n == 0 {
			return swept, err
		}
	}
}

func (s *Store) sweepSome(ctx context.Context, until time.Time) (swept int, err error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	names, err := s.index.trash(until)
	if err != nil {
		return 0, err
	}
	var steps []*step
	for _, name := range names[:min(len(names), stepsAtOnce)] {
		steps = append(steps, &step{name: name, do: func(r *record) error {
			if r.state != trashed || r.since > until.Unix() {
				return nil
			}
			swept++
			return s.erase(r)
		}})
	}
	return swept, s.change(steps)
}
