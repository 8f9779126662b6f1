package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path/filepath"
	"time"
)

const (
	// MaxLine bounds a line from the node, in bytes. The answer to a fetch names every ref of a repository, some 200 bytes each.
	MaxLine = 32 << 20
	// DefaultTimeout is how long a command may take where ctx has no deadline: the time that Radicle's own tools allow.
	DefaultTimeout = 30 * time.Second
)

// A Client sends commands to the node behind a control socket.
type Client struct{ socket string }

// New returns the client for a socket path, see [SocketPath]. It does not look whether a node is there.
func New(socket string) *Client { return &Client{socket: socket} }

// SocketPath is where the node of a home listens: RAD_SOCKET if env has it (env is os.LookupEnv, or something else in tests), else
// node/control.sock in the home.
func SocketPath(home string, env func(string) (string, bool)) string {
	if path, ok := env("RAD_SOCKET"); ok && path != "" {
		return path
	}
	return filepath.Join(home, "node", "control.sock")
}

// Socket is the path that the client was made with.
func (c *Client) Socket() string { return c.socket }

// request is a command and its parameters.
type request map[string]any

func (r request) name() string { name, _ := r["command"].(string); return name }

// call sends one command and decodes the answer, of at most MaxLine bytes. It takes as long as ctx allows, or timeout where ctx
// has no deadline.
func (c *Client) call(ctx context.Context, timeout time.Duration, r request, answer any) error {
	if _, ok := ctx.Deadline(); ok {
		return c.callOnce(ctx, r, answer)
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c.callOnce(limited, r, answer)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &TimeoutError{Command: r.name(), After: timeout}
	}
	return err
}

func (c *Client) callOnce(ctx context.Context, r request, answer any) error {
	lines, err := c.send(ctx, r)
	if err != nil {
		return err
	}
	defer lines.Close()
	line, err := lines.next(ctx)
	if errors.Is(err, io.EOF) {
		return c.notRunning() // it ended before it answered
	}
	if err != nil {
		return err
	}
	return decodeAnswer(r.name(), line, answer)
}

// send connects and writes a command.
func (c *Client) send(ctx context.Context, r request) (*lineReader, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	lines := &lineReader{conn: conn, max: MaxLine}
	if err := lines.write(ctx, append(line, '\n')); err != nil {
		_ = conn.Close()
		if isGone(err) {
			err = c.notRunning()
		}
		return nil, err
	}
	return lines, nil
}

func (c *Client) dial(ctx context.Context) (net.Conn, error) {
	if len(c.socket) > maxSocketPath {
		return nil, &SocketPathError{Path: c.socket, Max: maxSocketPath}
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", c.socket)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, fs.ErrNotExist), isRefused(err):
		return nil, c.notRunning()
	}
	return nil, err
}

func (c *Client) notRunning() error { return fmt.Errorf("%w (%s)", ErrNotRunning, c.socket) }

// decodeAnswer decodes a line into answer, or returns the error that it is.
func decodeAnswer(command string, line []byte, answer any) error {
	if text, ok := errorText(line); ok {
		return &CommandError{Command: command, Text: text}
	}
	if err := json.Unmarshal(line, answer); err != nil {
		return &AnswerError{Command: command, Err: err}
	}
	return nil
}

// errorText returns the text of an answer {"error": text}.
func errorText(line []byte) (string, bool) {
	if !bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte(`{"error"`)) {
		return "", false
	}
	var answer map[string]json.RawMessage
	var text string
	if json.Unmarshal(line, &answer) != nil || len(answer) != 1 || json.Unmarshal(answer["error"], &text) != nil {
		return "", false
	}
	return text, true
}
