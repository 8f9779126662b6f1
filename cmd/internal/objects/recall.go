package objects

import (
	"context"
	"time"

	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// recallTime is how long people have to say what they hold.
const recallTime = 2 * time.Second

// recall asks people whether they have a share of an object already, each once in its work, and notes it. Of what was placed
// just before the daemon was killed nothing is known here; and the same person would be offered another share now, because
// the room that people have decides who gets which.
func (o *Objects) recall(ctx context.Context, w *work, c *coded, people []swarm.Person) {
	var asked []swarm.Person
	for _, p := range people {
		if !w.fresh && !w.recalled[p.DID] {
			asked = append(asked, p)
		}
	}
	if len(asked) == 0 {
		return
	}
	if w.recalled == nil {
		w.recalled = map[radicle.DID]bool{}
	}
	for _, p := range asked {
		w.recalled[p.DID] = true
	}
	ctx, cancel := context.WithTimeout(ctx, recallTime)
	defer cancel()
	has := map[radicle.DID]bool{}
	swarm.Find(ctx, c.repair, c.manifest, c.n, asked, func(s swarm.Source) {
		if !has[s.DID] { // a second share with one person makes nothing safer
			has[s.DID] = true
			o.found(c, s)
		}
	})
	if fresh := o.index.get(c.row.OID, c.row.Size); fresh != nil {
		*c.row = *fresh
	}
}
