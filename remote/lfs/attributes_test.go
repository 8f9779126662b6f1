package lfs

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAttribute(t *testing.T) {
	p := newPlace(t)
	paths := []string{"a.mp4", "private/b c.mov", "new\nline"}
	ask := func(rev string) []string {
		t.Helper()
		values, err := p.repo().Attribute(t.Context(), p.oid(rev), "swarm-zone", paths)
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	p.commit(map[string]string{".gitattributes": "*.mp4 filter=lfs\n"})
	if got := ask("HEAD"); got != nil {
		t.Errorf("nothing speaks of it, and %v", got)
	}
	p.commit(map[string]string{"private/.gitattributes": "* swarm-zone=private\n"})
	p.git("tag", "-a", "-m", "x", "v1")
	p.write(".gitattributes", "* swarm-zone=public\n")
	p.git("add", ".gitattributes") // not in the commit
	want := []string{"unspecified", "private", "unspecified"}
	for _, rev := range []string{"HEAD", "v1"} {
		if d := cmp.Diff(want, ask(rev)); d != "" {
			t.Errorf("%s: %s", rev, d)
		}
	}
	if d := cmp.Diff([]string(nil), ask("HEAD~1")); d != "" {
		t.Error(d)
	}
	info := filepath.Join(p.git("rev-parse", "--absolute-git-dir"), "info")
	if err := os.MkdirAll(info, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(info, "attributes"), []byte("*.mp4 swarm-zone=private\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"private", "unspecified", "unspecified"}, ask("HEAD~1")); d != "" {
		t.Errorf("info/attributes: %s", d)
	}
	if s := p.git("status", "--porcelain"); s != "M  .gitattributes" {
		t.Errorf("the index was touched: %q", s)
	}
}

func TestAttributeThatGitIgnores(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{".gitattributes": "*.mp4 swarm-zone=" + strings.Repeat("x", 2048) + "\n"})
	_, err := p.repo().Attribute(t.Context(), p.oid("HEAD"), "swarm-zone", []string{"a.mp4"})
	if !errors.Is(err, ErrAttributes) {
		t.Error(err)
	}
}

// What a repository carries is found in the working tree, the index and HEAD.
func TestSurround(t *testing.T) {
	p := newPlace(t)
	p.commit(map[string]string{".lfsconfig": "[lfs]\n\turl = rad::" + ridText + "\n", "sub/x": "x"})
	look := func(dir string) Surroundings {
		t.Helper()
		s, err := Surround(t.Context(), dir, p.env)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	carried := "lfs.url\nrad::" + ridText + "\x00"
	s := look(filepath.Join(p.dir, "sub"))
	if s.Top != p.git("rev-parse", "--show-toplevel") || s.GitDir != p.git("rev-parse", "--absolute-git-dir") || string(s.Carried) != carried {
		t.Errorf("%+v", s)
	}
	if err := os.Remove(filepath.Join(p.dir, ".lfsconfig")); err != nil {
		t.Fatal(err)
	}
	if got := look(p.dir).Carried; string(got) != carried {
		t.Errorf("from the index: %q", got)
	}
	p.git("rm", "-q", "--cached", ".lfsconfig")
	if got := look(p.dir).Carried; string(got) != carried {
		t.Errorf("from HEAD: %q", got)
	}
	if _, err := Surround(t.Context(), filepath.Dir(p.dir), p.env); !errors.Is(err, ErrNoRepository) {
		t.Error(err)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bare, odd := filepath.Join(dir, "bare.git"), filepath.Join(dir, "two\nlines")
	p.git("clone", "-q", "--bare", p.dir, bare)
	if s := look(bare); s.Top != "" || s.GitDir != bare {
		t.Errorf("bare: %+v", s)
	}
	p.git("clone", "-q", p.dir, odd)
	if s := look(odd); s.Top != odd || s.GitDir != filepath.Join(odd, ".git") {
		t.Errorf("%+v", s)
	}
}

func TestFirstBlob(t *testing.T) {
	const id = "0123456789012345678901234567890123456789"
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{":.lfsconfig missing\nHEAD:.lfsconfig missing\n", ""},
		{id + " blob 3\na\nb\n" + id + " blob 1\nc\n", "a\nb"},
		{id + " tree 4\n\n\n\n\n\n" + id + " blob 1\nc\n", "c"},
		{":.lfsconfig missing\n" + id + " blob 0\n\n", ""},
		{id + " blob 4\nab\n", ""},
		{id + " blob -1\nab\n", ""},
		{id + " blob x\nab\n", ""},
	} {
		if got := firstBlob([]byte(tt.text)); string(got) != tt.want {
			t.Errorf("%q: %q", tt.text, got)
		}
	}
}
