package object

import (
	"context"
	"sync"
)

// stage is the work on one stripe, with the buffers for it. Each worker has one.
type stage interface {
	read(s int64) error // called for the stripes in order, by one worker at a time
	work(s int64) error // called at any time, by all workers
	emit(s int64) error // called for the stripes in order, by one worker at a time
}

// inOrder takes all stripes through read, work and emit, on as many workers as there are stages. It returns when no
// worker runs. The error is that of the first stripe that has one, and everything before that stripe was
// emitted; so the same input fails the same way whatever the number of workers.
func inOrder[S stage](ctx context.Context, stripes int64, stages []S) error {
	var (
		reading sync.Mutex
		next    int64 // guarded by reading
		out     = newTurnstile()
		workers sync.WaitGroup
	)
	take := func(st S) (int64, error) {
		reading.Lock()
		defer reading.Unlock()
		s := next
		if s == stripes {
			return s, nil
		}
		next++
		if err := ctx.Err(); err != nil {
			return s, err
		}
		return s, st.read(s)
	}
	for _, st := range stages {
		workers.Go(func() {
			for {
				s, err := take(st)
				if s == stripes {
					return
				}
				if err == nil {
					err = st.work(s)
				}
				if !out.enter(s) {
					return
				}
				if err == nil {
					err = st.emit(s)
				}
				if !out.leave(err) {
					return
				}
			}
		})
	}
	workers.Wait()
	return out.err
}

// turnstile lets stripes through one at a time and in order, until one fails.
type turnstile struct {
	mu   sync.Mutex
	wake sync.Cond
	next int64
	err  error
}

func newTurnstile() *turnstile {
	t := &turnstile{}
	t.wake.L = &t.mu
	return t
}

// enter waits for the turn of stripe s. It reports whether that comes.
func (t *turnstile) enter(s int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for t.next != s && t.err == nil {
		t.wake.Wait()
	}
	return t.err == nil
}

// leave ends the turn, and reports whether there is another.
func (t *turnstile) leave(err error) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	t.err = err
	t.wake.Broadcast()
	return err == nil
}
