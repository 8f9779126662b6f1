package cjson

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// The errors of writing.
var (
	// ErrNumber is the error for a number that canonical JSON has no form for: a fraction, an exponent, or out of range.
	ErrNumber = errors.New("not an integer of 64 bits")
	// ErrText is the error for a Go string that is not UTF-8.
	ErrText = errors.New("not UTF-8")
)

// Encode returns the canonical form of v. Errors wrap [ErrNumber] or [ErrText].
func Encode(v Value) ([]byte, error) {
	b, err := Append(nil, v)
	if err != nil {
		return nil, err
	}
	return b, nil
}

// Append appends the canonical form of v to b. It panics if v, or a value in it, is not of one of the types of [Value].
func Append(b []byte, v Value) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return fmt.Appendf(b, "%t", v), nil
	case string:
		return appendString(b, v)
	case Number:
		if !v.integer() {
			return b, fmt.Errorf("number %.40s: %w", v, ErrNumber)
		}
		return append(b, v...), nil
	case Array:
		return appendArray(b, v)
	case Object:
		return appendObject(b, v)
	}
	panic("cjson: " + kind(v) + " is not a value")
}

func appendArray(b []byte, list Array) (_ []byte, err error) {
	b = append(b, '[')
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = Append(b, v); err != nil {
			return b, err
		}
	}
	return append(b, ']'), nil
}

// encodedMember is a member with its key as it is written.
type encodedMember struct {
	key   []byte
	value Value
}

func appendObject(b []byte, o Object) (_ []byte, err error) {
	members, err := sortedMembers(o)
	if err != nil {
		return b, err
	}
	b = append(b, '{')
	for i, m := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, m.key...), ':')
		if b, err = Append(b, m.value); err != nil {
			return b, err
		}
	}
	return append(b, '}'), nil
}

// sortedMembers orders the members by their written keys and keeps the last of those that are written alike. What it drops must
// still have a canonical form, as in Radicle.
func sortedMembers(o Object) ([]encodedMember, error) {
	members := make([]encodedMember, 0, len(o))
	for _, m := range o.Unique() {
		key, err := appendString(nil, m.Key)
		if err != nil {
			return nil, err
		}
		members = append(members, encodedMember{key, m.Value})
	}
	slices.SortStableFunc(members, func(a, b encodedMember) int { return bytes.Compare(a.key, b.key) })
	last := members[:0]
	for i, m := range members {
		if i+1 == len(members) || !bytes.Equal(m.key, members[i+1].key) {
			last = append(last, m)
		} else if _, err := Append(nil, m.value); err != nil {
			return nil, err
		}
	}
	return last, nil
}

func appendString(b []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return b, fmt.Errorf("string %.40q: %w", s, ErrText)
	}
	b = append(b, '"')
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			s = nfc(s)
			break
		}
	}
	for i := range len(s) {
		b = appendByte(b, s[i])
	}
	return append(b, '"'), nil
}

// appendByte appends one byte of a string, escaped if need be. Bytes of characters above ASCII stay as they are.
func appendByte(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\t':
		return append(b, `\t`...)
	case '\n':
		return append(b, `\n`...)
	case '\f':
		return append(b, `\f`...)
	case '\r':
		return append(b, `\r`...)
	}
	if c < ' ' {
		const digits = "0123456789abcdef"
		return append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
	}
	return append(b, c)
}
