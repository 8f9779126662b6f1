//go:build unix

package disk

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// syncDir makes the names in a folder durable.
func syncDir(d *os.File) error { return d.Sync() }

// diskSpace returns the bytes that we may still write to the disk with folder d, and the bytes it has.
func diskSpace(d *os.File) (free, size int64, err error) {
	err = control(d, func(fd int) error {
		var st unix.Statfs_t
		err := unix.Fstatfs(fd, &st)
		unit := blockSize(&st)
		free, size = int64(st.Bavail)*unit, int64(st.Blocks)*unit
		return err
	})
	return free, size, err
}

// lockFile takes the lock on a file that is open, for as long as it is.
func lockFile(f *os.File) error {
	err := control(f, func(fd int) error { return unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) })
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

// isFull reports whether an error says that the disk has no room, for us at least.
func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// isBroken reports whether an error says that the disk could not read what it has.
func isBroken(err error) bool { return errors.Is(err, unix.EIO) }

// control calls f with the descriptor of a file, again for as long as a signal interrupts it.
func control(f *os.File, call func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var callErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if callErr = call(int(fd)); !errors.Is(callErr, unix.EINTR) {
				return
			}
		}
	})
	if callErr != nil {
		return &fs.PathError{Op: "system call", Path: f.Name(), Err: callErr}
	}
	return err
}
