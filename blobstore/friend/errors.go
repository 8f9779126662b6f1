package friend

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"radswarm/blobstore"
)

// What callers branch on, beside the classes of formats: [blobstore.ErrEncoding], [blobstore.ErrSignature],
// [radicle.ErrWeakKey], [keyring.ErrMismatch], [keyring.ErrClock], [keyring.ErrExpired] and [keyring.ErrRetired] (FRIEND.md §8).
var (
	// ErrChecksum is a line that was not copied whole, or has a letter changed.
	ErrChecksum = errors.New("checksum differs: the line was not copied as it was printed")
	// ErrLine is a text that is no line of this kind, or of a version that is not known.
	ErrLine = errors.New("not a line that this version knows")
	// ErrStranger is an introduction or revocation by somebody who is no friend.
	ErrStranger = errors.New("its issuer is no friend")
	// ErrRevoked is an introduction that its issuer took back.
	ErrRevoked = errors.New("introduction was revoked")
	// ErrEnded is an introduction, revocation or invitation that has run out.
	ErrEnded = errors.New("has run out")
	// ErrSuperseded is an address record older than the one that is kept.
	ErrSuperseded = errors.New("a newer address record was seen")
	// ErrInvitation is a secret that belongs to no invitation.
	ErrInvitation = errors.New("no such invitation")
	// ErrUsed is an invitation that somebody else has accepted.
	ErrUsed = errors.New("invitation was used")
	// ErrName is a name that cannot be given: see [CheckName].
	ErrName = errors.New("not a name")
	// ErrNameTaken is a name that another friend has.
	ErrNameTaken = errors.New("another friend has this name")
	// ErrSelf is a friend or further DID that is the DID of this home.
	ErrSelf = errors.New("this is your own did")
	// ErrLimit is one row more than there may be; see [LimitError].
	ErrLimit = errors.New("too many")

	// ErrCorrupt is a database that cannot be believed; see [CorruptError].
	ErrCorrupt = errors.New("database is damaged")
	// ErrNewer is a database that a newer version of the program has written; see [VersionError].
	ErrNewer = errors.New("a newer version of the program has written this database")
	// ErrOther is the database of another DID.
	ErrOther = errors.New("this is the database of another did")
	// ErrLocked is a database that another process has open.
	ErrLocked = errors.New("another process has this database open")
)

// UnknownError is something that is not in the database. It is [fs.ErrNotExist].
type UnknownError struct{ What string }

func (e *UnknownError) Error() string { return e.What + " is not known" }

// Is reports whether target is [fs.ErrNotExist].
func (e *UnknownError) Is(target error) bool { return target == fs.ErrNotExist }

// LimitError says how many there may be of something. It is [ErrLimit].
type LimitError struct {
	What string
	Max  int
}

func (e *LimitError) Error() string { return fmt.Sprintf("%v %s: at most %d", ErrLimit, e.What, e.Max) }

// Is reports whether target is [ErrLimit].
func (e *LimitError) Is(target error) bool { return target == ErrLimit }

// VersionError is a database of a version that this program does not know. It is [ErrNewer].
type VersionError struct {
	Path       string
	Got, Known int // version of the schema, and the newest known
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("%s: version %d, known up to %d: %v", e.Path, e.Got, e.Known, ErrNewer)
}

// Is reports whether target is [ErrNewer].
func (e *VersionError) Is(target error) bool { return target == ErrNewer }

// CorruptError is a database that was damaged, or is gone while its copies are there. It is [ErrCorrupt]. Nothing was changed;
// [Restore] puts a copy in its place.
type CorruptError struct {
	Path   string
	Copies []string // daily copies that are there, the newest first
	Err    error    // what was found
}

func (e *CorruptError) Error() string {
	hint := "there is no copy"
	if len(e.Copies) > 0 {
		hint = "copies: " + strings.Join(e.Copies, ", ")
	}
	return fmt.Sprintf("%s: %v (%v); %s", e.Path, ErrCorrupt, e.Err, hint)
}

// Is reports whether target is [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// Unwrap returns what was found.
func (e *CorruptError) Unwrap() error { return e.Err }

func malformed(field string) error {
	return &blobstore.FieldError{Field: field, Err: blobstore.ErrEncoding}
}

// in says in which field an error was found.
func in(field string, err error) error { return &blobstore.FieldError{Field: field, Err: err} }

// between returns a [*blobstore.BoundsError] unless low ≤ got ≤ high.
func between(what string, got, low, high int64) error {
	if got < low || got > high {
		return &blobstore.BoundsError{What: what, Got: got, Min: low, Max: high}
	}
	return nil
}
