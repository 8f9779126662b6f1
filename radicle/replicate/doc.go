// Package replicate brings a repository from one Radicle home to another over any stream of bytes, without a Radicle
// node: the protocol git/1 of GIT.md.
//
// A [Server] answers: what the namespaces of a repository have, for those whom Radicle's node would serve, and packs that
// "git upload-pack" makes. [Fetch] asks: what is new lands in a quarantine (package storage), hidden from all, in bounds.
// There the identity, the signed refs of every namespace, and all that they name are verified; only then objects and refs move
// into storage, refs in one transaction, canonical ones with them. [List] asks without fetching.
//
//	server := replicate.NewServer(storage, replicate.ServerOptions{Seeds: seeds})
//	err := server.Serve(ctx, stream, caller)
//
//	result, err := replicate.Fetch(ctx, stream, replicate.Options{Storage: storage, RID: rid, Local: nid, Alias: "bo"})
//
// After a fetch the caller refreshes Radicle's cache of collaborative objects, announces, and lets git collect garbage
// (storage.Repo.Collect), as it sees fit.
//
// # What is believed
//
// Nothing that the other side says. Names and objects of refs come from lists that the owner of a namespace signed
// (package sigrefs), never from what is offered; an identity document counts once the delegates accepted it. The rules are those
// of Radicle's node (radicle-fetch 0.21): a namespace must go on from where it is here; what is signed must be there; refs that are
// no longer signed go, but for those below refs/rad; of the delegates, as many as the document's threshold must be valid here or
// there, ourselves counted; a delegate who has diverged stops everything. Members' namespaces always come; the others', too,
// or those that are followed. One bad namespace does not keep the others away, and [Result] says what was wrong with it.
//
// # Differs from Radicle
//
// An identity that names delegates whom the delegates before did not accept decides nothing here; a node fetches by
// it, and finds out later. A ref to a blob or a tree keeps its namespace away, which Radicle 1.10 would take and older nodes
// would choke on. Objects are complete, or their namespace does not come. Refs, signed refs and canonical refs move together,
// where a node moves one after the other. Namespaces that the other side does not have, or not in a newer state, count as
// valid if they are here.
//
// # Differs from the design
//
// DESIGN.md §11 has the serving side run "git upload-pack" for the asker; here it runs on the asker's behalf, in an empty repository
// that borrows the objects, with a request that the server writes from lists of ids. GIT.md §8 says why. What a process that died left
// is removed by the next fetch into the same storage.
//
// # What is not checked
//
// Objects are not checked by "git fsck", nor does Radicle check them: whoever checks out is git, which looks at names of files.
//
// All is safe for concurrent use; fetches of one repository, and Radicle's node, may run at once.
package replicate
