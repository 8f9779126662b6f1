package lfs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

// What an attribute gives to git-lfs, and the commits have as it is.
func TestRaw(t *testing.T) {
	p := newPlace(t)
	git, count := p.countingGit()
	look := func(have ...radicle.Oid) []string {
		t.Helper()
		r := p.repo()
		r.Git = git
		pointers := map[radicle.Oid]bool{}
		rng := Range{New: []radicle.Oid{p.oid("HEAD")}, Have: have}
		for f, err := range p.repo().Scan(t.Context(), rng) {
			if err != nil {
				t.Fatal(err)
			}
			pointers[f.Blob] = true
		}
		found, err := r.Raw(t.Context(), rng, pointers)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	p.commit(map[string]string{".gitattributes": "*.txt -text\n", "a.mp4": "raw, and nobody minds"})
	if found := look(); found != nil || count() != nil {
		t.Errorf("nothing speaks of git-lfs, and %v", found)
	}
	first := p.commit(map[string]string{".gitattributes": "*.mp4 filter=lfs\n"})
	if found := look(); len(found) != 1 || found[0] != "a.mp4" {
		t.Errorf("%v", found)
	}
	p.commit(map[string]string{
		"b.mp4": "version https://git-lfs.github.com/spec/v1\noid sha256:" + strings.Repeat("a", 64) + "\nsize 5\n",
		"c.txt": "no", "empty.mp4": "",
	})
	count()
	if found := look(first); found != nil {
		t.Errorf("all is as it should be, and %v", found)
	}
	p.commit(map[string]string{"dir/new\nline.mp4": "raw", "dir/d e.mp4": strings.Repeat("raw", 1000)})
	count()
	found := look(first)
	if d := cmp.Diff([]string{"dir/d e.mp4"}, found); d != "" {
		t.Error(d) // a name of two lines is not looked for
	}
	if got := count(); len(got) != 2 {
		t.Errorf("%d processes: %q", len(got), got)
	}
	side := filepath.Join(t.TempDir(), "side")
	p.git("worktree", "add", "-q", "-b", "side", side)
	p.dir = side
	if d := cmp.Diff(found, look(first)); d != "" {
		t.Errorf("in a linked worktree: %s", d)
	}
}
