package objects

import (
	"context"
	"sync"

	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// putsAtOnce is how many shares a friend takes of us at once (HOLDER.md §5). Who is offered more lets them wait.
const putsAtOnce = 2

// gate keeps objects from being sent to the same people at once, more than those take. An object gets all its people or waits for
// all: else two would wait for each other, each with what the other needs. Who comes first goes first, but may be passed
// by whoever wants nobody of theirs.
type gate struct {
	mu    sync.Mutex
	used  map[radicle.DID]int
	queue []*passage
}

type passage struct {
	people []radicle.DID
	given  chan struct{}
}

// pass waits for people, of whom each is named once.
func (g *gate) pass(ctx context.Context, people []radicle.DID) (leave func(), err error) {
	p := &passage{people: people, given: make(chan struct{})}
	g.mu.Lock()
	if g.used == nil {
		g.used = map[radicle.DID]int{}
	}
	g.queue = append(g.queue, p)
	g.giveLocked()
	g.mu.Unlock()
	select {
	case <-p.given:
		return func() { g.leave(p) }, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, one := range g.queue {
		if one == p {
			g.queue = append(g.queue[:i:i], g.queue[i+1:]...)
			g.giveLocked()
			return nil, ctx.Err()
		}
	}
	g.leaveLocked(p) // it was given just now
	return nil, ctx.Err()
}

func (g *gate) leave(p *passage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leaveLocked(p)
}

func (g *gate) leaveLocked(p *passage) {
	for _, did := range p.people {
		if g.used[did]--; g.used[did] == 0 {
			delete(g.used, did)
		}
	}
	g.giveLocked()
}

func (g *gate) giveLocked() {
	wanted := map[radicle.DID]bool{} // by those who came earlier and wait
	waiting := g.queue[:0]
	for _, p := range g.queue {
		if g.free(p, wanted) {
			for _, did := range p.people {
				g.used[did]++
			}
			close(p.given)
			continue
		}
		for _, did := range p.people {
			wanted[did] = true
		}
		waiting = append(waiting, p)
	}
	g.queue = waiting
}

func (g *gate) free(p *passage, wanted map[radicle.DID]bool) bool {
	for _, did := range p.people {
		if wanted[did] || g.used[did] >= putsAtOnce {
			return false
		}
	}
	return true
}

// likely returns those of some people who will get shares, unless somebody fails.
func likely(takers []swarm.Person, shares int) []radicle.DID {
	var dids []radicle.DID
	for _, p := range takers[:min(len(takers), shares)] {
		dids = append(dids, p.DID)
	}
	return dids
}
