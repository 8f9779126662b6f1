package node

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// A lineReader reads lines from a connection. A wait that was cut short loses nothing: what has arrived of a line stays for the
// next call.
type lineReader struct {
	conn    net.Conn
	max     int    // bytes in a line
	buf     []byte // arrived and not returned yet
	scanned int    // bytes of buf that hold no line feed
	end     error  // of the connection
}

// Close closes the connection.
func (r *lineReader) Close() error { return r.conn.Close() }

// next returns the next line without its line feed; the last one may have none. At the end it is io.EOF; where ctx ended, the
// context's error.
func (r *lineReader) next(ctx context.Context) ([]byte, error) {
	release := r.bind(ctx)
	defer release()
	for {
		if line, ok := r.take(); ok {
			return line, nil
		}
		if r.end != nil {
			return nil, r.end
		}
		if len(r.buf) > r.max {
			r.end = ErrLineTooLong
			return nil, r.end
		}
		if err := r.fill(ctx); err != nil {
			return nil, err
		}
	}
}

// take cuts a whole line off the buffer; at the end of the connection also what is left.
func (r *lineReader) take() ([]byte, bool) {
	if i := bytes.IndexByte(r.buf[r.scanned:], '\n'); i >= 0 {
		i += r.scanned
		if i > r.max {
			r.end = ErrLineTooLong
			return nil, false
		}
		line := r.buf[:i:i]
		r.buf, r.scanned = r.buf[i+1:], 0
		return line, true
	}
	r.scanned = len(r.buf)
	if errors.Is(r.end, io.EOF) && len(r.buf) > 0 && len(r.buf) <= r.max {
		line := r.buf
		r.buf, r.scanned = nil, 0
		return line, true
	}
	return nil, false
}

// fill reads once. An error of the connection becomes its end.
func (r *lineReader) fill(ctx context.Context) error {
	if len(r.buf) == cap(r.buf) {
		grown := make([]byte, len(r.buf), 2*len(r.buf)+4096)
		copy(grown, r.buf)
		r.buf = grown
	}
	n, err := r.conn.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	switch {
	case err == nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ctx.Err()
	case isGone(err):
		r.end = io.EOF
	default:
		r.end = err
	}
	return nil
}

// write sends all of data.
func (r *lineReader) write(ctx context.Context, data []byte) error {
	release := r.bind(ctx)
	defer release()
	_, err := r.conn.Write(data)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ctx.Err()
	}
	return err
}

// bind makes reads and writes end with ctx until release is called.
func (r *lineReader) bind(ctx context.Context) (release func()) {
	_ = r.conn.SetDeadline(time.Time{}) // none: ctx keeps the time, so that its error is there when a read ends
	fired := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = r.conn.SetDeadline(time.Unix(1, 0))
		close(fired)
	})
	return func() {
		if !stop() {
			<-fired // or it would cut short whoever binds next
		}
	}
}
