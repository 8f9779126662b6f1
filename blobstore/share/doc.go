// Package share hashes shares and proves their parts. It implements section 6 of ../FORMAT.md: the BLAKE3 tree over a
// share, whose root names it; the outboard, which keeps the tree above groups of 64 KiB; proofs that bytes belong to a
// share; audits; and the possession hash.
//
// A share's bytes become its root in one of two ways. A [Hasher] takes them in order. Or blocks are hashed in any order,
// by as many goroutines as there are, each to a [Node], and a [Tree] joins the nodes in order:
//
//	n := share.NewNode(block, coding.BlockOffset(s)) // anywhere
//	err := tree.Push(n)                              // in order
//	root, err := tree.Root()
//
// Both write the outboard as they go, if they are given a writer for it. With share and outboard at hand, a [Prover]
// proves blocks and answers audits; [Verify] and [VerifyAudit] check that with nothing but root and length.
//
// A [Reader] checks a share that arrives and gives its end only if the root is right; one from [Outboard.Reader] gives no
// group before it is checked.
//
// Words: a node covers bytes of a share and has a chaining value ([CV]); leaf, block and group are nodes of 1 KiB, of
// one chunk's length and of 64 KiB, shorter at the end of the share. Offsets and lengths are bytes.
//
// What peers send is refused with errors that are, for errors.Is, of the classes of FORMAT.md §9, and that name the byte:
// *[OffsetError] and *[RangeError]. Nothing here starts a goroutine. Functions and an [Outboard] are safe for concurrent
// use, all else is not.
package share
