package ui

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean returns a text as one line that is safe on a terminal: control characters, invisible ones that turn text around or
// join it, and bytes that are no UTF-8 are written as \u.... or \x.., line breaks and tabs as a space.
func Clean(text string) string {
	if !strings.ContainsFunc(text, hostile) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case hostile(r) && r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		case hostile(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hostile is whether a character may do something to a line other than stand in it: controls, formats (the marks that turn
// text around, and those without width) and the separators of lines.
func hostile(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// cleaner cleans whole lines on their way. The rest of a line that does not end is kept until it does.
type cleaner struct {
	to   io.Writer
	rest string
}

func (c *cleaner) Write(p []byte) (int, error) {
	c.rest += string(p)
	for {
		line, rest, ok := strings.Cut(c.rest, "\n")
		if !ok {
			return len(p), nil
		}
		c.rest = rest
		if _, err := fmt.Fprintln(c.to, Clean(line)); err != nil {
			return len(p), err
		}
	}
}
