package gitlfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"radswarm/lfsagent/gitlfs"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Content becomes a pointer and content again, and git sees nothing of it.
func TestFreeAndHydrate(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	const film = "a film, longer than its pointer would be if it were shorter than this"
	name := "rushes/ä film.bin"
	p.write(filepath.Join(dir, name), film)
	if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
		t.Fatal(err)
	}
	p.write(filepath.Join(dir, "other.bin"), "another")
	p.write(filepath.Join(dir, "README"), "no pointer")
	p.commit(dir)
	c := p.open(filepath.Join(dir, "rushes"))
	files := p.files(c)
	f := files[name]
	if len(files) != 2 || f.State != gitlfs.Content || !f.Tracked || f.Object != pointerOf(film) {
		t.Fatalf("%+v", files)
	}
	if same, err := c.Unchanged(t.Context(), f); err != nil || !same {
		t.Fatal(same, err)
	}
	local, here := c.Local(f.Object)
	if !here {
		t.Fatal(local)
	}
	if err := c.PutPointer(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	keep := filepath.Join(p.top, "kept")
	if err := os.Rename(local, keep); err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(t.Context(), []gitlfs.File{f}); err != nil {
		t.Fatal(err)
	}
	p.clean(dir)
	if got := p.read(filepath.Join(dir, name)); got != pointerText(film) {
		t.Errorf("%q", got)
	}
	f = p.files(c, "rushes")[name]
	if f.State != gitlfs.Pointer {
		t.Fatalf("%+v", f)
	}
	if err := c.CheckOut(t.Context(), f, keep); err != nil {
		t.Fatal(err)
	}
	if err := c.Refresh(t.Context(), []gitlfs.File{f}); err != nil {
		t.Fatal(err)
	}
	p.clean(dir)
	info, err := os.Stat(filepath.Join(dir, name))
	if got := p.read(filepath.Join(dir, name)); got != film || err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("%q, %v, %v", got, info.Mode(), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "rushes", ".radswarm-*")); len(left) > 0 || err != nil {
		t.Error(left, err)
	}
}

// What a person has changed stays, whether there was content or a pointer.
func TestChangedFilesStay(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.write(filepath.Join(dir, "a.bin"), "content a")
	p.write(filepath.Join(dir, "b.bin"), "content b")
	p.commit(dir)
	c := p.open(dir)
	files := p.files(c)
	p.write(filepath.Join(dir, "a.bin"), "CONTENT A")
	if same, err := c.Unchanged(t.Context(), files["a.bin"]); err != nil || same {
		t.Error("nobody sees the change", err)
	}
	p.write(filepath.Join(dir, "b.bin"), "longer than it was")
	if s := p.files(c)["b.bin"].State; s != gitlfs.Other {
		t.Errorf("state %d", s)
	}
	for _, err := range []error{
		c.PutPointer(t.Context(), files["b.bin"]),
		c.CheckOut(t.Context(), files["b.bin"], filepath.Join(dir, "b.bin")),
	} {
		if err == nil {
			t.Error("a changed file was replaced")
		}
	}
	var changed *gitlfs.ChangedError
	if err := c.PutPointer(t.Context(), files["b.bin"]); !errors.As(err, &changed) || changed.Path != "b.bin" {
		t.Error(err)
	}
	if got := p.read(filepath.Join(dir, "b.bin")); got != "longer than it was" {
		t.Errorf("%q", got)
	}
}

// A folder that a link replaced leads nowhere.
func TestLinksLeadNowhere(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.write(filepath.Join(dir, "sub", "a.bin"), "content")
	p.commit(dir)
	c := p.open(dir)
	f := p.files(c)["sub/a.bin"]
	outside := filepath.Join(p.top, "outside")
	p.write(filepath.Join(outside, "a.bin"), pointerText("content"))
	if err := os.RemoveAll(filepath.Join(dir, "sub")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "sub")); err != nil {
		t.Skip(err)
	}
	local, _ := c.Local(f.Object)
	if err := c.CheckOut(t.Context(), f, local); err == nil {
		t.Error("no error")
	}
	if got := p.read(filepath.Join(outside, "a.bin")); got != pointerText("content") {
		t.Errorf("%q", got)
	}
}

// A pointer in a file that no attribute names is a text like others.
func TestPointersThatAreTexts(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.write(filepath.Join(dir, "doc.txt"), pointerText("content"))
	p.commit(dir)
	files := p.files(p.open(dir))
	if f := files["doc.txt"]; f.Tracked || f.State != gitlfs.Pointer {
		t.Errorf("%+v", f)
	}
}

func TestPathsOutside(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	c := p.open(dir)
	if _, err := c.Files(t.Context(), dir, "../x"); err == nil || !strings.Contains(err.Error(), "not in the working tree") {
		t.Error(err)
	}
	if _, err := gitlfs.Open(t.Context(), p.top, p.env); !errors.Is(err, gitlfs.ErrNoRepository) {
		t.Error(err)
	}
	p.git(p.top, "init", "-q", "--bare", "bare")
	if _, err := p.open(filepath.Join(p.top, "bare")).Files(t.Context(), ""); !errors.Is(err, gitlfs.ErrBare) {
		t.Error(err)
	}
}

func TestStored(t *testing.T) {
	p := newPlace(t)
	dir := p.repository("demo")
	p.write(filepath.Join(dir, "a.bin"), "first")
	p.commit(dir)
	p.write(filepath.Join(dir, "a.bin"), "second one")
	p.commit(dir)
	p.git(dir, "worktree", "add", "-q", filepath.Join(p.top, "other"), "HEAD~1")
	c := p.open(dir)
	p.write(filepath.Join(c.Storage(), "objects", "aa", "note"), "not an object")
	stored, err := c.Stored(t.Context())
	if err != nil || len(stored) != 2 {
		t.Fatal(stored, err)
	}
	trees, err := c.Worktrees(t.Context())
	if err != nil || len(trees) != 2 {
		t.Fatal(trees, err)
	}
	if f := p.files(trees[1])["a.bin"]; f.Object != pointerOf("first") {
		t.Errorf("%+v", f)
	}
	for range 2 {
		if err := c.Remove(pointerOf("first")); err != nil {
			t.Error(err)
		}
	}
	if _, here := c.Local(pointerOf("first")); here {
		t.Error("it is still there")
	}
}

func TestModulesAndPosters(t *testing.T) {
	p := newPlace(t)
	inner, middle, top := p.repository("inner"), p.repository("middle"), p.repository("top")
	udd := `{"uuid":"x","title":"Dream","type":"dream","dreamTalk":"./media/face.bin"}`
	p.write(filepath.Join(inner, ".udd"), udd)
	p.commit(inner)
	for _, pair := range [][2]string{{middle, inner}, {top, middle}} {
		p.git(pair[0], "-c", "protocol.file.allow=always", "submodule", "add", "-q", pair[1], "sub")
		p.commit(pair[0])
	}
	p.git(top, "-c", "protocol.file.allow=always", "submodule", "update", "-q", "--init", "--recursive")
	all, err := p.open(top).Modules(t.Context())
	if err != nil || len(all) != 2 || all[1].Top != filepath.Join(top, "sub", "sub") {
		t.Fatalf("%v %v", all, err)
	}
	if poster, err := all[1].Poster(); err != nil || poster != "media/face.bin" {
		t.Error(poster, err)
	}
	if poster, err := all[0].Poster(); err != nil || poster != "" {
		t.Error(poster, err)
	}
	for _, bad := range []string{`{"dreamTalk":"../x"}`, `{"dreamTalk":"/x"}`, `{`, `{"dreamTalk":5}`} {
		p.write(filepath.Join(all[1].Top, ".udd"), bad)
		if poster, err := all[1].Poster(); err == nil {
			t.Errorf("%s: %q", bad, poster)
		}
	}
}
