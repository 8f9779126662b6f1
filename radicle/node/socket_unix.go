//go:build !windows

package node

import (
	"errors"
	"syscall"
)

// isRefused reports whether nobody listens to a socket that is there: what a node leaves behind when it is killed.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// isGone reports whether the program at the other end closed the connection, or ended, without having read what we sent.
func isGone(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
