package identity_test

import (
	"regexp"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
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

// FuzzAction gives an identity an operation by its only delegate, with any action.
func FuzzAction(f *testing.F) {
	w := gitobj.NewMemory(20)
	draft := identity.Draft{Delegates: []radicle.DID{did(1)}, Threshold: 1}
	doc, err := draft.Verify()
	if err != nil {
		f.Fatal(err)
	}
	id, _, err := identity.Init(f.Context(), pen(w, 1, "ana"), doc)
	if err != nil {
		f.Fatal(err)
	}
	root := id.Root().String()
	f.Add(`{"blob":"` + id.RID().Oid().String() + `","parent":"` + root + `","signature":"z1","title":"x","type":"revision"}`)
	f.Add(`{"revision":"` + root + `","signature":"z` + strings.Repeat("1", 64) + `","type":"revision.accept"}`)
	f.Add(`{"revision":"` + root + `","type":"revision.reject"}`)
	f.Add(`{"revision":"` + root + `","type":"revision.redact"}`)
	f.Add(`{"description":"","revision":"` + root + `","title":"x","type":"RevisionEdit"}`)
	f.Fuzz(func(t *testing.T, action string) {
		c := cob.Change{Type: identity.Type, Tips: []radicle.Oid{id.Root()}, Message: "x", Actions: [][]byte{[]byte(action), []byte(action)}}
		e, err := c.Write(t.Context(), pen(w, 1, "ana"))
		if err != nil {
			t.Fatal(err)
		}
		read, err := identity.Read(t.Context(), w, id.RID(), id.Root(), []radicle.Oid{e.ID}, cob.Limits{})
		if err != nil || read.Document() == nil {
			t.Errorf("%q: %v", action, err)
		}
	})
}
