package blobstore

import (
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
)

// The error classes of FORMAT.md §9. Every refusal of a format is one of these for [errors.Is];
// the error around it names the chunk, offset, index or field.
var (
	// ErrBounds is a size, number or index outside FORMAT.md §2.
	ErrBounds = errors.New("out of bounds")
	// ErrAuth is a chunk whose tag differs under every index tried.
	ErrAuth = errors.New("authentication tag differs")
	// ErrMoved is a chunk that belongs to another place of the same object.
	ErrMoved = errors.New("chunk belongs to another place")
	// ErrFinal is the last chunk in the middle, or one from the middle as the last.
	ErrFinal = errors.New("last-chunk mark is wrong")
	// ErrTruncated is a ciphertext or share that ends early.
	ErrTruncated = errors.New("ends early")
	// ErrExtended is a ciphertext or share that goes on after its end.
	ErrExtended = errors.New("goes on after its end")
	// ErrPadding is padding that is not zero.
	ErrPadding = errors.New("padding is not zero")
	// ErrOID is a plaintext whose SHA-256 is not the OID.
	ErrOID = errors.New("sha-256 is not the oid")
	// ErrRoot is a share whose hash is not its root.
	ErrRoot = errors.New("hash is not the share root")
	// ErrProof is a proof of the wrong length or that leads to another root.
	ErrProof = errors.New("proof does not lead to the share root")
	// ErrEncoding is bytes that are not the encoding of any value.
	ErrEncoding = errors.New("not a canonical encoding")
	// ErrSignature is a manifest whose signature does not verify.
	ErrSignature = errors.New("signature does not verify")
	// ErrSealed is a sealed manifest that does not open at this place with this key.
	ErrSealed = errors.New("sealed manifest does not open")
	// ErrMismatch is a manifest of another object, coding or generation.
	ErrMismatch = errors.New("belongs to another object")
	// ErrShares is fewer usable shares than the object needs; see [NotEnoughSharesError].
	ErrShares = errors.New("not enough shares")
)

// What a [Holder] answers when it will not do what was asked. Absence is [io/fs.ErrNotExist].
var (
	// ErrFull is a holder without room: its disk, its total or this friend's pledge.
	ErrFull = errors.New("holder is full")
	// ErrDenied is a holder that does not do this for the one who asks.
	ErrDenied = errors.New("holder denies this")
	// ErrBusy is a holder that may do it later.
	ErrBusy = errors.New("holder is busy")
)

// ChunkError is a chunk of an object that was refused.
type ChunkError struct {
	Chunk  int64 // number of the chunk, from 0
	Offset int64 // where it starts in the ciphertext, in bytes
	Err    error // one of the classes
}

func (e *ChunkError) Error() string {
	return fmt.Sprintf("chunk %d at byte %d: %v", e.Chunk, e.Offset, e.Err)
}

// Unwrap returns the class.
func (e *ChunkError) Unwrap() error { return e.Err }

// ShareError is a share that was refused or could not be read or written.
type ShareError struct {
	Index  int   // share index
	Offset int64 // byte in the share where it was noticed; -1 where that has no meaning
	Err    error // a class, or what the reader or writer said
}

func (e *ShareError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("share %d: %v", e.Index, e.Err)
	}
	return fmt.Sprintf("share %d at byte %d: %v", e.Index, e.Offset, e.Err)
}

// Unwrap returns the class or the cause.
func (e *ShareError) Unwrap() error { return e.Err }

// BoundsError is a number outside its bounds. It is [ErrBounds] for errors.Is.
type BoundsError struct {
	What     string // the thing, in words: "K", "share index"
	Got      int64
	Min, Max int64 // inclusive
}

func (e *BoundsError) Error() string {
	return fmt.Sprintf("%s %d is not in %d..%d", e.What, e.Got, e.Min, e.Max)
}

// Is reports whether target is [ErrBounds].
func (e *BoundsError) Is(target error) bool { return target == ErrBounds }

// FieldError is a field of an encoding that was refused: [ErrEncoding] for malformed bytes,
// [ErrMismatch] for a field of something else.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return fmt.Sprintf("%s: %v", e.Field, e.Err) }

// Unwrap returns the class.
func (e *FieldError) Unwrap() error { return e.Err }

// OIDError is a plaintext that is not the object it was said to be. It is [ErrOID] for errors.Is.
type OIDError struct {
	Want, Got OID
}

func (e *OIDError) Error() string {
	return fmt.Sprintf("sha-256 is %v, the oid says %v", e.Got, e.Want)
}

// Is reports whether target is [ErrOID].
func (e *OIDError) Is(target error) bool { return target == ErrOID }

// HolderError is what one holder did or failed to do.
type HolderError struct {
	Holder radicle.DID
	Index  int // share index it was asked for; -1 where none
	Err    error
}

func (e *HolderError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("%v: %v", e.Holder, e.Err)
	}
	return fmt.Sprintf("share %d at %v: %v", e.Index, e.Holder, e.Err)
}

// Unwrap returns the cause.
func (e *HolderError) Unwrap() error { return e.Err }

// NotEnoughSharesError says how many shares an object needs, how many there were, and what became of
// the others. It is [ErrShares] for errors.Is; the causes are reached through Unwrap.
type NotEnoughSharesError struct {
	Need, Got int
	Failed    []error // *HolderError or *ShareError, in the order they failed
}

func (e *NotEnoughSharesError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d shares needed, %d present", e.Need, e.Got)
	for i, f := range e.Failed {
		b.WriteString([]string{": ", "; "}[min(i, 1)])
		b.WriteString(f.Error())
	}
	return b.String()
}

// Is reports whether target is [ErrShares].
func (e *NotEnoughSharesError) Is(target error) bool { return target == ErrShares }

// Unwrap returns the failures.
func (e *NotEnoughSharesError) Unwrap() []error { return e.Failed }

// checkRange returns a *BoundsError unless lo ≤ got ≤ hi.
func checkRange(what string, got, lo, hi int64) error {
	if got < lo || got > hi {
		return &BoundsError{What: what, Got: got, Min: lo, Max: hi}
	}
	return nil
}
