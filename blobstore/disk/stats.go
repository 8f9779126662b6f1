package disk

import (
	"context"
	"iter"
	"maps"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Stats are the numbers of a store.
type Stats struct {
	Held, Bad, Trashed int64 // shares
	Charged            int64 // bytes charged for them
	Promised           int64 // bytes promised to shares that arrive
	Free, Size         int64 // bytes of the disk that we may still write, and that it has
	Floor              int64 // bytes of Free that stay free
}

// Stats returns the numbers of the store.
func (s *Store) Stats(ctx context.Context) (Stats, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return Stats{}, err
	}
	defer leave()
	n, err := s.index.counts()
	if err != nil {
		return Stats{}, err
	}
	free, size, err := s.fs.Free()
	if err != nil {
		return Stats{}, err
	}
	a := &s.account
	a.mu.Lock()
	defer a.mu.Unlock()
	return Stats{
		Held: n[held], Bad: n[bad], Trashed: n[trashed], Charged: a.kept.total, Promised: a.promised.total,
		Free: free, Size: size, Floor: a.limits.floor(size),
	}, nil
}

// Charged returns the bytes that are charged to an owner, and promised to its shares that arrive.
func (s *Store) Charged(owner radicle.DID) int64 {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return s.account.charged(owner)
}

// Owners returns the bytes that are charged to each owner, without what is promised.
func (s *Store) Owners() map[radicle.DID]int64 {
	s.account.mu.Lock()
	defer s.account.mu.Unlock()
	return maps.Clone(s.account.kept.owners)
}

// Kept is a share as its owner has it in the store.
type Kept struct {
	Name   blobstore.ShareName
	Len    int64 // bytes of the share
	Charge int64 // to this owner, in bytes
	Open   bool
	Bad    bool // it rotted and waits to be put again
}

// Kept returns the shares of an owner, in no order, as the index has them. Shares that come or go meanwhile may be missing. An
// error is the last.
func (s *Store) Kept(ctx context.Context, owner radicle.DID) iter.Seq2[Kept, error] {
	return func(yield func(Kept, error) bool) {
		after := int64(-1)
		for {
			page, last, err := s.keptPage(ctx, owner, after)
			if err != nil {
				yield(Kept{}, err)
				return
			}
			for _, k := range page {
				if !yield(k, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			after = last
		}
	}
}

func (s *Store) keptPage(ctx context.Context, owner radicle.DID, after int64) ([]Kept, int64, error) {
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer leave()
	return s.index.kept(owner, after)
}
