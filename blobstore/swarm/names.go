package swarm

import (
	"context"
	"crypto/rand"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// Person is somebody whose holder can be reached.
type Person struct {
	DID    radicle.DID
	Holder blobstore.Holder
}

// name returns what share index of a manifest is called at a holder. The manifest must commit to it.
func name(l blobstore.Locator, m *manifest.Manifest, at radicle.DID, index int) (blobstore.ShareName, error) {
	sid, err := l.SID(at, index)
	if err != nil {
		return blobstore.ShareName{}, err
	}
	root, ok := m.Root(index)
	if !ok {
		return blobstore.ShareName{}, &blobstore.BoundsError{What: "share index", Got: int64(index), Max: int64(m.Roots() - 1)}
	}
	return blobstore.ShareName{SID: sid, Root: root}, nil
}

// names returns what shares 0 … n−1 are called at a holder.
func names(rk blobstore.RepairKey, m *manifest.Manifest, at radicle.DID, n int) ([]blobstore.ShareName, error) {
	l, err := rk.Locator(m.Coding().K())
	if err != nil {
		return nil, err
	}
	all := make([]blobstore.ShareName, n)
	for i := range all {
		if all[i], err = name(l, m, at, i); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Find asks people which of the shares 0 … n−1 of an object they hold, all at once, and calls found for each that proved it
// (FORMAT.md §6.5), one call at a time. It returns when all have answered, which may be never: ctx is for those that do not.
// Errors are of HolderError, one for each person who could not say. A share whose length is not the manifest's is not held.
func Find(
	ctx context.Context, rk blobstore.RepairKey, m *manifest.Manifest, n int, people []Person, found func(Source),
) []*blobstore.HolderError {
	var (
		mu     sync.Mutex
		failed []*blobstore.HolderError
		asking sync.WaitGroup
	)
	for _, p := range people {
		asking.Go(func() {
			sources, err := find(ctx, rk, m, n, p)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, &blobstore.HolderError{Holder: p.DID, Index: -1, Err: err})
			}
			for _, s := range sources {
				found(s)
			}
		})
	}
	asking.Wait()
	return failed
}

func find(ctx context.Context, rk blobstore.RepairKey, m *manifest.Manifest, n int, p Person) ([]Source, error) {
	all, err := names(rk, m, p.DID, n)
	if err != nil {
		return nil, err
	}
	var nonce blobstore.Nonce
	_, _ = rand.Read(nonce[:]) // never fails
	held, err := p.Holder.Have(ctx, all, nonce)
	if err != nil {
		return nil, err
	}
	var sources []Source
	for i, h := range held {
		if i < n && proved(m, all[i], i, nonce, h) {
			sources = append(sources, Source{DID: p.DID, Holder: p.Holder, Index: i, Name: all[i]})
		}
	}
	return sources, nil
}

// proved reports whether an answer shows that the share is there, in the length that the manifest gives it.
func proved(m *manifest.Manifest, n blobstore.ShareName, index int, nonce blobstore.Nonce, h blobstore.Held) bool {
	return h.Len == m.Coding().ShareLen(index) && share.VerifyAudit(n.Root, h.Len, nonce, blobstore.HaveLeaves, h.Leaves) == nil
}
