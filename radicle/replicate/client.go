package replicate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"radswarm/radicle"
)

// List asks what the other side has of a repository, and closes the stream. idle is how long it may stall; 0 is 30 s. A
// repository that is not there, or not for us, is an error that wraps fs.ErrNotExist.
func List(ctx context.Context, stream io.ReadWriteCloser, rid radicle.RID, idle time.Duration) (*Listing, error) {
	c := &client{conn: newConn(ctx, stream, orDefault(idle, 30*time.Second)), rid: rid}
	l, err := c.list()
	return l, errors.Join(err, c.conn.close())
}

// client is the asker's side of a stream.
type client struct {
	conn *conn
	rid  radicle.RID
}

func (c *client) size() int { return c.rid.Oid().Len() }

// list sends REFS.
func (c *client) list() (*Listing, error) {
	if err := c.conn.write(kindRefs, appendRefs(nil, c.rid)); err != nil {
		return nil, err
	}
	k, body, err := c.next()
	if err != nil {
		return nil, err
	}
	if k != kindList {
		return nil, &MalformedError{What: fmt.Sprintf("message of kind %d instead of LIST", k)}
	}
	return parseList(body, c.size())
}

// want sends WANT and lets sink read the pack that comes, to its end.
func (c *client) want(w want, sink func(io.Reader) error) error {
	if err := c.conn.write(kindWant, appendWant(nil, w)); err != nil {
		return err
	}
	return sink(&packReader{client: c})
}

// next reads the next message that means something. An END that is not OK is a [*RemoteError]; the end of the stream is
// io.ErrUnexpectedEOF.
func (c *client) next() (kind, []byte, error) {
	for {
		k, body, err := c.conn.read()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return 0, nil, err
		}
		switch k {
		case kindList, kindPack:
			return k, body, nil
		case kindEnd:
			e, err := parseEnd(body)
			if err == nil && e.code != OK {
				err = &RemoteError{Code: e.code, RetryAfter: min(time.Duration(e.retry)*time.Millisecond, time.Hour), Missing: e.missing}
			}
			return k, nil, err
		case kindRefs, kindWant:
			return 0, nil, &MalformedError{What: "a request instead of an answer"}
		}
		// WAIT, or something of the future.
	}
}

// packReader is a pack that arrives. It ends where END says OK.
type packReader struct {
	client *client
	rest   []byte
	err    error // the last one
}

func (p *packReader) Read(b []byte) (int, error) {
	for len(p.rest) == 0 && p.err == nil {
		k, body, err := p.client.next()
		switch {
		case err != nil:
			p.err = err
		case k == kindPack:
			p.rest = body
		case k == kindEnd:
			p.err = io.EOF
		default:
			p.err = &MalformedError{What: fmt.Sprintf("message of kind %d within a pack", k)}
		}
	}
	if len(p.rest) == 0 {
		return 0, p.err
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}
