// Package wire is what machines say to each other when one keeps shares for the other. It implements PROTOCOL.md beside
// it over streams that somebody else opens: there are no sockets here.
//
//   - [Client] asks: it is a [blobstore.Holder] whose shares are at the other end of streams.
//   - [Serve] answers one such stream out of any Holder.
//   - [Ctl] is the long stream beside them: HELLO, addresses, introductions, pledges, refs.
//   - [ReadFirst] and [ReadKnock] take the first frame of a stream, which says what it is; [WriteOpen] and the functions
//     called Knock write it.
//
// Words: a stream is one conversation; a frame is a length and a message; the kind is which message it is; the asker
// opened the stream, the holder answers; a knock is what somebody unknown may say.
//
// Everything from the other side is bounded before it is buffered, decoded, and then validated. What the other side
// refuses comes back as the error that a local holder would return ([blobstore.ErrFull], [io/fs.ErrNotExist], a
// *[blobstore.BoundsError] and so on), what it cannot say is one of the errors of this package. Errors that wrap
// [ErrProtocol] and [ErrTooSlow] are the other side's fault.
//
// Answers to Have are verified here: a share without three valid leaves counts as not held. Blocks, proofs and audits
// are handed on as they came, because judging them takes a root and a length from the manifest; the possession hash
// likewise.
//
// A Client may be used from many goroutines, each call has its own stream. All functions return when their work is done
// or their context is; no goroutine outlives the call that started it.
//
// # Memory
//
// What Serve holds is in PROTOCOL.md §9: one block for a Get, at most 2.5 MiB for anything. A Client holds the longest
// range of a Get, one chunk of 64 KiB for a Put, and what it returns: up to 1.2 MiB for Prove, 2.3 MiB for Audit, 6.8
// MiB for a Have of 1,024 names.
//
// # Differs from the design
//
// PROTOCOL.md §12.
package wire
