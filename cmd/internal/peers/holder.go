package peers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Holder returns somebody as a holder of shares: of ours, and of those of others who introduced us and told that it keeps them.
// Each call of its methods opens a stream on the connection that there is, and dials where there is none: for at most 5 s, then
// it is an *[UnreachableError]. Somebody who is busy for longer is a *[wire.BusyError].
func (p *Peers) Holder(did radicle.DID) blobstore.Holder {
	return p.holder(did, func() []radicle.DID { return p.ownersAt(did) })
}

// HolderFor is Holder for the shares of one owner, who need not have told that they are there.
func (p *Peers) HolderFor(did, owner radicle.DID) blobstore.Holder {
	return p.holder(did, func() []radicle.DID {
		if owner == p.o.Self {
			return nil
		}
		return []radicle.DID{owner}
	})
}

func (p *Peers) holder(did radicle.DID, owners func() []radicle.DID) blobstore.Holder {
	return &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
		s, err := p.stream(ctx, did, owners())
		if err != nil {
			return nil, err
		}
		_, service, err := p.house()
		if err != nil {
			return nil, err
		}
		return service.Bound(ctx, did, s), nil
	}}
}

// ownersAt returns who told that somebody keeps shares of theirs.
func (p *Peers) ownersAt(did radicle.DID) []radicle.DID {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.keepers[did])
}

// Keepers returns those of whom an owner told that they keep its shares, in no order.
func (p *Peers) Keepers(owner radicle.DID) (all []radicle.DID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for did, owners := range p.keepers {
		if slices.Contains(owners, owner) {
			all = append(all, did)
		}
	}
	return all
}

// readKeepers reads who keeps shares of whom.
func (p *Peers) readKeepers(ctx context.Context) {
	all, err := p.state.Keepers(ctx)
	if err != nil {
		p.o.Log.Warn("who keeps shares of others is not known", "error", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keepers = all
}

// stream opens a stream for shares of owners.
func (p *Peers) stream(ctx context.Context, did radicle.DID, owners []radicle.DID) (net.Stream, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.notBusy(waiting, did); err != nil {
		return nil, mine(ctx, err)
	}
	s, err := p.open(waiting, did, owners)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, p.unreachable(did, fmt.Errorf("no answer in %v", patience))
	}
	return s, mine(ctx, err)
}

// mine is ctx's error where that is done, else err.
func mine(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// notBusy waits for somebody who said to be busy, if that is over soon.
func (p *Peers) notBusy(ctx context.Context, did radicle.DID) error {
	left := p.busyFor(did)
	if left > patience/2 {
		return &wire.BusyError{RetryAfter: left}
	}
	if left <= 0 {
		return nil
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *Peers) busyFor(did radicle.DID) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.contacts[did]; ok {
		return time.Until(c.busy)
	}
	return 0
}

// open opens a stream on a line that takes one.
func (p *Peers) open(ctx context.Context, did radicle.DID, owners []radicle.DID) (net.Stream, error) {
	for {
		l, err := p.reach(ctx, did, owners)
		if err != nil {
			return nil, err
		}
		for _, owner := range owners {
			if owner != did {
				p.present(ctx, l, owner)
			}
		}
		s, err := l.Conn.Open(ctx)
		switch {
		case err == nil:
			return p.using(l, s), nil
		case errors.Is(err, net.ErrReplaced):
			p.replace(l)
		case l.Conn.Err() == nil:
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// replace notes that a line takes no new streams.
func (p *Peers) replace(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.replaced = true
}

// present presents the introduction by an owner on a line, once. Who does not take it is asked all the same: for shares of others.
func (p *Peers) present(ctx context.Context, l *line, owner radicle.DID) {
	p.mu.Lock()
	shown, done := l.shown[owner], make(chan struct{})
	if shown == nil {
		l.shown[owner] = done
	}
	p.mu.Unlock()
	if shown != nil {
		select {
		case <-shown:
		case <-ctx.Done():
		}
		return
	}
	defer close(done)
	err := p.show(ctx, l.Conn, owner)
	if err == nil {
		return
	}
	p.o.Log.Debug("introduction is not taken", "at", l.DID, "by", owner, "error", err)
	if !errors.Is(err, ErrNotAdmitted) && !errors.Is(err, ErrNotIntroduced) {
		p.mu.Lock()
		delete(l.shown, owner) // it was not judged
		p.mu.Unlock()
	}
}

// presentAgain has an introduction by somebody presented where another was.
func (p *Peers) presentAgain(owner radicle.DID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.contacts {
		for _, l := range c.lines {
			delete(l.shown, owner)
		}
	}
}

// Open opens a stream that speaks a protocol, of which nothing but its name is said yet. It dials as Reach does.
func (p *Peers) Open(ctx context.Context, did radicle.DID, protocol string) (net.Stream, error) {
	s, err := p.open(ctx, did, p.ownersAt(did))
	if err != nil {
		return nil, err
	}
	if err := wire.WriteOpen(ctx, s, protocol); err != nil {
		_ = s.Reset(uint32(wire.CodeCancelled)) // it is over in any case
		return nil, err
	}
	return s, nil
}

// used is a stream that counts as a use of its line until it ends.
type used struct {
	net.Stream
	once sync.Once
	end  func()
}

func (p *Peers) using(l *line, s net.Stream) net.Stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	l.streams++
	return &used{Stream: s, end: func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		l.streams--
		l.used = time.Now()
	}}
}

// Close is that of the stream.
func (u *used) Close() error {
	u.once.Do(u.end)
	return u.Stream.Close()
}

// Reset is that of the stream.
func (u *used) Reset(code uint32) error {
	u.once.Do(u.end)
	return u.Stream.Reset(code)
}
