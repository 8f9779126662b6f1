package friend

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"

	"radswarm/radicle"
)

// redacted is what every secret prints as.
const redacted = "[redacted]"

// SecretLen is the length of an invitation's secret, in bytes.
const SecretLen = 16

// Secret is what an invitation is accepted with, once (FRIEND.md §6). It prints as [redacted] and does not compare with ==; the
// bytes are behind a function because fmt looks into hidden fields of other structs. The zero value is none.
type Secret struct {
	_   [0]func()
	get func() [SecretLen]byte
}

// newSecret draws a secret.
func newSecret() Secret {
	var b [SecretLen]byte
	_, _ = rand.Read(b[:]) // never fails
	return hide(b)
}

func hide(b [SecretLen]byte) Secret { return Secret{get: func() [SecretLen]byte { return b }} }

// ParseSecret takes the bytes of a secret, as KNOCK_INVITATION brings them. The error is of class encoding.
func ParseSecret(b []byte) (Secret, error) {
	if len(b) != SecretLen {
		return Secret{}, malformed("secret length")
	}
	return hide([SecretLen]byte(b)), nil
}

// Bytes returns the secret itself, for the knock and nothing else; nil where there is none.
func (s Secret) Bytes() []byte {
	if s.get == nil {
		return nil
	}
	b := s.get()
	return b[:]
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.get == nil }

// InvitationID names an invitation: a hash of its secret, all that the inviter keeps of it.
type InvitationID [sha256.Size]byte

// String returns 64 lower-case hexadecimal digits.
func (id InvitationID) String() string { return fmt.Sprintf("%x", id[:]) }

// ID returns the name of the invitation of an inviter.
func (s Secret) ID(inviter radicle.DID) InvitationID {
	msg := append([]byte(labelInvitation), inviter[:]...)
	return sha256.Sum256(append(msg, s.Bytes()...))
}

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// GoString returns "[redacted]".
func (Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]": a secret that lands in JSON by accident tells nothing.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
