package radicle

import (
	"bytes"
	"fmt"
	"strings"
)

// didPrefix begins a DID of the key method, the only one that Radicle knows.
const didPrefix = "did:key:"

// A DID names a person by an Ed25519 public key. It is the same key as the [NID] of the person's node.
type DID [KeySize]byte

// ParseDID reads did:key:z6Mk…. Errors wrap [ErrDID].
func ParseDID(s string) (DID, error) {
	key, ok := strings.CutPrefix(s, didPrefix)
	if !ok {
		return DID{}, fmt.Errorf("%w: %s: does not begin with %s", ErrDID, excerpt(s), didPrefix)
	}
	nid, err := ParseNID(key)
	if err != nil {
		return DID{}, fmt.Errorf("%w: %w", ErrDID, err)
	}
	return DID(nid), nil
}

// NID is the node that the same key names.
func (d DID) NID() NID { return NID(d) }

// Verify is [NID.Verify].
func (d DID) Verify(msg []byte, sig [SignatureSize]byte) bool { return NID(d).Verify(msg, sig) }

// IsZero reports whether all bytes are zero: no key was set.
func (d DID) IsZero() bool { return d == DID{} }

// Compare orders keys by their bytes, as Radicle does.
func (d DID) Compare(e DID) int { return bytes.Compare(d[:], e[:]) }

// String is did:key:z6Mk….
func (d DID) String() string { return string(d.appendTo(nil)) }

// Short is the beginning and the end of the key, z6Mk…bJrq: for sentences about people without a name. Others may have the same.
func (d DID) Short() string {
	const each = 4
	key := d.NID().String()
	return key[:each] + "…" + key[len(key)-each:]
}

func (d DID) appendTo(b []byte) []byte { return NID(d).appendTo(append(b, didPrefix...)) }

// AppendText appends what String returns.
func (d DID) AppendText(b []byte) ([]byte, error) { return d.appendTo(b), nil }

// MarshalText is AppendText to a new slice.
func (d DID) MarshalText() ([]byte, error) { return d.appendTo(nil), nil }

// UnmarshalText is [ParseDID].
func (d *DID) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDID(string(text))
	return err
}
