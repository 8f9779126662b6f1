package objects

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"radswarm/blobstore/friend"
)

// linger is how long a change waits for others before it is written, if nobody waits for it: a commit of the database costs two
// syncs of the disk. What a crash loses of shares that were placed costs a question and no bytes (SWARM.md §4).
const linger = 200 * time.Millisecond

// change is something to be written to the database.
type change func(*friend.ObjectChange) error

// journal writes changes in their order, many in one transaction.
type journal struct {
	state State
	log   *slog.Logger
	wake  chan struct{} // has room for one: there is something to write
	hurry chan struct{} // has room for one: somebody waits for it

	mu       sync.Mutex
	changes  []change
	flushed  *flush // of the changes that are not written yet
	flushing *flush // of those that are just being written; nil: none are
	closed   bool
	done     chan struct{} // run has returned
}

// flush is one transaction to come, for those who wait for it.
type flush struct {
	done chan struct{}
	err  error
}

func newJournal(state State, log *slog.Logger) *journal {
	j := &journal{
		state: state, log: log, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		flushed: &flush{done: make(chan struct{})}, done: make(chan struct{}),
	}
	go j.run()
	return j
}

// add has a change written soon.
func (j *journal) add(c change) {
	j.mu.Lock()
	j.changes = append(j.changes, c)
	j.mu.Unlock()
	nudge(j.wake)
}

// sync returns when all that was added before is durable.
func (j *journal) sync(ctx context.Context) error {
	j.mu.Lock()
	if len(j.changes) == 0 && (j.closed || j.flushing == nil) {
		j.mu.Unlock()
		return nil
	}
	if len(j.changes) == 0 {
		f := j.flushing
		j.mu.Unlock()
		return f.wait(ctx)
	}
	f := j.flushed
	j.mu.Unlock()
	nudge(j.hurry)
	nudge(j.wake)
	return f.wait(ctx)
}

func (f *flush) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return f.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close writes what is left.
func (j *journal) close() error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	nudge(j.hurry)
	nudge(j.wake)
	<-j.done
	return j.write()
}

func (j *journal) run() {
	defer close(j.done)
	timer := time.NewTimer(0)
	<-timer.C
	for {
		<-j.wake
		timer.Reset(linger)
		select {
		case <-j.hurry:
			timer.Stop()
		case <-timer.C:
		}
		_ = j.write() // is told to those who wait
		j.mu.Lock()
		closed := j.closed
		j.mu.Unlock()
		if closed {
			return
		}
	}
}

// write writes what there is. What cannot be written is tried again with the next.
func (j *journal) write() error {
	j.mu.Lock()
	changes, f := j.changes, j.flushed
	if len(changes) == 0 {
		j.mu.Unlock()
		return nil
	}
	j.changes, j.flushed, j.flushing = nil, &flush{done: make(chan struct{})}, f
	j.mu.Unlock()
	f.err = j.state.ChangeObjects(context.Background(), func(c *friend.ObjectChange) error {
		for _, change := range changes {
			if err := change(c); err != nil {
				return err
			}
		}
		return nil
	})
	j.mu.Lock()
	if j.flushing = nil; f.err != nil {
		j.log.Error("index of objects is not written", "err", f.err)
		j.changes = append(changes, j.changes...)
	}
	j.mu.Unlock()
	close(f.done)
	return f.err
}

// nudge puts a value into a channel that has room for one.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
