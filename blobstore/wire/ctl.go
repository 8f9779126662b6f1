package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// ErrEnded is a message for a control stream that has ended.
var ErrEnded = errors.New("control stream has ended")

// queueLen is how many messages wait for a peer that does not read: 320 KiB at most.
const queueLen = 16

// Ctl is one side of a ctl/1 stream whose first frame was written or read (PROTOCOL.md §7). Send may be called from
// many goroutines, before Run and while it runs.
type Ctl struct {
	stream Stream
	queue  chan Message
	pong   chan uint64   // the last PING's token, until it is answered
	hello  chan error    // the peer's HELLO is there; what is wrong with it
	ended  chan struct{} // closed when Run is over

	bye atomic.Pointer[Bye] // the last message of this side
}

// NewCtl returns one side of a stream. It must be Run, which ends the stream.
func NewCtl(s Stream) *Ctl {
	return &Ctl{
		stream: s, queue: make(chan Message, queueLen), pong: make(chan uint64, 1),
		hello: make(chan error, 1), ended: make(chan struct{}),
	}
}

// Send queues a message, which must not change any more; it waits while the queue is full. It sends what [Ctl.Run] does
// not by itself: everything but HELLO, PING and PONG. After a *[Bye], Run ends. Errors are ctx's, [ErrEnded], or those
// of Validate. That a message was queued does not say that it arrived.
func (c *Ctl) Send(ctx context.Context, m Message) error {
	if k := m.Kind(); k < KindAddresses || k > KindBye {
		return fmt.Errorf("%v is not sent this way", k)
	}
	if err := m.Validate(); err != nil {
		return err
	}
	select {
	case <-c.ended:
		return ErrEnded
	default:
	}
	select {
	case c.queue <- m:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ended:
		return ErrEnded
	}
}

// Run sends mine, and then what is queued. It calls handle with each message of the peer, in order: first its *[Hello],
// which must come within 10 s. PING and PONG are dealt with, and unknown kinds skipped. While handle runs nothing more
// is read.
//
// It ends the stream and returns: nil after a *[Bye] of this side, or of the peer with [CodeOK]; what another *[Bye]
// means; [ErrVersion] where the versions have nothing in common; an error of handle; ctx's error bare; [ErrTooSlow] for
// a peer that was silent for 30 s; an error that wraps [ErrProtocol] or [blobstore.ErrBounds] for what it should not
// have sent; [ErrCancelled] for one that went away; or what the stream said. It is called once.
func (c *Ctl) Run(ctx context.Context, mine *Hello, handle func(Message) error) error {
	defer close(c.ended)
	conn, inner := newConn(ctx, c.stream)
	if err := mine.Validate(); err != nil {
		return conn.finish(ctx, &visitError{err})
	}
	conn.reads.within(helloTime)
	conn.running.Go(func() { c.write(inner, conn, mine) })
	return conn.finish(ctx, c.read(conn, mine, handle))
}

// read takes messages until there are no more.
func (c *Ctl) read(conn *conn, mine *Hello, handle func(Message) error) error {
	m, err := conn.next(func(k Kind) bool { return k == KindHello })
	if err != nil {
		return departed(err)
	}
	conn.reads.within(maxSilence)
	_, _, err = Common(mine, m.(*Hello))
	c.hello <- err
	if err != nil {
		handle = func(Message) error { return nil }
	}
	for {
		if err := c.take(m, handle); err != nil {
			return err
		}
		if m, err = conn.nextKnown(); err != nil {
			return c.last(err)
		}
		if bye, ok := m.(*Bye); ok {
			return &endError{bye.Err()}
		}
	}
}

// last is what an end is called: nothing bad, after this side's Bye.
func (c *Ctl) last(err error) error {
	if bye := c.bye.Load(); bye == nil {
		return departed(err)
	} else if bye.Code == CodeVersion {
		return &endError{ErrVersion}
	}
	return &endError{}
}

// take deals with a message, or lets handle do so.
func (c *Ctl) take(m Message, handle func(Message) error) error {
	switch m := m.(type) {
	case *pingMsg:
		select {
		case <-c.pong: // its token is of no more interest
		default:
		}
		c.pong <- m.token
		return nil
	case *pongMsg:
		return nil
	}
	if err := handle(m); err != nil {
		return &visitError{err}
	}
	return nil
}

// nextKnown reads the next message of ctl/1 whose kind is known.
func (c *conn) nextKnown() (Message, error) {
	for {
		h, err := readHead(c.in)
		if err != nil {
			return nil, err
		}
		err = h.expect(func(k Kind) bool { return k > KindHello && k <= KindBye })
		if err == nil {
			return c.message(h)
		}
		if !errors.Is(err, ErrUnknown) {
			return nil, err
		}
		if _, err := io.CopyN(io.Discard, c.in, int64(h.size)); err != nil {
			return nil, unexpected(err)
		}
		c.reads.touch()
	}
}

// write sends HELLO, and then what is to be sent. It ends with ctx, or with the stream, which it kills where it cannot
// write.
func (c *Ctl) write(ctx context.Context, conn *conn, mine *Hello) {
	if conn.send(mine) != nil {
		return
	}
	select {
	case <-ctx.Done():
		return
	case err := <-c.hello:
		if err != nil {
			c.leave(ctx, conn, &Bye{Code: CodeVersion})
			return
		}
	}
	idle := time.NewTimer(pingAfter)
	defer idle.Stop()
	for token := uint64(0); ; token++ {
		var m Message
		select {
		case <-ctx.Done():
			return
		case m = <-c.queue:
		case last := <-c.pong:
			m = &pongMsg{pingMsg{last}}
		case <-idle.C:
			m = &pingMsg{token}
		}
		if bye, ok := m.(*Bye); ok {
			c.leave(ctx, conn, bye)
			return
		}
		if conn.send(m) != nil {
			return
		}
		idle.Reset(pingAfter)
	}
}

// leave sends the last message, and gives the peer time to read it and to close.
func (c *Ctl) leave(ctx context.Context, conn *conn, bye *Bye) {
	c.bye.Store(bye)
	if conn.send(bye) != nil {
		return
	}
	timer := time.NewTimer(byeTime)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		conn.fail(ErrTooSlow)
	}
}
