package share

import (
	"fmt"

	"radswarm/blobstore"
)

// OffsetError says at which byte of a share, or of an outboard, something was found.
type OffsetError struct {
	Offset int64
	Err    error // a class of FORMAT.md §9, or what a reader said
}

func (e *OffsetError) Error() string { return fmt.Sprintf("byte %d: %v", e.Offset, e.Err) }

// Unwrap returns the class or the cause.
func (e *OffsetError) Unwrap() error { return e.Err }

// RangeError is a range that is no node of the tree of a share (FORMAT.md §6.1). It is [blobstore.ErrBounds] for
// errors.Is.
type RangeError struct {
	Range  blobstore.Range
	Length int64 // of the share
}

func (e *RangeError) Error() string {
	return fmt.Sprintf("%d bytes at %d are no node of a share of %d bytes", e.Range.Len, e.Range.Off, e.Length)
}

// Is reports whether target is [blobstore.ErrBounds].
func (e *RangeError) Is(target error) bool { return target == blobstore.ErrBounds }

func checkLength(length int64) error {
	if length < 1 || length > MaxLen {
		return &blobstore.BoundsError{What: "share length", Got: length, Min: 1, Max: MaxLen}
	}
	return nil
}
