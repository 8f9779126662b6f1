package net

import (
	"fmt"
	"time"
)

// Codes of this package, for streams and connections. Those below [CodeReserved] mean what the protocols above say; 0 is
// an end without a reason.
const (
	CodeReserved uint32 = 0xffff_ff00 + iota
	// CodeStranger ends a connection of a device that is not known and did more than a stranger may.
	CodeStranger
	// CodeRemoved ends a connection of a device that is not known any more.
	CodeRemoved
	// CodeReplaced ends a connection beside which there is a newer one with the same device.
	CodeReplaced
	// CodeBusy ends a stream or a connection that would have been one too many.
	CodeBusy
	// CodeUnserved ends a stream that Serve left open.
	CodeUnserved
	// CodeShutdown ends the connections of a network that closes.
	CodeShutdown
	// CodeDevice ends a connection whose key is not one that keyring accepts.
	CodeDevice
)

// The limits of every network. They are fixed: they do not grow with the memory of the machine, and nothing outside of
// the program changes them.
const (
	// MaxAddrs is how many addresses Connect tries.
	MaxAddrs = 16
	// ConnectTimeout is how long Connect takes at most.
	ConnectTimeout = 15 * time.Second

	// StrangerBytes is what a peer may send on its stream before it is admitted.
	StrangerBytes = 64 << 10
	// StrangerTime is how long a connection may last before its peer is admitted.
	StrangerTime = 10 * time.Second
	// MaxStrangers is how many connections that are not admitted there may be; one more is refused.
	MaxStrangers = 64
	// MaxHandshakes is how many inbound handshakes may be under way; one more ends the oldest.
	MaxHandshakes = 64
	// MaxStrangersAddr is how many of each may come from one address: an IPv4 address, or the 56 bits that a provider gives
	// to one household of IPv6. Loopback has no such limit.
	MaxStrangersAddr = 8
	// HandshakeTime is how long an inbound handshake may take.
	HandshakeTime = 10 * time.Second

	// MaxStreams is how many streams each side may have open on a connection.
	MaxStreams = 128
	// MaxConns is how many connections a network has, of strangers too.
	MaxConns = 256
)

func codeText(code uint32) string {
	names := map[uint32]string{
		CodeStranger: "stranger", CodeRemoved: "removed", CodeReplaced: "replaced", CodeBusy: "busy",
		CodeUnserved: "unserved", CodeShutdown: "shutdown", CodeDevice: "device",
	}
	if name, ok := names[code]; ok {
		return name
	}
	return fmt.Sprint(code)
}
