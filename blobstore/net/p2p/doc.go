// Package p2p is the implementation of [net.Network] with sockets.
package p2p
