package lfs

import (
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
)

func (p *place) storage() Storage {
	p.t.Helper()
	c, err := p.repo().ReadConfig(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	s, err := c.Storage()
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// The storage is where git-lfs itself says that it is.
func TestRealStorage(t *testing.T) {
	w := newWorld(t)
	ana := w.maker("ana")
	ana.commit(map[string]string{"film.bin": film})
	check := func(what string, p *place) {
		t.Helper()
		var want []string
		for line := range strings.Lines(p.git("lfs", "env")) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			if value != "" && (name == "LocalMediaDir" || name == "LocalReferenceDirs") {
				want = append(want, value)
			}
		}
		got := p.storage()
		if len(got.dirs) != len(want) {
			t.Fatalf("%s: %q, want %q", what, got.dirs, want)
		}
		for i := range want {
			if !sameFile(t, got.dirs[i], want[i]) {
				t.Errorf("%s: %q, want %q", what, got.dirs, want)
			}
		}
	}
	check("by default", ana)
	ana.git("worktree", "add", "-q", "../tree")
	check("a linked worktree", w.in(filepath.Join(w.top, "tree")))
	ana.git("config", "lfs.storage", "else/where")
	check("relative", ana)
	check("relative, in a linked worktree", w.in(filepath.Join(w.top, "tree")))
	ana.git("config", "lfs.storage", w.folder("shared objects"))
	check("absolute", ana)
	ana.git("config", "--unset", "lfs.storage")

	w.in(w.top).git("clone", "-q", "--shared", "ana", "borrower")
	borrower := w.in(filepath.Join(w.top, "borrower"))
	check("borrowed", borrower)
	sum := blobstore.Pointer{OID: blobstore.OID(sha256.Sum256([]byte(film))), Size: int64(len(film))}
	path, ok := borrower.storage().Path(sum)
	if text, err := os.ReadFile(path); !ok || err != nil || string(text) != film {
		t.Errorf("borrowed object: %q, %v, %v", text, ok, err)
	}
	w.in(w.top).git("init", "-q", "--bare", "naked")
	check("bare", w.in(filepath.Join(w.top, "naked")))
	ana.env = append(ana.env, "GIT_ALLOW_PROTOCOL=file")
	ana.git("submodule", "--quiet", "add", borrower.dir, "sub")
	check("a submodule", &place{t: t, dir: filepath.Join(ana.dir, "sub"), env: ana.env})
}

// sameFile compares folders that may not exist yet.
func sameFile(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := os.Stat(a)
	y, err2 := os.Stat(b)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err2, os.ErrNotExist) {
		return filepath.Clean(a) == filepath.Clean(b)
	}
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return os.SameFile(x, y)
}

// An object is here if its file is as long as the pointer says.
func TestStorageHas(t *testing.T) {
	p := newPlace(t)
	s := p.storage()
	put := func(ptr blobstore.Pointer, size int) {
		t.Helper()
		name := ptr.OID.String()
		dir := filepath.Join(s.Dir(), name[:2], name[2:4])
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	here, short, long, folder := pointer(1, 10), pointer(2, 10), pointer(3, 10), pointer(4, 4096)
	put(here, 10)
	put(short, 9)
	put(long, 11)
	name := folder.OID.String()
	if err := os.MkdirAll(filepath.Join(s.Dir(), name[:2], name[2:4], name), 0o755); err != nil {
		t.Fatal(err)
	}
	for what, test := range map[string]struct {
		ptr  blobstore.Pointer
		want bool
	}{
		"here": {here, true}, "short": {short, false}, "long": {long, false}, "folder": {folder, false},
		"absent": {pointer(5, 1), false}, "empty": {pointer(6, 0), true},
	} {
		if got := s.Has(test.ptr); got != test.want {
			t.Errorf("%s: %v", what, got)
		}
		if path, ok := s.Path(test.ptr); ok != (path != "") || what == "here" && !ok {
			t.Errorf("%s: path %q, %v", what, path, ok)
		}
	}
	if (Storage{}).Has(here) || (Storage{}).Dir() != "" {
		t.Error("the zero value has something")
	}
}

// Values of lfs.storage and alternates that no path can have, or that lead nowhere.
func TestStorageHostile(t *testing.T) {
	p := newPlace(t)
	for value, ok := range map[string]bool{
		"../../..": true, "\xff\n": true, strings.Repeat("x", maxStorage): true, strings.Repeat("x", maxStorage+1): false,
	} {
		p.git("config", "lfs.storage", value)
		c, err := p.repo().ReadConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Storage()
		if (err == nil) != ok {
			t.Errorf("%d bytes: %v", len(value), err)
		}
		if s.Has(pointer(1, 1)) {
			t.Errorf("%q has it", value)
		}
		if err != nil && len(err.Error()) > 1000 {
			t.Errorf("%d bytes of message", len(err.Error()))
		}
	}
	p.git("config", "--unset", "lfs.storage")
	info := filepath.Join(p.dir, ".git", "objects", "info", "alternates")
	p.write(".git/objects/info/alternates", "# a\n\n\"quoted\"\n../x/objects\n"+strings.Repeat("y", 1<<15)+"\n")
	got := p.storage().dirs
	if want := filepath.Join(filepath.Dir(p.configFile()), "x", "lfs", "objects"); len(got) != 3 || got[1] != want {
		t.Errorf("%d folders, the second is %s, not %s", len(got), got[min(1, len(got)-1)], want)
	}
	if err := os.WriteFile(info, make([]byte, maxAlternates+1), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := len(p.storage().dirs); got != 1 {
		t.Errorf("%d folders from a file that is too large", got)
	}
}

// The files in which git names folders may say anything.
func TestLayoutHostile(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "gitdir: ", "gitdir: \n", "gitdir: a\x00b", "nothing", strings.Repeat("x", maxLink+1)} {
		file := filepath.Join(dir, ".git")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Repo{Dir: file}.layout()
		if !errors.Is(err, ErrNoRepository) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
