// Package identity knows what a repository is: its identity document, and the collaborative object of type xyz.radicle.id by which
// the delegates change it (radicle 0.25, identity/*.rs, cob/identity.rs, git/canonical/*.rs).
//
// # Documents
//
// A [Document] names the delegates, how many of them must agree (the threshold), who may have the repository (the visibility), and
// carries payloads: the project's name and default branch, rules for canonical refs, and what others put there, which is kept. Its
// blob id in canonical JSON is the repository's RID if it is the first one. Documents are immutable; a [Draft] is one in the
// making.
//
// # Canonical refs
//
// Every namespace has its own refs; [CanonicalRefs] says which of them have a canonical value and whose votes make it, and
// [Rule.Quorum] counts them. Both are pure: the caller reads the refs, and answers questions about ancestry.
//
// # The identity as an object
//
// An [Identity] is the history of the document. Each change is a [Revision], which a delegate proposes on the current one and a
// majority of the current delegates accepts; each vote is signed over the blob's id. [Init] makes a new repository's identity,
// [Read] reads one from its operations as Radicle does, and its methods propose, vote, edit and withdraw. They write git objects
// through a [cob.Pen]; setting refs is the caller's business.
//
// Documents, rules and votes are safe for concurrent use, an Identity is not.
//
// # Differs from Radicle
//
// Objects are read from JSON objects only, where Radicle also takes arrays of the same fields in order, and keys only in base58btc
// (see package radicle); Radicle writes neither. A document is at most 4 MiB long and has at most 1024 rules and as many symbolic
// refs. A document beyond that is refused, and with it a repository or a change that Radicle would take.
package identity
