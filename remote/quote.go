package remote

import (
	"fmt"
	"strings"
)

// unquote takes off the quotes that git puts around an option's value if it has a quote, a backslash, a control character or a
// byte beyond ASCII (quote_c_style): the letters abtnvfr, the quote, the backslash, or three octal digits after a
// backslash. A value that does not begin with a quote is taken as it is. Errors wrap [ErrQuote].
func unquote(s string) (string, error) {
	rest, quoted := strings.CutPrefix(s, `"`)
	if !quoted {
		return s, nil
	}
	var b strings.Builder
	for {
		at := strings.IndexAny(rest, `"\`)
		if at < 0 {
			return "", fmt.Errorf("%w: no end of %s", ErrQuote, brief(s))
		}
		b.WriteString(rest[:at])
		if rest[at] == '"' {
			if rest[at+1:] != "" {
				return "", fmt.Errorf("%w: text after the end of %s", ErrQuote, brief(s))
			}
			return b.String(), nil
		}
		c, n, ok := unescape(rest[at+1:])
		if !ok {
			return "", fmt.Errorf("%w: unknown escape in %s", ErrQuote, brief(s))
		}
		b.WriteByte(c)
		rest = rest[at+1+n:]
	}
}

// unescape reads what follows a backslash: the byte, and how many bytes stand for it.
func unescape(s string) (c byte, n int, ok bool) {
	if s == "" {
		return 0, 0, false
	}
	if at := strings.IndexByte(`abtnvfr"\`, s[0]); at >= 0 {
		return "\a\b\t\n\v\f\r\"\\"[at], 1, true
	}
	if len(s) < 3 || s[0] < '0' || s[0] > '3' {
		return 0, 0, false
	}
	for _, digit := range []byte(s[:3]) {
		if digit < '0' || digit > '7' {
			return 0, 0, false
		}
		c = c<<3 | (digit - '0')
	}
	return c, 3, true
}
