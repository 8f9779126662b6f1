package ui

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"plain", "bo's film, 3 µs, 日本", "bo's film, 3 µs, 日本"},
		{"a colour", "bo\x1b[31m", `bo\u001b[31m`},
		{"a title", "\x1b]0;mine\x07", `\u001b]0;mine\u0007`},
		{"a carriage return", "bo\rana", `bo\u000dana`},
		{"lines", "bo\nerror: lies\tx", "bo error: lies x"},
		{"delete", "bo\x7f", `bo\u007f`},
		{"C1", "bo\u009b31m", `bo\u009b31m`},
		{"turned around", "gpj.\u202eexe", `gpj.\u202eexe`},
		{"isolates", "\u2066x\u2069", `\u2066x\u2069`},
		{"no width", "b\u200bo", `b\u200bo`},
		{"tags beyond the first plane", "b\U000e0041", `b\U000e0041`},
		{"line separator", "b\u2028o", `b\u2028o`},
		{"no UTF-8", "b\xffo", `b\xffo`},
		{"the replacement itself", "b\uFFFDo", "b\uFFFDo"},
	} {
		if got := Clean(test.text); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// Whatever is printed, in whichever way, holds nothing that a terminal acts upon.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "bo", "b\x1b[2Jo", "\xff\xfe", "\u202e", "\U000e0041", "a\nb", `"\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Clean(text); strings.ContainsFunc(got, hostile) || !utf8.ValidString(got) {
			t.Errorf("Clean(%q) = %q", text, got)
		}
		var out, err bytes.Buffer
		u := New(Options{Out: &out, Err: &err, Program: "rad swarm"})
		u.Note("%s", text)
		u.Warn(text, text)
		u.Error(Usagef(text, "%s", text))
		for _, print := range []error{
			u.Say("%s", text), u.Table([]string{text}, [][]string{{text}}), u.Columns([][]string{{text, text}}), u.WriteJSON(text),
		} {
			if print != nil {
				t.Error(print)
			}
		}
		for _, b := range []string{out.String(), err.String()} {
			if strings.ContainsFunc(strings.ReplaceAll(b, "\n", ""), hostile) {
				t.Errorf("%q is printed as %q", text, b)
			}
		}
	})
}

func TestJSONStaysTheSame(t *testing.T) {
	text := "bo\x1b[31m \u202e \u009b \U000e0041 \x7f <&> \"\\ 日"
	var out bytes.Buffer
	if err := New(Options{Out: &out}).WriteJSON(map[string]string{"name": text}); err != nil {
		t.Fatal(err)
	}
	var back map[string]string
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back["name"] != text {
		t.Errorf("%v, %q", err, back["name"])
	}
	if strings.ContainsFunc(strings.ReplaceAll(out.String(), "\n", ""), hostile) {
		t.Errorf("%q", out.String())
	}
}

func TestOutCleansLines(t *testing.T) {
	var out bytes.Buffer
	w := New(Options{Out: &out}).Out()
	for _, part := range []string{"one\x1b", "[2J\ntwo", "\nthree"} {
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if want := "one\\u001b[2J\ntwo\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
