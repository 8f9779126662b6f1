// Package net gives authenticated streams between devices. It is the contract ([Network], [Conn], [Stream], [Handler]), what
// all implementations have in common ([Hub]), and an implementation in memory ([NewMemory]). Package p2p below it is the one
// with sockets; package nettest has the suite that all pass, and networks for the tests of others. Whoever uses streams
// imports this package, and links no transport.
//
//	n, err := p2p.Listen(p2p.Config{Key: key, Handler: handler})
//	conn, err := n.Connect(ctx, device, addrs)
//	stream, err := conn.Open(ctx)
//
// Words: a device is what a machine is called (KEYS.md §7); an address is where it may answer; a connection is with one
// device, whose key the peer has proved to hold, and carries streams; a stranger is a device that [Handler.Known] does not
// know. A link is a connection as a backend makes it; the hub makes a Conn of it.
//
// Everything here is safe for concurrent use. No goroutine outlives [Network.Close].
//
// # Connections
//
// There is at most one lasting connection with a device, and Connect returns that. A second one comes to be where both
// sides dial at the same time, or where a peer has lost the first one without this side knowing. Of two that began within
// [ConnectTimeout] of each other and were dialled from different sides, that of the device with the smaller key stays;
// otherwise the newer one, and always where the peer has been started again in between ([Process]). The other one takes no new streams ([ErrReplaced]; Connect returns the one that stays), goes on
// with those that it has, and ends after 10 s. Both sides come to the same result without a word.
//
// Addresses of the own network and machine (loopback, private, link-local, 100.64.0.0/10) are tried by TCP first and by
// QUIC 250 ms later, all others by QUIC first and by TCP 250 ms later; at most eight attempts at once, 6 s each,
// [ConnectTimeout] in all. The first link that stands wins. Whoever hands addresses in decides whose they are: this
// package tries private ones as well.
//
// A peer that goes away without a word is noticed by the keepalive of the transport, after 45 to 90 s; the PING of ctl/1
// (PROTOCOL.md §7) does it in 30 s.
//
// # Strangers
//
// What anybody may do without being known: one stream a connection, with [StrangerBytes] in all; and stay for
// [StrangerTime], unless [Conn.Admit] is called. Whatever is more cuts the connection, whoever serves the stream. For an
// answer that takes longer the peer is admitted first, and the connection closed after it. There are at most
// [MaxStrangers] at a time and [MaxStrangersAddr] of one address; none of these places is one that a known device needs,
// neither for its handshake nor after it.
//
// [Network.Recheck] cuts a device that has ceased to be known, on a connection of either direction. Admit is about one
// connection, and holds until that ends, for a device that was never known; it does not keep one that was removed. Who is
// dialled counts as admitted.
//
// # Streams
//
// Streams of TCP share its order: bytes that one stream's reader leaves alone hold up the others in the end, and there
// it is reset (package p2p). After the peer's Close its bytes have arrived, and what is written is thrown away; a Write
// then fails, or waits for a deadline, as the transport has it.
//
// # In memory
//
// A [MemoryNet] has the same hub, so the same limits, and lines whose [Conditions] change while the program runs. It works
// inside testing/synctest. Its handshake takes one round trip before Connect returns and half of one more before the other
// side knows, as QUIC's does. It has no congestion control: a sender uses the whole rate at once.
//
// # Differs from the design
//
//   - The package is three: with the transports in it, everything that has a stream would link libp2p.
//   - libp2p's swarm is not used; see package p2p.
//   - Introductions to other addresses and relays have room in [Addr] (other text forms) and [Link] (anything that
//     carries bytes can be one). Port mapping, mDNS and hole punching are not here yet.
package net
