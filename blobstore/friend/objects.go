package friend

import (
	"context"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// schemaObjects has the objects of this home: what a restart must know of them, and of shares that somebody is yet to delete.
const schemaObjects = `
CREATE TABLE object (
	id            INTEGER PRIMARY KEY,
	oid           BLOB NOT NULL,
	size          INTEGER NOT NULL,
	gen           INTEGER NOT NULL,
	salt          BLOB NOT NULL,
	public        INTEGER NOT NULL,
	k             INTEGER NOT NULL, -- of the coding that counts; 0: it is not coded yet
	n             INTEGER NOT NULL, -- shares that are to be placed
	manifest      BLOB NOT NULL,
	next_k        INTEGER NOT NULL, -- of the coding that takes its place; 0: none does
	next_n        INTEGER NOT NULL,
	next_manifest BLOB NOT NULL,
	require       TEXT NOT NULL,
	source        TEXT NOT NULL,    -- path of the plaintext; empty: none is known
	source_time   INTEGER NOT NULL, -- its modification time, nanoseconds
	link          TEXT NOT NULL,    -- path of a link of ours to it; empty: there is none
	added         INTEGER NOT NULL,
	pending       INTEGER NOT NULL, -- since when there is something to place; 0: there is not
	UNIQUE (oid, size)
) STRICT;
CREATE TABLE object_repository (
	object   INTEGER NOT NULL,
	rid      TEXT NOT NULL,
	recorded INTEGER NOT NULL, -- its record there says what is said here
	PRIMARY KEY (object, rid)
) STRICT, WITHOUT ROWID;
CREATE TABLE object_share (
	object   INTEGER NOT NULL,
	k        INTEGER NOT NULL, -- of its coding
	share    INTEGER NOT NULL,
	did      BLOB NOT NULL,    -- who has it
	acked    INTEGER NOT NULL, -- when it was placed
	verified INTEGER NOT NULL, -- when it was shown last
	PRIMARY KEY (object, k, share)
) STRICT, WITHOUT ROWID;
CREATE TABLE farewell ( -- shares that are to be deleted
	did   BLOB NOT NULL, -- at whom
	sid   BLOB NOT NULL,
	root  BLOB NOT NULL,
	since INTEGER NOT NULL,
	PRIMARY KEY (did, sid, root)
) STRICT, WITHOUT ROWID;
`

// Object is an object of this home. Times are kept to the second, that of the source to the nanosecond.
type Object struct {
	blobstore.Pointer
	Gen     uint32
	Salt    keyring.SaltID // of the domain secret that its key comes from
	Public  bool           // its shares are open ones
	Coding  ObjectCoding
	Next    ObjectCoding // that takes the place of Coding when it is as safe
	Require string       // that it was stored with last
	Source  ObjectSource
	Added   time.Time
	Pending time.Time // since when there is something to place; zero: there is not

	// What [State.ChangeObjects] changes one by one. [ObjectChange.Put] leaves it alone.
	Repositories []ObjectRepository
	Shares       []ObjectShare
}

// ObjectRepository is a repository that an object belongs to.
type ObjectRepository struct {
	RID      radicle.RID
	Recorded bool // the object's record there says what is said here
}

// ObjectCoding is a coding of an object. The zero value is none.
type ObjectCoding struct {
	K, N     int
	Manifest []byte
}

// ObjectSource is a file with the plaintext of an object. The zero value is none.
type ObjectSource struct {
	Path string    // where it was found
	Time time.Time // of modification
	Link string    // path of a link of ours to it; empty: there is none
}

// ObjectShare is a share of an object and who has it.
type ObjectShare struct {
	K, Index int
	DID      radicle.DID
	Acked    time.Time // when it was placed
	Verified time.Time // when it was shown last; zero: not since
}

// Farewell is a share that is to be deleted at a holder.
type Farewell struct {
	DID   radicle.DID
	Name  blobstore.ShareName
	Since time.Time
}

// EachObject calls f for every object, in no order, without the bytes of its manifests: [State.ObjectManifests] has those. F must
// not call State.
func (s *State) EachObject(ctx context.Context, f func(Object) error) error {
	return s.view(ctx, func(d *database) error {
		rest, err := restOfObjects(d)
		if err != nil {
			return err
		}
		return d.eachObject(func(id int64, o Object) error {
			o.Repositories, o.Shares = rest.repositories[id], rest.shares[id]
			delete(rest.shares, id)
			return f(o)
		})
	})
}

func (d *database) eachObject(f func(id int64, o Object) error) error {
	const query = "SELECT id, oid, size, gen, salt, public, k, n, next_k, next_n, require, source, source_time, link, " +
		"added, pending FROM object"
	var (
		id, modified, added, pending int64
		oid, salt                    []byte
		o                            Object
	)
	return d.each(query, nil, func() error {
		if len(oid) != len(o.OID) || len(salt) != len(o.Salt) {
			return damage{fmt.Errorf("object %d: oid of %d bytes, salt of %d", id, len(oid), len(salt))}
		}
		o.OID, o.Salt = blobstore.OID(oid), keyring.SaltID(salt)
		o.Source.Time, o.Added, o.Pending = fromNano(modified), fromUnix(added), fromUnix(pending)
		return f(id, o)
	}, &id, &oid, &o.Size, &o.Gen, &salt, &o.Public, &o.Coding.K, &o.Coding.N, &o.Next.K, &o.Next.N, &o.Require,
		&o.Source.Path, &modified, &o.Source.Link, &added, &pending)
}

// objectRest is what stands in tables of its own, by the number of the object.
type objectRest struct {
	repositories map[int64][]ObjectRepository
	shares       map[int64][]ObjectShare
}

func restOfObjects(d *database) (*objectRest, error) {
	r := &objectRest{map[int64][]ObjectRepository{}, map[int64][]ObjectShare{}}
	var (
		id, acked, verified int64
		text                string
		did                 []byte
		share               ObjectShare
		recorded            bool
	)
	err := d.each("SELECT object, rid, recorded FROM object_repository", nil, func() error {
		rid, err := radicle.ParseRID(text)
		if err != nil {
			return damage{err}
		}
		r.repositories[id] = append(r.repositories[id], ObjectRepository{rid, recorded})
		return nil
	}, &id, &text, &recorded)
	if err != nil {
		return nil, err
	}
	return r, d.each("SELECT object, k, share, did, acked, verified FROM object_share ORDER BY object, k, share", nil, func() (err error) {
		share.Acked, share.Verified = fromUnix(acked), fromUnix(verified)
		share.DID, err = toDID(did)
		r.shares[id] = append(r.shares[id], share)
		return err
	}, &id, &share.K, &share.Index, &did, &acked, &verified)
}

// ObjectManifests returns the manifests of an object: that of its coding, and that of the next. None is empty; an object that
// is not there is [fs.ErrNotExist].
func (s *State) ObjectManifests(ctx context.Context, p blobstore.Pointer) (manifest, next []byte, err error) {
	err = s.view(ctx, func(d *database) error {
		const query = "SELECT manifest, next_manifest FROM object WHERE oid = ? AND size = ?"
		ok, err := d.find(query, []any{p.OID[:], p.Size}, &manifest, &next)
		if err == nil && !ok {
			err = &UnknownError{"object " + p.OID.String()}
		}
		return err
	})
	return manifest, next, err
}

// Farewells returns the shares that are to be deleted, those of one holder after the other.
func (s *State) Farewells(ctx context.Context) (all []Farewell, err error) {
	err = s.view(ctx, func(d *database) error {
		var did, sid, root []byte
		var since int64
		return d.each("SELECT did, sid, root, since FROM farewell", nil, func() error {
			who, err := toDID(did)
			if err != nil || len(sid) != len(blobstore.SID{}) || len(root) != len(blobstore.Root{}) {
				return damage{fmt.Errorf("farewell of %d and %d bytes", len(sid), len(root))}
			}
			name := blobstore.ShareName{SID: blobstore.SID(sid), Root: blobstore.Root(root)}
			all = append(all, Farewell{DID: who, Name: name, Since: fromUnix(since)})
			return nil
		}, &did, &sid, &root, &since)
	})
	return all, err
}

func unixNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNano(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
