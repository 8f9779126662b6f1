package peers

import (
	"context"
	"math/rand/v2"
	"time"

	"radswarm/radicle"
)

// The keeper of a friend waits between attempts, twice as long each time.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 15 * time.Minute
)

// backoff is how long to wait after so many attempts that failed: half of it is chance, so that homes which lost each other at
// the same moment do not dial at the same moment for ever.
func backoff(failures int) time.Duration {
	wait := lastWait
	if failures < 12 {
		wait = min(lastWait, firstWait<<failures)
	}
	return wait/2 + rand.N(wait/2)
}

// keepAll begins to keep a line with everybody with whom there should be one.
func (p *Peers) keepAll() {
	for _, f := range p.state.Friends() {
		p.keep(f.DID)
	}
	for _, did := range p.state.Mine() {
		p.keep(did)
	}
}

// keep begins to keep a line with somebody.
func (p *Peers) keep(did radicle.DID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network == nil || p.closed {
		return
	}
	c := p.contact(did)
	if c.keeper != nil {
		return
	}
	ctx, cancel := context.WithCancel(p.life)
	c.keeper = cancel
	p.spawnLocked(func() { p.keeping(ctx, c) })
}

// release ends the keeping of a line with somebody. The line itself is the holder's to cut.
func (p *Peers) release(did radicle.DID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contact(did)
	if c.keeper != nil {
		c.keeper()
		c.keeper = nil
	}
	p.prune(c)
}

// keeping keeps a line until ctx is done.
func (p *Peers) keeping(ctx context.Context, c *contact) {
	for ctx.Err() == nil {
		l, a, _ := p.lineOrAttempt(c.did, nil)
		switch {
		case l != nil:
			p.stay(ctx, c, l)
		case a != nil:
			select {
			case <-a.done:
			case <-ctx.Done():
				return
			}
			if a.err != nil {
				p.rest(ctx, c)
			}
		default:
			p.rest(ctx, c)
		}
	}
}

// stay waits while there is a line, and then a moment.
func (p *Peers) stay(ctx context.Context, c *contact, l *line) {
	select {
	case <-l.gone:
		p.rest(ctx, c)
	case <-c.wake:
	case <-ctx.Done():
	}
}

// rest waits until it is time for the next attempt, or there is a reason for one.
func (p *Peers) rest(ctx context.Context, c *contact) {
	p.mu.Lock()
	pause := backoff(c.failures)
	c.next = time.Now().Add(pause)
	p.mu.Unlock()
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.wake:
	case <-ctx.Done():
	}
	p.mu.Lock()
	c.next, c.failed = time.Time{}, time.Time{}
	p.mu.Unlock()
}

// hurry has somebody dialled now: there is a reason to believe that it will go better.
func (p *Peers) hurry(did radicle.DID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contact(did)
	c.failures, c.failed = 0, time.Time{}
	poke(c.wake)
	p.prune(c)
}
