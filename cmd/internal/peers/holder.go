package peers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Holder returns somebody as a holder of shares. Each call of its methods opens a stream on the connection that there is, and
// dials where there is none: for at most 5 s, then it is an *[UnreachableError]. Somebody who is busy for longer is a
// *[wire.BusyError].
func (p *Peers) Holder(did radicle.DID) blobstore.Holder { return p.HolderFor(did, p.o.Self) }

// HolderFor returns somebody as a holder of what another owns: of who is no friend too, if owner has introduced us and told
// where its holders are.
func (p *Peers) HolderFor(did, owner radicle.DID) blobstore.Holder {
	return &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
		return p.stream(ctx, did, owner)
	}}
}

// stream opens a stream for shares of an owner.
func (p *Peers) stream(ctx context.Context, did, owner radicle.DID) (net.Stream, error) {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.notBusy(waiting, did); err != nil {
		return nil, mine(ctx, err)
	}
	s, err := p.open(waiting, did, owner)
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
func (p *Peers) open(ctx context.Context, did, owner radicle.DID) (net.Stream, error) {
	for {
		l, err := p.reach(ctx, did, owner)
		if err != nil {
			return nil, err
		}
		if err := p.present(ctx, l, owner); err != nil {
			return nil, err
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

// present presents the introduction by an owner on a line, once. A friend without one is asked all the same: the owner may have
// been let in since.
func (p *Peers) present(ctx context.Context, l *line, owner radicle.DID) error {
	if owner.IsZero() || owner == p.o.Self || owner == l.DID {
		return nil
	}
	p.mu.Lock()
	shown := l.shown[owner]
	p.mu.Unlock()
	if shown {
		return nil
	}
	err := p.show(ctx, l.Conn, owner)
	if err == nil {
		p.mu.Lock()
		l.shown[owner] = true
		p.mu.Unlock()
	}
	if l.Conn.Err() != nil || ctx.Err() != nil {
		return mine(ctx, nil) // Open says it
	}
	return err
}

// Open opens a stream that speaks a protocol, of which nothing but its name is said yet. It dials as Reach does.
func (p *Peers) Open(ctx context.Context, did radicle.DID, protocol string) (net.Stream, error) {
	s, err := p.open(ctx, did, radicle.DID{})
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
