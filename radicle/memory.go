package radicle

import (
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/sha512"
	"fmt"
	"io"
	"log/slog"
)

// SeedSize is the size of the secret that an Ed25519 key is made from (RFC 8032), in bytes.
const SeedSize = ed25519.SeedSize

// redacted is what a secret prints.
const redacted = "[redacted]"

// A MemorySigner holds a Radicle key in memory: read from a key file, or made from a fixed seed in tests. It is an [Opener].
// It prints as [redacted] in every format and does not compare with ==.
type MemorySigner struct {
	secret func() *secret // a function: fmt follows pointers in hidden fields of other structs, and never calls
}

type secret struct {
	sign ed25519.PrivateKey
	ecdh *ecdh.PrivateKey
}

var (
	_ Opener         = (*MemorySigner)(nil)
	_ slog.LogValuer = MemorySigner{}
	_ fmt.Formatter  = MemorySigner{}
)

// NewMemorySigner makes the key of a seed.
func NewMemorySigner(seed [SeedSize]byte) *MemorySigner {
	digest := sha512.Sum512(seed[:])
	scalar, err := ecdh.X25519().NewPrivateKey(digest[:32]) // crypto/ecdh clamps
	if err != nil {
		panic("radicle: X25519 refuses 32 bytes: " + err.Error()) // no input does that
	}
	key := &secret{sign: ed25519.NewKeyFromSeed(seed[:]), ecdh: scalar}
	return &MemorySigner{secret: func() *secret { return key }}
}

// NID names the key.
func (s *MemorySigner) NID() NID { return NID(s.secret().sign.Public().(ed25519.PublicKey)) }

// Sign returns the Ed25519 signature over msg, or the error of a context that has ended.
func (s *MemorySigner) Sign(ctx context.Context, msg []byte) ([SignatureSize]byte, error) {
	if err := ctx.Err(); err != nil {
		return [SignatureSize]byte{}, err
	}
	return [SignatureSize]byte(ed25519.Sign(s.secret().sign, msg)), nil
}

// ECDHKey is the X25519 image of the key.
func (s *MemorySigner) ECDHKey() ecdh.KeyExchanger {
	return exchanger{key: func() *ecdh.PrivateKey { return s.secret().ecdh }}
}

// String returns [redacted].
func (MemorySigner) String() string { return redacted }

// GoString returns [redacted].
func (MemorySigner) GoString() string { return redacted }

// Format writes [redacted] for every verb.
func (MemorySigner) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns [redacted].
func (MemorySigner) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns [redacted]; encoding/json writes it as a string.
func (MemorySigner) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// exchanger is an X25519 key that does what an [ecdh.KeyExchanger] does and nothing else: no bytes, no print.
type exchanger struct {
	key func() *ecdh.PrivateKey
}

func (e exchanger) PublicKey() *ecdh.PublicKey                  { return e.key().PublicKey() }
func (e exchanger) Curve() ecdh.Curve                           { return e.key().Curve() }
func (e exchanger) ECDH(remote *ecdh.PublicKey) ([]byte, error) { return e.key().ECDH(remote) }
func (exchanger) String() string                                { return redacted }
func (exchanger) GoString() string                              { return redacted }
func (exchanger) Format(f fmt.State, _ rune)                    { _, _ = io.WriteString(f, redacted) }

func (exchanger) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (exchanger) MarshalText() ([]byte, error) { return []byte(redacted), nil }
