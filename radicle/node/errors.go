package node

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"radswarm/radicle"
)

// ErrNotRunning is the error for a control socket that is not there or that nobody listens to any more, and for a node that ended
// before it answered.
var ErrNotRunning = errors.New(`radicle node is not running: start it with "rad node start"`)

// ErrUnsupported is what a [*CommandError] is when the node is too old or too new for a command.
var ErrUnsupported = errors.New("radicle node does not know this command")

// ErrLineTooLong is the error for more than [MaxLine] bytes without a line feed.
var ErrLineTooLong = errors.New("line from the radicle node is too long")

// A SocketPathError says that a socket path is longer than the system allows.
type SocketPathError struct {
	Path string
	Max  int // bytes
}

// Error says it in one line.
func (e *SocketPathError) Error() string {
	return fmt.Sprintf("control socket path of %d bytes, the system allows %d: set RAD_SOCKET to a shorter one: %s", len(e.Path), e.Max, e.Path)
}

// A CommandError is the node's own answer that a command failed.
type CommandError struct {
	Command string
	Text    string // as the node wrote it
}

// Error says it in one line.
func (e *CommandError) Error() string { return fmt.Sprintf("radicle node: %s: %s", e.Command, e.Text) }

// Is reports whether target is [ErrUnsupported] and the node did not know the command. Nodes say so in words only.
func (e *CommandError) Is(target error) bool {
	return target == ErrUnsupported && strings.Contains(e.Text, "unknown variant `"+e.Command+"`")
}

// A TimeoutError says that the node did not answer in time.
type TimeoutError struct {
	Command string
	After   time.Duration
}

// Error says it in one line.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("radicle node: %s: no answer in %v", e.Command, e.After)
}

// Timeout is true.
func (*TimeoutError) Timeout() bool { return true }

// An AnswerError says that an answer is not what the command should give.
type AnswerError struct {
	Command string
	Err     error
}

// Error says it in one line.
func (e *AnswerError) Error() string {
	return fmt.Sprintf("radicle node: answer to %s: %v", e.Command, e.Err)
}

// Unwrap returns e.Err.
func (e *AnswerError) Unwrap() error { return e.Err }

// A ConnectError says that the node could not connect to a peer.
type ConnectError struct {
	NID    radicle.NID
	Addr   string
	Reason string // the node's
}

// Error says it in one line.
func (e *ConnectError) Error() string {
	return fmt.Sprintf("radicle node: connect to %v at %s: %s", e.NID, e.Addr, e.Reason)
}

// A FetchError says that the node could not fetch a repository.
type FetchError struct {
	RID    radicle.RID
	From   radicle.NID
	Reason string // the node's
}

// Error says it in one line.
func (e *FetchError) Error() string {
	return fmt.Sprintf("radicle node: fetch %v from %v: %s", e.RID, e.From, e.Reason)
}
