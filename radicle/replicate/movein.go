package replicate

import (
	"context"
	"errors"

	"radswarm/radicle/storage"
)

// maxPlans is how often a fetch starts again because somebody moved refs while it was about to.
const maxPlans = 20

// moveIn makes the repository what was fetched and verified: all at once, or not at all. Whoever is faster, Radicle's node or
// another fetch, is taken into account in the next attempt.
func (f *fetch) moveIn(ctx context.Context) error {
	var raced error
	for range maxPlans {
		p, err := f.newPlan(ctx)
		if f.movingIn != nil {
			f.movingIn()
		}
		if err == nil {
			err = f.apply(ctx, p)
		}
		if err == nil {
			f.result.take(p.result)
			return nil
		}
		if !errors.As(err, new(*storage.StaleError)) && !errors.Is(err, storage.ErrExists) {
			return err
		}
		raced = err
		if err := f.reopen(ctx); err != nil {
			return err
		}
	}
	return errors.Join(storage.ErrBusy, raced)
}

// apply does what the plan says.
func (f *fetch) apply(ctx context.Context, p *plan) error {
	if f.repo == nil {
		var refs []storage.Ref
		for _, m := range p.moves {
			refs = append(refs, storage.Ref{Name: m.Name, ID: m.To})
		}
		p.result.Cloned = true
		return f.q.Publish(ctx, refs, p.symbolic)
	}
	if len(p.moves) > 0 {
		if err := f.repo.Receive(ctx, f.q, p.moves); err != nil {
			return err
		}
	}
	if p.rules != nil {
		_, err := f.repo.SetCanonical(ctx, p.rules, nil) // the symbolic ones
		return err
	}
	return nil
}

// reopen looks at the repository anew. One that was not there may be there now.
func (f *fetch) reopen(ctx context.Context) error {
	if f.repo == nil {
		if err := f.q.Attach(); err != nil {
			return err
		}
	} else if err := f.repo.Close(); err != nil {
		return err
	}
	if err := f.openRepo(ctx); err != nil {
		return err
	}
	// Ours was fetched as long as the repository was not here.
	fresh := f.fresh[:0]
	for _, c := range f.fresh {
		if !f.excluded(c.NID) && f.head(c.NID) != c.Head {
			fresh = append(fresh, c)
		}
	}
	f.fresh = fresh
	return nil
}
