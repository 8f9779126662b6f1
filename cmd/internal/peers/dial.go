package peers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

const (
	// patience is how long somebody who asks for a connection waits for it.
	patience = 5 * time.Second
	// helloTime is how long a peer has for its HELLO, and for the answer to a knock.
	helloTime = 5 * time.Second
	// crossTime is after how much of that it looks whether it waits on the right connection.
	crossTime = time.Second
	// leastMemory is how long an attempt that failed answers for those that come after it, at least: twice as long as it took.
	leastMemory = time.Second
)

// reach returns a line with somebody, and dials where there is none; owners are those whose introductions may let us in there.
// Who asks waits for patience at most, and the attempt goes on.
func (p *Peers) reach(ctx context.Context, did radicle.DID, owners []radicle.DID) (*line, error) {
	if did == p.o.Self {
		return nil, net.ErrDevice
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		l, a, err := p.lineOrAttempt(did, owners)
		if l != nil {
			return l, nil
		}
		if err != nil {
			return nil, p.unreachable(did, err)
		}
		select {
		case <-a.done:
			if a.err != nil && p.lineWith(did) == nil { // they may have come meanwhile
				return nil, p.unreachable(did, a.err)
			}
		case <-waiting.Done():
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, p.unreachable(did, fmt.Errorf("no answer in %v", patience))
		}
	}
}

// lineOrAttempt returns the line that there is, or else the attempt that is under way, which it begins if it must.
func (p *Peers) lineOrAttempt(did radicle.DID, owners []radicle.DID) (*line, *attempt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.contact(did)
	defer p.prune(c)
	if l := c.best(); l != nil {
		return l, nil, nil
	}
	if c.attempt != nil {
		return nil, c.attempt, nil
	}
	if c.remembers() {
		return nil, nil, c.problem
	}
	a := &attempt{done: make(chan struct{})}
	if p.network == nil || !p.spawnLocked(func() { p.run(c, a, owners) }) {
		return nil, nil, ErrStopped
	}
	c.attempt = a
	return nil, a, nil
}

// run makes an attempt.
func (p *Peers) run(c *contact, a *attempt, owners []radicle.DID) {
	began := time.Now()
	a.err = p.dialAs(p.life, c.did, owners)
	p.mu.Lock()
	defer p.mu.Unlock()
	c.attempt = nil
	if a.err == nil && c.best() == nil {
		a.err = cmp.Or(c.problem, net.ErrCut) // it ended as soon as it stood
	}
	if a.err != nil {
		c.failures++
		c.fail(a.err)
		c.failed, c.took = time.Now(), time.Since(began)
		c.knock = knocksNext(c.knock, a.err)
	}
	p.prune(c)
	close(a.done)
}

// dialAs dials somebody as a friend or member, or as the guest of owners: of one after the other, until one's word lets us in.
func (p *Peers) dialAs(ctx context.Context, did radicle.DID, owners []radicle.DID) error {
	if p.isFriend(did) || len(owners) == 0 {
		return p.dial(ctx, did, radicle.DID{})
	}
	var err error
	for _, owner := range owners {
		err = p.dial(ctx, did, owner)
		if !errors.Is(err, ErrNotAdmitted) && !errors.Is(err, ErrNotIntroduced) {
			return err
		}
	}
	return err
}

// dial connects with somebody and meets them. Where that showed us their certificate for the first time it is done again: the HELLO
// that was said did not know to whom it was said.
func (p *Peers) dial(ctx context.Context, did, owner radicle.DID) error {
	if err := p.learnAnew(ctx, did); err != nil {
		return err
	}
	for range 2 {
		t, err := p.target(ctx, did)
		if err != nil {
			return err
		}
		_, _, before := p.state.ByDevice(t.device)
		s, err := p.meet(ctx, t, did, owner, before == nil)
		if err != nil {
			return err
		}
		if _, _, after := p.state.ByDevice(t.device); before == nil || after != nil {
			return nil
		}
		p.drop(s)
	}
	return nil
}

// drop ends a connection that begins again, or is of no use.
func (p *Peers) drop(s *holder.Session) {
	p.mu.Lock()
	if l := p.lineOf(s.DID, s.Conn); l != nil {
		l.replaced = true
	}
	p.mu.Unlock()
	_ = s.Conn.Close(uint32(wire.CodeOK)) // it is over in any case
}

// knocksNext reports whether the next attempt begins with a knock. Who says why it does not take our HELLO knows us; of who
// cuts without a word it is not known which it wants.
func knocksNext(knocked bool, err error) bool {
	if errors.Is(err, net.ErrUnreachable) {
		return knocked
	}
	if said, ok := errors.AsType[*wire.RemoteError](err); ok && said.Code == wire.CodeDenied {
		return false
	}
	return !knocked
}

// meet connects, knocks if need be, and waits for the HELLO. Met says that the device has met us before.
func (p *Peers) meet(ctx context.Context, t target, did, owner radicle.DID, met bool) (*holder.Session, error) {
	n, service, err := p.house()
	if err != nil {
		return nil, err
	}
	connect := func() (net.Conn, error) { return n.Connect(ctx, t.device, t.addrs) }
	conn, err := connect()
	if err != nil {
		return nil, err
	}
	if !conn.Inbound() && p.knocking(did, met) {
		if err := p.knock(ctx, conn, did, owner); err != nil {
			_ = conn.Close(uint32(wire.CodeOK)) // it is of no use
			return nil, err
		}
	}
	return p.hello(ctx, service, conn, connect, did)
}

// await waits for a HELLO. Where both sides dial at once, each may have got what the other dialled, and wait for the other to
// begin: so it looks now and then which connection it is that stays.
func await(ctx context.Context, service *holder.Service, conn net.Conn, again func() (net.Conn, error)) (net.Conn, *holder.Session, error) {
	for {
		step, cancel := context.WithTimeout(ctx, crossTime)
		s, err := service.Meet(step, conn)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, net.ErrReplaced) || ctx.Err() != nil {
			return conn, s, err
		}
		other, gone := again()
		if gone == nil {
			conn = other
		} else if errors.Is(err, net.ErrReplaced) {
			return conn, s, err
		}
	}
}

// hello waits for the HELLO of somebody, and for nobody else's.
func (p *Peers) hello(
	ctx context.Context, service *holder.Service, conn net.Conn, again func() (net.Conn, error), did radicle.DID,
) (*holder.Session, error) {
	waiting, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	conn, s, err := await(waiting, service, conn, again)
	if err != nil {
		_ = conn.Close(uint32(wire.CodeOK)) // it is over in any case
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			err = fmt.Errorf("no hello in %v", helloTime)
		}
		if isRefusal(err) {
			err = ErrNotAdmitted
		}
		return nil, err
	}
	if s.DID != did {
		p.drop(s)
		return nil, fmt.Errorf("the device is %v's: %w", s.DID, keyring.ErrMismatch)
	}
	p.mu.Lock()
	if l := p.lineOf(did, conn); l != nil {
		l.replaced = false // it is what Connect returns
	}
	p.mu.Unlock()
	return s, nil
}

// knocking reports whether somebody who is dialled may not know our device: then a knock comes before the HELLO.
func (p *Peers) knocking(did radicle.DID, met bool) bool {
	if !p.isFriend(did) || !met {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.contacts[did]
	return ok && c.knock
}

// knock asks to be let in: as a friend or member, or as the guest of an owner.
func (p *Peers) knock(ctx context.Context, conn net.Conn, did, owner radicle.DID) error {
	cert := p.o.Certificate()
	if cert == nil {
		return keyring.ErrExpired
	}
	if owner.IsZero() || owner == did {
		return p.say(ctx, conn, &wire.KnockMember{Certificate: cert.Bytes()})
	}
	return p.show(ctx, conn, owner)
}

// show presents the introduction by an owner.
func (p *Peers) show(ctx context.Context, conn net.Conn, owner radicle.DID) error {
	cert := p.o.Certificate()
	if cert == nil {
		return keyring.ErrExpired
	}
	all, err := p.state.Received(ctx, owner)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return ErrNotIntroduced
	}
	return p.say(ctx, conn, &wire.KnockGuest{Certificate: cert.Bytes(), Introduction: all[0].Bytes()})
}

// say says a knock on a stream of its own.
func (p *Peers) say(ctx context.Context, conn net.Conn, m wire.Message) error {
	ctx, cancel := context.WithTimeout(ctx, helloTime)
	defer cancel()
	stream, err := conn.Open(ctx)
	if err != nil {
		return err
	}
	_, err = wire.Knock(ctx, stream, m)
	switch {
	case isRefusal(err):
		return ErrNotAdmitted
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer to the knock in %v", helloTime)
	}
	return err
}

// isRefusal reports whether somebody who knocked or said HELLO was cut unanswered: to who does not know us a HELLO is a
// malformed knock.
func isRefusal(err error) bool {
	if said, ok := errors.AsType[*wire.RemoteError](err); ok && said.Code == wire.CodeDenied {
		return false // that is an answer
	}
	for _, cut := range []error{blobstore.ErrDenied, wire.ErrCancelled, wire.ErrMalformed, wire.ErrUnknown} {
		if errors.Is(err, cut) {
			return true
		}
	}
	cut, ok := errors.AsType[*net.CutError](err)
	return ok && !cut.Local && (cut.Code == uint32(wire.CodeDenied) || cut.Code == net.CodeStranger)
}

// unreachable says that somebody is not there. Errors of time are ctx's and go through.
func (p *Peers) unreachable(did radicle.DID, err error) error {
	if errors.Is(err, ErrStopped) {
		return err
	}
	e := &UnreachableError{DID: did, Err: err}
	if f, ok := p.state.Friend(did); ok {
		e.Name, e.Seen = f.Name, f.Seen
	}
	return e
}

// Reach connects with somebody, if that is not done. The error is an *[UnreachableError], [ErrStopped] or ctx's.
func (p *Peers) Reach(ctx context.Context, did radicle.DID) error {
	_, err := p.reach(ctx, did, p.ownersAt(did))
	return err
}
