package net

import (
	"context"
	"io"
	"time"

	"radswarm/blobstore/keyring"
)

// Network is one device's end of all its connections. It is safe for concurrent use.
//
// There is at most one lasting connection with a device. Where both sides dialled at the same time there are two for a
// moment; the package comment says which one stays.
type Network interface {
	// Device is the one that this end proves to be.
	Device() keyring.Device

	// Addrs are the addresses that it listens on, as they are here and now: behind a router they are not what others dial.
	// Where it listens on all addresses of the machine they are those, without loopback and link-local ones. None: it does
	// not listen, or cannot be reached.
	Addrs() []Addr

	// Connect returns a connection with a device: the open one, or a new one through the addresses given, of which at
	// most [MaxAddrs] are tried. It returns when one stands, all failed, the context is done, or after [ConnectTimeout].
	// Concurrent calls for one device share the dialling; a caller that gives up does not stop it for the others.
	//
	// Without error the peer holds the device's key. That proves nothing else: the peer may be cutting the connection at
	// this moment because it does not know this device. A peer is there when its HELLO arrived.
	//
	// Errors are a *[DialError] ([ErrUnreachable]), [ErrDevice] for a device that is no valid key or is this one,
	// [ErrBusy] where a limit here is reached, [ErrClosed], or the context's.
	Connect(ctx context.Context, device keyring.Device, addrs []Addr) (Conn, error)

	// Conns are the connections that are open now, in no order.
	Conns() []Conn

	// Recheck asks [Handler.Known] again about the device of every connection, and cuts those that were known and are not
	// any more. It is called whenever an answer of Known may have changed.
	Recheck()

	// Close ends all connections and waits for every [Handler.Serve] and every goroutine of the network. What is blocked
	// in it returns. It must not be called from within Serve.
	Close() error
}

// Conn is a connection with one device, whose key the peer has proved to hold. It is safe for concurrent use.
type Conn interface {
	// Device is who is at the other end.
	Device() keyring.Device

	// RemoteAddr is where: what was dialled or, of an inbound connection, where it came from, whose port is of use to
	// nobody.
	RemoteAddr() Addr

	// Inbound says that the other side dialled.
	Inbound() bool

	// Transport is what carries it.
	Transport() Transport

	// Open begins a stream. The other side learns of it with the first bytes that are written. [ErrBusy] is a limit of
	// this side or of the peer, which passes as streams end; [ErrReplaced] a connection beside which there is a newer one,
	// to be had from [Network.Connect]. Open waits for nothing but its turn to send, on a connection that is full.
	Open(ctx context.Context) (Stream, error)

	// Admit lifts the limits of strangers from this connection: the peer was let in. It does nothing for a device that is
	// known, or where this side dialled.
	Admit()

	// Done is closed when the connection has ended.
	Done() <-chan struct{}

	// Err says why it has ended, nil as long as it has not. An error for which [errors.Is] [ErrClosed] was this side's
	// doing; a *[CutError] has the code.
	Err() error

	// Close ends the connection and all its streams at once: what was written may not arrive any more. The peer learns the
	// code where the transport can tell it. Codes from [CodeReserved] on are this package's.
	Close(code uint32) error
}

// Stream is one conversation: bytes in both directions, in order. Read and Write may be called at the same time, by one
// goroutine each, and all else by anybody. It is the Stream of [radswarm/blobstore/wire], with all powers.
//
// After the peer's Reset, Read and Write return a *[ResetError], which has the code; after a Reset or Close of this side
// an error that is [ErrClosed]; after the end of the connection one that is the connection's Err. Bytes that had arrived
// before a Reset may be lost. A deadline that passed is [os.ErrDeadlineExceeded].
type Stream interface {
	// ReadWriteCloser: Close ends both directions. What was written still arrives, as long as the connection lasts.
	io.ReadWriteCloser

	// CloseWrite ends this side's direction: the peer reads io.EOF after what was written, and can still write.
	CloseWrite() error

	// Reset ends both directions at once. What was written may be lost, and the peer learns the code.
	Reset(code uint32) error

	// SetDeadline makes Reads and Writes that are under way or to come return os.ErrDeadlineExceeded from t on. Zero takes
	// it back.
	SetDeadline(t time.Time) error
}

// Handler is what a network asks of whoever it works for. Both methods are called from many goroutines at once.
type Handler interface {
	// Known says whether a device belongs to somebody who may come in: a friend, a member, a guest. It is asked once for
	// each connection, and by [Network.Recheck]. It must be quick, and must not call the network or its connections.
	Known(device keyring.Device) bool

	// Serve is called in a goroutine of its own for each stream that a peer opened. The stream is Serve's: what is left open
	// when it returns is reset with [CodeUnserved], or closed after CloseWrite. The context ends with the connection.
	//
	// A connection of a device that is not known has one inbound stream, [StrangerBytes] in all and [StrangerTime], until
	// [Conn.Admit]; whatever is more cuts it.
	//
	// A panic in Serve is not caught: it ends the program.
	Serve(ctx context.Context, conn Conn, stream Stream)
}

// A LateHandler is a Handler that is told of a connection that this side has dialled and that nobody waits for any more: the
// peer has dialled too, and its connection was the answer. Where this one stays, the peer may wait for what who dialled does.
type LateHandler interface {
	Handler

	// Late is called once for such a connection. It must be quick.
	Late(conn Conn)
}

// Transport is what carries a connection.
type Transport uint8

// The transports.
const (
	TCP    Transport = iota + 1 // TLS 1.3 over TCP
	QUIC                        // QUIC version 1
	Memory                      // a [MemoryNet]
)

// String returns "tcp", "quic" or "memory".
func (t Transport) String() string {
	switch t {
	case TCP:
		return "tcp"
	case QUIC:
		return "quic"
	case Memory:
		return "memory"
	}
	return "unknown"
}
