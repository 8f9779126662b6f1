package remote

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// gitQuote is git's quote_c_style: quotes only where they are needed.
func gitQuote(s string) string {
	var b strings.Builder
	needed := false
	for _, c := range []byte(s) {
		at := strings.IndexByte("\a\b\t\n\v\f\r\"\\", c)
		switch {
		case at >= 0:
			b.WriteString(`\` + `abtnvfr"\`[at:at+1])
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
			continue
		}
		needed = true
	}
	if !needed {
		return s
	}
	return `"` + b.String() + `"`
}

func TestUnquote(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "two  spaces": "two  spaces", `it's "so"`: `it's "so"`,
		`"patch.message=Hello \"w\303\266rld\""`: `patch.message=Hello "wörld"`, `"\a\b\t\n\v\f\r\"\\"`: "\a\b\t\n\v\f\r\"\\",
		`""`: "", `"\377\000"`: "\xff\x00",
	} {
		if got, err := unquote(text); err != nil || got != want {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{`"`, `"open`, `"a"b`, `"\"`, `"\x41"`, `"\40"`, `"\400"`, `"\389"`, `"\`} {
		if got, err := unquote(text); !errors.Is(err, ErrQuote) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

func FuzzUnquote(f *testing.F) {
	f.Add("patch.message=Hello \"wörld\"")
	f.Add("\x00\x7f\xff\\")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, `"`) { // git quotes every text with a quote
			_, _ = unquote(text)
		}
		if got, err := unquote(gitQuote(text)); err != nil || got != text {
			t.Fatalf("%q came back as %q, %v", text, got, err)
		}
	})
}
