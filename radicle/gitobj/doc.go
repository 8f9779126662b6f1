// Package gitobj knows git objects as bytes: their names, and the exact encoding of commits and trees.
//
// Radicle keeps everything in git objects whose bytes matter to the last one: an identity, a collaborative object and
// a signed-refs commit are named by the hash of what is written here, and two of the three are signed. So Parse and
// Encode are exact inverses: what [ParseCommit] or [ParseTree] accepts encodes to the bytes it came from, and what
// would not is refused with a [*ParseError] (git's own rules: gitformat-commit, git-fsck(1); Radicle's use of them:
// the signed refs, collaborative objects and identities of heartwood).
//
// Object ids are SHA-1 (20 bytes) or SHA-256 (32 bytes); one object never mixes them.
//
// [Reader] and [Writer] are how the packages above reach objects without knowing where they lie. Package storage
// implements them over a repository on disk, [Memory] over a map. The functions are pure and safe for concurrent use;
// so is Memory.
//
// # Differs from the design
//
// DESIGN.md §3 does not list this package. identity, cob, sigrefs and storage all need it, and none of them is above
// the others.
package gitobj
