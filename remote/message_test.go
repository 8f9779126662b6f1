package remote

import "testing"

func TestComments(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "a\nb": "a\nb", "a\nb\n": "a\nb\n",
		"a\n<!-- x -->\nb":           "a\n", // a comment ends at the end of a later line, not of its own: Radicle's rule
		"a\n<!--\nx\n-->\nb\n":       "a\nb\n",
		"a\n <!-- x\nb":              "a\n <!-- x\nb",
		"a\r\nb\r\n":                 "a\nb\n",
		"<!-- x\ny -->":              "",
		"t\n\n<!-- x\ny\nz -->\n\nd": "t\n\n\nd",
	} {
		if got := stripComments(text); got != want && got+"\n" != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestMessagesOfSeveralCommits(t *testing.T) {
	for want, messages := range map[string][]string{
		"":                            nil,
		"one\n\nbody\n":               {"one\n\nbody\n"},
		"one\n\n\ntwo\n\n":            {"one\n", "two\n"},
		"one\n\n\ntwo\n\n\nthree\n\n": {"one", "two\n\n", "three\n"},
	} {
		if got := joinMessages(messages); got != want {
			t.Errorf("%q: %q, want %q", messages, got, want)
		}
	}
}
