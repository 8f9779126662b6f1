//go:build unix

package storage

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"
)

// syncFlag is how a file must be open to be made durable.
const syncFlag = os.O_RDONLY

// syncDir makes the names in a directory durable.
func syncDir(dir *os.File) error { return dir.Sync() }

// How long to wait between looks at a lock that somebody holds.
const (
	firstLook = time.Millisecond
	lastLook  = 50 * time.Millisecond
)

// lockDir waits for an advisory lock on the repository's directory, which leaves no file behind and ends with the
// process. Closing the file unlocks. Where the file system has no locks, there is none to wait for.
func lockDir(ctx context.Context, root *os.Root) (*os.File, error) {
	f, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	for look := firstLook; ; look = min(2*look, lastLook) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK) {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(err, f.Close())
		}
		select {
		case <-ctx.Done():
			_ = f.Close() // only locked
			return nil, ctx.Err()
		case <-time.After(look):
		}
	}
}

// tryLock locks a file unless somebody else has; closing it unlocks. Where the file system has no locks the error is
// errNoLocks.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		case errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.ENOLCK):
			return false, errNoLocks
		case !errors.Is(err, syscall.EINTR):
			return false, err
		}
	}
}
