package repos

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// tellTime is how long somebody who made objects public waits to hear who of the holders knows.
const tellTime = 20 * time.Second

// opening has holders told that shares are open: whoever is away when a record is published is told later.
type opening struct {
	mu      sync.Mutex  // one at a time
	waiting atomic.Bool // somebody is about to begin
}

// willOpen notes what a batch makes public, before it is written: whatever happens from then on, its holders are told.
func (r *Repos) willOpen(p *plan) {
	if err := r.settings.opening(p.published(), nil); err != nil {
		r.Log.Warn("settings cannot be written", "err", err)
	}
}

// openShares has holders told of what was made public: in the background, for they may be away.
func (r *Repos) openShares(p *plan) {
	if r.Objects == nil || len(p.published()) == 0 {
		return
	}
	r.willOpen(p)
	r.queue.open(p.published())
	r.openSoon()
}

// openSoon has holders told what they do not know yet, if there is anything of the kind.
func (r *Repos) openSoon() {
	if r.Objects == nil || len(r.queue.toOpen()) == 0 || r.opening.waiting.Swap(true) {
		return
	}
	r.rounds.work(func() {
		r.opening.mu.Lock()
		defer r.opening.mu.Unlock()
		r.opening.waiting.Store(false) // whoever comes from now on is asked by the next
		r.openAll(r.rounds.ctx)
	})
}

// openAll tells holders. What one of them does not know yet stays, and is tried again when somebody comes, and at every survey.
func (r *Repos) openAll(ctx context.Context) {
	var done []blobstore.Pointer
	for _, p := range r.queue.toOpen() {
		told, err := r.Objects.Publish(ctx, p)
		if ctx.Err() != nil {
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // that is a batch which nobody has written yet
			r.Log.Warn("holders of a public object were not told", "oid", p.OID, "err", err)
		}
		if err == nil && len(told.Waits) == 0 {
			r.queue.opened(p)
			done = append(done, p)
		}
	}
	if err := r.settings.opening(nil, done); err != nil {
		r.Log.Warn("settings cannot be written", "err", err)
	}
}

// whoKnows returns who knows that objects are open. Who could not be told in time counts as one who waits.
func (r *Repos) whoKnows(ctx context.Context, objects []blobstore.Pointer) *control.Published {
	if r.Objects == nil || len(objects) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, tellTime)
	defer cancel()
	var all control.Published
	for _, p := range objects {
		one, err := r.Objects.Publish(ctx, p)
		if err != nil {
			one = control.Published{Waits: r.Objects.Holders(p)}
		}
		all.Knows, all.Waits, all.Refuses = merge(all.Knows, one.Knows), merge(all.Waits, one.Waits), merge(all.Refuses, one.Refuses)
	}
	all.Knows = slices.DeleteFunc(all.Knows, func(did radicle.DID) bool { return slices.Contains(all.Waits, did) })
	return &all
}

// saidOf says how many of the holders know, for people.
func saidOf(p *control.Published) control.Warning {
	n := len(p.Knows) + len(p.Waits) + len(p.Refuses)
	w := control.Warning{Text: fmt.Sprintf("%d of %d friends who hold shares know that these are open", len(p.Knows), n)}
	if len(p.Waits) > 0 {
		w.Text += fmt.Sprintf("; %d will hear it when they are there", len(p.Waits))
	}
	if len(p.Refuses) > 0 {
		w.Text += fmt.Sprintf("; %d keep nothing open", len(p.Refuses))
	}
	return w
}

// Public reports whether what is stored for a repository is for everyone, unless a path says otherwise.
func (r *Repos) Public(ctx context.Context, rid radicle.RID) (public bool) {
	err := r.with(ctx, rid, func(e *repository, v *view) error {
		public = r.ceiling(e, v).Kind() == zone.Public
		return nil
	})
	return err == nil && public
}
