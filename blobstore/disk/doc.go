// Package disk keeps shares in a folder, durably. It implements DISK.md beside it, and is a [blobstore.Holder] for each
// peer:
//
//	s, err := disk.Open(ctx, dir, disk.Options{ID: id})   // or disk.Create, once
//	h := s.For(friend, pledge)                            // what this friend may see and do
//
// Every share is one file: its bytes, its outboard, the sealed manifest, a footer. It is written under another name,
// with its room put aside first, so that a full disk is known before the first byte; checked against its root while it
// arrives; synced; renamed; its folder synced; and only then acknowledged. Nothing acknowledged is lost by kill -9 or
// loss of power, nothing else is left behind, and a share is there whole or not at all.
//
// Words: an entry is a share's file that is open; a part is one that arrives. A share is held, or bad (it rotted, was
// moved aside and is absent for everybody until it is put again), or trashed (its last owner let it go less than
// [TrashTime] ago; it is absent too, but whoever puts it again need not send it). A footer is the end of a share's file
// and has its first lease; further ones are in a file beside it.
//
// # What may be believed
//
// The files. The index, a SQLite file, is a cache of them for what names alone cannot answer: which manifests, whose shares, how
// many bytes. A share is found by its name, without the index, and nothing is acknowledged from it. The index is true by one
// rule (see step): before files of a name change, its row is marked, durably; after, it says what there is. So Open
// looks at marked rows only, and at all files if the index is missing, broken, of another version, or not the one that
// the store was last used with. Losing it loses nothing.
//
// No byte of a share is handed out unchecked. Whoever reads a block has its group of 64 KiB hashed and followed to the root
// through the outboard, which costs less than sending it does. What does not fit is a [*RotError], and the share is moved
// aside. [Store.Scrub] does that to all shares, at the pace of whoever ranges over it.
//
// # Room
//
// Before the first byte, what the share will be charged ([blobstore.Charge]) is promised in one step against the peer's pledge, the
// total of the store, and the floor of free disk; what does not fit is a [*FullError]. Promises are in memory and end with
// Put: the next Open has parts to remove, and no promise. The trash stays charged, to the last owner: otherwise whoever
// deletes and puts in turn would fill the disk beyond the pledge.
//
// # Differs from the design
//
//   - The leases of all owners lie beside the share, not in state.db: the one place that knows whether a share may go is the one that
//     removes it, in the same sync; a lost state.db loses no lease; and the folder can be moved with all it means. A share
//     with one owner, the usual case, needs no file for that.
//   - The sealed manifest stands in the share's file. It comes and goes with its share, in the same rename, so that there
//     are no manifests without shares, nor shares without. Manifests under one MID are therefore as many as are paid
//     for; a peer sees the eight that concern it most.
//   - Promises of room are in memory, for the lock makes one process the only one that gives them.
//   - Parts are removed at Open whatever their age. Nothing can go on with one, and they would be room that nobody is charged for.
//
// A Store and a View are safe for concurrent use.
package disk
