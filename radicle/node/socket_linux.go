package node

// maxSocketPath is the longest path of a Unix socket, in bytes.
const maxSocketPath = 107
