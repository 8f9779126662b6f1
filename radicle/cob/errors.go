package cob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// What can be wrong with an operation, wrapped by an [*EntryError].
var (
	ErrTypeName   = errors.New("invalid type name")
	ErrManifest   = errors.New("invalid manifest")
	ErrActions    = errors.New("no actions")
	ErrTrailer    = errors.New("invalid trailer")
	ErrText       = errors.New("commit is not UTF-8")
	ErrUnsigned   = errors.New("no signature")
	ErrSignatures = errors.New("more than one signature")
	ErrContainer  = errors.New("not a signature container of Radicle's")
	ErrSignature  = errors.New("signature does not match")
)

// What can be wrong with an object.
var (
	// ErrNoRoot is the error for an object whose first operation is not there or cannot be read.
	ErrNoRoot = errors.New("no first operation")
	// ErrCycle is the error for operations that are each other's ancestors, which no honest store of git objects has.
	ErrCycle = errors.New("operations form a cycle")
)

// EntryError is what is wrong with one operation. It concerns nothing else: the rest of the object is read without it.
type EntryError struct {
	ID  radicle.Oid
	Err error
}

func (e *EntryError) Error() string { return fmt.Sprintf("operation %v: %v", e.ID, e.Err) }

// Unwrap returns what is wrong.
func (e *EntryError) Unwrap() error { return e.Err }

// LimitError is the error for a history that exceeds a bound as a whole.
type LimitError struct {
	What string // "operations" or "bytes"
	Max  int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("history has more than %d %s", e.Max, e.What) }

// FatalError is an error that says nothing about an operation: its objects could not be read, or the context ended. It ends the
// reading of the whole history.
type FatalError struct{ Err error }

func (e *FatalError) Error() string { return e.Err.Error() }

// Unwrap returns the reader's error.
func (e *FatalError) Unwrap() error { return e.Err }

// ReadError sorts the errors of a [gitobj.Reader]. An object that is absent, too long, malformed or of another kind is a fact
// about the operation that names it: the error is returned as it is. Any other error becomes a [*FatalError].
func ReadError(err error) error {
	if err == nil || isFatal(err) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &FatalError{err}
	}
	if _, ok := errors.AsType[*gitobj.TooLargeError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*gitobj.ParseError](err); ok {
		return err
	}
	if _, ok := errors.AsType[*gitobj.KindError](err); ok {
		return err
	}
	return &FatalError{err}
}

// isFatal reports whether err is, or wraps, a [*FatalError].
func isFatal(err error) bool {
	_, ok := errors.AsType[*FatalError](err)
	return ok
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*gitobj.TooLargeError](err)
	return ok
}
