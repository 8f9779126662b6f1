//go:build unix

package lfsagent

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The storage may be on another file system than everything else, and may lie anywhere.
func TestRealStorageElsewhere(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	other := otherFileSystem(t)

	t.Run("repository", func(t *testing.T) {
		bo := w.clone(filepath.Join(other, "bo"))
		bo.git("lfs", "fetch")
		w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
	})
	t.Run("lfs.storage", func(t *testing.T) {
		cy := w.clone(filepath.Join(w.top, "cy"))
		storage := filepath.Join(other, "deep", "storage")
		cy.git("config", "lfs.storage", storage)
		cy.git("lfs", "fetch")
		w.wantKept(storage, oid)
	})
	t.Run("relative", func(t *testing.T) {
		cy := w.clone(filepath.Join(w.top, "cy2"))
		cy.git("config", "lfs.storage", "../lfs objects")
		cy.git("lfs", "pull")
		w.wantKept(filepath.Join(cy.dir, "lfs objects"), oid)
	})
}

// otherFileSystem is a folder that no rename leads to.
func otherFileSystem(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lfsagent-")
	if err != nil {
		t.Skip("no second file system: ", err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var here, there syscall.Stat_t
	if err := syscall.Stat(t.TempDir(), &here); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Stat(dir, &there); err != nil || here.Dev == there.Dev {
		t.Skip("no second file system")
	}
	return dir
}

// Objects that we bring have the mode of those that git-lfs makes itself.
func TestRealModes(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")
	tests := []struct {
		shared, umask string
		want          fs.FileMode
	}{
		{"", "027", 0o640},
		{"umask", "002", 0o664},
		{"group", "077", 0o660},
		{"all", "077", 0o664},
		{"0640", "022", 0o640},
	}
	for i, tt := range tests {
		bo := w.clone(filepath.Join(w.top, fmt.Sprint("bo", i)))
		if tt.shared != "" {
			bo.git("config", "core.sharedRepository", tt.shared)
		}
		script := "umask " + tt.umask + " && git lfs fetch && echo own > own.bin && git add own.bin"
		if out, err := bo.command("sh", "-c", script).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		storage := filepath.Join(bo.dir, ".git", "lfs")
		own := strings.Fields(bo.git("lfs", "ls-files", "-l", "-I", "own.bin"))[0]
		made := w.wantKept(storage, own).Mode().Perm()
		if got := w.wantKept(storage, oid).Mode().Perm(); got != tt.want || got != made {
			t.Errorf("%s with umask %s: %o, want %o; git-lfs's own %o", tt.shared, tt.umask, got, tt.want, made)
		}
	}
}

func TestRealBareAndWorktree(t *testing.T) {
	w := newWorld(t)
	ana := w.ana(w.folder("ana"))
	oid := ana.commit(map[string]string{"film.bin": "a film\n"})["film.bin"]
	ana.git("push", "-q", "origin", "main")

	bare := w.clone(filepath.Join(w.top, "bo.git"), "--bare")
	bare.git("lfs", "fetch", "origin", "main")
	w.wantKept(filepath.Join(bare.dir, "lfs"), oid)

	bo := w.clone(filepath.Join(w.top, "bo"))
	bo.git("worktree", "add", "-q", "-b", "side", filepath.Join(w.top, "side"))
	side := w.in(filepath.Join(w.top, "side"))
	if got := side.read("film.bin"); got != "a film\n" { // the checkout fetched it
		t.Errorf("worktree has %q", got)
	}
	w.wantKept(filepath.Join(bo.dir, ".git", "lfs"), oid)
	second := side.commit(map[string]string{"song.bin": "a song\n"})["song.bin"]
	side.git("push", "-q", "origin", "side")
	if _, err := os.Stat(w.shelf.path(second)); err != nil {
		t.Error(err)
	}
}
