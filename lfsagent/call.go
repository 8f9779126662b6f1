package lfsagent

import (
	"context"
	"errors"
	"runtime/debug"
	"time"
)

const (
	// patience is how long a daemon may be silent: a minute is promised, and machines sleep.
	patience = 2 * time.Minute
	// grace is how long a call may go on when it should not. git-lfs waits 30 s for us.
	grace = 5 * time.Second
)

// call calls f, which others wrote, and comes back whatever f does: with its error; with an error for a panic; and without f, which
// is left behind, where that was told to stop and does not. Meanwhile the meter runs, if there is one.
func (w *worker) call(ctx context.Context, m *meter, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if m != nil {
		m.rouse()
	}
	done := make(chan error, 1)
	go func() {
		err := error(errCrashed) // runtime.Goexit
		defer func() {
			if p := recover(); p != nil {
				err = w.crashed(p)
			}
			done <- err
		}()
		err = f(ctx)
	}()
	ended, err := w.watch(ctx, m, done)
	if ended {
		return w.judge(err)
	}
	cancel(err)
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case last := <-done:
		if last == nil {
			return nil // just in time
		}
	case <-late.C:
		w.Log.Error("a call does not come back", "cause", err)
		w.forget(errSilent)
	}
	return w.judge(err)
}

// watch waits for done and runs the meter. It returns early, with the reason, when the call should stop.
func (w *worker) watch(ctx context.Context, m *meter, done <-chan error) (ended bool, err error) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return true, err
		case <-ctx.Done():
			return false, ctx.Err()
		case <-tick.C:
		}
		if m == nil {
			continue
		}
		m.tick()
		switch {
		case w.answers.err != nil:
			return false, w.answers.err
		case m.silence() > patience:
			return false, errSilent
		}
	}
}

// judge looks at the error of a call. After a crash the session cannot be trusted, and after silence there will be none.
func (w *worker) judge(err error) error {
	switch {
	case errors.Is(err, errCrashed):
		w.forget(nil)
	case errors.Is(err, errSilent):
		w.forget(errSilent)
	}
	return err
}

// crashed is the error for a panic.
func (w *worker) crashed(p any) error {
	w.Log.Error("panic", "value", p, "stack", string(debug.Stack()))
	return errCrashed
}

// forget drops the session without another word to it. With a reason there will be no other one.
func (w *worker) forget(reason error) {
	if w.session != nil {
		w.session.landing.close()
	}
	w.session = nil
	if reason != nil {
		w.failure, w.failed = reason, time.Now()
	}
}
