package replicate

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/sigrefs"
)

// Code says how the other side ended an answer. The numbers are those of the protocol between machines. GIT.md §4
type Code uint8

// The codes that git/1 uses.
const (
	OK        Code = 0
	NotFound  Code = 1 // the repository, or an object of it, is not there, or not for the asker
	Busy      Code = 4
	Bounds    Code = 8
	Cancelled Code = 9
	TooSlow   Code = 10
	Unknown   Code = 11 // the kind of request
	Malformed Code = 12
	Internal  Code = 13
)

func (c Code) known() bool {
	switch c {
	case OK, NotFound, Busy, Bounds, Cancelled, TooSlow, Unknown, Malformed, Internal:
		return true
	}
	return false
}

var codeTexts = map[Code]string{ // read only
	OK: "all is well", NotFound: "it is not there, or not for us", Busy: "ask again later", Bounds: "we asked for too much",
	Cancelled: "stopped by the other side", TooSlow: "we were too slow", Unknown: "the request is not known there",
	Malformed: "the request was malformed", Internal: "the other side failed",
}

// RemoteError is what the other side says about a request. With [NotFound] it wraps fs.ErrNotExist.
type RemoteError struct {
	Code       Code
	RetryAfter time.Duration // with Busy
	Missing    radicle.Oid   // the object that is not there, if it is one
}

func (e *RemoteError) Error() string {
	if !e.Missing.IsZero() {
		return fmt.Sprintf("the other side does not have object %v", e.Missing)
	}
	return "the other side answers: " + codeTexts[e.Code]
}

// Unwrap returns fs.ErrNotExist for what is not there.
func (e *RemoteError) Unwrap() error {
	if e.Code == NotFound {
		return fs.ErrNotExist
	}
	return nil
}

// The errors of a stream as a whole.
var (
	// ErrStalled is the error for a peer that did not move on for the idle time.
	ErrStalled = errors.New("the other side stalls")
	// ErrTime is the error for all that took longer than it may.
	ErrTime = errors.New("out of time")
	// ErrIdentity is the error for a repository that is not the one asked for: its identity does not begin with the document
	// that the id is the hash of, or cannot be read.
	ErrIdentity = errors.New("not the identity of this repository")
)

// Why a namespace was not moved in; see [Refusal]. Others are those of package sigrefs, [storage.ErrIncomplete] for missing objects,
// [storage.ErrRefTarget], a [*gitobj.RefNameError], a [*LimitError] and a [*LevelError].
var (
	// ErrBehind is no fault: the other side has an older state than we.
	ErrBehind = errors.New("older than what is here")
	// ErrDiverged is the error for signed refs that do not go on from those that are here.
	ErrDiverged = errors.New("signed refs have diverged")
	// ErrConflict is the error for a list in which the name of a ref is also a folder of others: no repository can hold both.
	ErrConflict = errors.New("one ref's name is a folder of another's")
	// ErrSymbolic is the error for a ref that is symbolic in our copy of a namespace; nobody but its owner makes these.
	ErrSymbolic = errors.New("a symbolic ref is in the way")
)

// MalformedError says that a message is not as GIT.md says, or a pack not as git says.
type MalformedError struct{ What string }

func (e *MalformedError) Error() string { return "malformed: " + e.What }

// LimitError says that there is more than may be.
type LimitError struct {
	What     string
	Got, Max int64 // Got may be what was there when it became too much
}

func (e *LimitError) Error() string { return fmt.Sprintf("%s: %d, at most %d", e.What, e.Got, e.Max) }

// LevelError says that signed refs tie themselves to less than we ask for.
type LevelError struct{ Got, Want sigrefs.Level }

func (e *LevelError) Error() string {
	return fmt.Sprintf("signed refs have level %v, %v is asked for", e.Got, e.Want)
}

// DivergedError says that a delegate's signed refs do not go on from those that are here: two machines write with one key, or
// somebody rolled one back. Nothing was moved in.
type DivergedError struct {
	NID             radicle.NID
	Local, Received radicle.Oid
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("delegate %v has diverged: %v here, %v there", e.NID, e.Local, e.Received)
}

// Unwrap returns [ErrDiverged].
func (e *DivergedError) Unwrap() error { return ErrDiverged }

// ThresholdError says that too few delegates' namespaces are valid. Nothing was moved in.
type ThresholdError struct {
	Threshold, Valid int
	Refused          []Refusal // of all namespaces
}

func (e *ThresholdError) Error() string {
	var text strings.Builder
	text.WriteString(fmt.Sprintf("%d delegates with valid refs, %d are needed", e.Valid, e.Threshold))
	for _, r := range e.Refused {
		text.WriteString(fmt.Sprintf("; %v: %v", r.NID, r.Err))
	}
	return text.String()
}

// Unwrap returns why each of the namespaces was refused.
func (e *ThresholdError) Unwrap() []error {
	var all []error
	for _, r := range e.Refused {
		all = append(all, r.Err)
	}
	return all
}
