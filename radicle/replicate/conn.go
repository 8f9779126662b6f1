package replicate

import (
	"bufio"
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// conn is a stream with messages on it, which is cut when a context ends or the other side does not move on. One goroutine
// reads, one writes.
type conn struct {
	stream io.ReadWriteCloser
	r      *bufio.Reader
	idle   time.Duration
	stop   func() bool // of the context

	mu    sync.Mutex
	cause error // why it was cut; guarded by mu
	buf   []byte
}

func newConn(ctx context.Context, stream io.ReadWriteCloser, idle time.Duration) *conn {
	c := &conn{stream: stream, r: bufio.NewReaderSize(stream, maxChunk), idle: idle}
	c.stop = context.AfterFunc(ctx, func() { c.cut(context.Cause(ctx), Cancelled) })
	return c
}

// cut ends the stream now, so that what waits for it returns. The first cause counts.
func (c *conn) cut(cause error, code Code) {
	c.mu.Lock()
	first := c.cause == nil
	if first {
		c.cause = cause
	}
	c.mu.Unlock()
	if !first {
		return
	}
	switch s := c.stream.(type) {
	case interface{ Reset(code uint32) error }:
		_ = s.Reset(uint32(code)) // it has ended already
		return
	case interface{ Reset(code uint32) }:
		s.Reset(uint32(code))
		return
	case interface{ SetDeadline(t time.Time) error }:
		_ = s.SetDeadline(time.Unix(1, 0)) // Close follows
	}
	_ = c.stream.Close() // what waits has the cause
}

// errClosed is why a stream ends that has done its work.
var errClosed = errors.New("closed")

// close ends the stream in peace: what was written still arrives. It may be called again.
func (c *conn) close() error {
	c.stop()
	c.mu.Lock()
	ended := c.cause != nil
	if !ended {
		c.cause = errClosed
	}
	c.mu.Unlock()
	if ended {
		return nil
	}
	return c.stream.Close()
}

// moving runs f, which reads or writes at most a chunk, and cuts the stream if that takes longer than the idle time.
func (c *conn) moving(f func() error) error {
	timer := time.AfterFunc(c.idle, func() { c.cut(ErrStalled, TooSlow) })
	err := f()
	timer.Stop()
	return c.why(err)
}

// why is err, or why the stream was cut.
func (c *conn) why(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil && c.cause != nil {
		return c.cause
	}
	return err
}

// write sends one message; it must not be longer than its bound.
func (c *conn) write(k kind, body []byte) error {
	c.buf = appendMessage(c.buf[:0], k, body)
	for rest := c.buf; len(rest) > 0; {
		part := rest[:min(len(rest), maxChunk+headerSize)]
		rest = rest[len(part):]
		err := c.moving(func() error {
			_, err := c.stream.Write(part)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// read receives one message. Its body belongs to the caller. A stream that ends before it is io.EOF.
func (c *conn) read() (k kind, body []byte, err error) {
	var header [headerSize]byte
	err = c.moving(func() error {
		_, err := io.ReadFull(c.r, header[:])
		return err
	})
	if err != nil {
		return 0, nil, err
	}
	k, n, err := parseHeader(header)
	if err != nil {
		return 0, nil, err
	}
	for len(body) < n { // grows with what arrives
		from := len(body)
		body = append(body, make([]byte, min(n-from, maxChunk))...)
		err := c.moving(func() error {
			_, err := io.ReadFull(c.r, body[from:])
			return err
		})
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, nil, err
		}
	}
	return k, body, nil
}
