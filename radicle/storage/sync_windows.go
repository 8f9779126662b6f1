package storage

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// syncFlag is how a file must be open to be made durable.
const syncFlag = os.O_RDWR

// syncDir does nothing: Windows writes directories with their files.
func syncDir(*os.File) error { return nil }

// How long to wait between looks at a lock that somebody holds.
const (
	firstLook = time.Millisecond
	lastLook  = 50 * time.Millisecond
)

// lockFile stands for the repository's directory, which cannot be locked itself.
const lockFile = "radswarm.lock"

// lockDir waits for a lock on a file beside the refs. Closing the file unlocks.
func lockDir(ctx context.Context, root *os.Root) (*os.File, error) {
	f, err := root.OpenFile(lockFile, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	for look := firstLook; ; look = min(2*look, lastLook) {
		err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
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

// tryLock locks a file unless somebody else has; closing it unlocks.
func tryLock(f *os.File) (bool, error) {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	// A byte far behind the text, which stays readable.
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{Offset: 1 << 30})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}
