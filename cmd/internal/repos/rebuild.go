package repos

import (
	"context"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// rebuild queues the objects of the index that our branches do not have, as after a restart.
func (r *Repos) rebuild(ctx context.Context) error {
	missing := make(map[radicle.RID][]candidate)
	err := r.State.EachObject(ctx, func(o friend.Object) error {
		if o.Coding.K > 0 && placed(o) >= o.Coding.K {
			for _, at := range o.Repositories {
				missing[at.RID] = append(missing[at.RID], candidate{o, at.Recorded})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for rid, objects := range missing {
		err := r.with(ctx, rid, func(e *repository, _ *view) error {
			own := e.index.Branch(r.self)
			for _, o := range objects {
				switch {
				case !o.recorded || own == nil || !own.Has(o.Pointer):
					r.requeue(ctx, rid, o.Object)
				case !o.Public && r.isOpen(ctx, own, o.Pointer):
					r.queue.open([]blobstore.Pointer{o.Pointer})
				}
			}
			return ctx.Err()
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Log.Debug("repository passed over", "rid", rid, "err", err)
		}
	}
	return nil
}

// candidate is an object that a repository should have a record of.
type candidate struct {
	friend.Object
	recorded bool // as the index knows it
}

// isOpen reports whether our record of an object is open to everyone, while its shares may not be yet.
func (r *Repos) isOpen(ctx context.Context, own *record.Branch, p blobstore.Pointer) bool {
	is, err := own.Get(ctx, p)
	return err == nil && is.Reach() == record.Public
}

// placed counts the shares of an object's coding that somebody has.
func placed(o friend.Object) int {
	indexes := make(map[int]bool)
	for _, s := range o.Shares {
		if s.K == o.Coding.K {
			indexes[s.Index] = true
		}
	}
	return len(indexes)
}

// requeue queues one object, if its key can be made.
func (r *Repos) requeue(ctx context.Context, rid radicle.RID, o friend.Object) {
	n, err := r.remake(ctx, o)
	if err != nil {
		r.Log.Debug("object is not queued", "oid", o.OID, "err", err)
		return
	}
	r.queue.mu.Lock()
	_, there := r.queue.pending[rid][o.Pointer]
	r.queue.mu.Unlock()
	if !there {
		r.queue.put(rid, n)
	}
}

// remake makes what a record is made of from a row of the index.
func (r *Repos) remake(ctx context.Context, o friend.Object) (n record.New, err error) {
	raw, _, err := r.State.ObjectManifests(ctx, o.Pointer)
	if err != nil {
		return n, err
	}
	n = record.New{Pointer: o.Pointer, Gen: o.Gen, Salt: o.Salt}
	if n.Manifest, err = manifest.Parse(raw); err != nil {
		return n, err
	}
	domain, pad := blobstore.PublicDomain(), blobstore.PadNone
	if !o.Salt.IsZero() {
		var ring *keyring.Keyring
		if ring, err = r.Keys.Keyring(ctx); err != nil {
			return n, err
		}
		if domain, err = ring.Domain(o.Salt); err != nil {
			return n, err
		}
		pad = blobstore.PadPadme
	}
	n.Key, err = domain.ContentKey(blobstore.Params{OID: o.OID, Size: o.Size, Pad: pad, Gen: o.Gen})
	if err != nil || o.Salt.IsZero() {
		return n, err
	}
	for _, s := range o.Shares {
		if s.K != o.Coding.K {
			continue
		}
		for len(n.Holders) <= s.Index {
			n.Holders = append(n.Holders, radicle.DID{})
		}
		n.Holders[s.Index] = s.DID
	}
	return n, nil
}

// forgetGone forgets the members of repositories that are not in storage any more.
func (r *Repos) forgetGone(all []radicle.RID) {
	there := make(map[radicle.RID]bool)
	for _, rid := range all {
		there[rid] = true
	}
	r.mu.Lock()
	gone := false
	for rid := range r.members.of {
		if !there[rid] {
			r.members.set(rid, nil)
			gone = true
		}
	}
	for rid, e := range r.open {
		if !there[rid] {
			r.drop(e)
		}
	}
	r.mu.Unlock()
	if gone && r.Changed != nil {
		r.Changed()
	}
}
