package wire

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"
)

// bufferSize bounds what a conn reads ahead, and the bytes that it copies to write them with the frame before.
const bufferSize = 4 << 10

// conn is one side of a stream: frames and raw bytes, at the pace of PROTOCOL.md §4, until a context is done. One
// goroutine reads; any may write.
type conn struct {
	stream Stream
	in     frameReader
	frame  []byte // the last message read, in memory that the next one takes
	reads  pace
	writes pace
	waits  waits

	cancel  context.CancelFunc // of what is done for this stream
	release func() error       // lets go of the stream as it is; returns why it was killed, if it was
	running sync.WaitGroup     // what reads or writes beside the caller

	mu    sync.Mutex // guards what follows
	cause error      // why the stream was killed from here
	ended bool       // END was sent: the other side may go

	writing turn // taken for every whole frame; guards what follows
	out     []byte
	last    time.Time // of the last frame written
	owes    bool      // WAITs are sent while nothing else is
}

type frameReader interface {
	io.Reader
	io.ByteReader
}

// newConn returns a conn that is killed when ctx is done, and a context that is done when the conn is killed. Release
// or close it.
func newConn(ctx context.Context, s Stream) (*conn, context.Context) {
	inner, cancel := context.WithCancel(ctx)
	c := &conn{stream: s, cancel: cancel, writing: make(turn, 1)}
	c.in = bufio.NewReaderSize(source{c}, bufferSize)
	slow := func() { c.fail(ErrTooSlow) }
	c.reads.slow, c.reads.window = slow, paceWindow
	c.writes.slow, c.writes.window = slow, paceWindow
	watched := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(watched)
		c.fail(ctx.Err())
	})
	c.release = sync.OnceValue(func() error {
		if !stop() {
			<-watched
		}
		cancel()
		return c.failed()
	})
	return c, inner
}

// close ends the stream: properly where err is nil, else at once. It returns why err happened: ctx is done, the other
// side lied, the stream was killed from here, or what the stream said. A lie that was read comes before a write that
// failed beside it, since who lies and hangs up is met by either first.
func (c *conn) close(ctx context.Context, err error) error {
	if err != nil {
		c.fail(err)
	}
	cause := c.release()
	if cause == nil {
		_ = c.stream.Close() // all that was to be said was said
	}
	c.running.Wait()
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrProtocol) {
		cause = err
	}
	return cmp.Or(ctx.Err(), cause)
}

// failed returns why the stream was killed, if it was.
func (c *conn) failed() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// gone is fail, unless END was sent.
func (c *conn) gone(err error) {
	c.mu.Lock()
	ended := c.ended
	c.mu.Unlock()
	if !ended {
		c.fail(err)
	}
}

// fail kills the stream, the first time.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cause == nil {
		c.cause = meaning(err)
		kill(c.stream, resetCode(err))
		c.cancel()
	}
}

// meaning returns what the other side said when it reset the stream, or else err.
func meaning(err error) error {
	if reset, ok := errors.AsType[resetCoder](err); ok {
		said := status{code: Code(reset.ResetCode())}
		return cmp.Or(said.err(), ErrCancelled)
	}
	return err
}

// resetCode returns the code to reset a stream with.
func resetCode(err error) Code {
	switch code := codeOf(err); {
	case errors.Is(err, ErrProtocol), code == CodeBounds:
		return CodeMalformed
	case code == CodeTooSlow, code == CodeUnknown, code == CodeBusy:
		return code
	}
	return CodeCancelled
}

// source is the reading side of the stream, unbuffered.
type source struct{ c *conn }

func (s source) Read(p []byte) (int, error) {
	s.c.reads.begin(0)
	n, err := s.c.stream.Read(p)
	s.c.reads.end(n)
	return n, err
}

// ReadByte takes no byte too many.
func (s source) ReadByte() (byte, error) {
	var b [1]byte
	_, err := io.ReadFull(s, b[:])
	return b[0], err
}

// next reads a frame of a kind that is allowed. Others are [ErrUnknown] or [ErrProtocol].
func (c *conn) next(allowed func(Kind) bool) (Message, error) {
	h, err := readHead(c.in)
	if err != nil {
		return nil, err
	}
	if err := h.expect(allowed); err != nil {
		return nil, err
	}
	return c.message(h)
}

// expect refuses kinds that have no place here, and messages that are too long.
func (h head) expect(allowed func(Kind) bool) error {
	switch {
	case allowed(h.kind):
		return h.check()
	case h.kind.info().name == "":
		return fmt.Errorf("%v: %w", h.kind, ErrUnknown)
	}
	return fmt.Errorf("%w: %v out of place", ErrProtocol, h.kind)
}

// message reads the message after a head that was checked.
func (c *conn) message(h head) (Message, error) {
	c.frame = slices.Grow(c.frame[:0], h.size)[:h.size]
	if _, err := io.ReadFull(c.in, c.frame); err != nil {
		return nil, unexpected(err)
	}
	c.reads.touch()
	c.writes.touch()
	m, err := parse(h.kind, c.frame)
	if h.kind == kindWait && err == nil {
		err = c.waits.count()
	}
	return m, err
}

// raw reads exactly len(p) bytes that follow a frame.
func (c *conn) raw(p []byte) error {
	_, err := io.ReadFull(c.in, p)
	return unexpected(err)
}

// send writes messages, all in one go.
func (c *conn) send(messages ...Message) error {
	c.writing.take()
	defer c.writing.give()
	c.out = c.out[:0]
	for _, m := range messages {
		c.out = AppendFrame(c.out, m)
	}
	return c.write(c.out)
}

// sendRaw writes a message and the bytes that follow it.
func (c *conn) sendRaw(m Message, raw []byte) error {
	c.writing.take()
	defer c.writing.give()
	c.out = AppendFrame(c.out[:0], m)
	n := min(len(raw), bufferSize)
	c.out = append(c.out, raw[:n]...)
	if err := c.write(c.out); err != nil || n == len(raw) {
		return err
	}
	return c.write(raw[n:])
}

// write writes p. The caller has the turn. A stream to which one cannot write is killed.
func (c *conn) write(p []byte) error {
	c.writes.begin(len(p))
	n, err := c.stream.Write(p)
	c.writes.end(n)
	c.last = time.Now()
	if err != nil {
		c.fail(err)
	}
	return err
}

// turn is a lock for as long as a peer takes. It is a channel and no Mutex, so that time passes in testing/synctest for
// who waits for it.
type turn chan struct{}

func (t turn) take() { t <- struct{}{} }
func (t turn) give() { <-t }
