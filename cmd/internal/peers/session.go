package peers

import (
	"context"
	"errors"
	"slices"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// lasting is how long a line lasts before it counts as a success: who greets and cuts is dialled with back-off.
const lasting = 30 * time.Second

// Met is part of [holder.Control].
func (p *Peers) Met(s *holder.Session) {
	now := time.Now()
	l := &line{Session: s, since: now, used: now, gone: make(chan struct{}), shown: map[radicle.DID]chan struct{}{}, told: map[radicle.DID]uint64{}}
	p.mu.Lock()
	c := p.contact(s.DID)
	c.lines = append(c.lines, l)
	c.problem, c.said, c.failed, c.busy = nil, nil, time.Time{}, time.Time{}
	c.knock = false
	if s.Conn.Inbound() {
		p.reached, p.outward = now, 0
	} else {
		p.outward++
	}
	repos := p.repos
	p.mu.Unlock()
	if p.isFriend(s.DID) {
		p.keep(s.DID)
	}
	poke(c.wake)
	p.changes.tell()
	repos.Met(s)
	p.spawn(func() { p.greet(p.life, l) })
}

// greet tells somebody who came what they should know. An error means that they left.
func (p *Peers) greet(ctx context.Context, l *line) {
	for _, tell := range []func(context.Context, *line) error{
		p.tellPledge, p.tellNotices, p.tellIntroductions, p.tellAddresses,
	} {
		if err := tell(ctx, l); err != nil {
			p.o.Log.Debug("not all was told", "to", l.DID, "error", err)
			return
		}
	}
}

// Left is part of [holder.Control].
func (p *Peers) Left(s *holder.Session, err error) {
	p.mu.Lock()
	c := p.contact(s.DID)
	last := len(c.lines) == 1
	lasted := false
	c.lines = slices.DeleteFunc(c.lines, func(l *line) bool {
		if l.Session != s {
			return false
		}
		lasted = time.Since(l.since) >= lasting
		close(l.gone)
		return true
	})
	if last {
		c.fail(err)
		if lasted {
			c.failures = 0
		} else {
			c.failures++
		}
	}
	repos := p.repos
	p.prune(c)
	p.mu.Unlock()
	p.saw(s.DID) // until now
	p.changes.tell()
	repos.Left(s)
}

// Heard is part of [holder.Control].
func (p *Peers) Heard(ctx context.Context, s *holder.Session, m wire.Message) error {
	switch m := m.(type) {
	case *wire.Pledge:
		p.heardPledge(ctx, s.DID, m)
	case *wire.Addresses:
		p.heardAddresses(ctx, s.DID, m)
	case *wire.Introductions:
		p.heardIntroductions(ctx, s.DID, m)
	case *wire.Busy:
		p.heardBusy(s.DID, m)
	case *wire.Refs, *wire.Has, *wire.Holds:
		return p.repositories().Heard(ctx, s, m)
	}
	return nil
}

func (p *Peers) heardIntroductions(ctx context.Context, from radicle.DID, m *wire.Introductions) {
	for _, b := range m.Introductions {
		i, err := friend.ParseIntroduction(b)
		if err == nil {
			err = p.state.AddReceived(ctx, i)
		}
		if err != nil {
			p.o.Log.Info("introduction is left out", "from", from, "reason", err)
			continue
		}
		p.presentAgain(i.DID())
	}
}

// maxBusy bounds for how long somebody is left alone who says to be busy.
const maxBusy = time.Hour

func (p *Peers) heardBusy(from radicle.DID, m *wire.Busy) {
	wait := maxBusy
	if m.RetryAfter < uint64(maxBusy/time.Millisecond) {
		wait = time.Duration(m.RetryAfter) * time.Millisecond
	}
	p.mu.Lock()
	p.contact(from).busy = time.Now().Add(wait)
	p.mu.Unlock()
	p.changes.tell()
}

// Tell sends a message to who is there. Who is not is an *[UnreachableError].
func (p *Peers) Tell(ctx context.Context, did radicle.DID, m wire.Message) error {
	l := p.lineWith(did)
	if l == nil {
		return p.unreachable(did, nil)
	}
	if err := l.Send(ctx, m); errors.Is(err, wire.ErrEnded) {
		return p.unreachable(did, err)
	} else if err != nil {
		return err
	}
	return nil
}
