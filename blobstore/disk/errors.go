package disk

import (
	"errors"
	"fmt"
	"io/fs"

	"radswarm/blobstore"
)

// Why a folder is not opened. The error around them is a *[StoreError].
var (
	// ErrNotMounted is a folder that is not there or holds no store: a disk that is not plugged in, most likely.
	ErrNotMounted = errors.New("no store is here; is its disk plugged in?")
	// ErrOtherStore is a store with another id than the one expected.
	ErrOtherStore = errors.New("this is another store")
	// ErrLocked is a store that another process has open.
	ErrLocked = errors.New("another process has this store open")
	// ErrNotEmpty is a folder in which no store is made, because there is something else in it.
	ErrNotEmpty = errors.New("folder is not empty")
)

// StoreError is a store that could not be opened or made.
type StoreError struct {
	Dir string
	Err error // one of the above, [blobstore.ErrEncoding] for a mark that cannot be read, or what the system said
}

func (e *StoreError) Error() string { return fmt.Sprintf("%s: %v", e.Dir, e.Err) }

// Unwrap returns the cause.
func (e *StoreError) Unwrap() error { return e.Err }

// Bound says which bound a share would have crossed.
type Bound string

// The bounds of a store.
const (
	BoundPledge Bound = "pledge" // what may be charged to the owner
	BoundTotal  Bound = "total"  // what may be charged in all
	BoundFloor  Bound = "floor"  // what stays free on the disk
	BoundDisk   Bound = "disk"   // what the disk has
	BoundOwners Bound = "owners" // how many owners one share may have
)

// FullError is a share for which there is no room. It is [blobstore.ErrFull] for errors.Is.
type FullError struct {
	Bound      Bound
	Need, Room int64 // bytes, or owners; of BoundDisk only Need is known
}

func (e *FullError) Error() string {
	if e.Bound == BoundDisk {
		return fmt.Sprintf("disk is full: %d bytes needed", e.Need)
	}
	return fmt.Sprintf("%s is reached: %d needed, %d left", e.Bound, e.Need, e.Room)
}

// Is reports whether target is [blobstore.ErrFull].
func (e *FullError) Is(target error) bool { return target == blobstore.ErrFull }

// RotError is a share that is not any more what was stored. For errors.Is it is [fs.ErrNotExist], too: such a share is
// moved aside and is absent for everybody from then on, until it is put again.
type RotError struct {
	Name blobstore.ShareName
	Off  int64 // first byte of what is wrong: a group, or what follows the share in its file; -1 where that is not known
	Err  error // [blobstore.ErrProof], [blobstore.ErrTruncated], [blobstore.ErrEncoding], or what the disk said
}

func (e *RotError) Error() string {
	if e.Off < 0 {
		return fmt.Sprintf("share %v rotted: %v", e.Name, e.Err)
	}
	return fmt.Sprintf("share %v rotted at byte %d: %v", e.Name, e.Off, e.Err)
}

// Unwrap returns the cause.
func (e *RotError) Unwrap() error { return e.Err }

// Is reports whether target is [fs.ErrNotExist].
func (e *RotError) Is(target error) bool { return target == fs.ErrNotExist }
