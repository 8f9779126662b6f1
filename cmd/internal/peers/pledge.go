package peers

import (
	"context"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

const (
	// pledgeTick is how often it is looked whether friends should hear of another room.
	pledgeTick = 10 * time.Second
	// pledgeAge is after how long they hear of small changes too.
	pledgeAge = 5 * time.Minute
	// pledgeStep is the least change that they hear of at the next tick, in bytes.
	pledgeStep = 1 << 20
)

// pledgeTo returns what a friend may use here. Who is being removed may not use more.
func (p *Peers) pledgeTo(f friend.Friend, room int64) wire.Pledge {
	m := wire.Pledge{Give: f.Give, Used: p.o.Store.Charged(f.DID)}
	if f.Draining.IsZero() {
		m.Room = max(0, min(m.Give-m.Used, room))
	} else {
		m.Give = 0
	}
	return m
}

// tellPledge tells a friend what it may use here.
func (p *Peers) tellPledge(ctx context.Context, l *line) error {
	f, ok := p.state.Friend(l.DID)
	if !ok {
		return nil
	}
	room, err := p.o.Store.Room(ctx)
	if err != nil {
		p.o.Log.Warn("room of the store is not known", "error", err)
	}
	return p.sendPledge(ctx, l, p.pledgeTo(f, room))
}

func (p *Peers) sendPledge(ctx context.Context, l *line, m wire.Pledge) error {
	p.tell(l, m)
	return l.Send(ctx, &m)
}

// tell notes what was told now.
func (p *Peers) tell(l *line, m wire.Pledge) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.pledge, l.pledged = m, time.Now()
}

// tellPledges tells friends whose room is noticeably another. What the disk has left is asked for only where something was
// charged to a friend, or a friend was told nothing for some time.
func (p *Peers) tellPledges(ctx context.Context) {
	room, known := int64(0), false
	for _, l := range p.lines() {
		f, ok := p.state.Friend(l.DID)
		before, at := p.told(l)
		if !ok || p.o.Store.Charged(f.DID) == before.Used && time.Since(at) < pledgeAge {
			continue
		}
		if !known {
			var err error
			if room, err = p.o.Store.Room(ctx); err != nil {
				p.o.Log.Warn("room of the store is not known", "error", err)
				return
			}
			known = true
		}
		switch m := p.pledgeTo(f, room); {
		case m == before:
			p.tell(l, m) // it is still so
		case noticeable(before, m, time.Since(at)):
			if err := p.sendPledge(ctx, l, m); err != nil {
				p.o.Log.Debug("pledge is not told", "to", l.DID, "error", err)
			}
		}
	}
}

// told returns the pledge that was told last, and when.
func (p *Peers) told(l *line) (wire.Pledge, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.pledge, l.pledged
}

// noticeable reports whether a friend should hear of a change now, having heard of the state before so long ago.
func noticeable(before, now wire.Pledge, age time.Duration) bool {
	switch {
	case before == now:
		return false
	case before.Give != now.Give, before.Room == 0, now.Room == 0, age >= pledgeAge:
		return true
	}
	return far(before.Used, now.Used) || far(before.Room, now.Room)
}

func far(a, b int64) bool { return max(a, b)-min(a, b) >= pledgeStep }

// heardPledge notes what a friend said that we may use there.
func (p *Peers) heardPledge(ctx context.Context, from radicle.DID, m *wire.Pledge) {
	f, ok := p.state.Friend(from)
	if !ok {
		return
	}
	g := f.Given
	if !g.At.IsZero() && g.Give == m.Give && g.Used == m.Used && g.Room == m.Room && p.o.Now().Sub(g.At) < time.Hour {
		return
	}
	if err := p.state.SetGiven(ctx, from, m.Give, m.Used, m.Room); err != nil {
		p.o.Log.Warn("pledge is not kept", "from", from, "error", err)
		return
	}
	p.changes.tell()
}
