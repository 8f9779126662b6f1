package friend

import (
	"context"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// ObjectChange changes objects in one transaction. What its methods return is for the function that was given it to return.
type ObjectChange struct{ c *change }

// ChangeObjects runs f, and makes all that it changes durable, or nothing of it where f or the disk fails.
func (s *State) ChangeObjects(ctx context.Context, f func(*ObjectChange) error) error {
	return s.update(ctx, func(c *change) error { return f(&ObjectChange{c}) })
}

// Put adds an object, or changes what stands in its row. Manifests that are nil stay as they are.
func (o *ObjectChange) Put(row Object) error {
	const put = "INSERT INTO object (oid, size, gen, salt, public, k, n, manifest, next_k, next_n, next_manifest, require, " +
		"source, source_time, link, added, pending) " +
		"VALUES (?, ?, ?, ?, ?, ?, ?, coalesce(?, x''), ?, ?, coalesce(?, x''), ?, ?, ?, ?, ?, ?) " +
		"ON CONFLICT (oid, size) DO UPDATE SET gen = excluded.gen, salt = excluded.salt, public = excluded.public, " +
		"k = excluded.k, n = excluded.n, next_k = excluded.next_k, next_n = excluded.next_n, require = excluded.require, " +
		"source = excluded.source, source_time = excluded.source_time, link = excluded.link, added = excluded.added, " +
		"pending = excluded.pending"
	err := o.c.exec(put, row.OID[:], row.Size, row.Gen, row.Salt[:], row.Public, row.Coding.K, row.Coding.N, row.Coding.Manifest,
		row.Next.K, row.Next.N, row.Next.Manifest, row.Require, row.Source.Path, unixNano(row.Source.Time), row.Source.Link,
		unix(row.Added), unix(row.Pending))
	if err == nil && row.Coding.Manifest != nil {
		err = o.c.exec("UPDATE object SET manifest = coalesce(?, x'') WHERE oid = ? AND size = ?", row.Coding.Manifest, row.OID[:], row.Size)
	}
	if err == nil && row.Next.Manifest != nil {
		err = o.c.exec("UPDATE object SET next_manifest = coalesce(?, x'') WHERE oid = ? AND size = ?", row.Next.Manifest, row.OID[:], row.Size)
	}
	return err
}

// numbered is the number of an object in SQL.
const numbered = "(SELECT id FROM object WHERE oid = ? AND size = ?)"

// Forget removes an object and all that belongs to it. One that is not there is no error.
func (o *ObjectChange) Forget(p blobstore.Pointer) error {
	for _, query := range []string{
		"DELETE FROM object_repository WHERE object = " + numbered,
		"DELETE FROM object_share WHERE object = " + numbered,
		"DELETE FROM object WHERE oid = ? AND size = ?",
	} {
		if err := o.c.exec(query, p.OID[:], p.Size); err != nil {
			return err
		}
	}
	return nil
}

// Belongs adds an object to a repository, or changes whether it is recorded there. The object must be there.
func (o *ObjectChange) Belongs(p blobstore.Pointer, r ObjectRepository) error {
	const add = "INSERT OR REPLACE INTO object_repository (object, rid, recorded) VALUES (" + numbered + ", ?, ?)"
	return o.c.exec(add, p.OID[:], p.Size, r.RID.String(), r.Recorded)
}

// Share says who has a share, in place of what was said of it before. The object must be there.
func (o *ObjectChange) Share(p blobstore.Pointer, s ObjectShare) error {
	const put = "INSERT OR REPLACE INTO object_share (object, k, share, did, acked, verified) VALUES (" + numbered + ", ?, ?, ?, ?, ?)"
	return o.c.exec(put, p.OID[:], p.Size, s.K, s.Index, s.DID[:], unix(s.Acked), unix(s.Verified))
}

// Lost says that nobody has a share any more.
func (o *ObjectChange) Lost(p blobstore.Pointer, k, index int) error {
	return o.c.exec("DELETE FROM object_share WHERE object = "+numbered+" AND k = ? AND share = ?", p.OID[:], p.Size, k, index)
}

// Farewell says that a share is to be deleted at a holder.
func (o *ObjectChange) Farewell(f Farewell) error {
	return o.c.exec("INSERT OR IGNORE INTO farewell (did, sid, root, since) VALUES (?, ?, ?, ?)",
		f.DID[:], f.Name.SID[:], f.Name.Root[:], unix(f.Since))
}

// Parted says that a share need not be deleted any more: it was, or it is wanted again.
func (o *ObjectChange) Parted(at radicle.DID, name blobstore.ShareName) error {
	return o.c.exec("DELETE FROM farewell WHERE did = ? AND sid = ? AND root = ?", at[:], name.SID[:], name.Root[:])
}
