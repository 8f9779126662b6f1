package replicate

import (
	"context"
	"errors"
	"slices"

	"radswarm/radicle/storage"
)

// maxPlans is how often a fetch starts again because somebody moved refs while it was about to.
const maxPlans = 20

// moveIn makes the repository what was fetched and verified: all at once, or not at all. Whoever is faster, Radicle's node or
// another fetch, is taken into account in the next attempt.
func (f *fetch) moveIn(ctx context.Context) error {
	var raced error
	for range maxPlans {
		if err := f.look(ctx); err != nil {
			return err
		}
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
	if slices.ContainsFunc(p.moves, func(m storage.Move) bool { return m.From != m.To }) {
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

// look reads the refs anew: time has passed. A repository that was not there may be there now.
func (f *fetch) look(ctx context.Context) (err error) {
	if f.repo != nil {
		f.snapshot, err = f.repo.Refs(ctx)
	} else if err = f.openRepo(ctx); err == nil && f.repo != nil {
		err = f.q.Attach()
	}
	if err != nil || f.repo == nil {
		return err
	}
	// Ours was fetched as long as the repository was not here. What is here by now stays among them: who moved the signed refs may
	// not have come to the others yet, or never come to them, because we were in the way.
	f.fresh = slices.DeleteFunc(f.fresh, func(c *candidate) bool { return f.excluded(c.NID) })
	return nil
}
