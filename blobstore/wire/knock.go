package wire

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"radswarm/blobstore"
)

// ReadFirst reads the first frame of a stream of a known peer: an *[Open], or one of the knocks (PROTOCOL.md §3). It
// takes no byte too many, at most 4 KiB and 5 s; then, and where ctx is done, the stream is cut. Errors wrap
// [ErrProtocol], [ErrUnknown] or [blobstore.ErrBounds], or are [ErrTooSlow], [ErrCancelled], or what the stream said;
// the stream is dead then.
func ReadFirst(ctx context.Context, s Stream) (Message, error) {
	return readFirst(ctx, s, func(k Kind) bool { return k >= KindOpen && k <= KindKnockWhere })
}

// ReadKnock reads what a peer says that is not known: [ReadFirst] without *[Open].
func ReadKnock(ctx context.Context, s Stream) (Message, error) {
	return readFirst(ctx, s, func(k Kind) bool { return k >= KindKnockMember && k <= KindKnockWhere })
}

func readFirst(ctx context.Context, s Stream, allowed func(Kind) bool) (Message, error) {
	timed, cancel := context.WithTimeoutCause(ctx, firstFrame, ErrTooSlow)
	defer cancel()
	c, _ := newConn(timed, s)
	c.in = &firstReader{source{c}, maxFirst}
	m, err := c.next(allowed)
	if err == nil {
		err = c.release()
	}
	if err == nil {
		return m, nil
	}
	err = c.close(timed, departed(err))
	if timed.Err() != nil {
		err = context.Cause(timed)
	}
	if done := ctx.Err(); done != nil {
		err = done
	}
	return nil, err
}

// firstReader reads the bytes of a first frame, one after the other, and no more than there may be: lengths can be written in
// more bytes than they need.
type firstReader struct {
	source
	left int
}

func (r *firstReader) Read(p []byte) (int, error) {
	if len(p) > r.left {
		return 0, fmt.Errorf("%w: a first frame of more than %d bytes", ErrProtocol, maxFirst)
	}
	n, err := r.source.Read(p)
	r.left -= n
	return n, err
}

// ReadByte takes no byte too many.
func (r *firstReader) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(r, b[:])
	return b[0], err
}

// WriteOpen says which protocol a stream speaks. [Client] and [Ctl] do that by themselves.
func WriteOpen(ctx context.Context, s Stream, protocol string) error {
	m := &Open{Protocol: protocol}
	if err := m.Validate(); err != nil {
		return err
	}
	c, _ := newConn(ctx, s)
	err := c.send(m)
	if err == nil {
		err = c.release()
	}
	if err != nil {
		return c.close(ctx, err)
	}
	return nil
}

// Knock asks to be let in, with a *[KnockMember], *[KnockGuest] or *[KnockInvitation], and closes the stream. A peer
// that does not answer is [blobstore.ErrDenied].
func Knock(ctx context.Context, s Stream, m Message) (Access, error) {
	switch m.(type) {
	case *KnockMember, *KnockGuest, *KnockInvitation:
	default:
		return 0, fmt.Errorf("%v asks for something else than to be let in", m.Kind())
	}
	var welcome *Welcome
	err := knock(ctx, s, m, func(c *conn) error {
		answer, err := c.answered(KindWelcome)
		if err == nil {
			welcome = answer.(*Welcome)
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	return welcome.Access, nil
}

// KnockForHolders asks who holds an open object, and closes the stream. It returns address records, as they came. A
// peer that does not answer is [blobstore.ErrDenied].
func KnockForHolders(ctx context.Context, s Stream, m *KnockWhere) (records [][]byte, err error) {
	err = knock(ctx, s, m, func(c *conn) error {
		answer, err := c.answered(KindFound)
		if err == nil {
			records = answer.(*Found).Records
		}
		return err
	})
	return only(records, err)
}

// KnockForBlocks reads an open share, as [Client.Get] does, and closes the stream. The knock must not ask for proofs.
func KnockForBlocks(ctx context.Context, s Stream, m *KnockRead, visit func(i int, b []byte) error) error {
	if m.Prove {
		return fmt.Errorf("%v asks for proofs", m.Kind())
	}
	return knock(ctx, s, m, func(c *conn) error { return c.blocks(ctx, m.Ranges, visit) })
}

// KnockForProofs proves parts of an open share, as [Client.Prove] does, and closes the stream. The knock must ask for
// proofs.
func KnockForProofs(ctx context.Context, s Stream, m *KnockRead) (proofs [][]byte, err error) {
	if !m.Prove {
		return nil, fmt.Errorf("%v asks for blocks", m.Kind())
	}
	err = knock(ctx, s, m, func(c *conn) (err error) {
		proofs, err = c.proofs(len(m.Ranges))
		return err
	})
	return only(proofs, err)
}

// knock sends a knock and lets answer take the answer.
func knock(ctx context.Context, s Stream, m Message, answer func(*conn) error) error {
	c, _ := newConn(ctx, s)
	err := m.Validate()
	if err == nil {
		err = c.send(m)
	}
	if err == nil {
		err = answer(c)
	}
	return c.finish(ctx, err)
}

// answered reads the one message that answers a knock.
func (c *conn) answered(want Kind) (Message, error) {
	m, err := c.next(func(k Kind) bool { return k == want || k == kindEnd })
	if err == io.EOF || errors.Is(meaning(err), ErrCancelled) {
		return nil, blobstore.ErrDenied // cut unanswered
	}
	if err != nil {
		return nil, c.early(err)
	}
	if end, ok := m.(*endMsg); ok {
		return nil, cmp.Or(end.end(), error(&endError{blobstore.ErrDenied}))
	}
	return m, nil
}

// AnswerKnock answers a knock that was read, other than a *[KnockRead], with a *[Welcome] or a *[Found], and closes the
// stream.
func AnswerKnock(ctx context.Context, s Stream, m Message) error {
	c, _ := newConn(ctx, s)
	err := m.Validate()
	if err == nil {
		err = c.send(m)
	}
	return c.close(ctx, err)
}

// ServeRead answers a *[KnockRead] out of a Holder that shows open shares only, as [Serve] would.
func ServeRead(ctx context.Context, s Stream, m *KnockRead, h blobstore.Holder) error {
	c, inner := newConn(ctx, s)
	do := func() error { return c.serveGet(inner, h, &getMsg{m.Name, m.Ranges}) }
	if m.Prove {
		do = func() error { return c.serveProve(inner, h, &proveMsg{getMsg{m.Name, m.Ranges}}) }
	}
	return c.close(ctx, c.answer(inner, do))
}

// Refuse tells the asker of a blk/1 stream, whose first frame was read, that there is no answer: err is usually a
// *[BusyError] or [ErrUnknown]. It ends the stream.
func Refuse(ctx context.Context, s Stream, err error) error {
	c, _ := newConn(ctx, s)
	return c.close(ctx, c.stop(err))
}
