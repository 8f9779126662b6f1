package net

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore/keyring"
)

// drainTime is how long a connection goes on after a newer one has replaced it.
const drainTime = 10 * time.Second

// A conn is a [Conn] over the link of any backend.
//
// Its peer is a stranger, or was let in: because it is known, which can be lost again, or because this side vouched for
// it by dialling or by Admit.
type conn struct {
	hub     *Hub
	link    Link
	ticket  *Ticket // of an inbound one
	inbound bool
	since   time.Time
	done    chan struct{}

	stranger atomic.Bool  // written under mu
	heard    atomic.Int64 // bytes that a stranger sent

	mu       sync.Mutex
	known    bool  // the last answer of Handler.Known
	knocked  bool  // a stranger has had its stream
	in, out  int   // open streams
	cause    error // why this side ended it
	err      error // why it has ended; set before done is closed
	replaced bool
	patience *time.Timer // ends a stranger
	drain    *time.Timer // ends a connection that was replaced
}

func (c *conn) Device() keyring.Device { return c.link.Device() }
func (c *conn) RemoteAddr() Addr       { return c.link.RemoteAddr() }
func (c *conn) Inbound() bool          { return c.inbound }
func (c *conn) Transport() Transport   { return c.link.Transport() }
func (c *conn) Done() <-chan struct{}  { return c.done }

func (c *conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// run lives as long as the connection, and until the last Serve has returned.
func (c *conn) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var serving sync.WaitGroup
	c.judge()
	for {
		raw, err := c.link.Accept()
		if err != nil {
			c.finish(err)
			break
		}
		if c.take(raw) {
			serving.Go(func() { c.serve(ctx, &stream{conn: c, raw: raw, inbound: true}) })
		}
	}
	cancel()
	serving.Wait()
}

// judge decides what the peer is, once, after the connection has come into the table: from then on recheck sees it.
func (c *conn) judge() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = c.hub.handler.Known(c.Device())
	if c.known || !c.inbound {
		c.letIn()
		return
	}
	if c.ticket.stay() != nil {
		c.endLocked(CodeBusy, "too many strangers")
		return
	}
	c.stranger.Store(true)
	c.patience = time.AfterFunc(StrangerTime, func() { c.cut(CodeStranger, "not admitted in time") })
}

// letIn lifts the limits of strangers. The caller holds mu.
func (c *conn) letIn() {
	c.stranger.Store(false)
	if c.patience != nil {
		c.patience.Stop()
	}
	if c.ticket != nil {
		c.ticket.Release()
	}
	c.link.Admit()
}

func (c *conn) Admit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stranger.Load() {
		c.letIn()
	}
}

// recheck asks again, and cuts a peer that was known.
func (c *conn) recheck() {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.known
	c.known = c.hub.handler.Known(c.Device())
	if was && !c.known {
		c.endLocked(CodeRemoved, "device is not known any more")
	} else if c.known && c.stranger.Load() {
		c.letIn()
	}
}

// take says whether an inbound stream may be served, and refuses it otherwise.
func (c *conn) take(raw Stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.cause != nil:
	case c.stranger.Load() && c.knocked:
		c.endLocked(CodeStranger, "a second stream before admission")
	case c.in >= MaxStreams:
		_ = raw.Reset(CodeBusy)
	default:
		c.knocked = true
		c.in++
		return true
	}
	return false
}

func (c *conn) serve(ctx context.Context, s *stream) {
	defer s.leave()
	c.hub.handler.Serve(ctx, c, s)
}

func (c *conn) Open(ctx context.Context) (Stream, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.reserve(); err != nil {
		return nil, err
	}
	raw, err := c.link.Open(ctx)
	if err != nil {
		c.free(false)
		return nil, c.explain(err)
	}
	return &stream{conn: c, raw: raw}, nil
}

func (c *conn) reserve() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return c.err
	case c.cause != nil:
		return c.cause
	case c.replaced:
		return ErrReplaced
	case c.out >= MaxStreams:
		return &LimitError{What: "streams to the peer", Limit: MaxStreams}
	}
	c.out++
	return nil
}

// free gives the place of a stream back.
func (c *conn) free(inbound bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if inbound {
		c.in--
	} else {
		c.out--
	}
}

// explain makes of the error of a link what a caller may see.
func (c *conn) explain(err error) error {
	if errors.Is(err, ErrLinkDown) {
		<-c.done // Accept has the reason, and returns at the same time
		return c.Err()
	}
	return err
}

func (c *conn) Close(code uint32) error {
	c.cut(code, "")
	<-c.done
	return nil
}

// cut ends the connection from this side.
func (c *conn) cut(code uint32, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(code, reason)
}

// endLocked is cut for who holds mu. The link is closed in another goroutine, because that may take a moment, and because
// the link may be calling.
func (c *conn) endLocked(code uint32, reason string) {
	if c.cause != nil || c.err != nil {
		return
	}
	c.cause = &CutError{Device: c.Device(), Code: code, Local: true, Reason: reason}
	go c.link.Close(code)
}

// finish settles the end of the link: out of the table first, so that nobody is given it any more.
func (c *conn) finish(err error) {
	c.hub.remove(c)
	c.link.Close(0) // waits for the end of a Close that is under way, and frees what is left of a link that the peer ended
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range []*time.Timer{c.patience, c.drain} {
		if t != nil {
			t.Stop()
		}
	}
	if c.ticket != nil {
		c.ticket.Release()
	}
	switch _, known := errors.AsType[*CutError](err); {
	case c.cause != nil:
		c.err = c.cause
	case known:
		c.err = err
	default:
		c.err = &CutError{Device: c.Device(), Reason: err.Error()}
	}
	close(c.done)
}

// setReplaced says whether a newer connection stands beside this one.
func (c *conn) setReplaced(replaced bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.replaced == replaced || c.err != nil {
		return
	}
	c.replaced = replaced
	if !replaced {
		c.drain.Stop()
		return
	}
	c.drain = time.AfterFunc(drainTime, func() { c.runOut() })
}

// runOut ends a connection that is still replaced.
func (c *conn) runOut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.replaced {
		c.endLocked(CodeReplaced, "a newer connection stays")
	}
}

func (c *conn) isReplaced() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.replaced || c.cause != nil
}

// dialledBySmaller says whether the side with the smaller key dialled.
func (c *conn) dialledBySmaller() bool {
	peer := c.Device()
	return bytes.Compare(c.hub.device[:], peer[:]) < 0 != c.inbound
}
