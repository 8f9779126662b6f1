package radicle

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxAlias is the length of the longest alias, in bytes.
const MaxAlias = 32

// An Alias is the short name that a node gives itself. It is not unique. Only what [ParseAlias] returned is known to be valid.
type Alias string

// ParseAlias takes 1 to 32 bytes of UTF-8 without white space and control characters, Radicle's rule. Errors wrap [ErrAlias].
func ParseAlias(s string) (Alias, error) {
	switch {
	case s == "":
		return "", fmt.Errorf("%w: empty", ErrAlias)
	case len(s) > MaxAlias:
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrAlias, len(s), MaxAlias)
	case !utf8.ValidString(s):
		return "", fmt.Errorf("%w: %q is not UTF-8", ErrAlias, s)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return "", fmt.Errorf("%w: %q has white space or control characters", ErrAlias, s)
	}
	return Alias(s), nil
}

// String returns the name.
func (a Alias) String() string { return string(a) }

// AppendText appends the name. An alias that is not valid is an error that wraps [ErrAlias].
func (a Alias) AppendText(b []byte) ([]byte, error) {
	if _, err := ParseAlias(string(a)); err != nil {
		return b, err
	}
	return append(b, a...), nil
}

// MarshalText is AppendText to a new slice.
func (a Alias) MarshalText() ([]byte, error) { return a.AppendText(nil) }

// UnmarshalText is [ParseAlias].
func (a *Alias) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAlias(string(text))
	return err
}
