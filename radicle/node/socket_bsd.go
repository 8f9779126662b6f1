//go:build !windows && !linux

package node

// maxSocketPath is the longest path of a Unix socket, in bytes: that of macOS and the BSDs.
const maxSocketPath = 103
