// Package cobcache keeps cobs/cache.db right: the cache of issues and patches that Radicle's tools read instead of the history. Who
// writes an operation on a patch refreshes its row, or `rad patch list` does not show it. The facts are Radicle's crate radicle
// 0.25 (cob/cache.rs, cob/patch/cache.rs); the schema is version 3.
//
// A row is the state of a patch, the fold of all its operations, in the JSON of Radicle's own types; package cob/patch folds and
// encodes. [Cache.PutPatch] replaces a row whole, as Radicle does. Issues are never touched.
//
// A cache of another schema version is left alone: the answer is a [*VersionError], and `rad patch cache` or the node's next fetch
// brings the row up to date. One that is not there is fs.ErrNotExist.
//
// The database is opened for one change and closed after it. A [Cache] is safe for concurrent use, also beside a running node: each
// change is one transaction, which waits for others as long as Radicle's own do.
package cobcache
