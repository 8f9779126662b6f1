package blobstore

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every secret prints as.
const redacted = "[redacted]"

// secret is 32 bytes that do not print and do not compare with ==. The key types embed it and so
// inherit both habits; only this package can look inside.
type secret struct {
	_ [0]func() // not comparable: comparing keys must be [ContentKey.Equal] and take constant time
	b [32]byte
}

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

// IsZero reports whether the secret was never set.
func (s secret) IsZero() bool {
	var zero [32]byte
	return subtle.ConstantTimeCompare(s.b[:], zero[:]) == 1
}

// Bytes returns the 32 secret bytes, for sealing them into an envelope and nothing else.
func (s secret) Bytes() [32]byte { return s.b }
