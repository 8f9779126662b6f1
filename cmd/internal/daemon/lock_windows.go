package daemon

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// Lock opens a file and locks it until it is closed or the process ends; [ErrRunning] if it is
// locked already. Who has the lock of a home's place is its daemon, or keeps others from being it.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return nil, ErrRunning
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
