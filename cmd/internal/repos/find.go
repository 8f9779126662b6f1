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
	"radswarm/radicle"
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
		return r.findIn(ctx, rid, oid, size)
	}
	all, err := r.Storage.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	var choices []record.Choice
	for _, rid := range all {
		found, err := r.findIn(ctx, rid, oid, size)
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

func (r *Repos) findIn(ctx context.Context, rid radicle.RID, oid blobstore.OID, size int64) (choices []record.Choice, err error) {
	err = r.with(ctx, rid, func(e *repository, v *view) error {
		choices, err = r.lookup(ctx, e, v, oid, size)
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return choices, err
}

func (r *Repos) lookup(ctx context.Context, e *repository, v *view, oid blobstore.OID, size int64) ([]record.Choice, error) {
	pointers := []blobstore.Pointer{{OID: oid, Size: size}}
	if size < 0 {
		var err error
		if pointers, err = e.index.Find(ctx, oid); err != nil {
			return nil, err
		}
	}
	var all []record.Choice
	for _, p := range pointers {
		choices, failed, err := e.index.Lookup(ctx, p, r.openerNow(ctx), r.standing(ctx, e, v, oid, nil), &r.lies)
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

// Lied remembers a manifest whose shares are as it says, and the whole is not the object.
func (r *Repos) Lied(m *manifest.Manifest) { r.lies.Add(m) }
