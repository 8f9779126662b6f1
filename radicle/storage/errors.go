package storage

import (
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
)

var (
	// ErrTooManyRefs is the error for a repository with more than [MaxRefs] refs.
	ErrTooManyRefs = errors.New("too many refs")
	// ErrBusy is the error for an update that lost every race, or for a lock that somebody left behind.
	ErrBusy = errors.New("somebody else is writing to the repository")
	// ErrIncomplete is the error for signed refs whose objects are not all there.
	ErrIncomplete = errors.New("objects are missing")
	// ErrRefTarget is the error for a ref that would point to a blob or a tree: older Radicle nodes never fetch from
	// a repository with one again.
	ErrRefTarget = errors.New("refs point to commits and tags only")
	// ErrReserved is the error for a ref that only [Repo.Update] itself moves.
	ErrReserved = errors.New("ref is written by signing only")
	// ErrExists is the error for a repository that is already in storage.
	ErrExists = errors.New("repository is already in storage")
)

// VersionError says that git is too old.
type VersionError struct {
	Got  string // what git prints about itself
	Want string // the oldest that will do
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("git %s or newer is needed, found %q", e.Want, e.Got)
}

// GitError is a git command that did not succeed.
type GitError struct {
	Command string // its name: "update-ref"
	Stderr  string // the beginning of what it said; git's words may change
	Err     error  // how it ended
}

func (e *GitError) Error() string {
	text := strings.TrimSpace(e.Stderr)
	if text == "" {
		text = e.Err.Error()
	}
	return fmt.Sprintf("git %s: %s", e.Command, text)
}

// Unwrap returns e.Err.
func (e *GitError) Unwrap() error { return e.Err }

// RefError says what is wrong with a ref that is there.
type RefError struct {
	Name   string
	Reason string
}

func (e *RefError) Error() string { return fmt.Sprintf("%s: %s", e.Name, e.Reason) }

// StaleError says that a ref was not where the caller expected it.
type StaleError struct {
	Name      string
	Want, Got radicle.Oid // null for no ref
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("%s is at %s, expected %s", e.Name, orNone(e.Got), orNone(e.Want))
}

func orNone(id radicle.Oid) string {
	if id.IsZero() {
		return "none"
	}
	return id.String()
}
