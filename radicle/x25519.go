package radicle

import (
	"bytes"
	"crypto/ecdh"
	"fmt"

	"filippo.io/edwards25519"
)

// Validate returns an error that wraps [ErrWeakKey] if the key is not a point of the curve, is not the canonical encoding of
// its point (a second name of the same key), or has low order (its shared secrets are public, and anybody can sign for it).
// Radicle itself lets such keys be; see the package comment.
func (n NID) Validate() error {
	_, err := n.point()
	return err
}

// X25519 is the public key's image on the Montgomery curve, u = (1+y)/(1-y) (RFC 7748 §4.1): what is sealed to it can be opened
// by whoever holds the Ed25519 key. A key that [NID.Validate] refuses is refused here.
func (n NID) X25519() (*ecdh.PublicKey, error) {
	p, err := n.point()
	if err != nil {
		return nil, err
	}
	return ecdh.X25519().NewPublicKey(p.BytesMontgomery())
}

// Validate is [NID.Validate].
func (d DID) Validate() error { return NID(d).Validate() }

// X25519 is [NID.X25519].
func (d DID) X25519() (*ecdh.PublicKey, error) { return NID(d).X25519() }

func (n NID) point() (*edwards25519.Point, error) {
	p, err := new(edwards25519.Point).SetBytes(n[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %s: not a point of the curve", ErrWeakKey, n)
	}
	if !bytes.Equal(p.Bytes(), n[:]) {
		return nil, fmt.Errorf("%w: %s: encoding is not canonical", ErrWeakKey, n)
	}
	if new(edwards25519.Point).MultByCofactor(p).Equal(edwards25519.NewIdentityPoint()) == 1 {
		return nil, fmt.Errorf("%w: %s: low order", ErrWeakKey, n)
	}
	return p, nil
}
