package net

import (
	"context"
	"errors"

	"radswarm/blobstore/keyring"
)

// Link is one authenticated connection as a backend makes it: bytes in streams and an end, without any policy. A [Hub]
// makes a [Conn] of it. It is safe for concurrent use.
//
// The streams of a link return errors as a [Stream] does, but where the link itself has ended one that is [ErrLinkDown].
type Link interface {
	Device() keyring.Device
	RemoteAddr() Addr
	Transport() Transport

	// Process is which process of the device is at the other end.
	Process() Process

	// Open begins a stream, for which it may have to wait until something else was sent. A limit of the peer is a
	// *[LimitError]; after the end of the link the error is [ErrLinkDown].
	Open(ctx context.Context) (Stream, error)

	// Accept waits for the next stream that the peer opened. Its first error is the end of the link: a *[CutError] where
	// anything is known about it.
	Accept() (Stream, error)

	// Admit says that the peer may have the buffers of somebody known. It is called at most once.
	Admit()

	// Close ends the link, telling the peer the code if that takes no time, and makes all else return. It is called more
	// than once, and then waits for the first call.
	Close(code uint32)
}

// A Process tells one process of a device from those before it: it is another one each time that a network begins, and says
// nothing else.
type Process [32]byte

// ErrLinkDown is what the streams of a [Link] say when it has ended. No Conn returns it.
var ErrLinkDown = errors.New("link is down")

// Dialer makes the outbound links of a [Hub].
type Dialer interface {
	// Transports are those that it can dial with, at least one.
	Transports() []Transport

	// Dial makes one attempt. It returns soon after the context is done, and has [ErrWrongDevice] for somebody else at that
	// address.
	Dial(ctx context.Context, device keyring.Device, addr Addr, transport Transport) (Link, error)
}
