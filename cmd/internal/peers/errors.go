package peers

import (
	"errors"
	"fmt"
	"time"

	"radswarm/radicle"
)

// What callers branch on.
var (
	// ErrUnreachable is somebody with whom there is no connection, and none could be made; see [UnreachableError].
	ErrUnreachable = errors.New("not reachable")
	// ErrNoDevice is somebody of whom no device is known, so that nobody can be dialled.
	ErrNoDevice = errors.New("no device of theirs is known")
	// ErrNotAdmitted is somebody who was reached and does not let us in.
	ErrNotAdmitted = errors.New("does not let us in")
	// ErrNotIntroduced is somebody who is no friend, and for whom there is no introduction by the owner of what is to be read.
	ErrNotIntroduced = errors.New("no introduction by the owner")
	// ErrStopped is a Peers that was not started, or was closed.
	ErrStopped = errors.New("not connected to anybody: the daemon is starting or ending")
)

// UnreachableError is somebody who is not there. It is [ErrUnreachable].
type UnreachableError struct {
	DID  radicle.DID
	Name string    // what we call them; may be empty
	Seen time.Time // when they were here last; zero: never
	Err  error     // why; nil: not known
}

func (e *UnreachableError) Error() string {
	who := e.Name
	if who == "" {
		who = e.DID.Short()
	}
	text := who + " is not reachable"
	if !e.Seen.IsZero() {
		text += ", last seen " + stamp(e.Seen)
	}
	if e.Err != nil {
		text += fmt.Sprintf(": %v", e.Err)
	}
	return text
}

// Is reports whether target is [ErrUnreachable].
func (e *UnreachableError) Is(target error) bool { return target == ErrUnreachable }

// Unwrap returns why.
func (e *UnreachableError) Unwrap() error { return e.Err }
