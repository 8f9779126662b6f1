package remote

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob/patch"
)

func TestRefspecs(t *testing.T) {
	id, err := radicle.ParseOid(strings.Repeat("ab", 20))
	if err != nil {
		t.Fatal(err)
	}
	for spec, want := range map[string]action{
		"refs/heads/a:refs/heads/b":              {kind: moveRef, src: "refs/heads/a", dst: "refs/heads/b"},
		"+HEAD~1:refs/tags/v1":                   {kind: moveRef, src: "HEAD~1", dst: "refs/tags/v1", force: true},
		":refs/heads/b":                          {kind: deleteRef, dst: "refs/heads/b"},
		"HEAD:refs/patches":                      {kind: openPatch, src: "HEAD", dst: "refs/patches"},
		"HEAD:refs/for/dev":                      {kind: openPatch, src: "HEAD", dst: "refs/for/dev", target: patch.Target{Branch: "refs/heads/dev"}},
		"HEAD:refs/for/refs/heads/dev":           {kind: openPatch, src: "HEAD", dst: "refs/for/refs/heads/dev", target: patch.Target{Branch: "refs/heads/dev"}},
		"HEAD:refs/heads/patches/" + id.String(): {kind: updatePatch, src: "HEAD", dst: patchBranch(id), patch: id},
		":refs/heads/patches/" + id.String():     {kind: deleteRef, dst: patchBranch(id)},
		":refs/heads/patches/x":                  {kind: deleteRef, dst: "refs/heads/patches/x"},
		"HEAD:refs/heads/patchesx":               {kind: moveRef, src: "HEAD", dst: "refs/heads/patchesx"},
		"HEAD:refs/notes/x":                      {kind: moveRef, src: "HEAD", dst: "refs/notes/x"},
	} {
		got, err := parseRefspec(spec)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(action{}, object{}, radicle.Oid{})); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", spec, err, diff)
		}
	}
	for spec, want := range map[string]string{
		"abc":                       "expected refspec of the form `[<src>]:<dst>`, got abc",
		"HEAD:":                     "failed to parse destination reference ()",
		"HEAD:refs/heads/a..b":      "failed to parse destination reference (refs/heads/a..b)",
		"HEAD:refs/heads/a b":       "failed to parse destination reference",
		"HEAD:refs/x":               "invalid reference refs/x, expected qualified reference starting with `refs/`",
		"HEAD:main":                 "invalid reference main, expected qualified reference starting with `refs/`",
		"HEAD:refs/for/refs/tags/x": "invalid reference refs/for/refs/tags/x",
		"HEAD:refs/heads/patches/x": "found refs/heads/patches/x where x was an invalid Patch ID",
	} {
		if _, err := parseRefspec(spec); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", spec, err)
		}
	}
}

func TestURLs(t *testing.T) {
	const rid, nid = "z42hL2jL4XNk6K8oHQaSWfMgCL7ji", "z6MkuxSKFWJkrqRN8oxnG2TukJHQnT8icFubzywYAF13hHqs"
	for _, text := range []string{"rad://" + rid, "rad://" + rid + "/" + nid} {
		if u, err := ParseURL(text); err != nil || u.String() != text {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
	for _, text := range []string{
		"", "rad:", "rad:" + rid, "rad://", "rad:///" + nid, "rad://" + rid + "/", "rad://" + rid + "/" + nid + "/", "rad://rad:" + rid,
		"https://" + rid, "rad://" + nid, "rad://" + rid + "/" + rid, "RAD://" + rid, "rad://" + rid + "?x",
	} {
		if u, err := ParseURL(text); err == nil {
			t.Errorf("%q is %v", text, u)
		}
	}
}

func FuzzRefspec(f *testing.F) {
	f.Add("refs/heads/a:refs/heads/b")
	f.Add("+HEAD:refs/for/x")
	f.Add(":refs/heads/patches/0000000000000000000000000000000000000001")
	f.Fuzz(checkRefspec)
}

func FuzzURL(f *testing.F) {
	f.Add("rad://z42hL2jL4XNk6K8oHQaSWfMgCL7ji/z6MkuxSKFWJkrqRN8oxnG2TukJHQnT8icFubzywYAF13hHqs")
	f.Fuzz(func(t *testing.T, text string) {
		u, err := ParseURL(text)
		if err != nil {
			return
		}
		if again, err := ParseURL(u.String()); err != nil || again != u {
			t.Fatalf("%q: %v, %v", text, again, err)
		}
	})
}
