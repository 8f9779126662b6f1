// Package net gives authenticated streams between devices. This package is the contract ([Network], [Conn], [Stream],
// [Handler]) with what its two implementations have in common, and an implementation in memory; package
// p2p below it is the one with sockets, and nettest has the suite that both pass.
package net
