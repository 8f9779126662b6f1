package blobstore

import (
	"encoding/hex"
	"fmt"
)

// OID is the SHA-256 of an object's plaintext: the name Git LFS gives it.
type OID [32]byte

// ParseOID reads 64 lower-case hexadecimal digits, the only spelling Git LFS writes.
func ParseOID(s string) (OID, error) {
	var id OID
	return id, parseHex("oid", id[:], s)
}

// String returns 64 lower-case hexadecimal digits.
func (id OID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the zero value, which names nothing.
func (id OID) IsZero() bool { return id == OID{} }

// AppendText appends the form of [OID.String].
func (id OID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText returns the form of [OID.String].
func (id OID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText is [ParseOID].
func (id *OID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseOID(string(b))
	return err
}

// HexError is text that should have been a hexadecimal name of a fixed length.
type HexError struct {
	What string // the kind of name: "oid", "share root"
	Text string // at most 80 bytes of what was there
}

func (e *HexError) Error() string {
	return fmt.Sprintf("%s: %q is not 64 lower-case hexadecimal digits", e.What, e.Text)
}

// Is reports whether target is [ErrEncoding].
func (e *HexError) Is(target error) bool { return target == ErrEncoding }

// parseHex fills dst from lower-case hexadecimal text of exactly twice its length. On error dst is
// left zero, so that a caller who returns it returns nothing.
func parseHex(what string, dst []byte, s string) error {
	ok := len(s) == 2*len(dst)
	for i := 0; ok && i < len(s); i++ {
		ok = '0' <= s[i] && s[i] <= '9' || 'a' <= s[i] && s[i] <= 'f'
	}
	if !ok {
		return &HexError{What: what, Text: s[:min(len(s), 80)]}
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}
