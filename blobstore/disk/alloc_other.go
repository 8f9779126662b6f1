//go:build !linux

package disk

import "os"

// allocate makes a file size bytes long. The disk may still turn out to be full when they are written.
func allocate(f *os.File, size int64) (bool, error) { return false, f.Truncate(size) }

// settle leaves it to the system when bytes go to the disk.
func settle(*os.File, int64, int64) error { return nil }
