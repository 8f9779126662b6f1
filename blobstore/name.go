package blobstore

import "encoding/hex"

// Root is a share root: the BLAKE3 hash of a share (FORMAT.md §6.1).
type Root [32]byte

// ParseRoot reads 64 lower-case hexadecimal digits, as b3sum prints them.
func ParseRoot(s string) (Root, error) {
	var r Root
	return r, parseHex("share root", r[:], s)
}

// String returns 64 lower-case hexadecimal digits.
func (r Root) String() string { return hex.EncodeToString(r[:]) }

// IsZero reports whether r is the zero value, which is the root of nothing known.
func (r Root) IsZero() bool { return r == Root{} }

// AppendText appends the form of [Root.String].
func (r Root) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, r[:]), nil }

// MarshalText returns the form of [Root.String].
func (r Root) MarshalText() ([]byte, error) { return r.AppendText(nil) }

// UnmarshalText is [ParseRoot].
func (r *Root) UnmarshalText(b []byte) (err error) {
	*r, err = ParseRoot(string(b))
	return err
}

// SID is the blinded name under which one holder keeps one share (FORMAT.md §3.3). Without the
// repair key it tells neither the object nor the other shares.
type SID [32]byte

// ParseSID reads 64 lower-case hexadecimal digits.
func ParseSID(s string) (SID, error) {
	var id SID
	return id, parseHex("sid", id[:], s)
}

// String returns 64 lower-case hexadecimal digits.
func (id SID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the zero value.
func (id SID) IsZero() bool { return id == SID{} }

// AppendText appends the form of [SID.String].
func (id SID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText returns the form of [SID.String].
func (id SID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText is [ParseSID].
func (id *SID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseSID(string(b))
	return err
}

// MID is the blinded name under which one holder keeps the sealed manifest (FORMAT.md §3.3).
type MID [32]byte

// ParseMID reads 64 lower-case hexadecimal digits.
func ParseMID(s string) (MID, error) {
	var id MID
	return id, parseHex("mid", id[:], s)
}

// String returns 64 lower-case hexadecimal digits.
func (id MID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is the zero value.
func (id MID) IsZero() bool { return id == MID{} }

// AppendText appends the form of [MID.String].
func (id MID) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, id[:]), nil }

// MarshalText returns the form of [MID.String].
func (id MID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText is [ParseMID].
func (id *MID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseMID(string(b))
	return err
}

// ShareName is how a share is always named at a holder. A holder keeps several roots under one SID:
// in the public domain anybody can compute a SID, and an invented share must not stand in the way of
// the honest one.
type ShareName struct {
	SID  SID
	Root Root
}

// String returns SID, a slash and root.
func (n ShareName) String() string { return n.SID.String() + "/" + n.Root.String() }

// Nonce is 32 bytes that make an answer fresh. Whoever asks draws it at random.
type Nonce [32]byte
