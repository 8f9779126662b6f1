package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
)

// Serve answers the one operation of a blk/1 stream whose first frame was read (PROTOCOL.md §6), out of a Holder that
// knows what the peer may do. It ends the stream, and returns when the Holder has.
//
// It returns nil where the peer has its answer, be it a refusal. Otherwise it returns ctx's error bare; an error that
// wraps [ErrProtocol], [ErrUnknown] or [blobstore.ErrBounds] for what the peer should not have sent; [ErrTooSlow] for
// one that did not send or read what it asked for; [ErrCancelled] for one that went away; or what the stream said.
func Serve(ctx context.Context, s Stream, h blobstore.Holder) error {
	c, inner := newConn(ctx, s)
	err := c.serve(inner, h)
	if r, ok := err.(*refusal); ok { // the peer was told, if it was there
		return cmp.Or(c.close(ctx, nil), r.err)
	}
	return c.close(ctx, err)
}

// refusal is what was wrong with what the peer sent, and needs no reset any more.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }

func (c *conn) serve(ctx context.Context, h blobstore.Holder) error {
	m, err := c.next(func(k Kind) bool { return k >= kindGet && k <= kindDelete })
	if err != nil {
		return c.refuse(err)
	}
	c.frame = nil // it may have been long
	var do func() error
	switch m := m.(type) {
	case *putMsg:
		return c.servePut(ctx, h, int(m.count))
	case *getMsg:
		do = func() error { return c.serveGet(ctx, h, m) }
	case *proveMsg:
		do = func() error { return c.serveProve(ctx, h, m) }
	case *haveMsg:
		do = func() error { return c.serveHave(ctx, h, m) }
	case *manifestMsg:
		do = func() error { return c.serveManifest(ctx, h, m) }
	case *auditMsg:
		do = func() error { return c.serveAudit(ctx, h, m) }
	case *hashMsg:
		do = func() error { return c.serveHash(ctx, h, m) }
	case *deleteMsg:
		do = func() error { return h.Delete(ctx, m.names) }
	}
	return c.answer(ctx, do)
}

// answer lets do send what the Holder says, and ends with what it returns. Meanwhile the peer is told to wait, and
// watched.
func (c *conn) answer(ctx context.Context, do func() error) error {
	c.watch()
	c.owe(true)
	c.keepWaiting(ctx)
	err := do()
	if done := ctx.Err(); done != nil {
		return done
	}
	return c.end(err)
}

// watch notices a peer that goes away, or says something where nothing is to be said. It has all the time for that.
func (c *conn) watch() {
	c.reads.within(0)
	c.running.Go(func() {
		switch _, err := c.in.ReadByte(); {
		case err == nil:
			c.gone(fmt.Errorf("%w: bytes after a request", ErrProtocol))
		default:
			c.gone(departed(err))
		}
	})
}

// departed is what an end is called where the peer still has to say something, or to listen.
func departed(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return ErrCancelled
	}
	return err
}

// end sends END.
func (c *conn) end(err error, before ...Message) error {
	c.owe(false)
	c.mu.Lock()
	c.ended = true
	c.mu.Unlock()
	return c.send(append(before, &endMsg{statusOf(err)})...)
}

// refuse tells the peer what was wrong with what it sent.
func (c *conn) refuse(err error) error {
	if !isRefusal(err) {
		return departed(err)
	}
	told := err
	if errors.Is(err, ErrProtocol) {
		told = &RemoteError{CodeMalformed, err.Error()} // for who writes the other side
	}
	_ = c.stop(told) // whether the peer hears it or not
	return &refusal{err}
}

// isRefusal says whether err is about what the peer sent.
func isRefusal(err error) bool {
	return errors.Is(err, ErrProtocol) || errors.Is(err, ErrUnknown) || errors.Is(err, blobstore.ErrBounds)
}

// maxLinger is how much is thrown away of what a peer sent that did not know yet that nobody wants it: as much as the
// windows of transports let be under way.
const maxLinger = 16 << 20

// stop sends END while the peer may still be sending, throws that away, and waits until the peer closes. Otherwise both
// would wait for the other to read, and over TCP END could get lost. A peer that sends on and on is cut.
func (c *conn) stop(err error) error {
	cut := make(chan struct{})
	timer := time.AfterFunc(lingerTime, func() {
		defer close(cut)
		c.fail(ErrTooSlow)
	})
	defer func() {
		if !timer.Stop() {
			<-cut
		}
	}()
	var discarding sync.WaitGroup
	discarding.Go(func() {
		_, _ = io.CopyN(io.Discard, c.in, maxLinger) // whatever happens, it is over
	})
	err = c.end(err)
	if w, ok := c.stream.(closeWriter); ok && err == nil {
		_ = w.CloseWrite() // it says nothing that END did not
	}
	discarding.Wait()
	return err
}

func (c *conn) serveGet(ctx context.Context, h blobstore.Getter, m *getMsg) error {
	return h.Get(ctx, m.name, m.ranges, func(i int, b []byte) error {
		return c.sendRaw(&blockMsg{uint32(i), uint32(len(b))}, b)
	})
}

// batch is how many proofs, leaves or names are in memory at once.
const batch = 16

func (c *conn) serveProve(ctx context.Context, h blobstore.Prover, m *proveMsg) error {
	if len(m.ranges) == 0 { // of a share that may be absent
		_, err := h.Prove(ctx, m.name, nil)
		return err
	}
	for some := range slices.Chunk(m.ranges, batch) {
		proofs, err := h.Prove(ctx, m.name, some)
		if err != nil {
			return err
		}
		if err := sendAll(c, proofs, func(p []byte) Message { return &proofMsg{p} }); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) serveAudit(ctx context.Context, h blobstore.Prover, m *auditMsg) error {
	leaves, err := h.Audit(ctx, m.name, m.nonce, int(m.leaves))
	if err != nil {
		return err
	}
	return sendAll(c, leaves, func(l blobstore.Leaf) Message { return &leafMsg{l} })
}

func (c *conn) serveHave(ctx context.Context, h blobstore.Haver, m *haveMsg) error {
	for some := range slices.Chunk(m.names, batch) {
		held, err := h.Have(ctx, some, m.nonce)
		if err != nil {
			return err
		}
		if err := sendAll(c, held, func(h blobstore.Held) Message { return &heldMsg{h} }); err != nil {
			return err
		}
	}
	return nil
}

func (c *conn) serveManifest(ctx context.Context, h blobstore.ManifestKeeper, m *manifestMsg) error {
	sealed, err := h.Manifests(ctx, m.mid)
	if err == nil && len(sealed) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return err
	}
	return sendAll(c, sealed, func(b []byte) Message { return &sealedMsg{b} })
}

func (c *conn) serveHash(ctx context.Context, h blobstore.Hasher, m *hashMsg) error {
	sum, err := h.Hash(ctx, m.name, m.nonce)
	if err != nil {
		return err
	}
	return c.send(&digestMsg{sum})
}

// sendAll sends a message for each of some things, a batch in one go.
func sendAll[T any](c *conn, all []T, message func(T) Message) error {
	messages := make([]Message, 0, batch)
	for some := range slices.Chunk(all, batch) {
		messages = messages[:0]
		for _, one := range some {
			messages = append(messages, message(one))
		}
		if err := c.send(messages...); err != nil {
			return err
		}
	}
	return nil
}
