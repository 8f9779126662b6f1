package node

import (
	"errors"
	"syscall"
)

// maxSocketPath is the longest path of a Unix socket, in bytes.
const maxSocketPath = 107

// isRefused reports whether nobody listens to a socket that is there.
func isRefused(err error) bool {
	const wsaConnRefused = syscall.Errno(10061)
	return errors.Is(err, wsaConnRefused)
}

// isGone reports whether the program at the other end closed the connection, or ended, without having read what we sent.
func isGone(err error) bool {
	const wsaConnAborted, wsaConnReset = syscall.Errno(10053), syscall.Errno(10054)
	return errors.Is(err, wsaConnAborted) || errors.Is(err, wsaConnReset)
}
