package peers

import (
	"context"
	"errors"
	"slices"
	"time"

	"radswarm/blobstore/holder"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// contact is what memory has of somebody. It is guarded by the Peers' lock.
type contact struct {
	did      radicle.DID
	lines    []*line // the oldest first
	attempt  *attempt
	keeper   context.CancelFunc // nil: nobody keeps a line
	wake     chan struct{}      // for the keeper: dial now
	knock    bool               // they did not take our HELLO: a knock comes before it
	failures int                // attempts that failed since a line lasted
	problem  error              // why there is no line
	said     error              // the last of these that tells a person what to do
	saidAt   time.Time
	failed   time.Time     // when the last attempt failed; zero: it did not
	took     time.Duration // how long it took
	next     time.Time     // when the keeper dials next
	busy     time.Time     // until when they take no blk/1 streams
}

// line is a connection on which a HELLO was accepted.
type line struct {
	*holder.Session
	since    time.Time
	gone     chan struct{}                 // closed when it ended
	used     time.Time                     // when a stream of ours ended last
	streams  int                           // of ours that are open
	replaced bool                          // there is a newer connection
	shown    map[radicle.DID]chan struct{} // owners whose introductions were presented; closed when that is done
	told     map[radicle.DID]uint64        // address records that went over it: of whom, and their number
	pledge   wire.Pledge                   // that was told last
	pledged  time.Time                     // when; zero: never
}

func (l *line) alive() bool { return !l.replaced && l.Conn.Err() == nil }

// attempt is a dialling under way.
type attempt struct {
	done chan struct{} // closed when it ended
	err  error         // set before
}

// contact returns what memory has of somebody, and begins to have it.
func (p *Peers) contact(did radicle.DID) *contact {
	c, ok := p.contacts[did]
	if !ok {
		c = &contact{did: did, wake: make(chan struct{}, 1)}
		p.contacts[did] = c
	}
	return c
}

// remembers reports whether an attempt that failed answers for those that come now.
func (c *contact) remembers() bool {
	return !c.failed.IsZero() && time.Since(c.failed) < max(leastMemory, 2*c.took)
}

// prune forgets somebody with whom there is nothing.
func (p *Peers) prune(c *contact) {
	if len(c.lines) == 0 && c.attempt == nil && c.keeper == nil && !c.remembers() {
		delete(p.contacts, c.did)
	}
}

// saidAge is for how long a reason counts although nothing was heard of it since.
const saidAge = time.Hour

// fail notes why there is no line. A reason that somebody gave is not forgotten for a connection that was merely cut.
func (c *contact) fail(err error) {
	c.problem = err
	_, hello := errors.AsType[*holder.HelloError](err)
	remote, bye := errors.AsType[*wire.RemoteError](err)
	told := hello || bye && remote.Code == wire.CodeDenied
	silent := errors.Is(err, ErrNotAdmitted) && (c.said == nil || errors.Is(c.said, ErrNotAdmitted) || time.Since(c.saidAt) > saidAge)
	if told || silent {
		c.said, c.saidAt = err, time.Now()
	}
}

// best returns the newest line that takes streams, nil where there is none.
func (c *contact) best() *line {
	for _, l := range slices.Backward(c.lines) {
		if l.alive() {
			return l
		}
	}
	return nil
}

// lineWith returns the line with somebody that takes streams, nil where there is none.
func (p *Peers) lineWith(did radicle.DID) *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.contacts[did]; ok {
		return c.best()
	}
	return nil
}

// lines returns one line with each who is there.
func (p *Peers) lines() (all []*line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.contacts {
		if l := c.best(); l != nil {
			all = append(all, l)
		}
	}
	return all
}

// lineOf returns the line that goes over a connection.
func (p *Peers) lineOf(did radicle.DID, conn net.Conn) *line {
	c, ok := p.contacts[did]
	if !ok {
		return nil
	}
	for _, l := range c.lines {
		if l.Conn == conn {
			return l
		}
	}
	return nil
}

// Online reports whether somebody is there.
func (p *Peers) Online(did radicle.DID) bool { return p.lineWith(did) != nil }
