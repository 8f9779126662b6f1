package disk

import (
	"bytes"
	"encoding/binary"
	"slices"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// MaxOwners is how many owners one share may have.
const MaxOwners = 256

// lease is what keeps a share for one owner.
type lease struct {
	owner  radicle.DID
	open   bool
	mid    blobstore.MID
	sealed []byte
}

func newLease(o blobstore.Offer) lease { return lease{o.Owner, o.Open, o.MID, bytes.Clone(o.Sealed)} }

func (l lease) equal(m lease) bool {
	return l.owner == m.owner && l.open == m.open && l.mid == m.mid && bytes.Equal(l.sealed, m.sealed)
}

func byOwner(l lease, owner radicle.DID) int { return l.owner.Compare(owner) }

// withLease returns leases, which stand in the order of their owners, with l in the place of its owner's.
func withLease(leases []lease, l lease) []lease {
	i, found := slices.BinarySearchFunc(leases, l.owner, byOwner)
	if !found {
		return slices.Insert(slices.Clone(leases), i, l)
	}
	leases = slices.Clone(leases)
	leases[i] = l
	return leases
}

// withoutOwner returns leases without that of an owner.
func withoutOwner(leases []lease, owner radicle.DID) []lease {
	return slices.DeleteFunc(slices.Clone(leases), func(l lease) bool { return l.owner == owner })
}

// leaseOf returns the lease of an owner.
func leaseOf(leases []lease, owner radicle.DID) (lease, bool) {
	i, found := slices.BinarySearchFunc(leases, owner, byOwner)
	if !found {
		return lease{}, false
	}
	return leases[i], true
}

// Lengths of a file of leases (DISK.md §3).
const (
	leaseHeader  = magicLen + 32 + 32 + 2
	leaseFixed   = 32 + 1 + 32 + 2 // of one lease, without its manifest
	maxLeaseFile = leaseHeader + MaxOwners*(leaseFixed+blobstore.MaxSealed) + 4
)

// appendLeases appends the encoding of a file of leases, which stand in the order of their owners.
func appendLeases(b []byte, name blobstore.ShareName, leases []lease) []byte {
	start := len(b)
	b = append(b, leaseMagic...)
	b = append(b, name.SID[:]...)
	b = append(b, name.Root[:]...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(leases)))
	for _, l := range leases {
		b = append(b, l.owner[:]...)
		b = append(b, flags(l.open))
		b = append(b, l.mid[:]...)
		b = binary.BigEndian.AppendUint16(b, uint16(len(l.sealed)))
		b = append(b, l.sealed...)
	}
	return binary.BigEndian.AppendUint32(b, checksum(b[start:]))
}

// parseLeases reads a file of leases of the share with this name. What is not the encoding of one is a
// *[blobstore.FieldError] of class [blobstore.ErrEncoding]. The leases refer to b.
func parseLeases(b []byte, name blobstore.ShareName) ([]lease, error) {
	d := decoder{b: b}
	if d.check(); d.err == nil {
		d.b = b[:len(b)-4]
	}
	d.magic(leaseMagic)
	if (blobstore.ShareName{SID: d.bytes32(), Root: d.bytes32()}) != name {
		d.fail("name of the share")
	}
	count := int(d.uint(2))
	if count < 1 || count > MaxOwners {
		d.fail("number of leases")
	}
	var leases []lease
	for i := 0; i < count && d.err == nil; i++ {
		leases = append(leases, d.lease())
		if i > 0 && leases[i].owner.Compare(leases[i-1].owner) <= 0 {
			d.fail("order of the owners")
		}
	}
	if len(d.b) > 0 {
		d.fail("length")
	}
	if d.err != nil {
		return nil, d.err
	}
	return leases, nil
}

func (d *decoder) lease() lease {
	l := lease{owner: d.bytes32(), open: d.flags(), mid: d.bytes32()}
	n := int(d.uint(2))
	if n > blobstore.MaxSealed {
		d.fail("length of a sealed manifest")
	}
	l.sealed = d.take(n)
	return l
}
