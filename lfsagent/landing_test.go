package lfsagent

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"radswarm/blobstore"
)

// Git's own words for core.sharedRepository, and what git-lfs makes of them.
func TestSharing(t *testing.T) {
	for value, want := range map[string]fs.FileMode{
		"": 0, "umask": 0, "false": 0, "0": 0, "group": 0o660, "GROUP": 0o660, "true": 0o660, "1": 0o660, "all": 0o664,
		"world": 0o664, "everybody": 0o664, "2": 0o664, "0640": 0o640, "0666": 0o666, "0777": 0o666, "-1": 0, "nonsense": 0,
	} {
		if got := sharing(value); got != want {
			t.Errorf("%s: %o, want %o", value, got, want)
		}
	}
	if got := forFolders(0o640); got != 0o750 {
		t.Errorf("folder %o", got)
	}
}

func TestLandingModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	for shared, want := range map[string]fs.FileMode{"group": 0o660, "all": 0o664, "0640": 0o640} {
		dir := filepath.Join(t.TempDir(), "lfs", "radswarm", "incoming")
		l, err := openLanding(dir, shared)
		if err != nil {
			t.Fatal(err)
		}
		path, name := l.next(blobstore.OID{1})
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.settle(name, 1); err != nil {
			t.Error(err)
		}
		if got := mode(t, path); got != want {
			t.Errorf("%s: %o, want %o", shared, got, want)
		}
		for d := range 3 {
			if got := mode(t, filepath.Join(dir, []string{".", "..", "../.."}[d])); got != forFolders(want) {
				t.Errorf("%s: folder %d %o, want %o", shared, d, got, forFolders(want))
			}
		}
		l.close()
	}
}

// The group of a shared folder goes on below it.
func TestLandingKeepsGroup(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("others have no such bit, or need none")
	}
	top := t.TempDir()
	if err := os.Chmod(top, fs.ModeSetgid|0o770); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(top, "radswarm", "incoming")
	l, err := openLanding(dir, "group")
	if err != nil {
		t.Fatal(err)
	}
	l.close()
	if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|fs.ModeSetgid|0o770 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func mode(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// Forgotten files go, but only those of ours.
func TestLandingSweeps(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-forgotten - time.Hour)
	l := &landing{dir: dir}
	_, oldName := l.next(blobstore.OID{1})
	_, newName := l.next(blobstore.OID{2})
	theirs := blobstore.OID{3}.String() + ".important"
	for _, name := range []string{oldName, newName, theirs, "README"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if name != newName {
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	l, err := openLanding(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	l.close()
	got, want := folder(t, dir), []string{newName, theirs, "README"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("left: %q, want %q", got, want)
	}
}

// A storage where nothing can be made is an error before anything is fetched.
func TestLandingRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lfs")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	k := newTalk(t, nil)
	k.place.Settings.Git = append(k.place.Settings.Git, Setting{"lfs.storage", file})
	k.init(Download)
	r, _ := k.download(k.stored("a film"))
	wantError(t, r, CodeFailed, "not a directory")
	if got := k.shelf.lines(t); got[0] != "" {
		t.Errorf("the daemon was asked %q", got)
	}
}
