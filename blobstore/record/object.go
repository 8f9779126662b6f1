package record

import (
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

// Object is a record that was opened, or is new: its manifest was verified with the content key. It never changes; its
// methods make others of the same shares, and leave extensions of the record that are not known as they are.
type Object struct {
	Place    Place
	Record   *Record
	Key      blobstore.ContentKey
	Manifest *manifest.Manifest
	Holders  []radicle.DID // of share 0, 1, …, as far as its writer knew; zero where not placed. Not to be written
}

// New is what the record of an object is made of.
type New struct {
	Pointer  blobstore.Pointer
	Gen      uint32
	Salt     keyring.SaltID // of the domain secret that Key comes from; zero: the public domain, and a record open to everyone
	Key      blobstore.ContentKey
	Manifest *manifest.Manifest
	Holders  []radicle.DID // as in [Object]; not in public records
}

// New makes the record of an object, as private as it can be: [Object.Wrap] and [Object.Publish] make it reach further.
// Errors are of class bounds, or mismatch where key, manifest and the rest are not of one object.
func (p Place) New(n New) (*Object, error) {
	f := fields{
		open: n.Salt.IsZero(), k: n.Manifest.Coding().K(), gen: n.Gen, pointer: n.Pointer, salt: n.Salt, key: n.Key.Bytes(),
	}
	r := &Record{fields: f}
	if err := n.Manifest.CheckObject(n.Key, r.Params()); err != nil {
		return nil, err
	}
	if f.open {
		if ck, err := blobstore.PublicDomain().ContentKey(r.Params()); err != nil || !ck.Equal(n.Key) {
			return nil, mismatch("content key")
		}
	}
	o := &Object{Place: p, Record: r, Key: n.Key, Manifest: n.Manifest}
	return o.with(f, n.Holders)
}

// with returns the object with a record of these fields, manifest and hints newly encoded.
func (o *Object) with(f fields, holders []radicle.DID) (*Object, error) {
	next := *o
	var err error
	rk := o.Key.Repair()
	f.k = o.Manifest.Coding().K()
	if f.open {
		f.wraps, f.hints, next.Holders = nil, nil, nil
		f.manifest, err = o.Manifest.MarshalBinary()
	} else {
		next.Holders = trim(holders)
		f.manifest, err = manifest.Seal(rk, manifest.Record, o.Manifest)
		if err == nil {
			f.hints, err = o.Place.sealHints(rk, f.k, next.Holders)
		}
	}
	if err != nil {
		return nil, err
	}
	next.Record, err = build(f)
	return &next, err
}

// trim returns a copy without the shares at the end that are not placed.
func trim(holders []radicle.DID) []radicle.DID {
	n := len(holders)
	for n > 0 && holders[n-1].IsZero() {
		n--
	}
	return slices.Clone(holders[:n])
}

// Pointer names the object.
func (o *Object) Pointer() blobstore.Pointer { return o.Record.pointer }

// Reach says who can open the record.
func (o *Object) Reach() Reach { return o.Record.Reach() }

// Wrap adds the content key under the key of an epoch, which must be of the object's place: [keyring.ErrMismatch] otherwise.
// A record that has it already, or is public, stays as it is. Of more than MaxWraps the one with the lowest epoch goes.
func (o *Object) Wrap(k keyring.GroupKey) (*Object, error) {
	at := k.Epoch()
	if at.Group != o.Place.Group(at.Kind) {
		return nil, in("epoch", keyring.ErrMismatch)
	}
	if o.Record.open || slices.ContainsFunc(o.Record.wraps, func(w Wrap) bool { return o.isUnder(k, w) }) {
		return o, nil
	}
	w, err := k.Wrap(o.Record.wrapped(), o.Key)
	if err != nil {
		return nil, err
	}
	f := o.Record.fields
	f.wraps = unite(f.wraps, []Wrap{{Kind: at.Kind, Epoch: at.Number, Wrap: w}})
	next := *o
	next.Record, err = build(f)
	return &next, err
}

// isUnder reports whether a wrap is of the object's key under k.
func (o *Object) isUnder(k keyring.GroupKey, w Wrap) bool {
	if at := k.Epoch(); w.Kind != at.Kind || w.Epoch != at.Number {
		return false
	}
	ck, err := k.Unwrap(o.Record.wrapped(), w.Wrap)
	return err == nil && ck.Equal(o.Key)
}

// wrapped is what wraps of the record are bound to.
func (r *Record) wrapped() keyring.Object {
	return keyring.Object{OID: r.pointer.OID, Size: r.pointer.Size, Gen: r.gen, Salt: r.salt}
}

// Publish opens the record to everyone, for good: content key and manifest in clear, nobody's holders named.
func (o *Object) Publish() (*Object, error) {
	if o.Record.open {
		return o, nil
	}
	f := o.Record.fields
	f.open, f.key = true, o.Key.Bytes()
	return o.with(f, nil)
}

// Hold returns the object with other holders; a public record stays as it is. Who calls it at most once a day for an object,
// and only with other changes, keeps the history of the branch small (RECORD.md §5).
func (o *Object) Hold(holders []radicle.DID) (*Object, error) {
	if o.Record.open {
		return o, nil
	}
	return o.with(o.Record.fields, holders)
}

// Recode returns the object with another manifest and the holders of its shares: one that extends the manifest there is, or
// of another K. Anything else is of class mismatch.
func (o *Object) Recode(m *manifest.Manifest, holders []radicle.DID) (*Object, error) {
	if err := m.CheckObject(o.Key, o.Record.Params()); err != nil {
		return nil, err
	}
	if m.Coding().K() == o.Record.k && !m.Extends(o.Manifest) {
		return nil, mismatch("roots")
	}
	next := *o
	next.Manifest = m
	return next.with(o.Record.fields, holders)
}

// Adopt returns the object as another writer of the same repository records it: same shares, no wraps, nobody's holders. It
// needs a wrap where the writer cannot derive the key. A public record is taken over as it is.
func (o *Object) Adopt(writer radicle.DID) (*Object, error) {
	next := *o
	next.Place.Writer = writer
	f := o.Record.fields
	f.wraps = nil
	return next.with(f, nil)
}

// SameShares reports whether two objects speak of the same shares: same content key and coding, and no contradiction.
func (o *Object) SameShares(p *Object) bool {
	return o.Manifest.Extends(p.Manifest) || p.Manifest.Extends(o.Manifest)
}

// contradicts reports whether two objects speak of the same names at holders, but not of the same shares (RECORD.md §8).
func (o *Object) contradicts(p *Object) bool {
	return o.Manifest.Key() == p.Manifest.Key() && o.Manifest.Coding().K() == p.Manifest.Coding().K() && !o.SameShares(p)
}
