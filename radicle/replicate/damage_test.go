package replicate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle/gitobj"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// A node that was killed while it wrote refs left half of them. Signed refs are where they were, so nothing seems to be new.
func TestAgainMends(t *testing.T) {
	s := newScene(t)
	theirs := s.b.repo(t, s.rid)
	git(t, theirs.Dir(), "update-ref", "--no-deref", "-d", storage.NamespacePrefix(cy.NID())+"refs/heads/cy")
	if _, err := s.b.fetch(t, s.a, s.options()); err != nil {
		t.Fatal(err)
	}
	if problems, _ := theirs.Check(t.Context()); len(problems) != 1 {
		t.Errorf("%v", problems)
	}
	o := s.options()
	o.Again = true
	s.b.mustFetch(t, s.a, o)
	sameRefs(t, s.rid, s.a, s.b)
}

// What somebody has over there is damaged, and git fails at it: the others' comes.
func TestDamageOverThere(t *testing.T) {
	s := newScene(t)
	hole := commit(t, s.r, nil, oid(t, strings.Repeat("2", 40)))
	forge(t, s.r, cy, func(lines map[string]string) { lines["refs/heads/cy"] = hole.String() })
	s.goodNews(t)
	push(t, s.r, eve, "refs/heads/eve", "eve")
	bad := signer(1) // whose signed refs themselves have a hole
	plant(t, s.r, bad.NID(), sigrefs.RefSigrefs, signed(t, s.r, bad, []byte("x"), oid(t, strings.Repeat("3", 40))))
	for _, h := range []*home{s.b, newHome(t, eve)} {
		result, err := h.fetch(t, s.a, s.options())
		if err != nil || len(result.Refused) != 2 || !as[*replicate.RemoteError](why(result, cy)) || !as[*replicate.RemoteError](why(result, bad)) {
			t.Errorf("%+v, %v", result, err)
		}
		h.check(t, s.rid)
	}
}

// Several are damaged among many: each is found, and no other is refused.
func TestMuchDamageOverThere(t *testing.T) {
	s := newScene(t)
	bad := []byte{3, 4, 17}
	for b := range byte(20) {
		push(t, s.r, signer(b+1), "refs/heads/x", "x")
	}
	hole := commit(t, s.r, nil, oid(t, strings.Repeat("2", 40)))
	for _, b := range bad {
		forge(t, s.r, signer(b), func(lines map[string]string) { lines["refs/heads/x"] = hole.String() })
	}
	result, err := s.b.fetch(t, s.a, s.options())
	if err != nil || len(result.Namespaces) != 20-len(bad) || len(result.Refused) != len(bad) {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, b := range bad {
		if !as[*replicate.RemoteError](why(result, signer(b))) {
			t.Errorf("%d: %v", b, why(result, signer(b)))
		}
	}
	s.b.check(t, s.rid)
}

// git has deleted here what no ref reached, but not all of it: what is left is not taken for the whole.
func TestDamageHere(t *testing.T) {
	s := newScene(t)
	below := commit(t, s.r, nil)
	head := commit(t, s.r, nil, below)
	theirs := s.b.repo(t, s.rid)
	_, raw, err := s.r.Read(t.Context(), head, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	write(t, theirs, gitobj.KindCommit, raw)
	_, err = s.r.Update(t.Context(), cy, func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/heads/cy", head) })
	if err != nil {
		t.Fatal(err)
	}
	s.b.mustFetch(t, s.a, s.options())
	sameRefs(t, s.rid, s.a, s.b)
}

// A ref of a namespace is broken here: that namespace waits.
func TestBrokenRefHere(t *testing.T) {
	s := newScene(t)
	theirs := s.b.repo(t, s.rid)
	file := filepath.Join(theirs.Dir(), "refs", "namespaces", cy.NID().String(), "refs", "heads", "broken")
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	push(t, s.r, cy, "refs/heads/cy", "news")
	s.goodNews(t)
	result, err := s.b.fetch(t, s.a, s.options())
	if err != nil || len(result.Namespaces) != 1 || !as[*storage.RefError](why(result, cy)) {
		t.Errorf("%+v, %v", result, err)
	}
}

// A symbolic ref in our copy of a namespace is not written through.
func TestSymbolicRefHere(t *testing.T) {
	s := newScene(t)
	theirs := s.b.repo(t, s.rid)
	git(t, theirs.Dir(), "symbolic-ref", storage.NamespacePrefix(cy.NID())+"refs/heads/cy", master)
	was, _ := theirs.Ref(t.Context(), master)
	push(t, s.r, cy, "refs/heads/cy", "news")
	result, err := s.b.fetch(t, s.a, s.options())
	if err != nil || !errors.Is(why(result, cy), replicate.ErrSymbolic) {
		t.Errorf("%+v, %v", result, err)
	}
	if now, _ := theirs.Ref(t.Context(), master); now != was {
		t.Errorf("master is at %v", now)
	}
}
