package record

import (
	"errors"
	"fmt"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// The error classes of RECORD.md §11 that are new here. The others are those of blobstore and keyring.
var (
	// ErrVersion is a record that a newer program wrote: it is passed over, and never replaced.
	ErrVersion = errors.New("written by a newer program")
	// ErrUnreadable is a record that no key at hand is for.
	ErrUnreadable = errors.New("not for this reader")
	// ErrInward is a change that would take a record back that is open to everyone.
	ErrInward = errors.New("what is public cannot be taken back")
	// ErrChanged is a removal of a record that somebody changed meanwhile.
	ErrChanged = errors.New("changed meanwhile")
)

// PathError is a file or folder of a branch that was refused. The branch goes on without it.
type PathError struct {
	Writer radicle.DID
	Path   string
	Err    error
}

func (e *PathError) Error() string { return fmt.Sprintf("%s of %v: %v", e.Path, e.Writer, e.Err) }

// Unwrap returns the reason.
func (e *PathError) Unwrap() error { return e.Err }

// ObjectError is an object whose record was refused, could not be opened, or was not changed.
type ObjectError struct {
	Writer  radicle.DID
	Pointer blobstore.Pointer
	Err     error
}

func (e *ObjectError) Error() string {
	return fmt.Sprintf("record of %v by %v: %v", e.Pointer.OID, e.Writer, e.Err)
}

// Unwrap returns the reason.
func (e *ObjectError) Unwrap() error { return e.Err }

func malformed(field string) error { return in(field, blobstore.ErrEncoding) }

func mismatch(field string) error { return in(field, blobstore.ErrMismatch) }

// in says in which field an error was found.
func in(field string, err error) error { return &blobstore.FieldError{Field: field, Err: err} }

func tooMany(what string, got, most int) error {
	return &blobstore.BoundsError{What: what, Got: int64(got), Max: int64(most)}
}
