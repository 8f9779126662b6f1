package friend

import (
	"encoding/binary"

	"radswarm/radicle"
)

// appendRID appends u8 length ‖ bytes (KEYS.md §2); a length of 0 for none.
func appendRID(b []byte, rid radicle.RID) []byte {
	oid := rid.Oid()
	return oid.AppendBytes(append(b, byte(oid.Len())))
}

// appendText appends u16 length ‖ bytes.
func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// cursor takes fields from the front of an encoding and remembers the first that was not there.
type cursor struct {
	rest    []byte
	missing string
}

// take returns the next n bytes, which alias the encoding; nil from the first missing field on.
func (c *cursor) take(field string, n int) []byte {
	if c.missing != "" || n > len(c.rest) {
		if c.missing == "" {
			c.missing = field
		}
		return nil
	}
	b := c.rest[:n:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) key(field string) (k [32]byte) {
	copy(k[:], c.take(field, len(k)))
	return k
}

func (c *cursor) u8(field string) byte {
	if b := c.take(field, 1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) u16(field string) uint16 {
	if b := c.take(field, 2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (c *cursor) u64(field string) uint64 {
	if b := c.take(field, 8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// unix returns a time in Unix seconds; one after the year 9999 is missing.
func (c *cursor) unix(field string) int64 {
	n := c.u64(field)
	if n > maxUnix && c.missing == "" {
		c.missing = field
	}
	return int64(min(n, maxUnix))
}

func (c *cursor) text(field string) string { return string(c.take(field, int(c.u16(field)))) }

// rid returns a repository, or none.
func (c *cursor) rid(field string) (rid radicle.RID) {
	b := c.take(field, int(c.u8(field)))
	if len(b) == 0 {
		return rid
	}
	oid, err := radicle.OidFromBytes(b)
	if err != nil {
		c.missing = field
	}
	return radicle.NewRID(oid)
}

// end returns the error of a field that is missing or of bytes that are left.
func (c *cursor) end(what string) error {
	switch {
	case c.missing != "":
		return malformed(what + " " + c.missing)
	case len(c.rest) > 0:
		return malformed(what + " length")
	}
	return nil
}
