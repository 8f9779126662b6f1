package gitobj

import (
	"fmt"

	"radswarm/radicle"
)

// ParseError says that bytes are not an object of the kind they should be, and where.
type ParseError struct {
	Kind   Kind
	Offset int // of the byte at which the offending part starts
	Reason string
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("%v, byte %d: %s", e.Kind, e.Offset, e.Reason)
}

// TooLargeError says that an object is longer than the reader was told to accept. Nothing of it was kept.
type TooLargeError struct {
	ID        radicle.Oid // zero where the bytes came without a name
	Size, Max int64       // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("object %v: %d bytes, at most %d", e.ID, e.Size, e.Max)
}

// KindError says that an id names an object of another kind than the one asked for.
type KindError struct {
	ID        radicle.Oid
	Want, Got Kind
}

func (e *KindError) Error() string {
	return fmt.Sprintf("object %v: is a %v, want a %v", e.ID, e.Got, e.Want)
}
