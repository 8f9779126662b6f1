package keyring

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

// redacted is what every secret prints as.
const redacted = "[redacted]"

// hidden gives the habits of a secret to the type that embeds it, if that type also keeps its bytes behind a function: fmt
// looks into hidden fields of other structs without asking their methods, but never calls a function.
type hidden struct {
	_ [0]func() // not comparable: == would take variable time
}

// String returns "[redacted]".
func (hidden) String() string { return redacted }

// GoString returns "[redacted]".
func (hidden) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (hidden) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]": a secret that lands in JSON by accident tells nothing.
func (hidden) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// secret is 32 hidden bytes. The zero value was never set.
type secret struct {
	hidden
	get func() [32]byte
}

func newSecret(b [32]byte) secret { return secret{get: func() [32]byte { return b }} }

// IsZero reports whether the secret was never set.
func (s secret) IsZero() bool { return s.get == nil }

// derive is HKDF-SHA256 of the secret to n bytes, at most 8,160. It panics if the secret was never set: a key made of nothing
// would be everybody's.
func (s secret) derive(salt, info string, n int) []byte {
	if s.get == nil {
		panic("keyring: secret was never set")
	}
	ikm := s.get()
	return derive(ikm[:], salt, info, n)
}

// derive is HKDF-SHA256. It panics if the standard library refuses so few bytes of output, which RFC 5869 never does.
func derive(ikm []byte, salt, info string, n int) []byte {
	b, err := hkdf.Key(sha256.New, ikm, []byte(salt), info, n)
	if err != nil {
		panic("keyring: hkdf: " + err.Error())
	}
	return b
}
