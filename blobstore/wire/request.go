package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// The messages of an asker on blk/1 (PROTOCOL.md §6).

// ranges is a list of ranges of one share.
type ranges []blobstore.Range

func (r ranges) appendTo(b []byte, num protowire.Number) []byte {
	for _, one := range r {
		b = appendNested(b, num, func(b []byte) []byte {
			b = appendUint(b, 1, uint64(one.Off))
			return appendUint(b, 2, uint64(one.Len))
		})
	}
	return b
}

// add decodes one more.
func (r *ranges) add(d *decoder, limit int) {
	if !d.room("ranges", len(*r), limit) {
		return
	}
	var one blobstore.Range
	in := d.inner()
	for in.next() {
		switch in.num {
		case 1:
			one.Off = in.int64()
		case 2:
			one.Len = in.int()
		}
	}
	d.leave(&in)
	*r = append(*r, one)
}

// validate holds the ranges against what any share can have.
func (r ranges) validate(limit int) error {
	if err := between("ranges", len(r), 0, limit); err != nil {
		return err
	}
	for _, one := range r {
		if err := between("length of a range", one.Len, 1, maxChunk); err != nil {
			return err
		}
		if err := between("offset of a range", one.Off, 0, maxShare-int64(one.Len)); err != nil {
			return err
		}
	}
	return nil
}

type getMsg struct {
	name   blobstore.ShareName
	ranges ranges
}

func (*getMsg) Kind() Kind { return kindGet }

func (m *getMsg) AppendTo(b []byte) []byte { return m.ranges.appendTo(appendName(b, 1, m.name), 2) }

func (m *getMsg) field(d *decoder) {
	switch d.num {
	case 1:
		d.name(&m.name)
	case 2:
		m.ranges.add(d, blobstore.MaxRanges)
	}
}

func (m *getMsg) Validate() error { return m.ranges.validate(blobstore.MaxRanges) }

type proveMsg struct{ getMsg }

func (*proveMsg) Kind() Kind { return kindProve }

type putMsg struct{ count uint32 }

func (*putMsg) Kind() Kind                 { return kindPut }
func (m *putMsg) AppendTo(b []byte) []byte { return appendUint(b, 1, uint64(m.count)) }

func (m *putMsg) field(d *decoder) {
	if d.num == 1 {
		m.count = d.uint32()
	}
}

func (m *putMsg) Validate() error { return between("offers", m.count, 0, blobstore.MaxOffers) }

type offerMsg struct {
	name   blobstore.ShareName
	len    int64
	owner  radicle.DID
	open   bool
	mid    blobstore.MID
	sealed []byte
}

func (*offerMsg) Kind() Kind { return kindOffer }

func (m *offerMsg) AppendTo(b []byte) []byte {
	b = appendName(b, 1, m.name)
	b = appendUint(b, 2, uint64(m.len))
	b = appendItem(b, 3, m.owner[:])
	b = appendBool(b, 4, m.open)
	b = appendItem(b, 5, m.mid[:])
	return appendBytes(b, 6, m.sealed)
}

func (m *offerMsg) field(d *decoder) {
	switch d.num {
	case 1:
		d.name(&m.name)
	case 2:
		m.len = d.int64()
	case 3:
		d.fixed(m.owner[:])
	case 4:
		m.open = d.bool()
	case 5:
		d.fixed(m.mid[:])
	case 6:
		m.sealed = d.copy()
	}
}

func (m *offerMsg) Validate() error {
	if err := between("share length", m.len, 1, maxShare); err != nil {
		return err
	}
	return between("length of a sealed manifest", len(m.sealed), 0, blobstore.MaxSealed)
}

// names is a list of shares.
type names []blobstore.ShareName

func (n names) appendTo(b []byte, num protowire.Number) []byte {
	for _, one := range n {
		b = appendName(b, num, one)
	}
	return b
}

func (n *names) add(d *decoder) {
	if d.room("names", len(*n), blobstore.MaxNames) {
		var one blobstore.ShareName
		d.name(&one)
		*n = append(*n, one)
	}
}

func (n names) validate() error { return between("names", len(n), 0, blobstore.MaxNames) }

type haveMsg struct {
	nonce blobstore.Nonce
	names names
}

func (*haveMsg) Kind() Kind { return kindHave }

func (m *haveMsg) AppendTo(b []byte) []byte { return m.names.appendTo(appendItem(b, 1, m.nonce[:]), 2) }

func (m *haveMsg) field(d *decoder) {
	switch d.num {
	case 1:
		d.fixed(m.nonce[:])
	case 2:
		m.names.add(d)
	}
}

func (m *haveMsg) Validate() error { return m.names.validate() }

type manifestMsg struct{ mid blobstore.MID }

func (*manifestMsg) Kind() Kind                 { return kindManifest }
func (m *manifestMsg) AppendTo(b []byte) []byte { return appendItem(b, 1, m.mid[:]) }
func (*manifestMsg) Validate() error            { return nil }

func (m *manifestMsg) field(d *decoder) {
	if d.num == 1 {
		d.fixed(m.mid[:])
	}
}

type auditMsg struct {
	name   blobstore.ShareName
	nonce  blobstore.Nonce
	leaves uint32
}

func (*auditMsg) Kind() Kind { return kindAudit }

func (m *auditMsg) AppendTo(b []byte) []byte {
	return appendUint(appendItem(appendName(b, 1, m.name), 2, m.nonce[:]), 3, uint64(m.leaves))
}

func (m *auditMsg) field(d *decoder) {
	switch d.num {
	case 1:
		d.name(&m.name)
	case 2:
		d.fixed(m.nonce[:])
	case 3:
		m.leaves = d.uint32()
	}
}

func (m *auditMsg) Validate() error { return between("leaves", m.leaves, 1, blobstore.MaxLeaves) }

type hashMsg struct {
	name  blobstore.ShareName
	nonce blobstore.Nonce
}

func (*hashMsg) Kind() Kind { return kindHash }
func (m *hashMsg) AppendTo(b []byte) []byte {
	return appendItem(appendName(b, 1, m.name), 2, m.nonce[:])
}
func (*hashMsg) Validate() error { return nil }

func (m *hashMsg) field(d *decoder) {
	switch d.num {
	case 1:
		d.name(&m.name)
	case 2:
		d.fixed(m.nonce[:])
	}
}

type deleteMsg struct{ names names }

func (*deleteMsg) Kind() Kind                 { return kindDelete }
func (m *deleteMsg) AppendTo(b []byte) []byte { return m.names.appendTo(b, 1) }
func (m *deleteMsg) Validate() error          { return m.names.validate() }

func (m *deleteMsg) field(d *decoder) {
	if d.num == 1 {
		m.names.add(d)
	}
}

// chunkMsg is followed by len raw bytes.
type chunkMsg struct{ index, len uint32 }

func (*chunkMsg) Kind() Kind { return kindChunk }

func (m *chunkMsg) AppendTo(b []byte) []byte {
	return appendUint(appendUint(b, 1, uint64(m.index)), 2, uint64(m.len))
}

func (m *chunkMsg) field(d *decoder) {
	switch d.num {
	case 1:
		m.index = d.uint32()
	case 2:
		m.len = d.uint32()
	}
}

func (m *chunkMsg) Validate() error { return between("length of a chunk", m.len, 1, maxChunk) }

// indexed is a message that only names an offer.
type indexed struct{ index uint32 }

func (m *indexed) AppendTo(b []byte) []byte { return appendUint(b, 1, uint64(m.index)) }
func (*indexed) Validate() error            { return nil }

func (m *indexed) field(d *decoder) {
	if d.num == 1 {
		m.index = d.uint32()
	}
}

type abortMsg struct{ indexed }

func (*abortMsg) Kind() Kind { return kindAbort }
