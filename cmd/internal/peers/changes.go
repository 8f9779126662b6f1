package peers

import "sync"

// changes tells whoever waits that something about people is otherwise.
type changes struct {
	mu  sync.Mutex
	all map[chan struct{}]struct{}
}

// Changes returns a channel on which there is something whenever somebody came, went or had another room since. Stop ends it.
func (p *Peers) Changes() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	p.changes.mu.Lock()
	defer p.changes.mu.Unlock()
	if p.changes.all == nil {
		p.changes.all = map[chan struct{}]struct{}{}
	}
	p.changes.all[c] = struct{}{}
	return c, func() {
		p.changes.mu.Lock()
		defer p.changes.mu.Unlock()
		delete(p.changes.all, c)
	}
}

func (c *changes) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for w := range c.all {
		poke(w)
	}
}

// poke puts something on a channel with room for one, if there is nothing yet.
func poke(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
