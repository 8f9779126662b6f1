package objects

import (
	"context"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// rebuilds reports whether an object without its file is completed share by share: where only one can be placed now, that reads no
// more than bringing the object back, nothing of it is on this disk, and nothing is read before somebody takes the share.
func (o *Objects) rebuilds(c *coded, takers []swarm.Person) bool {
	if min(c.n-len(c.row.of(c.k())), len(takers)) != 1 || len(c.row.of(c.k())) < c.k() {
		return false
	}
	f, err := openSource(c.row)
	if err == nil {
		_ = f.Close() // it was only looked for
	}
	return err != nil
}

// rebuild makes the first share that is missing from K others, for the first person who takes it.
func (o *Objects) rebuild(ctx context.Context, w *work, c *coded, takers []swarm.Person) error {
	s := o.sending(c, o.holders(ctx, c), nil)
	checks, err := swarm.Verify(ctx, s, swarm.VerifyOptions{Patience: decision})
	if err != nil {
		return err
	}
	checks = slices.DeleteFunc(checks, func(c swarm.Check) bool { return c.State != swarm.Held })
	index := c.row.firstMissing(c.k())
	for _, one := range takers {
		name, err := c.name(one.DID, index)
		if err != nil {
			return err
		}
		missing := swarm.Check{Source: swarm.Source{DID: one.DID, Holder: one.Holder, Index: index, Name: name}, State: swarm.Missing}
		placed, err := o.rebuildAt(ctx, w, c, s, append(slices.Clone(checks), missing))
		if placed || err != nil {
			return err
		}
	}
	return nil
}

// rebuildAt makes a share at one person.
func (o *Objects) rebuildAt(ctx context.Context, w *work, c *coded, s *swarm.Sending, checks []swarm.Check) (placed bool, err error) {
	to := checks[len(checks)-1]
	if err := o.partings.unsay(ctx, c, []swarm.Person{{DID: to.DID, Holder: to.Holder}}); err != nil {
		return false, err
	}
	leave, err := o.gate.pass(ctx, []radicle.DID{to.DID})
	if err != nil {
		return false, err
	}
	defer leave()
	report, err := swarm.Heal(ctx, s, checks, swarm.SendOptions{Patience: decision, Progress: w.took})
	o.failures(report.Failed)
	if _, placed = report.Placed[to.Index]; placed {
		o.index.share(w.OID, c.k(), to.Index, to.DID, true)
		o.partings.drop(to.DID, to.Name)
		w.tell()
		o.reread(ctx, c)
	}
	return placed, err
}

// firstMissing is the first share of a coding that nobody has.
func (r *row) firstMissing(k int) int {
	placed := r.of(k)
	for index := range blobstore.MaxN {
		if _, ok := placed[index]; !ok {
			return index
		}
	}
	return blobstore.MaxN
}
