package objects

import (
	"context"
	"slices"
	"time"

	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// How long people have to say what they hold, and to come after a start before others are offered what they may hold.
const (
	recallTime   = 2 * time.Second
	assembleTime = 3 * time.Second
)

// assemble waits, just after a start, until everybody who may have a share can be reached.
func (o *Objects) assemble(ctx context.Context) {
	ctx, cancel := context.WithDeadline(ctx, o.opened.Add(assembleTime))
	defer cancel()
	changes, stop := o.opt.People.Changes()
	defer stop()
	away := func(c Candidate) bool { return !c.Online }
	for ctx.Err() == nil && slices.ContainsFunc(o.opt.People.Candidates(), away) {
		select {
		case <-changes:
		case <-ctx.Done():
		}
	}
}

// recall asks people whether they have a share of an object already, each once in its work, and notes it. Of what was placed
// just before the daemon was killed nothing is known here; and the same person would be offered another share now, because
// the room that people have decides who gets which.
//
// What is open is shown to everybody, and so nobody's word that it is ours: it is claimed.
func (o *Objects) recall(ctx context.Context, w *work, c *coded, people []swarm.Person) error {
	var asked []swarm.Person
	for _, p := range people {
		if (!w.fresh || c.reused && c.row.Public) && !w.recalled[p.DID] {
			asked = append(asked, p)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	if w.recalled == nil {
		w.recalled = map[radicle.DID]bool{}
	}
	for _, p := range asked {
		w.recalled[p.DID] = true
	}
	asking, cancel := context.WithTimeout(ctx, recallTime)
	defer cancel()
	has := map[radicle.DID]bool{}
	var open []swarm.Source
	swarm.Find(asking, c.repair, c.manifest, max(c.n, c.manifest.Roots()), asked, func(s swarm.Source) {
		w.seen = append(w.seen, s)
		switch {
		case has[s.DID]: // a second share with one person makes nothing safer
		case c.row.Public:
			open = append(open, s)
		default:
			o.found(c, s)
		}
		has[s.DID] = true
	})
	if err := o.claimAll(ctx, w, c, open); err != nil {
		return err
	}
	if fresh := o.index.get(c.row.OID, c.row.Size); fresh != nil {
		*c.row = *fresh
	}
	return nil
}

// takeBack has those shares deleted that people had and that others have as well.
func (o *Objects) takeBack(w *work, c *coded) {
	r := o.index.get(c.row.OID, c.row.Size)
	if r == nil {
		return
	}
	for _, s := range w.seen {
		if at := r.at(c.k(), s.Index); at != nil && at.at.Value() != s.DID {
			o.partings.say(s.DID, s.Name)
			o.partings.wake()
		}
	}
	w.seen = nil
}
