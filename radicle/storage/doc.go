// Package storage reads and writes the repositories of a Radicle home: <home>/storage/<rid>, one bare git repository
// each, with a namespace for every peer (heartwood: crates/radicle/src/storage/git.rs).
//
// A [Storage] is the directory, a [Repo] one repository in it. Reading needs no lock and is safe while Radicle's node
// fetches, packs and prunes: refs come from git's files in one go ([Repo.Refs]), objects through one long-lived "git
// cat-file --batch" ([Repo.Read]).
//
// Writing is [Repo.Update]: a function changes the refs of our own namespace and adds objects through a [Tx]; then
// objects are stored durably, the namespace is signed (package sigrefs), and refs and signature move in one
// transaction of git's, compare-and-swap, so that neither a crash nor another writer leaves one without the other.
// Writers of ours wait for each other on a lock on the repository's directory; Radicle's tools, which know no lock,
// race only through the signed refs, and who loses starts again.
//
// What strangers send arrives in a [Quarantine], hidden beside the repositories. When it is verified (package replicate), it becomes
// a repository, or [Repo.Receive] takes its objects and moves refs of other namespaces and those of all.
//
// git (2.34 or newer) runs without the caller's environment and configuration, without hooks, prompts and network, and
// gets names through standard input.
//
// All is safe for concurrent use but Tx and [Tree], which belong to the function that got them. Bounds: [MaxRefs] refs
// in a repository, 256 MiB of new objects in an update, and those of gitobj and sigrefs for what is parsed.
package storage
