package repos

import (
	"context"

	"radswarm/radicle"
)

// Walked waits until the history of a repository is read as it is now, and returns why it could not be.
func (r *Repos) Walked(ctx context.Context, rid radicle.RID) error {
	return r.with(ctx, rid, func(e *repository, v *view) error {
		w := r.walk(e, v)
		select {
		case <-w.done:
			return w.err
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// Failed makes a repository forget why its history could not be read, as time does.
func (r *Repos) Failed(rid radicle.RID) error {
	return r.with(r.rounds.ctx, rid, func(e *repository, _ *view) error {
		e.introducers.mu.Lock()
		defer e.introducers.mu.Unlock()
		e.introducers.walk.wanted = e.introducers.walk.wanted.Add(-walkAgain)
		return nil
	})
}
