package radicle

import (
	"crypto/ed25519"
	"fmt"
)

// SignatureSize is the size of an Ed25519 signature, in bytes.
const SignatureSize = ed25519.SignatureSize

// A Signature is an Ed25519 signature. Its text, in actions of collaborative objects, is z and base58btc of the 64 bytes,
// without a multicodec prefix.
type Signature [SignatureSize]byte

// ParseSignature reads z… of 64 bytes. Errors wrap [ErrSignature].
func ParseSignature(s string) (Signature, error) {
	data, err := parseMultibase(s, SignatureSize)
	if err != nil {
		return Signature{}, fmt.Errorf("%w: %s: %v", ErrSignature, excerpt(s), err)
	}
	if len(data) != SignatureSize {
		return Signature{}, fmt.Errorf("%w: %s: %d bytes", ErrSignature, excerpt(s), len(data))
	}
	return Signature(data), nil
}

// String is z….
func (s Signature) String() string { return string(appendMultibase(nil, s[:])) }

// AppendText appends what String returns.
func (s Signature) AppendText(b []byte) ([]byte, error) { return appendMultibase(b, s[:]), nil }

// MarshalText is AppendText to a new slice.
func (s Signature) MarshalText() ([]byte, error) { return appendMultibase(nil, s[:]), nil }

// UnmarshalText is [ParseSignature].
func (s *Signature) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSignature(string(text))
	return err
}
