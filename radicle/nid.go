package radicle

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
)

// KeySize is the size of an Ed25519 public key, in bytes.
const KeySize = ed25519.PublicKeySize

// multicodecEd25519 is the multicodec prefix of Ed25519 public keys: 0xed as an unsigned varint.
const multicodecEd25519 = "\xed\x01"

// A NID is the id of a node: its Ed25519 public key. It also names the namespace that the node writes. Any 32 bytes are a
// NID; see [NID.Validate].
type NID [KeySize]byte

// ParseNID reads z6Mk…: base58btc of the multicodec prefix ed 01 and the 32 bytes of the key. Errors wrap [ErrNID].
func ParseNID(s string) (NID, error) {
	data, err := parseMultibase(s, len(multicodecEd25519)+KeySize)
	if err != nil {
		return NID{}, fmt.Errorf("%w: %s: %v", ErrNID, excerpt(s), err)
	}
	key, ok := bytes.CutPrefix(data, []byte(multicodecEd25519))
	if !ok || len(key) != KeySize {
		return NID{}, fmt.Errorf("%w: %s: no Ed25519 public key", ErrNID, excerpt(s))
	}
	return NID(key), nil
}

// DID is the person that the same key names.
func (n NID) DID() DID { return DID(n) }

// PublicKey returns a copy of the key.
func (n NID) PublicKey() ed25519.PublicKey { return bytes.Clone(n[:]) }

// Verify reports whether sig is the key's Ed25519 signature over msg. It accepts exactly what Radicle accepts: no cofactor, a
// canonical scalar, and any key that decodes, weak ones too.
func (n NID) Verify(msg []byte, sig [SignatureSize]byte) bool {
	return ed25519.Verify(n[:], msg, sig[:])
}

// IsZero reports whether all bytes are zero: no key was set. (The zeros happen to decode to a point of low order.)
func (n NID) IsZero() bool { return n == NID{} }

// Compare orders keys by their bytes, as Radicle does.
func (n NID) Compare(m NID) int { return bytes.Compare(n[:], m[:]) }

// String is z6Mk….
func (n NID) String() string { return string(n.appendTo(nil)) }

func (n NID) appendTo(b []byte) []byte {
	return appendMultibase(b, append([]byte(multicodecEd25519), n[:]...))
}

// AppendText appends what String returns.
func (n NID) AppendText(b []byte) ([]byte, error) { return n.appendTo(b), nil }

// MarshalText is AppendText to a new slice.
func (n NID) MarshalText() ([]byte, error) { return n.appendTo(nil), nil }

// UnmarshalText is [ParseNID].
func (n *NID) UnmarshalText(text []byte) (err error) {
	*n, err = ParseNID(string(text))
	return err
}
