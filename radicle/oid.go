package radicle

import (
	"bytes"
	"encoding/hex"
	"fmt"
)

// The sizes of git object ids, in bytes.
const (
	SHA1Size   = 20
	SHA256Size = 32
)

// An Oid is a git object id of either object format. The zero value names no object; so does git's null id of only zero
// digits, but the two are different values.
type Oid struct {
	size  uint8 // 0, 20 or 32; the bytes after size are zero, so that == compares ids
	bytes [SHA256Size]byte
}

// ParseOid reads 40 or 64 hexadecimal digits of either case. Errors wrap [ErrOid].
func ParseOid(s string) (Oid, error) {
	if len(s) != 2*SHA1Size && len(s) != 2*SHA256Size {
		return Oid{}, fmt.Errorf("%w: %d digits in %s", ErrOid, len(s), excerpt(s))
	}
	var o Oid
	if _, err := hex.Decode(o.bytes[:], []byte(s)); err != nil {
		return Oid{}, fmt.Errorf("%w: not hexadecimal: %s", ErrOid, excerpt(s))
	}
	o.size = uint8(len(s) / 2)
	return o, nil
}

// OidFromBytes makes an id of 20 or 32 bytes. Errors wrap [ErrOid].
func OidFromBytes(b []byte) (Oid, error) {
	if len(b) != SHA1Size && len(b) != SHA256Size {
		return Oid{}, fmt.Errorf("%w: %d bytes", ErrOid, len(b))
	}
	o := Oid{size: uint8(len(b))}
	copy(o.bytes[:], b)
	return o, nil
}

// IsZero reports whether o names no object: the zero value, or the null id that git prints as zeros.
func (o Oid) IsZero() bool { return o.bytes == [SHA256Size]byte{} }

// Len is the number of bytes: 20, 32, or 0 for the zero value.
func (o Oid) Len() int { return int(o.size) }

// Bytes returns a copy of the 20 or 32 bytes of the id, none for the zero value.
func (o Oid) Bytes() []byte { return bytes.Clone(o.bytes[:o.size]) }

// AppendBytes appends the bytes of the id to b.
func (o Oid) AppendBytes(b []byte) []byte { return append(b, o.bytes[:o.size]...) }

// Compare orders ids by their bytes, as Radicle's sets of ids are ordered; a shorter id that is a prefix comes first.
func (o Oid) Compare(p Oid) int { return bytes.Compare(o.bytes[:o.size], p.bytes[:p.size]) }

// String returns the id in lower-case hexadecimal, and nothing for the zero value.
func (o Oid) String() string { return hex.EncodeToString(o.bytes[:o.size]) }

// AppendText appends what String returns. The zero value has no text and is an error that wraps [ErrOid].
func (o Oid) AppendText(b []byte) ([]byte, error) {
	if o.size == 0 {
		return b, fmt.Errorf("%w: no id", ErrOid)
	}
	return hex.AppendEncode(b, o.bytes[:o.size]), nil
}

// MarshalText is AppendText to a new slice.
func (o Oid) MarshalText() ([]byte, error) { return o.AppendText(nil) }

// UnmarshalText is [ParseOid].
func (o *Oid) UnmarshalText(text []byte) (err error) {
	*o, err = ParseOid(string(text))
	return err
}
