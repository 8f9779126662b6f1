package keyring

import (
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// The error classes of KEYS.md §13. The others are [blobstore.ErrEncoding], [blobstore.ErrBounds], [blobstore.ErrSignature] and
// [radicle.ErrWeakKey].
var (
	// ErrMismatch is two parts that do not belong together.
	ErrMismatch = errors.New("belongs to another")
	// ErrClock is something dated more than [MaxAhead] ahead of the clock here; see [ClockError].
	ErrClock = errors.New("clocks differ")
	// ErrExpired is a certificate that ran out, of a device that was never met.
	ErrExpired = errors.New("certificate has expired")
	// ErrRetired is a device that a newer certificate replaced; see [RetiredError].
	ErrRetired = errors.New("device was replaced by a newer one")
	// ErrRollback is a card older than one that was seen; see [RollbackError].
	ErrRollback = errors.New("a newer key card was seen")
	// ErrKEM is an encryption key or envelope of a kind that this program does not know.
	ErrKEM = errors.New("unknown kind of encryption key")
	// ErrSealed is an envelope or wrap that does not open at this place with this key.
	ErrSealed = errors.New("does not open at this place with this key")
	// ErrSalt is a salt whose secret the keyring does not hold.
	ErrSalt = errors.New("secret of this salt is not known")
	// ErrOpener is an envelope to a bare DID where only an agent is at hand.
	ErrOpener = errors.New("sealed to the bare did, which only the key file opens")
	// ErrSigner is a signer that secrets cannot be derived from; see [SignerError].
	ErrSigner = errors.New("signer is not fit for deriving secrets")
	// ErrSecret is a secret other than the one a key card was made with; see [SecretError].
	ErrSecret = errors.New("another secret than the key card's")
	// ErrLabel is a label that does not start what is signed here.
	ErrLabel = errors.New("not a label for signatures")
	// ErrMode is a device key that is no regular file, or that others may read or write.
	ErrMode = errors.New("file is not private")
)

// ClockError says that a value is dated further ahead of the clock here than clocks may differ. It is [ErrClock].
type ClockError struct {
	What  string // the thing, in words: "certificate of did:key:…"
	Dated time.Time
	Clock time.Time // what the clock here said
}

func (e *ClockError) Error() string {
	const layout = "2006-01-02 15:04 MST"
	return fmt.Sprintf("%s is dated %s, but the clock here says %s: one of the two clocks is wrong",
		e.What, e.Dated.UTC().Format(layout), e.Clock.UTC().Format(layout))
}

// Is reports whether target is [ErrClock].
func (e *ClockError) Is(target error) bool { return target == ErrClock }

// RetiredError says that a device is no longer its person's. It is [ErrRetired].
type RetiredError struct {
	DID    radicle.DID
	Device Device
	Newest uint64 // seq of the certificate of the device that replaced it
}

func (e *RetiredError) Error() string {
	return fmt.Sprintf("device %v of %v: %v, number %d", e.Device, e.DID, ErrRetired, e.Newest)
}

// Is reports whether target is [ErrRetired].
func (e *RetiredError) Is(target error) bool { return target == ErrRetired }

// RollbackError says that a newer card of the same person was seen. It is [ErrRollback].
type RollbackError struct {
	DID        radicle.DID
	Seq, Known uint64 // of the card refused and of the one seen; equal where only the bytes decide
}

func (e *RollbackError) Error() string {
	return fmt.Sprintf("key card %d of %v: %v, number %d", e.Seq, e.DID, ErrRollback, e.Known)
}

// Is reports whether target is [ErrRollback].
func (e *RollbackError) Is(target error) bool { return target == ErrRollback }

// SignerError says why no secret can be derived from what a signer signs. It is [ErrSigner].
type SignerError struct {
	NID        radicle.NID
	Randomises bool // it signs the same bytes differently each time; else its signatures are not of this key
}

func (e *SignerError) Error() string {
	if e.Randomises {
		return fmt.Sprintf("the signer of %v signs the same bytes differently each time, so that what is encrypted with it "+
			"could not be read again: use the key file or the agent of OpenSSH", e.NID)
	}
	return fmt.Sprintf("the signer of %v returned a signature that is not of this key", e.NID)
}

// Is reports whether target is [ErrSigner].
func (e *SignerError) Is(target error) bool { return target == ErrSigner }

// SecretError says that a signer gives another secret than the one a key card was made with. It is [ErrSecret].
type SecretError struct {
	DID radicle.DID
	Seq uint64 // of the card
}

func (e *SecretError) Error() string {
	return fmt.Sprintf("the signer of %v gives another secret than the one its key card %d was made with: "+
		"use the key file or agent that was used then", e.DID, e.Seq)
}

// Is reports whether target is [ErrSecret].
func (e *SecretError) Is(target error) bool { return target == ErrSecret }

func malformed(field string) error {
	return &blobstore.FieldError{Field: field, Err: blobstore.ErrEncoding}
}

// in says in which field an error was found.
func in(field string, err error) error { return &blobstore.FieldError{Field: field, Err: err} }
