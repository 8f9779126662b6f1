package identity_test

import (
	"regexp"
	"strings"
	"testing"

	"radswarm/radicle/identity"
)

// FuzzParse holds that what is read and written again is the same document, and that whatever its payloads are, reading the rules
// ends with rules or an error.
func FuzzParse(f *testing.F) {
	var vectors []documentVector
	readVectors(f, "documents.json", &vectors)
	for _, v := range vectors {
		f.Add([]byte(v.JSON))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := identity.Parse(data)
		if err != nil {
			return
		}
		if n := len(doc.Delegates()); n < 1 || n > identity.MaxDelegates || doc.Threshold() < 1 || doc.Threshold() > n {
			t.Errorf("%d delegates, threshold %d", n, doc.Threshold())
		}
		if crefs, err := doc.CanonicalRefs(); err == nil {
			if _, ok := crefs.Match(crefs.Head()); !ok {
				t.Errorf("no rule for %s", crefs.Head())
			}
		} else if doc.CheckProposal() == nil {
			t.Errorf("proposable, and %v", err)
		}
		first, err := doc.Encode()
		if err != nil {
			return
		}
		again, err := identity.Parse(first)
		if err != nil {
			t.Fatalf("%s is not read back: %v", first, err)
		}
		if second, err := again.Encode(); err != nil || string(second) != string(first) {
			t.Errorf("%s is written as %s, %v", first, second, err)
		}
	})
}

// FuzzPattern compares Match with a regular expression, and Compare with what an order must be.
func FuzzPattern(f *testing.F) {
	f.Add("refs/heads/*", "refs/heads/a/*/x", "refs/heads/a/b/x")
	f.Add("refs/heads/a*b", "refs/*/x", "refs/heads/aXb")
	f.Add("refs/heads/*/x", "refs/heads/*x", "refs/heads/x")
	f.Fuzz(func(t *testing.T, a, b, ref string) {
		p, err := identity.ParsePattern(a)
		if err != nil {
			return
		}
		prefix, suffix, glob := strings.Cut(a, "*")
		middle := map[bool]string{true: "[^/]*"}[glob]
		switch {
		case glob && suffix == "":
			middle = "(?s:.*)"
		case strings.HasSuffix(prefix, "/") && strings.HasPrefix(suffix, "/"):
			prefix, middle = strings.TrimSuffix(prefix, "/"), "(?s:/.*)?"
		}
		want := regexp.MustCompile(`\A` + regexp.QuoteMeta(prefix) + middle + regexp.QuoteMeta(suffix) + `\z`).MatchString(ref)
		if got := p.Match(ref); got != want {
			t.Errorf("%q matches %q: %v", a, ref, got)
		}
		q, err := identity.ParsePattern(b)
		if err != nil {
			return
		}
		if p.Compare(q) != -q.Compare(p) || (p.Compare(q) == 0) != (p == q) {
			t.Errorf("%q against %q: %d, the other way round %d", a, b, p.Compare(q), q.Compare(p))
		}
	})
}
