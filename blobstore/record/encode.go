package record

import (
	"encoding/binary"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
)

// encode is RECORD.md §3. It does not look whether the fields are in their bounds: [Parse] does.
func (f fields) encode() []byte {
	form := byte(formSealed)
	if f.open {
		form = formOpen
	}
	b := []byte{version, form, byte(blobstore.SuiteV1), byte(blobstore.CodeV1), byte(f.k)}
	b = binary.BigEndian.AppendUint32(b, f.gen)
	b = append(b, f.pointer.OID[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(f.pointer.Size))
	b = append(b, f.salt[:]...)
	if f.open && !f.salt.IsZero() {
		b = append(b, f.key[:]...)
	}
	b = appendBytes(b, f.manifest)
	if !f.open {
		b = append(b, byte(len(f.wraps)))
		for _, w := range f.wraps {
			b = w.appendTo(b)
		}
		b = appendBytes(b, f.hints)
	}
	b = append(b, byte(len(f.ext)))
	for _, e := range f.ext {
		b = appendBytes(append(b, e.kind), e.data)
	}
	return b
}

// appendBytes appends u16 length ‖ bytes.
func appendBytes(b, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(data))), data...)
}

// cursor takes fields from the front of an encoding and remembers that one was not there.
type cursor struct {
	rest  []byte
	short bool
}

// take returns the next n bytes, which alias the encoding; zeros from the first missing byte on.
func (c *cursor) take(n int) []byte {
	if c.short || n > len(c.rest) {
		c.short = true
		return make([]byte, n)
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) u8() byte     { return c.take(1)[0] }
func (c *cursor) u16() int     { return int(binary.BigEndian.Uint16(c.take(2))) }
func (c *cursor) u32() uint32  { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64  { return binary.BigEndian.Uint64(c.take(8)) }
func (c *cursor) long() []byte { return c.take(c.u16()) }

func (c *cursor) wrap() Wrap {
	return Wrap{Kind: keyring.GroupKind(c.u8()), Epoch: c.u32(), Wrap: keyring.Wrap(c.take(keyring.WrapLen))}
}
