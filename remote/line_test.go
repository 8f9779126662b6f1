package remote

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	for text, want := range map[string]command{
		"capabilities":               {verb: capabilities},
		"  list  ":                   {verb: list},
		"list for-push":              {verb: listForPush, value: "for-push"},
		"fetch  aa   refs/x":         {verb: fetch, value: "aa"},
		"fetch aa refs/x more":       {verb: fetch, value: "aa"},
		"push +a:b":                  {verb: push, value: "+a:b"},
		"push HEAD^{/some text}:b":   {verb: push, value: "HEAD^{/some text}:b"},
		"option verbosity 1":         {verb: option, name: "verbosity", value: "1"},
		"option push-option a  b":    {verb: option, name: "push-option", value: "a  b"},
		"option progress":            {verb: option, name: "progress"},
		"":                           {},
		" \t ":                       {},
		"option push-option \"\\303": {verb: option, name: "push-option", value: `"\303`},
	} {
		got, err := parseLine(text)
		got.text = ""
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"bogus", "list x", "fetch", "fetch aa", "Capabilities", "push\x00x y", "importer"} {
		if c, err := parseLine(text); !errors.Is(err, ErrCommand) {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestLinesThatDoNotEnd(t *testing.T) {
	longest := "option push-option " + strings.Repeat("x", MaxLine-len("option push-option \n")) + "\n"
	if c, err := newLineReader(strings.NewReader(longest)).next(t.Context()); err != nil || len(c.value) != MaxLine-len("option push-option \n") {
		t.Errorf("the longest line: %d bytes, %v", len(c.value), err)
	}
	endless := io.MultiReader(strings.NewReader("push "), endlessReader{})
	if _, err := newLineReader(endless).next(t.Context()); !errors.Is(err, ErrLineTooLong) {
		t.Errorf("a line without an end: %v", err)
	}
	if _, err := newLineReader(strings.NewReader("push a:b")).next(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a line that breaks off: %v", err)
	}
	if _, err := newLineReader(strings.NewReader("")).next(t.Context()); err != io.EOF {
		t.Errorf("no line: %v", err)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What is repeated to people is short, and moves no cursor.
func TestBrief(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "caf\u00e9": "caf\u00e9", "a\x1b[2Jb": "a?[2Jb", "a\nb\rc\x00": "a?b?c?", "\xff": "?", "\u009b1m": "?1m",
	} {
		if got := brief(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
	if got := brief(strings.Repeat("\u00e9", shown)); len(got) > shown+len("…") || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes", len(got))
	}
}

func FuzzLines(f *testing.F) {
	f.Add("capabilities\noption verbosity 1\nlist\n\n")
	f.Add("push +a:b\npush :c\n\n")
	f.Add("option push-option \"\\303\\244\\\"\"\nfetch a b\r\n")
	f.Add("push a")
	f.Fuzz(func(t *testing.T, text string) {
		lines := newLineReader(strings.NewReader(text))
		for n := 0; ; n++ {
			c, err := lines.next(t.Context())
			if err != nil && !errors.Is(err, ErrCommand) {
				break
			}
			if n > strings.Count(text, "\n") {
				t.Fatalf("more lines than there are: %+v", c)
			}
			if c.verb == blank && c.value != "" {
				t.Fatalf("a blank line with %q", c.value)
			}
			o := options{}
			if c.verb == option {
				if answer, err := o.set(c.name, c.value); err == nil && (answer == "" || strings.ContainsAny(answer, "\r\n")) {
					t.Fatalf("%q is answered %q", c.text, answer)
				}
			}
			if c.verb == push {
				checkRefspec(t, c.value)
			}
		}
	})
}

// checkRefspec fails unless what a refspec parses to can be told to git, a line for each.
func checkRefspec(t *testing.T, spec string) {
	t.Helper()
	a, err := parseRefspec(spec)
	if err != nil {
		return
	}
	if (a.kind == deleteRef) != (a.src == "" && !a.force) && a.src != "" {
		t.Fatalf("%q: %+v", spec, a)
	}
	line := result{dst: a.dst, err: errNotForward}.line()
	if s := bufio.NewScanner(strings.NewReader(line)); !s.Scan() || s.Text() != line || s.Scan() {
		t.Fatalf("%q: result %q is not a line", spec, line)
	}
}
