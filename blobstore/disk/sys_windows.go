package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// syncDir does nothing: Windows has no way to sync a folder, and NTFS journals names itself.
func syncDir(*os.File) error { return nil }

// diskSpace returns the bytes that we may still write to the disk with folder d, and the bytes it has.
func diskSpace(d *os.File) (free, size int64, err error) {
	path, err := windows.UTF16PtrFromString(d.Name())
	if err != nil {
		return 0, 0, err
	}
	var ours, all uint64
	err = windows.GetDiskFreeSpaceEx(path, &ours, &all, nil)
	return int64(ours), int64(all), err
}

// lockFile takes the lock on a file that is open, for as long as it is.
func lockFile(f *os.File) error {
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

// isFull reports whether an error says that the disk has no room.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// isBroken reports whether an error says that the disk could not read what it has.
func isBroken(err error) bool {
	return errors.Is(err, windows.ERROR_CRC) || errors.Is(err, windows.ERROR_READ_FAULT)
}
