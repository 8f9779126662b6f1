package objects

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// works has an object's work done: placing its shares. Each object has at most one work, which is
//
//	queued → running → done, or waiting for somebody to come
//	waiting → queued, when somebody came
//	running → queued, when there is more to do than was seen at its start
type works struct {
	do func(context.Context, *work) (why string, err error) // one run; done where it says no why and no error

	ctx     context.Context
	stop    context.CancelFunc
	running sync.WaitGroup
	moved   atomic.Pointer[time.Time] // when bytes of any work moved last

	mu    sync.Mutex
	of    map[blobstore.OID]*work
	front []*work // that a client waits for
	back  []*work
	room  int
}

// How much goes on at once: so that memory stays under 150 MB, and two large objects do not halve each other. There are never
// more than two that are not small, of which a holder takes as many (SWARM.md §4.1).
const (
	workRoom  = 16
	largeWork = 8       // of an object that is large
	largeSize = 1 << 20 // bytes
)

func newWorks(do func(context.Context, *work) (string, error)) *works {
	w := &works{do: do, of: map[blobstore.OID]*work{}, room: workRoom}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// weight is how much of the room an object takes.
func weight(size int64) int {
	if size >= largeSize {
		return largeWork
	}
	return 1
}

// work is what is done for an object.
type work struct {
	blobstore.Pointer
	since time.Time
	all   *works // nil: of none

	// Of the run that goes on, one at a time.
	fresh    bool                 // the object was coded in this work: nobody can have a share that is not known
	recalled map[radicle.DID]bool // who was asked what they have
	claimed  map[radicle.DID]bool // who was offered what they have for others
	seen     []swarm.Source       // what they had

	mu      sync.Mutex
	state   workState
	again   bool
	hot     bool      // a client waits for it
	moved   time.Time // when bytes moved last; zero: not yet
	read    int64     // bytes of plaintext, of the first pass
	sent    int64     // bytes of shares
	why     string    // for what it waits
	err     error     // of the last run
	rest    time.Time // not to be tried again before
	changed chan struct{}
	done    chan struct{} // closed when it is done
}

type workState uint8

const (
	queued workState = iota
	running
	waiting
	done
)

// start has an object worked on, soon or, with hot, first. It returns its work, that may be under way already.
func (w *works) start(p blobstore.Pointer, hot bool) *work {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.of[p.OID]
	fresh := one == nil
	if fresh {
		one = &work{Pointer: p, since: time.Now(), all: w, changed: make(chan struct{}), done: make(chan struct{})}
		w.of[p.OID] = one
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	switch {
	case one.state == running:
		one.again = true
	case fresh, one.state == waiting:
		one.state, one.why, one.err = queued, "", nil
		w.queue(one, hot || one.hot)
	case hot && !one.hot && one.state == queued:
		w.back = slices.DeleteFunc(w.back, func(o *work) bool { return o == one })
		w.front = append(w.front, one)
	}
	one.hot = one.hot || hot
	one.tellLocked()
	w.next()
	return one
}

// crowdSize is from how many small works on it is to be expected that soon another does what one does.
const crowdSize = 4

// crowded reports whether there are many works.
func (w *works) crowded() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := len(w.front) + len(w.back)
	return n+(workRoom-w.room) >= crowdSize
}

func (w *works) queue(one *work, hot bool) {
	if hot {
		w.front = append(w.front, one)
	} else {
		w.back = append(w.back, one)
	}
}

// next begins what there is room for. It is called with the lock held, after anything that may change that.
func (w *works) next() {
	for w.ctx.Err() == nil {
		from := &w.front
		if len(*from) == 0 {
			from = &w.back
		}
		if len(*from) == 0 || weight((*from)[0].Size) > w.room {
			return
		}
		one := (*from)[0]
		*from = (*from)[1:]
		w.room -= weight(one.Size)
		w.running.Go(func() { w.run(one) })
	}
}

func (w *works) run(one *work) {
	one.begin()
	why, err := w.do(w.ctx, one)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.room += weight(one.Size)
	one.mu.Lock()
	defer one.mu.Unlock()
	one.why, one.err = why, err
	switch {
	case w.ctx.Err() != nil:
		one.state = waiting
	case one.again:
		one.again, one.state = false, queued
		w.queue(one, one.hot)
	case why == "" && err == nil:
		one.state = done
		close(one.done)
		delete(w.of, one.OID)
	default:
		one.state = waiting
	}
	one.tellLocked()
	w.next()
}

// forget drops the work of an object that is not to be stored any more. It must not run: who calls holds the object's lock.
func (w *works) forget(oid blobstore.OID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := w.of[oid]
	if one == nil {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.state == running { // it waits for the lock, and finds nothing to do
		return
	}
	w.front = slices.DeleteFunc(w.front, func(o *work) bool { return o == one })
	w.back = slices.DeleteFunc(w.back, func(o *work) bool { return o == one })
	one.state = done
	close(one.done)
	one.tellLocked()
	delete(w.of, oid)
}

// movedAfter returns when bytes of any work moved last, or a time that is later.
func (w *works) movedAfter(t time.Time) time.Time {
	if last := w.moved.Load(); last != nil {
		return later(t, *last)
	}
	return t
}

// resting reports whether an object's work is not to be tried again yet.
func (w *works) resting(p blobstore.Pointer) bool {
	w.mu.Lock()
	one := w.of[p.OID]
	w.mu.Unlock()
	return one != nil && time.Now().Before(one.see().rest)
}

// list returns all works, the oldest first.
func (w *works) list() []*work {
	w.mu.Lock()
	all := make([]*work, 0, len(w.of))
	for _, one := range w.of {
		all = append(all, one)
	}
	w.mu.Unlock()
	slices.SortFunc(all, func(a, b *work) int { return a.since.Compare(b.since) })
	return all
}

// close ends all that runs, and returns when it has.
func (w *works) close() {
	w.mu.Lock()
	w.stop()
	w.mu.Unlock()
	w.running.Wait()
}

func (w *work) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.state, w.err = running, nil
	w.tellLocked()
}

// awaited reports whether a client waits for the work, or did.
func (w *work) awaited() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hot
}

// tellLocked wakes those who wait for the work.
func (w *work) tellLocked() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// tell wakes those who wait for the work.
func (w *work) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.tellLocked()
}

// took says that holders took n bytes.
func (w *work) took(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent += int64(n)
	w.movedLocked()
}

// passed says that n bytes of the file were read.
func (w *work) passed(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read += int64(n)
	w.movedLocked()
}

func (w *work) movedLocked() {
	now := time.Now()
	if w.moved = now; w.all != nil {
		w.all.moved.Store(&now)
	}
}

// postpone keeps the work from being tried again for some time.
func (w *work) postpone(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = time.Now().Add(d)
}

// seen is the state of a work at one moment.
type seen struct {
	state      workState
	moved      time.Time
	read, sent int64
	why        string
	err        error
	rest       time.Time
	changed    <-chan struct{}
}

func (w *work) see() seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return seen{w.state, w.moved, w.read, w.sent, w.why, w.err, w.rest, w.changed}
}
