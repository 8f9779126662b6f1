package wire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clip cuts text to the length that a peer may be sent, between two characters.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= MaxText {
		return s
	}
	n := MaxText
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// printable makes what a peer wrote safe to show: control characters, line ends, direction marks and bytes that are no
// text become question marks.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r != utf8.RuneError && unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s)
	return clip(s)
}
