//go:build unix

package daemon

import (
	"errors"
	"os"
	"syscall"
)

// Lock opens a file and locks it until it is closed or the process ends; [ErrRunning] if it is
// locked already. Who has the lock of a home's place is its daemon, or keeps others from being it. The file stays: removing it would let two
// processes lock two files of one name.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, ErrRunning
	}
	return nil, &os.PathError{Op: "lock", Path: path, Err: err}
}
