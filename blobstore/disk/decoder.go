package disk

import (
	"encoding/binary"

	"radswarm/blobstore"
)

// decoder reads a record of fixed fields from b. After the first error it gives zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(field string) {
	if d.err == nil {
		d.err = &blobstore.FieldError{Field: field, Err: blobstore.ErrEncoding}
	}
}

// check compares the last four bytes with the checksum of all before.
func (d *decoder) check() {
	end := len(d.b) - 4
	if end < 0 || checksum(d.b[:end]) != binary.BigEndian.Uint32(d.b[end:]) {
		d.fail("checksum")
	}
}

// take returns the next n bytes, or nil.
func (d *decoder) take(n int) []byte {
	if d.err == nil && len(d.b) < n {
		d.fail("length")
	}
	if d.err != nil {
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) magic(want string) {
	if b := d.take(magicLen); b != nil && string(b) != want {
		d.fail("magic and version")
	}
}

func (d *decoder) bytes32() (v [32]byte) {
	copy(v[:], d.take(32))
	return v
}

// uint reads an integer of n ≤ 8 bytes, the most significant first.
func (d *decoder) uint(n int) (v uint64) {
	for _, c := range d.take(n) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (d *decoder) flags() bool {
	v := d.uint(1)
	if v > openFlag {
		d.fail("flags")
	}
	return v == openFlag
}
