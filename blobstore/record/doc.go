// Package record keeps what the readers of a repository need to find and open its objects: records, and the keys they hang
// on, as files of one git commit in the namespace of each writer. It implements RECORD.md beside it.
//
//   - A [Record] is the encoding of one object's record: sealed, or open to everyone. An [Object] is a record that was
//     opened, with content key and manifest verified; it makes the records that reach further ([Object.Wrap],
//     [Object.Publish]).
//   - A [Place] is a writer in a repository, a [Branch] what is there at one commit: names in memory, records read when they
//     are looked up. An [Index] is the branches of all writers.
//   - An [Opener] holds a reader's keyring and the group keys that it opened.
//   - [Rank] puts candidates in order by the [Trust] of their writers and says which of them may serve reads from the middle.
//     [Lies] remembers manifests that were found out.
//   - A [Batch] is pending changes. [Place.Apply] makes them in a tree, also in one that somebody changed meanwhile.
//
// The package reads git through [Objects] and writes through [Editor], which package radicle/storage has; it touches no file,
// socket or program itself. [Batch] belongs to one goroutine; all other types are safe for concurrent use, and [Record],
// [Object] and [Branch] never change.
//
// # Differs from the design
//
// RECORD.md §14. Instead of one interface Tree{Read, List, Commit} there are two, because a reader needs ids, to read again
// only what changed, and a writer's changes are made again in another tree when it lost a race.
package record
