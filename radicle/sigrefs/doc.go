// Package sigrefs reads and writes signed refs: the list of refs of one namespace, signed by the key that the
// namespace is named after, in a linear history of commits at refs/namespaces/<nid>/refs/rad/sigrefs
// (heartwood: crates/radicle/src/storage/refs/sigrefs).
//
// # The format
//
// A commit's tree has two blobs. refs is text, one line for each ref, sorted by name:
//
//	<object id in hex> SP <ref name below the namespace> LF
//
// signature is the Ed25519 signature of the namespace's key over that text, 64 bytes. Three names mean something:
// refs/rad/root names the first commit of the repository's identity, and so ties the list to one repository;
// refs/rad/sigrefs-parent is no ref but names the parent commit, and so ties the list to its place in the history;
// refs/rad/sigrefs is never listed.
//
// A commit's [Level] says which of the two ties it has. Writers before 2026 know no parent line: what they signed can
// be replayed, in a new commit on top, by whoever hands a repository on. [Read] finds that out and steps back to the
// last commit that was not replayed; and it refuses a history whose head has fallen below a level that was reached
// before. It decides as Radicle 1.10 does, because two programs over one storage must not disagree on what a
// namespace says. [Sign] writes the current format only, always at level [Parent].
//
// # Reading more than is written
//
// Radicle verifies a signature over the list that it understood, not over the bytes of the blob. [Parse] therefore
// takes what Radicle takes: lines in any order, with a carriage return before the line feed, names twice (the last
// one counts), null ids and refs/rad/sigrefs (ignored), a last line without an end. [ParseStrict] takes only what a
// writer writes; everything that Sign signed has passed it. Two things differ from Radicle, and no writer makes
// either: ids with a plus sign for a digit are refused here, and bounds exist ([MaxText], [MaxHistory], those of
// gitobj), because this reads what strangers send.
//
// The package runs no git and touches no disk. Its functions are safe for concurrent use if the stores given to them
// are.
package sigrefs
