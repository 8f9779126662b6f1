package wire

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// Code is how one peer tells another why something did not happen (PROTOCOL.md §5).
type Code uint32

// The codes.
const (
	CodeOK Code = iota
	CodeNotFound
	CodeFull
	CodeDenied
	CodeBusy
	CodeRoot
	CodeTruncated
	CodeExtended
	CodeBounds
	CodeCancelled
	CodeTooSlow
	CodeUnknown
	CodeMalformed
	CodeInternal
	CodeVersion
)

// What a peer may say that a local holder does not.
var (
	// ErrCancelled is a peer that stopped: it was told to, or it is shutting down.
	ErrCancelled = errors.New("peer cancelled")
	// ErrTooSlow is fewer than 16 KiB in 10 s while somebody waited (PROTOCOL.md §4): by the peer, or, where it is what
	// a *[RemoteError] says, by this side.
	ErrTooSlow = errors.New("slower than 16 KiB in 10 s")
	// ErrUnknown is an operation or a protocol that the peer does not know.
	ErrUnknown = errors.New("peer does not know this operation")
	// ErrMalformed is a peer that could not make sense of what this side sent.
	ErrMalformed = errors.New("peer calls this malformed")
	// ErrInternal is a peer that failed and does not say how.
	ErrInternal = errors.New("peer failed inside")
	// ErrVersion is a peer with which no version of the protocol is common.
	ErrVersion = errors.New("no common version of the protocol")
	// ErrProtocol is a peer that broke the protocol. No peer says that of itself.
	ErrProtocol = errors.New("peer breaks the protocol")
)

// codeErrors has what stands for each code, by number. CodeBounds is a *[blobstore.BoundsError] where the numbers are
// known.
func codeErrors() [CodeVersion + 1]error {
	return [...]error{
		CodeNotFound:  fs.ErrNotExist,
		CodeFull:      blobstore.ErrFull,
		CodeDenied:    blobstore.ErrDenied,
		CodeBusy:      blobstore.ErrBusy,
		CodeRoot:      blobstore.ErrRoot,
		CodeTruncated: blobstore.ErrTruncated,
		CodeExtended:  blobstore.ErrExtended,
		CodeBounds:    blobstore.ErrBounds,
		CodeCancelled: ErrCancelled,
		CodeTooSlow:   ErrTooSlow,
		CodeUnknown:   ErrUnknown,
		CodeMalformed: ErrMalformed,
		CodeInternal:  ErrInternal,
		CodeVersion:   ErrVersion,
	}
}

// String returns the name that PROTOCOL.md §5 gives it.
func (c Code) String() string {
	names := [...]string{
		"OK", "NOT_FOUND", "FULL", "DENIED", "BUSY", "ROOT", "TRUNCATED", "EXTENDED", "BOUNDS", "CANCELLED", "TOO_SLOW",
		"UNKNOWN", "MALFORMED", "INTERNAL", "VERSION",
	}
	if int64(c) < int64(len(names)) {
		return names[c]
	}
	return fmt.Sprintf("code %d", uint32(c))
}

// Err returns the error that stands for the code: nil for CodeOK, [ErrInternal] for one that is not known.
func (c Code) Err() error {
	if c > CodeVersion {
		c = CodeInternal
	}
	return codeErrors()[c]
}

// RemoteError is what a peer said about something it did not do.
type RemoteError struct {
	Code Code
	Text string // for people: printable, at most [MaxText] bytes, and nothing to rely on
}

func (e *RemoteError) Error() string {
	if e.Text == "" {
		return e.Code.Err().Error()
	}
	return fmt.Sprintf("%v: %s", e.Code.Err(), e.Text)
}

// Unwrap returns the error that stands for the code.
func (e *RemoteError) Unwrap() error { return e.Code.Err() }

// BusyError is a peer that may do it later. It is [blobstore.ErrBusy] for errors.Is. A Holder that returns one has its
// time told to the other side.
type BusyError struct {
	RetryAfter time.Duration // at most an hour; 0 where the peer did not say
}

func (e *BusyError) Error() string {
	if e.RetryAfter == 0 {
		return blobstore.ErrBusy.Error()
	}
	return fmt.Sprintf("%v for %v", blobstore.ErrBusy, e.RetryAfter)
}

// Is reports whether target is [blobstore.ErrBusy].
func (e *BusyError) Is(target error) bool { return target == blobstore.ErrBusy }

// codeOf returns the code that tells a peer of err, which is not nil.
func codeOf(err error) Code {
	for code, sentinel := range codeErrors() {
		if sentinel != nil && errors.Is(err, sentinel) {
			return Code(code)
		}
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return CodeCancelled
	case errors.Is(err, ErrProtocol):
		return CodeMalformed
	}
	return CodeInternal
}

// statusOf returns what a peer is told of err. Only what was made for peers is told in words.
func statusOf(err error) status {
	if err == nil {
		return status{}
	}
	if remote, ok := errors.AsType[*RemoteError](err); ok {
		return status{code: remote.Code, text: clip(remote.Text)}
	}
	s := status{code: codeOf(err)}
	switch s.code {
	case CodeBusy:
		if busy, ok := errors.AsType[*BusyError](err); ok {
			s.retryAfter = uint64(max(0, busy.RetryAfter) / time.Millisecond)
		}
	case CodeBounds:
		if bounds, ok := errors.AsType[*blobstore.BoundsError](err); ok {
			s.what, s.got, s.min, s.max = clip(bounds.What), bounds.Got, bounds.Min, bounds.Max
		} else if r, ok := errors.AsType[*share.RangeError](err); ok {
			s.what, s.got, s.max = "start of a range that is no node", r.Range.Off, r.Length
		}
	}
	return s
}

// err returns what the status means on this side.
func (s *status) err() error {
	switch s.code {
	case CodeOK:
		return nil
	case CodeBusy:
		wait := min(s.retryAfter, uint64(maxRetry/time.Millisecond))
		return &BusyError{time.Duration(wait) * time.Millisecond}
	case CodeBounds:
		what := printable(s.what)
		if what == "" {
			what = "number"
		}
		return &blobstore.BoundsError{What: what, Got: s.got, Min: s.min, Max: s.max}
	}
	if text := printable(s.text); text != "" || s.code == CodeTooSlow {
		return &RemoteError{s.code, text}
	}
	return s.code.Err()
}
