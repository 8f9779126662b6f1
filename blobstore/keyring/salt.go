package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
)

// MaxSalts is how many salts one person may have: 63 rotations.
const MaxSalts = 64

// Salt is the public half of a personal secret (KEYS.md §3). The zero value is everybody's first.
type Salt [32]byte

// newSalt draws a salt for a rotation.
func newSalt() (s Salt) {
	_, _ = rand.Read(s[:]) // never fails
	return s
}

// ID returns the first 8 bytes of the salt's SHA-256.
func (s Salt) ID() SaltID {
	sum := sha256.Sum256(s[:])
	return SaltID(sum[:len(SaltID{})])
}

// String returns 64 lower-case hexadecimal digits.
func (s Salt) String() string { return hex.EncodeToString(s[:]) }

// SaltID names a salt in records and envelopes.
type SaltID [8]byte

// IsZero reports whether id is the zero value, which names no salt.
func (id SaltID) IsZero() bool { return id == SaltID{} }

// String returns 16 lower-case hexadecimal digits.
func (id SaltID) String() string { return hex.EncodeToString(id[:]) }
