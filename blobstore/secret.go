package blobstore

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every secret prints as.
const redacted = "[redacted]"

// secret is 32 bytes that do not print and do not compare with ==. The key types embed it and so inherit both habits;
// only this package can look inside. The bytes are behind a function because fmt prints the fields of a struct without
// asking their methods where the field that holds it is not exported.
type secret struct {
	reveal func() [32]byte // nil: never set. Not comparable: keys compare in constant time, see [ContentKey.Equal]
}

func hide(b [32]byte) secret { return secret{func() [32]byte { return b }} }

// String returns "[redacted]".
func (secret) String() string { return redacted }

// GoString returns "[redacted]".
func (secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]": a secret that lands in JSON by accident tells nothing.
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// IsZero reports whether the secret was never set, or set to zeros.
func (s secret) IsZero() bool { return s.equal(secret{}) }

// Bytes returns the 32 secret bytes, for sealing them into an envelope and nothing else.
func (s secret) Bytes() [32]byte {
	if s.reveal == nil {
		return [32]byte{}
	}
	return s.reveal()
}

// equal compares in constant time.
func (s secret) equal(o secret) bool {
	a, b := s.Bytes(), o.Bytes()
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// expand derives 32 bytes with the secret as key.
func (s secret) expand(info string) [32]byte {
	b := s.Bytes()
	return expand(b[:], info)
}
