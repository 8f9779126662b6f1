//go:build !windows

package node

import (
	"errors"
	"syscall"
)

// isRefused reports whether nobody listens to a socket that is there: what a node leaves behind when it is killed.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
