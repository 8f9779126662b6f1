package wire

import (
	"crypto/hmac"
	"crypto/sha256"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// The messages of ctl/1 about repositories (PROTOCOL.md §7).

// Ref is the signed refs of one namespace.
type Ref struct {
	NID radicle.NID
	OID radicle.Oid // of the commit that refs/rad/sigrefs points to
}

// Refs tells a member of a repository where the namespaces of a repository are.
type Refs struct {
	RID  radicle.RID
	Refs []Ref // at most [MaxRefs]
	Want bool  // answer with yours
}

// Kind returns KindRefs.
func (*Refs) Kind() Kind { return KindRefs }

// AppendTo is [Message].
func (m *Refs) AppendTo(b []byte) []byte {
	b = appendBytes(b, 1, m.RID.Oid().Bytes())
	for _, ref := range m.Refs {
		b = appendNested(b, 2, func(b []byte) []byte {
			return appendBytes(appendItem(b, 1, ref.NID[:]), 2, ref.OID.Bytes())
		})
	}
	return appendBool(b, 3, m.Want)
}

// Validate is [Message].
func (m *Refs) Validate() error {
	if err := needOid("rid length", m.RID.Oid()); err != nil {
		return err
	}
	for _, ref := range m.Refs {
		if err := needOid("oid length", ref.OID); err != nil {
			return err
		}
	}
	return between("refs", len(m.Refs), 0, MaxRefs)
}

func (m *Refs) field(d *decoder) {
	switch d.num {
	case 1:
		m.RID = d.rid()
	case 2:
		if d.room("refs", len(m.Refs), MaxRefs) {
			var ref Ref
			d.nested(ref.field)
			m.Refs = append(m.Refs, ref)
		}
	case 3:
		m.Want = d.bool()
	}
}

func (r *Ref) field(d *decoder) {
	switch d.num {
	case 1:
		d.fixed(r.NID[:])
	case 2:
		r.OID = d.oid()
	}
}

// Has asks which of some repositories the other side has, without naming them to who does not.
type Has struct {
	Nonce  [32]byte   // random, for this question
	Hashes [][32]byte // [HasHash] of each; at most [MaxRefs]
}

const hasLabel = "radswarm/has/v1\x00"

// HasHash returns the hash of a repository in [Has].
func HasHash(nonce [32]byte, rid radicle.RID) [32]byte {
	id := rid.Oid()
	mac := hmac.New(sha256.New, nonce[:])
	mac.Write([]byte(hasLabel))
	mac.Write(id.AppendBytes([]byte{byte(id.Len())}))
	return [32]byte(mac.Sum(nil))
}

// Kind returns KindHas.
func (*Has) Kind() Kind { return KindHas }

// AppendTo is [Message].
func (m *Has) AppendTo(b []byte) []byte {
	b = appendItem(b, 1, m.Nonce[:])
	for i := range m.Hashes {
		b = appendItem(b, 2, m.Hashes[i][:])
	}
	return b
}

// Validate is [Message].
func (m *Has) Validate() error { return between("hashes", len(m.Hashes), 0, MaxRefs) }

func (m *Has) field(d *decoder) {
	switch d.num {
	case 1:
		d.fixed(m.Nonce[:])
	case 2:
		if d.room("hashes", len(m.Hashes), MaxRefs) {
			var hash [32]byte
			d.fixed(hash[:])
			m.Hashes = append(m.Hashes, hash)
		}
	}
}

// Holds answers [Has].
type Holds struct {
	Nonce   [32]byte // of the question
	Indexes []uint32 // of the hashes whose repositories are here and may be known to the asker
}

// Kind returns KindHolds.
func (*Holds) Kind() Kind { return KindHolds }

// AppendTo is [Message].
func (m *Holds) AppendTo(b []byte) []byte {
	b = appendItem(b, 1, m.Nonce[:])
	for _, index := range m.Indexes {
		b = appendNumber(b, 2, uint64(index))
	}
	return b
}

// Validate is [Message].
func (m *Holds) Validate() error {
	for _, index := range m.Indexes {
		if err := between("index of a hash", index, 0, MaxRefs-1); err != nil {
			return err
		}
	}
	return between("indexes", len(m.Indexes), 0, MaxRefs)
}

func (m *Holds) field(d *decoder) {
	switch d.num {
	case 1:
		d.fixed(m.Nonce[:])
	case 2:
		if d.room("indexes", len(m.Indexes), MaxRefs) {
			m.Indexes = append(m.Indexes, d.uint32())
		}
	}
}

// rid takes the oid of a repository. Its absence is for Validate.
func (d *decoder) rid() radicle.RID { return radicle.NewRID(d.oid()) }

func (d *decoder) oid() radicle.Oid {
	b := d.bytes()
	id, err := radicle.OidFromBytes(b)
	if d.err == nil && err != nil {
		d.malformed(err.Error())
	}
	return id
}

// needOid returns a *BoundsError where there is no id.
func needOid(what string, id radicle.Oid) error {
	if id.Len() == 0 {
		return &blobstore.BoundsError{What: what, Got: 0, Min: radicle.SHA1Size, Max: radicle.SHA256Size}
	}
	return nil
}
