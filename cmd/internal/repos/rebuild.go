package repos

import (
	"context"

	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// rebuild queues what the index knows to be stored and not recorded as it is, as after a restart.
func (r *Repos) rebuild(ctx context.Context) error {
	if r.Objects == nil {
		return nil
	}
	rids, err := r.Objects.Unrecorded(ctx)
	if err != nil {
		return err
	}
	for _, rid := range rids {
		objects, err := r.Objects.Pending(ctx, rid)
		if err == nil {
			err = r.with(ctx, rid, func(e *repository, _ *view) error { return r.requeue(ctx, e, objects) })
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			r.Log.Debug("repository passed over", "rid", rid, "err", err)
		}
	}
	return nil
}

// requeue queues what is not queued yet, and finds out of what we have a record already.
func (r *Repos) requeue(ctx context.Context, e *repository, objects []record.New) error {
	own, opener := e.index.Branch(r.self), r.openerNow(ctx)
	for _, n := range objects {
		if r.queue.has(e.rid, n) {
			continue
		}
		if own != nil && own.Has(n.Pointer) {
			if is, err := own.Get(ctx, n.Pointer); err == nil {
				if o, err := opener.Open(ctx, own, is); err == nil {
					r.queue.wrote(e.rid, n.Pointer, o.Manifest.Hash())
				}
			}
		}
		r.queue.put(e.rid, n)
	}
	return ctx.Err()
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
	if gone {
		r.tellChanged()
	}
}
