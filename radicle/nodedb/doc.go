// Package nodedb reads what a Radicle node remembers: its address book, routing table and sync status (node/node.db, schema
// versions 6 to 9 and newer ones that still have the columns), and its policies (node/policies.db). The facts are Radicle's crate
// radicle 0.25 (node/db, node/address, node/policy).
//
// It never writes, not even beside a database: no journal, no shared-memory file, no lock that outlives a question. A database is
// opened for one question and closed after it, so that a node which ends can clean up as if nobody had read. It may run or not,
// and write meanwhile; a question sees one moment.
//
// The files belong to the node, but what is in them was told by strangers. Every text is bounded ([MaxText]), every answer is
// ([MaxRows]), and a value of the wrong kind is a [*RowError].
//
// A database that is not there yet is fs.ErrNotExist: an ordinary answer, Radicle makes it at the node's first start. [*SchemaError]
// says that it is another one than we know, [*CorruptError] that it is broken, [ErrBusy] that it could not be read now.
//
// [Book] and [Policies] are safe for concurrent use; questions to one wait for each other. A program needs one of each for a home,
// and had better not have more.
//
// One case leaves a trace: a node that was killed and whose shared-memory file somebody removed. SQLite makes that file again.
//
// # Differs from the design
//
// DESIGN.md §3 lets us write cobs/cache.db only. [Create] also makes a node.db, where there is none: a home without one cannot
// publish a repository before its node has run.
package nodedb
