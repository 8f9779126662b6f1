//go:build !windows

package objects

import (
	"errors"
	"syscall"
)

// notForFolders reports whether an error says that folders cannot be synced here.
func notForFolders(err error) bool {
	return errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP)
}
