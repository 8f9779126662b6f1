package cobcache_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/radtest"
)

// What rad wrote about two patches is what we read of them.
func TestPatchesThatRadWrote(t *testing.T) {
	h := radtest.NewHome(t, radtest.Ana)
	dir := h.Commit(t, "demo", "README", "one")
	rid := h.Init(t, dir)
	cache := cobcache.Open(h.Cobs())
	if all, err := cache.Patches(t.Context(), rid, patch.Open, patch.Draft); err != nil || len(all) != 0 {
		t.Fatalf("no patches yet: %v, %v", all, err)
	}
	h.Git(t, dir, "checkout", "-q", "-b", "feature")
	h.Commit(t, dir, "README", "two")
	h.Git(t, dir, "push", "-q", "-o", "patch.message=A change", "-o", "patch.target=dev", "rad", "HEAD:refs/patches")
	first := mustOid(t, h.Git(t, dir, "rev-parse", "HEAD"))
	h.Commit(t, dir, "README", "three")
	h.Git(t, dir, "push", "-q", "rad")
	second := mustOid(t, h.Git(t, dir, "rev-parse", "HEAD"))
	h.Git(t, dir, "push", "-q", "-o", "patch.message=A draft", "-o", "patch.draft", "rad", "HEAD~1:refs/patches")

	all, err := cache.Patches(t.Context(), rid, patch.Open)
	if err != nil || len(all) != 1 {
		t.Fatalf("open patches: %v, %v", all, err)
	}
	p := all[0]
	var heads []radicle.Oid
	for _, r := range p.Revisions {
		heads = append(heads, r.Head)
	}
	same := cmp.Comparer(func(a, b radicle.Oid) bool { return a == b })
	if diff := cmp.Diff([]radicle.Oid{first, second}, heads, same); diff != "" {
		t.Errorf("heads (-want +got):\n%s", diff)
	}
	if len(p.Timeline) != 2 || p.Timeline[0] != p.ID {
		t.Errorf("timeline %v", p.Timeline)
	}
	if p.Head() != second || p.Author != radtest.Ana.NID().DID() || p.Target.Branch != "refs/heads/dev" {
		t.Errorf("read %+v", p)
	}
	if drafts, err := cache.Patches(t.Context(), rid, patch.Draft); err != nil || len(drafts) != 1 || drafts[0].Head() != first {
		t.Errorf("drafts: %+v, %v", drafts, err)
	}
	other := radicle.NewRID(first)
	if all, err := cache.Patches(t.Context(), other, patch.Open, patch.Draft); err != nil || len(all) != 0 {
		t.Errorf("patches of another repository: %v, %v", all, err)
	}
}

// A row that is not what it should be hides no other one.
func TestRowsThatAreNoPatches(t *testing.T) {
	for _, text := range []string{`{}`, `[]`, `null`, `{"author":{"id":"x"}}`, `{"timeline":3}`, "", "{"} {
		if s, ok := cobcache.Summarise(strings.Repeat("1", 40), []byte(text)); ok && s.Status != "" {
			t.Errorf("%q: %+v", text, s)
		}
	}
	row, err := os.ReadFile("testdata/everything.json")
	if err != nil {
		t.Fatal(err)
	}
	if s, ok := cobcache.Summarise(digits("1"), row); !ok || s.Head().IsZero() {
		t.Errorf("everything: %v, %+v", ok, s)
	}
	if _, ok := cobcache.Summarise("no id", row); ok {
		t.Error("a row without an id counts")
	}
}
