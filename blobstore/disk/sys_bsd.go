//go:build unix && !linux

package disk

import "golang.org/x/sys/unix"

// blockSize returns the unit of what a file system says of its size.
func blockSize(st *unix.Statfs_t) int64 { return int64(st.Bsize) }
