package objects

import (
	"context"
	"io"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// coded is an object in one coding, with its keys.
type coded struct {
	row      *row
	key      blobstore.ContentKey
	repair   blobstore.RepairKey
	locator  blobstore.Locator
	object   *object.Object
	manifest *manifest.Manifest
	n        int         // shares that are to be placed
	owner    radicle.DID // the collaborator whose it is: nothing of it is in the index then; zero: ours
	rid      radicle.RID // where the collaborator recorded it
	found    bool        // it is ours, and the index does not know it yet
	reused   bool        // it is ours, by a collaborator's key
}

// foreign reports whether the object is a collaborator's.
func (c *coded) foreign() bool { return c.owner != radicle.DID{} }

func (r *row) params() blobstore.Params {
	pad := blobstore.PadPadme
	if r.Salt.IsZero() { // of the public domain
		pad = blobstore.PadNone
	}
	return blobstore.Params{OID: r.OID, Size: r.Size, Pad: pad, Gen: r.Gen}
}

// key returns the content key that our own key gives an object.
func (o *Objects) key(r *row) (blobstore.ContentKey, error) {
	ring, err := o.opt.Keys.Keyring()
	if err != nil {
		return blobstore.ContentKey{}, err
	}
	domain, err := ring.Domain(r.Salt)
	if err != nil {
		return blobstore.ContentKey{}, err
	}
	return domain.ContentKey(r.params())
}

// coded returns an object in the coding that counts, or in the next.
func (o *Objects) coded(ctx context.Context, r *row, next bool) (*coded, error) {
	if err := o.index.sync(ctx); err != nil { // it may have been made just now
		return nil, err
	}
	bytes, coming, err := o.opt.State.ObjectManifests(ctx, r.Pointer)
	if err != nil {
		return nil, err
	}
	n := r.Coding.N
	if next {
		bytes, n = coming, r.Next.N
	}
	m, err := manifest.Parse(bytes)
	if err != nil {
		return nil, err
	}
	key, reused, err := o.keyOf(ctx, r, m)
	if err != nil {
		return nil, err
	}
	c, err := newCoded(r, key, m, n)
	if err == nil {
		c.reused = reused
	}
	return c, err
}

func newCoded(r *row, key blobstore.ContentKey, m *manifest.Manifest, n int) (*coded, error) {
	c := &coded{row: r, key: key, repair: key.Repair(), manifest: m, n: n}
	var err error
	if c.object, err = object.FromManifest(key, r.params(), m); err != nil {
		return nil, err
	}
	c.locator, err = c.repair.Locator(c.k())
	return c, err
}

func (c *coded) k() int { return c.manifest.Coding().K() }

// name returns what a share is called at somebody.
func (c *coded) name(at radicle.DID, index int) (blobstore.ShareName, error) {
	sid, err := c.locator.SID(at, index)
	if err != nil {
		return blobstore.ShareName{}, err
	}
	root, ok := c.manifest.Root(index)
	if !ok {
		return blobstore.ShareName{}, &blobstore.BoundsError{What: "share index", Got: int64(index), Max: int64(c.manifest.Roots() - 1)}
	}
	return blobstore.ShareName{SID: sid, Root: root}, nil
}

// sending is the object as swarm sends and verifies it.
func (o *Objects) sending(c *coded, people []swarm.Person, file func() (io.ReadCloser, error)) *swarm.Sending {
	return &swarm.Sending{
		Object: c.object, Manifest: c.manifest, Repair: c.repair, Owner: o.opt.Self, Public: c.row.Public,
		Shares: c.n, Placed: c.row.of(c.k()), People: people, File: file,
	}
}

// record is what repositories record of the object.
func (c *coded) record() record.New {
	r := c.row
	n := record.New{Pointer: r.Pointer, Gen: r.Gen, Salt: r.Salt, Key: c.key, Manifest: c.manifest}
	n.Holders = make([]radicle.DID, c.n)
	for index, at := range r.of(c.k()) {
		for index >= len(n.Holders) { // it was reused: whoever stored it has more shares than we want
			n.Holders = append(n.Holders, radicle.DID{})
		}
		n.Holders[index] = at
	}
	return n
}
