package cobcache_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/radtest"
)

func mustOid(t *testing.T, s string) radicle.Oid {
	t.Helper()
	id, err := radicle.ParseOid(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// rad reads a row of ours that has every field and every alternative there is.
func TestRadReadsOurRows(t *testing.T) {
	h := radtest.NewHome(t, radtest.Ana)
	dir := h.Commit(t, "demo", "README", "one")
	rid := h.Init(t, dir)
	base := mustOid(t, h.Git(t, dir, "rev-parse", "HEAD"))
	h.Commit(t, dir, "README", "two")
	h.Git(t, dir, "push", "-q", "-o", "no-sync", "rad", "HEAD:dev")
	head := mustOid(t, h.Git(t, dir, "rev-parse", "HEAD"))

	id := head // a patch that is no operation, but rad wants to find it
	text, err := os.ReadFile("testdata/everything.json")
	if err != nil {
		t.Fatal(err)
	}
	replace := strings.NewReplacer(digits("1"), id.String(), digits("8"), base.String(), digits("9"), head.String())
	if err := cobcache.Open(h.Cobs()).PutPatch(t.Context(), rid, id, json.RawMessage(replace.Replace(string(text)))); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"patch list --all":             "Everything",
		"patch list --merged":          "Everything",
		"patch show " + id.String():    "Everything",
		"patch show -v " + id.String(): "text",
		"patch list --open":            "Nothing to show",
	} {
		out, err := h.Try(t, dir, append([]string{"rad"}, strings.Fields(args)...)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("rad %s: %v\n%s", args, err, out)
		}
	}
}

// digits is an object id in the test data: one digit, 40 times.
func digits(d string) string { return strings.Repeat(d, 40) }

// A cache that rad made is one that we know: the same schema as ours, and rows of the form that we write.
func TestTheirCache(t *testing.T) {
	theirs, ours := radtest.AuthHome(t, radtest.Ana, ""), radtest.NewHome(t, radtest.Bo)
	if a, b := cobcache.Schema(t, theirs.Cobs()), cobcache.Schema(t, ours.Cobs()); a != b {
		t.Errorf("theirs\n%s\nours\n%s", a, b)
	}
	dir := theirs.Commit(t, "demo", "README", "one")
	rid := theirs.Init(t, dir)
	theirs.Git(t, dir, "checkout", "-q", "-b", "feature")
	theirs.Commit(t, dir, "README", "two")
	theirs.Git(t, dir, "push", "-q", "-o", "patch.message=A change", "rad", "HEAD:refs/patches")
	id := mustOid(t, strings.TrimPrefix(theirs.Git(t, dir, "rev-parse", "--symbolic-full-name", "@{upstream}"), "refs/remotes/rad/patches/"))
	row, err := cobcache.Open(theirs.Cobs()).Patch(t.Context(), rid, id)
	if err != nil {
		t.Fatal(err)
	}
	var have map[string]json.RawMessage
	if err := json.Unmarshal(row, &have); err != nil {
		t.Fatalf("%s: %v", row, err)
	}
	for _, key := range []string{"title", "author", "state", "target", "labels", "merges", "revisions", "assignees", "timeline", "reviews"} {
		if _, ok := have[key]; !ok {
			t.Errorf("their row has no %s: %s", key, row)
		}
		delete(have, key)
	}
	if len(have) > 0 {
		t.Errorf("their row has more: %v", have)
	}
	if err := cobcache.Open(theirs.Cobs()).RemovePatch(t.Context(), rid, id); err != nil {
		t.Fatal(err)
	}
	if out := theirs.Rad(t, dir, "patch", "list"); strings.Contains(out, "A change") {
		t.Errorf("after it was removed: %s", out)
	}
	theirs.Rad(t, dir, "patch", "cache", id.String())
	again, err := cobcache.Open(theirs.Cobs()).Patch(t.Context(), rid, id)
	if err != nil || string(again) != string(row) {
		t.Errorf("rad patch cache: %v\n%s\n%s", err, again, row)
	}
}
