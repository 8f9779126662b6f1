package wire

import (
	"radswarm/blobstore"
)

// The messages of a holder on blk/1 (PROTOCOL.md §6).

// blockMsg is followed by len raw bytes.
type blockMsg struct{ index, len uint32 }

func (*blockMsg) Kind() Kind { return kindBlock }

func (m *blockMsg) AppendTo(b []byte) []byte {
	return appendUint(appendUint(b, 1, uint64(m.index)), 2, uint64(m.len))
}

func (m *blockMsg) field(d *decoder) {
	switch d.num {
	case 1:
		m.index = d.uint32()
	case 2:
		m.len = d.uint32()
	}
}

func (m *blockMsg) Validate() error { return between("length of a block", m.len, 1, maxChunk) }

type proofMsg struct{ proof []byte }

func (*proofMsg) Kind() Kind                 { return kindProof }
func (m *proofMsg) AppendTo(b []byte) []byte { return appendBytes(b, 1, m.proof) }
func (m *proofMsg) Validate() error          { return between("length of a proof", len(m.proof), 0, maxProof) }

func (m *proofMsg) field(d *decoder) {
	if d.num == 1 {
		m.proof = d.copy()
	}
}

type leafMsg struct{ leaf blobstore.Leaf }

func (*leafMsg) Kind() Kind { return kindLeaf }

func (m *leafMsg) AppendTo(b []byte) []byte {
	return appendBytes(appendBytes(b, 1, m.leaf.Data), 2, m.leaf.Proof)
}

func (m *leafMsg) field(d *decoder) {
	switch d.num {
	case 1:
		m.leaf.Data = d.copy()
	case 2:
		m.leaf.Proof = d.copy()
	}
}

func (m *leafMsg) Validate() error {
	if err := between("length of a leaf", len(m.leaf.Data), 0, maxLeaf); err != nil {
		return err
	}
	return between("length of a proof", len(m.leaf.Proof), 0, maxProof)
}

type heldMsg struct{ held blobstore.Held }

func (*heldMsg) Kind() Kind { return kindHeld }

func (m *heldMsg) AppendTo(b []byte) []byte {
	b = appendUint(b, 1, uint64(m.held.Len))
	for _, leaf := range m.held.Leaves {
		b = appendNested(b, 2, (&leafMsg{leaf}).AppendTo)
	}
	return b
}

func (m *heldMsg) field(d *decoder) {
	switch d.num {
	case 1:
		m.held.Len = d.int64()
	case 2:
		if d.room("leaves", len(m.held.Leaves), blobstore.HaveLeaves) {
			var one leafMsg
			d.nested(one.field)
			m.held.Leaves = append(m.held.Leaves, one.leaf)
		}
	}
}

func (m *heldMsg) Validate() error {
	if err := between("share length", m.held.Len, 0, maxShare); err != nil {
		return err
	}
	if err := between("leaves", len(m.held.Leaves), 0, blobstore.HaveLeaves); err != nil {
		return err
	}
	for _, leaf := range m.held.Leaves {
		if err := (&leafMsg{leaf}).Validate(); err != nil {
			return err
		}
	}
	return nil
}

type sealedMsg struct{ sealed []byte }

func (*sealedMsg) Kind() Kind                 { return kindSealed }
func (m *sealedMsg) AppendTo(b []byte) []byte { return appendBytes(b, 1, m.sealed) }

func (m *sealedMsg) field(d *decoder) {
	if d.num == 1 {
		m.sealed = d.copy()
	}
}

func (m *sealedMsg) Validate() error {
	return between("length of a sealed manifest", len(m.sealed), 0, blobstore.MaxSealed)
}

type digestMsg struct{ sum [32]byte }

func (*digestMsg) Kind() Kind                 { return kindDigest }
func (m *digestMsg) AppendTo(b []byte) []byte { return appendItem(b, 1, m.sum[:]) }
func (*digestMsg) Validate() error            { return nil }

func (m *digestMsg) field(d *decoder) {
	if d.num == 1 {
		d.fixed(m.sum[:])
	}
}

type skipMsg struct{ indexed }

func (*skipMsg) Kind() Kind { return kindSkip }

type outcomeMsg struct {
	index  uint32
	had    bool
	status status
}

// decisionMsg comes before the bytes, outcomeMsg after them.
type decisionMsg struct{ outcomeMsg }

func (*decisionMsg) Kind() Kind { return kindDecision }

func (*outcomeMsg) Kind() Kind { return kindOutcome }

func (m *outcomeMsg) AppendTo(b []byte) []byte {
	return m.status.appendIn(appendBool(appendUint(b, 1, uint64(m.index)), 2, m.had), 3)
}

func (m *outcomeMsg) field(d *decoder) {
	switch d.num {
	case 1:
		m.index = d.uint32()
	case 2:
		m.had = d.bool()
	case 3:
		m.status = status{}
		d.nested(m.status.field)
	}
}

func (m *outcomeMsg) Validate() error { return m.status.validate() }

type endMsg struct{ status status }

func (*endMsg) Kind() Kind                 { return kindEnd }
func (m *endMsg) AppendTo(b []byte) []byte { return m.status.appendIn(b, 1) }
func (m *endMsg) Validate() error          { return m.status.validate() }

func (m *endMsg) field(d *decoder) {
	if d.num == 1 {
		m.status = status{}
		d.nested(m.status.field)
	}
}

type waitMsg struct{}

func (*waitMsg) Kind() Kind               { return kindWait }
func (*waitMsg) AppendTo(b []byte) []byte { return b }
func (*waitMsg) Validate() error          { return nil }
func (*waitMsg) field(*decoder)           {}
