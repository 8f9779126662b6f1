package wire

import (
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
)

// decoder reads the fields of one message. It remembers the first error and is silent from then on, so that a message
// reads its fields in straight lines and asks once. Errors wrap [ErrProtocol], or are a *[blobstore.BoundsError].
type decoder struct {
	kind Kind
	b    []byte
	num  protowire.Number // of the field at hand
	typ  protowire.Type
	open bool // its value was not taken yet
	err  error
}

// next goes on to the next field. What nobody took of the one before is skipped.
func (d *decoder) next() bool {
	if d.open {
		d.skip()
	}
	if d.err != nil || len(d.b) == 0 {
		return false
	}
	num, typ, n := protowire.ConsumeTag(d.b)
	if n < 0 {
		d.malformed("a field has no number")
		return false
	}
	d.b, d.num, d.typ, d.open = d.b[n:], num, typ, true
	return true
}

// skip passes a field that is not known. Groups nest and nobody needs them.
func (d *decoder) skip() {
	if d.typ == protowire.StartGroupType || d.typ == protowire.EndGroupType {
		d.malformed("it is a group")
		return
	}
	d.take(protowire.ConsumeFieldValue(d.num, d.typ, d.b))
}

// take moves behind a value of n bytes.
func (d *decoder) take(n int) {
	d.open = false
	if n < 0 {
		d.malformed("it ends early")
		return
	}
	d.b = d.b[n:]
}

func (d *decoder) malformed(what string) {
	d.fail(fmt.Errorf("%w: %v, field %d: %s", ErrProtocol, d.kind, d.num, what))
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b, d.open = nil, false
}

// is makes sure of the wire type.
func (d *decoder) is(typ protowire.Type) bool {
	if d.err == nil && d.typ != typ {
		d.malformed(fmt.Sprintf("wire type %d, not %d", d.typ, typ))
	}
	return d.err == nil
}

// varint takes a number up to 2^64 − 1.
func (d *decoder) varint() uint64 {
	if !d.is(protowire.VarintType) {
		return 0
	}
	v, n := protowire.ConsumeVarint(d.b)
	d.take(n)
	if d.err != nil {
		return 0
	}
	return v
}

// upTo takes a number up to limit.
func (d *decoder) upTo(limit uint64) uint64 {
	v := d.varint()
	if v > limit {
		d.malformed(fmt.Sprintf("%d is over %d", v, limit))
		return 0
	}
	return v
}

func (d *decoder) int64() int64   { return int64(d.upTo(math.MaxInt64)) }
func (d *decoder) uint32() uint32 { return uint32(d.upTo(math.MaxUint32)) }
func (d *decoder) int() int       { return int(d.upTo(math.MaxInt)) }
func (d *decoder) sint64() int64  { return protowire.DecodeZigZag(d.varint()) }
func (d *decoder) bool() bool     { return d.upTo(1) == 1 }

// bytes takes a value of any length. It is a part of what is decoded: keep a copy.
func (d *decoder) bytes() []byte {
	if !d.is(protowire.BytesType) {
		return nil
	}
	v, n := protowire.ConsumeBytes(d.b)
	d.take(n)
	return v
}

func (d *decoder) text() string { return string(d.bytes()) }

// copy takes a value of any length and copies it.
func (d *decoder) copy() []byte { return append([]byte(nil), d.bytes()...) }

// fixed takes a value of exactly len(dst) bytes.
func (d *decoder) fixed(dst []byte) {
	v := d.bytes()
	if d.err == nil && len(v) != len(dst) {
		d.malformed(fmt.Sprintf("%d bytes, not %d", len(v), len(dst)))
		return
	}
	copy(dst, v)
}

func (d *decoder) name(n *blobstore.ShareName) {
	var b [64]byte
	d.fixed(b[:])
	n.SID, n.Root = blobstore.SID(b[:32]), blobstore.Root(b[32:])
}

// inner decodes a message inside the one at hand. Leave it when it has no more fields.
func (d *decoder) inner() decoder { return decoder{kind: d.kind, b: d.bytes()} }

func (d *decoder) leave(in *decoder) {
	if in.err != nil {
		d.fail(in.err)
	}
}

// nested is inner and leave around a field function.
func (d *decoder) nested(field func(*decoder)) {
	in := d.inner()
	for in.next() {
		field(&in)
	}
	d.leave(&in)
}

// room makes sure that a list may grow, before it does.
func (d *decoder) room(what string, have, limit int) bool {
	if have < limit {
		return d.err == nil
	}
	d.fail(&blobstore.BoundsError{What: what, Got: int64(have) + 1, Min: 0, Max: int64(limit)})
	return false
}
