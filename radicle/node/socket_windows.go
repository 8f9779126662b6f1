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
