package objects

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Tell is told what happens meanwhile. It is called by one goroutine at a time, and must not block for long; nil hears nothing.
type Tell func(control.Line)

// Objects are the objects of a home.
type Objects struct {
	opt      Options
	log      *slog.Logger
	index    *index
	works    *works
	partings *partings
	troubles troubles
	locks    locks
	post     post
	memory   *budget
	gate     gate
	parts    parts
	told     told
	records  atomic.Pointer[Records]
	settled  atomic.Bool // friends have been as many as now for some time
	opened   time.Time

	ctx   context.Context // until Close
	stop  context.CancelFunc
	tasks sync.WaitGroup
	ends  sync.Mutex // keeps tasks from beginning while Close waits for them
}

// New reads the index, and goes on with what was under way when the last process ended.
func New(opt Options) (*Objects, error) {
	if opt.Self == (radicle.DID{}) || opt.Dir == "" || opt.State == nil || opt.People == nil || opt.Keys == nil {
		return nil, errors.New("objects: self, folder, state, people and keys are required")
	}
	o := &Objects{opt: opt.withDefaults(), memory: newBudget(fetchMemory), opened: time.Now()}
	o.log = o.opt.Log
	if opt.Records != nil {
		o.SetRecords(opt.Records)
	}
	// What is in there was read back for work that starts anew.
	if err := os.RemoveAll(filepath.Join(o.opt.Dir, fetchingDir)); err != nil {
		return nil, err
	}
	o.ctx, o.stop = context.WithCancel(context.Background())
	o.post.ctx = o.ctx
	j := newJournal(o.opt.State, o.log)
	var err error
	if o.index, err = openIndex(o.ctx, j); err == nil {
		o.partings, err = newPartings(o.ctx, o.opt, j)
	}
	if err != nil {
		o.stop()
		return nil, errors.Join(err, j.close())
	}
	o.works = newWorks(o.step)
	o.post.crowded = o.works.crowded
	o.tasks.Go(func() { o.tend(o.ctx) })
	o.tasks.Go(func() { o.partings.run(o.ctx) })
	o.resume()
	return o, nil
}

// SetRecords joins the records of repositories, which may come later than New.
func (o *Objects) SetRecords(r Records) { o.records.Store(&r) }

// resume goes on with what is pending.
func (o *Objects) resume() {
	for _, p := range o.index.all(func(r *row) bool { return !r.Pending.IsZero() }) {
		if !o.works.resting(p) {
			o.works.start(p, false)
		}
	}
	o.partings.wake()
}

// Close ends all work, which goes on when the index is opened again, and returns when everything has been written.
func (o *Objects) Close() error {
	o.ends.Lock()
	o.stop()
	o.ends.Unlock()
	o.works.close()
	o.post.close()
	o.tasks.Wait()
	return o.index.close()
}

// begin does something beside, unless it is the end.
func (o *Objects) begin(f func()) {
	o.ends.Lock()
	defer o.ends.Unlock()
	if o.ctx.Err() == nil {
		o.tasks.Go(f)
	}
}

// pend has an object of which shares are missing placed again, some time.
func (o *Objects) pend(p blobstore.Pointer) {
	now := time.Now()
	o.index.edit(p.OID, func(row *friend.Object) {
		if row.Pending.IsZero() {
			row.Pending = now
		}
	})
}

// Idle returns when there is nothing to do that could be done now.
func (o *Objects) Idle(ctx context.Context) error {
	for {
		busy := (<-chan struct{})(nil)
		for _, w := range o.works.list() {
			if s := w.see(); s.state == queued || s.state == running {
				busy = s.changed
			}
		}
		if busy == nil {
			return o.index.sync(ctx)
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
