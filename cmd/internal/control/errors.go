package control

import (
	"errors"
	"fmt"
	"net/http"
)

// Code says what went wrong, for programs. Codes are never given another meaning.
type Code string

// The codes.
const (
	CodeFailed   Code = "failed"    // anything else
	CodeUsage    Code = "usage"     // the request makes no sense
	CodeNotFound Code = "not-found" // there is no such thing
	CodeConflict Code = "conflict"  // it is there already, or in another state
	CodeLocked   Code = "locked"    // the daemon has no Radicle key at hand: unlock it
	CodeMissing  Code = "missing"   // too few holders can be reached
	CodeUnsafe   Code = "unsafe"    // stored, but not as safely as was required
	CodeFull     Code = "full"      // no room at those who could take it
	CodeBusy     Code = "busy"      // later
	CodeVersion  Code = "version"   // the daemon is older or newer than the program
	CodeStopping Code = "stopping"  // the daemon is shutting down
)

// Status returns the HTTP status that goes with the code.
func (c Code) Status() int {
	switch c {
	case CodeUsage:
		return http.StatusBadRequest
	case CodeNotFound:
		return http.StatusNotFound
	case CodeConflict, CodeUnsafe:
		return http.StatusConflict
	case CodeLocked:
		return http.StatusLocked
	case CodeMissing, CodeStopping:
		return http.StatusServiceUnavailable
	case CodeFull:
		return http.StatusInsufficientStorage
	case CodeBusy:
		return http.StatusTooManyRequests
	case CodeVersion:
		return http.StatusNotImplemented
	}
	return http.StatusInternalServerError
}

// Error is what the daemon answers where it has no other answer: a line for people, and what they could do, as a command
// that can be pasted. Code decides.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// ErrNotRunning is that no daemon runs.
var ErrNotRunning = errors.New("daemon is not running")

// ErrEnded is a daemon that ended before it had answered. What was asked may have been done or not.
var ErrEnded = errors.New("daemon has ended before it answered")

// StartError is a daemon that could not be started.
type StartError struct {
	Said string // what it said, if anything: one line
	Hint string // what helps, as a command that can be pasted; may be empty
	Err  error
}

func (e *StartError) Error() string {
	if e.Said != "" {
		return "daemon does not start: " + e.Said
	}
	return fmt.Sprintf("daemon does not start: %v", e.Err)
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }
