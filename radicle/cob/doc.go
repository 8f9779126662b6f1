// Package cob reads and writes collaborative objects: what Radicle keeps beside the code and changes without a server, such as
// patches and identities (radicle-cob 0.21).
//
// An object is a graph of operations. An operation ([Entry]) is one git commit: its tree holds a manifest that names the type, up
// to 128 actions in JSON, and embedded files; its parents are the operations before it, then related commits, then the resource,
// which is the repository's identity at that time. It is signed over the tree's id by its author, in a container that looks like
// an SSH signature and is none. The object's id is that of its first operation. Each author keeps a ref to the latest operation
// that he made ([Ref]); the union of what all these refs reach is the [History].
//
// [Change.Write] writes an operation. [ReadHistory] reads a graph, and [History.Fold] applies its operations to an [Object] in an
// order that is the same everywhere, leaving out those that are not signed, or that the object refuses, with all that come after
// them. What the actions mean is the business of package identity and of package patch below this one.
//
// The history of an object is written by everyone who may write to the repository, so everything in it is hostile: what cannot be
// read is left out like a refused operation and listed in [History.Skipped]; a graph that exceeds the [Limits] is an error.
//
// Entries are safe for concurrent use, a History is not.
//
// # Differs from the design
//
// DESIGN.md §3 has the identity type in this package. It lies in package identity, with the documents that it changes, and the
// patch type in package cob/patch, which needs both.
//
// # Differs from Radicle
//
// An operation is taken in the spelling that Radicle writes. Radicle's readers also take some others that it never writes: a
// signature container with other lengths or labels inside, trailers that only libgit2 sees as such. Such an operation is left out
// here. So is the content of an action of more than [Limits].Action bytes, but not what comes after it: a stranger must not be able
// to make the rest of an object unreadable.
package cob
