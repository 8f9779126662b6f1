// Package p2p is the implementation of [net.Network] with sockets: TLS 1.3 and yamux over TCP, and QUIC version 1, on one
// port number, over IPv4 and IPv6.
//
// TLS is libp2p's: the certificate is of a throw-away ECDSA key of this process, and an extension of it has the device key
// and its signature over "libp2p-tls-handshake:" and the throw-away key. So the device key signs once at [Listen]. Peers
// whose key is not Ed25519, or is one that keyring refuses, fail in the handshake. There is no Noise, no negotiation of
// protocols and no resumption; ALPN is "radswarm/1", and the first frame of each stream says what it is.
//
// # What a port scanner learns
//
// That TLS 1.3 is spoken. Who offers ALPN radswarm/1, in TCP or QUIC, is shown the certificate before proving anything,
// and with it the device key, which is all that is in it: no DID, no name, no version. A QUIC server also answers unknown
// versions with those that it knows. After the handshake a stranger has one stream and an answer only if a Handler gives
// one.
//
// # Bounds
//
// They are numbers in the code, whatever the machine has.
//
//   - A stream may have 2 MiB under way and unread: over a round trip of 100 ms one stream moves 84 Mbit/s of 100 by TCP
//     and 60 to 81 by QUIC, which starts with 64 KiB and grows as it is read (BenchmarkLongFat, with its beginning).
//   - A connection holds up to 4 MiB unread by TCP, 3 MiB under way and unread by QUIC; of that 128 KiB and 512 KiB at
//     first, and for strangers always. The rest is drawn from 8 MiB and 24 MiB that all connections share.
//   - Where a TCP connection is full, it is read no further until a reader reads. A reader that has paused for 10 s
//     meanwhile loses its stream, here with an error that is [net.ErrBusy], there with a reset of [net.CodeBusy]. Slow
//     readers slow down their connection and no other. Who does not read before the peer has read, on more than two
//     streams of a connection with more than a window each, waits for itself, and is such a reader.
//   - 1,000 streams on 8 connections, each written 16 MiB in one go, with readers of 80 KiB/s: 50 MiB more resident by TCP
//     and 47 MiB by QUIC, both ends together (TestMemory). Ten idle connections: 3 MiB and 5 MiB, with the ten peers, and
//     0.01 % and 0.06 % of a processor.
//   - Processor time for a GiB over loopback, both ends together: 1.2 s by TCP and 3.4 s by QUIC where plain TCP takes 0.4
//     s (BenchmarkTransfer).
//   - Streams, connections, handshakes and strangers: package net. Unproved addresses of UDP are made to prove themselves
//     (Retry) from a quarter of all handshakes on, and from half of one address's.
//
// # Who is gone
//
// By QUIC, PING every 15 s and the end after 45 s of silence. By TCP, PING of yamux every 30 s, which must be answered in
// 60 s, as must any write make progress; and the system's keepalive, 45 s, where nothing is under way. A connection closed
// by a peer says why; where bytes were left unread by TCP, the system may throw the reason away with them.
//
// # What the surroundings change
//
// LIBP2P_* and QLOGDIR: nothing. GOLOG_*: a line at the start where they are malformed. libp2p's log is silenced for the
// whole process; quic-go would print a line about small UDP buffers, and [Listen] sets
// QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING in the process so that it does not. QUIC_GO_DISABLE_GSO and _ECN make QUIC slower,
// QUIC_GO_LOG_LEVEL prints, and GODEBUG does what it does to any Go program: the daemon has an environment of its own
// (DESIGN §10).
//
// No metrics are registered. No packet leaves but to addresses that [net.Network.Connect] was given, and to those who
// called; names in addresses are looked up with the system's resolver, at most 4 addresses of a name are tried.
//
// # Differs from the design
//
// libp2p's swarm is not used, only its TLS identity and yamux, beside quic-go. Its back-off and black-hole detection are a
// second path policy that refuses to dial on its own; its TCP transport resets connections on close, so that reasons are
// lost; its QUIC configuration cannot be changed from outside; and neither bounds what handshakes and unread bytes take.
// Without it a program is about 3 MB smaller and links no prometheus. Relays and punching then are a stream of ours that
// is made a [net.Link], and a Dial from the UDP socket that is there.
package p2p
