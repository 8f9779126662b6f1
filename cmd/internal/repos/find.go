package repos

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
)

// opener keeps what was opened for one keyring.
type opener struct {
	mu   sync.Mutex
	ring *keyring.Keyring
	open *record.Opener
}

// openerNow returns who opens records: with a locked key only those that are public.
func (r *Repos) openerNow(ctx context.Context) *record.Opener {
	ring, err := r.Keys.Keyring(ctx)
	if err != nil {
		ring = nil
	}
	o := &r.opener
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil || o.ring != ring {
		o.ring, o.open = ring, record.NewOpener(ring)
	}
	return o.open
}

// Find returns the records of an object that open, the best first: of one repository, or of all for the zero RID. A size below
// zero is not known. None is an empty answer; the error is that of reading the repository, or ctx's.
func (r *Repos) Find(ctx context.Context, rid radicle.RID, oid blobstore.OID, size int64) ([]record.Choice, error) {
	if rid != (radicle.RID{}) {
		return r.findIn(ctx, rid, control.From{}, oid, size)
	}
	all, err := r.Storage.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	var choices []record.Choice
	for _, rid := range all {
		found, err := r.findIn(ctx, rid, control.From{}, oid, size)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.Log.Debug("repository passed over", "rid", rid, "err", err)
		}
		choices = append(choices, found...)
	}
	slices.SortStableFunc(choices, func(a, b record.Choice) int { return cmp.Compare(b.Trust, a.Trust) })
	return choices, nil
}

// FindFrom is Find for who reads a certain namespace or patch of a repository: its records are believed. Of no repository there is
// none.
func (r *Repos) FindFrom(
	ctx context.Context, rid radicle.RID, from control.From, oid blobstore.OID, size int64,
) ([]record.Choice, error) {
	if rid == (radicle.RID{}) {
		return r.Find(ctx, rid, oid, size)
	}
	return r.findIn(ctx, rid, from, oid, size)
}

func (r *Repos) findIn(
	ctx context.Context, rid radicle.RID, from control.From, oid blobstore.OID, size int64,
) (choices []record.Choice, err error) {
	err = r.with(ctx, rid, func(e *repository, v *view) error {
		choices, err = r.lookup(ctx, e, v, oid, size, r.asked(ctx, e, from)...)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return choices, err
}

// lookup finds the records of an object. Asked are those whose namespaces are read.
func (r *Repos) lookup(
	ctx context.Context, e *repository, v *view, oid blobstore.OID, size int64, asked ...radicle.DID,
) ([]record.Choice, error) {
	pointers := []blobstore.Pointer{{OID: oid, Size: size}}
	if size < 0 {
		var err error
		if pointers, err = e.index.Find(ctx, oid); err != nil {
			return nil, err
		}
	}
	var all []record.Choice
	for _, p := range pointers {
		choices, failed, err := e.index.Lookup(ctx, p, r.openerNow(ctx), r.standing(ctx, e, v, oid, asked), &r.lies)
		if err != nil {
			return nil, err
		}
		for _, f := range failed {
			r.Log.Debug("record passed over", "rid", e.rid, "err", f)
		}
		all = append(all, choices...)
	}
	return all, nil
}

// asked are those whose namespaces somebody reads (RECORD.md §8.2).
func (r *Repos) asked(ctx context.Context, e *repository, from control.From) (all []radicle.DID) {
	if !from.Namespace.IsZero() {
		all = append(all, from.Namespace.DID())
	}
	if from.Patch.IsZero() {
		return all
	}
	opened, err := cob.ReadEntry(ctx, e.repo, from.Patch, cob.Limits{})
	if err == nil {
		err = opened.Verify()
	}
	if err != nil || opened.Manifest.Type != patch.Type {
		r.Log.Debug("no patch", "rid", e.rid, "id", from.Patch, "err", err)
		return all
	}
	return append(all, opened.Author.DID())
}

// Lied remembers a manifest whose shares are as it says, and the whole is not the object.
func (r *Repos) Lied(m *manifest.Manifest) { r.lies.Add(m) }
