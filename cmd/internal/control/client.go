package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Client asks one daemon.
type Client struct {
	http   http.Client
	socket string
}

// Hello is what a daemon says of itself.
type Hello struct {
	API      int       `json:"api"` // [Version] that it speaks
	Software string    `json:"software"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
}

// Line is one line of an answer that takes long. One of its fields is set.
type Line struct {
	Progress *Progress       `json:"progress,omitempty"`
	Note     string          `json:"note,omitempty"` // a line for people
	Done     json.RawMessage `json:"done,omitempty"` // the answer; the last line
	Error    *Error          `json:"error,omitempty"`
}

// Progress is how far something is.
type Progress struct {
	What  string `json:"what"`            // in a few words
	Bytes int64  `json:"bytes"`           // done
	Total int64  `json:"total,omitempty"` // in all; 0 where that is not known
	Unit  string `json:"unit,omitempty"`  // of what Bytes and Total are a number, if not of bytes
}

// Connect returns a client of the daemon that runs at a place. No daemon is [ErrNotRunning]; one that speaks another version
// is an *Error with [CodeVersion].
func Connect(ctx context.Context, p Place) (*Client, Hello, error) {
	socket, err := p.Socket()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Hello{}, ErrNotRunning
	}
	if err != nil {
		return nil, Hello{}, err
	}
	c := &Client{socket: socket}
	c.http.Transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
		DisableCompression: true,
		MaxIdleConns:       4,
	}
	var h Hello
	if err := c.Call(ctx, http.MethodGet, "/v1/hello", nil, &h); err != nil {
		c.Close()
		return nil, Hello{}, err
	}
	if h.API != Version {
		c.Close()
		return nil, h, &Error{
			Code:    CodeVersion,
			Message: fmt.Sprintf("the running daemon (%s) speaks version %d of the interface, this program %d", h.Software, h.API, Version),
			Hint:    "rad swarm daemon --restart",
		}
	}
	return c, h, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Call asks for one answer. In is encoded if it is not nil, the answer is decoded into out if that is not nil. The error is
// an *Error that the daemon gave, [ErrNotRunning], ctx's, or what the connection said.
func (c *Client) Call(ctx context.Context, method, path string, in, out any) error {
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	switch {
	case err != nil:
		return bare(ctx, err)
	case len(body) > MaxBody:
		return fmt.Errorf("%s %s: answer is longer than %d bytes", method, path, MaxBody)
	case resp.StatusCode >= 300:
		return answerError(resp, body)
	case out == nil:
		return nil
	}
	return json.Unmarshal(body, out)
}

// Watch asks for an answer in lines. It calls each, if that is not nil, with every line but the last, whose answer is decoded
// into out if that is
// not nil. An error of each ends it and is returned; so does ctx. Either way the daemon is told to stop.
func (c *Client) Watch(ctx context.Context, method, path string, in, out any, each func(Line) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := c.send(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, MaxBody))
		return answerError(resp, body)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 4096), MaxLine)
	for lines.Scan() {
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("%s %s: %w", method, path, err)
		}
		switch {
		case l.Error != nil:
			return l.Error
		case l.Done != nil:
			done := bytes.Clone(l.Done)
			_ = lines.Scan() // the end, without which the connection could not be used again
			if out == nil {
				return nil
			}
			return json.Unmarshal(done, out)
		}
		if each == nil {
			continue
		}
		if err := each(l); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return bare(ctx, err)
	}
	return bare(ctx, io.ErrUnexpectedEOF)
}

func (c *Client) send(ctx context.Context, method, path string, in any) (*http.Response, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://radswarm"+path, body)
	if err != nil {
		return nil, err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, bare(ctx, err)
	}
	return resp, nil
}

// bare returns ctx's error where that is why something failed, and says what else it means that a connection failed.
func bare(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return ErrNotRunning
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return ErrEnded
	}
	return err
}

// answerError returns the error that a daemon gave.
func answerError(resp *http.Response, body []byte) error {
	e := &Error{}
	if err := json.Unmarshal(body, e); err != nil || e.Code == "" {
		return &Error{Code: CodeFailed, Message: fmt.Sprintf("daemon answers %s", resp.Status)}
	}
	return e
}
