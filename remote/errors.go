package remote

import (
	"errors"
	"fmt"
)

// Error is what ends the helper: a line for people, and what they can do about it.
type Error struct {
	Text string // in Radicle's words where it has any
	Hint string // "" for none
	Err  error  // the reason, for programs; may be nil
}

// Error is the line.
func (e *Error) Error() string { return e.Text }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an [Error]; the reason is the last argument that is an error.
func fail(hint, format string, args ...any) *Error {
	e := &Error{Text: fmt.Sprintf(format, args...), Hint: hint}
	for _, a := range args {
		if err, ok := a.(error); ok {
			e.Err = err
		}
	}
	return e
}

// Errors of the protocol.
var (
	// ErrLineTooLong is the error for a line of more than [MaxLine] bytes.
	ErrLineTooLong = errors.New("line from git is too long")
	// ErrCommand is the error for a line that is no command.
	ErrCommand = errors.New("invalid command")
	// ErrEnd is the error for an input that ends within a batch.
	ErrEnd = errors.New("git went away in the middle of a batch")
	// ErrURL is the error for a URL that is not rad://<repository>[/<node>].
	ErrURL = errors.New("invalid remote url")
	// ErrQuote is the error for a value that is quoted as git does not quote.
	ErrQuote = errors.New("invalid quotes")
)
