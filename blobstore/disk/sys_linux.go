package disk

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate makes a file size bytes long and puts them aside, where the file system can.
func allocate(f *os.File, size int64) (bool, error) {
	err := control(f, func(fd int) error { return unix.Fallocate(fd, 0, 0, size) })
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return false, f.Truncate(size)
	}
	return err == nil, err
}

// blockSize returns the unit of what a file system says of its size.
func blockSize(st *unix.Statfs_t) int64 {
	if st.Frsize > 0 { // differs from Bsize on FUSE
		return int64(st.Frsize)
	}
	return int64(st.Bsize)
}

// settle is Settle of a settler.
func settle(f *os.File, off, n int64) error {
	return control(f, func(fd int) error {
		err := unix.SyncFileRange(fd, off, n, unix.SYNC_FILE_RANGE_WRITE)
		if err == nil && off >= n {
			const wait = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
			if err = unix.SyncFileRange(fd, off-n, n, wait); err == nil {
				_ = unix.Fadvise(fd, off-n, n, unix.FADV_DONTNEED) // a wish
			}
		}
		if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
			return nil
		}
		return err
	})
}
