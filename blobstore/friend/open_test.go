package friend_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

func tryOpen(tb testing.TB, path string, options friend.Options) error {
	tb.Helper()
	s, err := friend.Open(tb.Context(), path, options)
	if err == nil {
		check(tb, s.Close())
	}
	return err
}

func TestOpenMakesAPrivateFile(t *testing.T) {
	dir := t.TempDir()
	h := openHome(t, filepath.Join(dir, friend.FileName), friend.Options{Self: ana().did()})
	h.befriend(t, bo())
	_, err := h.BackupDaily(t.Context())
	check(t, err)
	var names []string
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		names = append(names, e.Name())
		info := must[os.FileInfo](t)(e.Info())
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v", e.Name(), info.Mode())
		}
	}
	if want := []string{"state.db", "state.db-wal", "state.db.1"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	check(t, h.Close())
	if n := len(must[[]os.DirEntry](t)(os.ReadDir(dir))); n != 2 {
		t.Errorf("%d files after closing", n)
	}
	if runtime.GOOS != "windows" { // a file that somebody made readable is made private again
		check(t, os.Chmod(h.path, 0o644))
		h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, h.options))
		if mode := must[os.FileInfo](t)(os.Stat(h.path)).Mode(); mode.Perm() != 0o600 {
			t.Error(mode)
		}
	}
}

func TestPathsWithOddNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b%20c#d?e=f&_pragma=x")
	check(t, os.Mkdir(dir, 0o700))
	h := openHome(t, filepath.Join(dir, friend.FileName), friend.Options{Self: ana().did()})
	h.befriend(t, bo())
	h.again(t)
	if len(h.Friends()) != 1 {
		t.Error("another file")
	}
	check(t, h.Backup(t.Context(), filepath.Join(dir, "copy")))
}

func TestOneProcessAndOneOwner(t *testing.T) {
	h := newHome(t, fixed)
	wantClass(t, tryOpen(t, h.path, h.options), "locked")
	check(t, h.Close())
	wantClass(t, tryOpen(t, h.path, friend.Options{Self: bo().did()}), "other")
	wantClass(t, tryOpen(t, h.path, friend.Options{Self: radicle.DID{}}), "key")
	if err := tryOpen(t, filepath.Join(h.path, "in", "a", "file"), h.options); err == nil {
		t.Error("a folder that is a file")
	}
	check(t, tryOpen(t, h.path, h.options))
}

func TestClosed(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Close())
	_, err := h.Address(t.Context(), bo().did())
	for _, err := range []error{err, h.Close(), h.RemoveFriend(t.Context(), bo().did()), h.Saw(bo().did()), h.Backup(t.Context(), h.path+".x")} {
		wantClass(t, err, "closed")
	}
}

func TestCancelled(t *testing.T) {
	h := newHome(t, fixed)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.AddMine(ctx, bo().did()); err != context.Canceled {
		t.Error(err)
	}
	if _, err := h.Received(ctx, bo().did()); err != context.Canceled {
		t.Error(err)
	}
	if _, err := friend.Open(ctx, h.path+"2", h.options); err != context.Canceled {
		t.Error(err)
	}
	if err := friend.Restore(ctx, h.path+"2", h.path, h.options); err != context.Canceled {
		t.Error(err)
	}
	h.again(t)
	if h.IsMine(bo().did()) {
		t.Error("done")
	}
}

func TestNewerVersionsAreLeftAlone(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Close())
	newer := h.options.Steps("ALTER TABLE friend ADD COLUMN colour TEXT", "UPDATE friend SET colour = 'green'")
	check(t, tryOpen(t, h.path, newer))
	before := must[[]byte](t)(os.ReadFile(h.path))
	err := tryOpen(t, h.path, h.options)
	v, ok := errors.AsType[*friend.VersionError](err)
	if !ok || v.Got != v.Known+2 || v.Path != h.path {
		t.Errorf("%v", err)
	}
	wantClass(t, err, "newer")
	if !slices.Equal(before, must[[]byte](t)(os.ReadFile(h.path))) {
		t.Error("changed")
	}
	h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, newer))
	if must[int64](t)(h.Int("SELECT count(*) FROM friend WHERE colour = 'green'")) != 1 {
		t.Error("not migrated")
	}
}

// A migration that fails in its last step leaves the version before.
func TestMigrationsAreOneStep(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Close())
	broken := h.options.Steps("ALTER TABLE friend ADD COLUMN colour TEXT", "DELETE FROM friend", "no sql")
	if err := tryOpen(t, h.path, broken); err == nil {
		t.Fatal("migrated")
	}
	h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, h.options))
	if len(h.Friends()) != 1 {
		t.Error("a friend is gone")
	}
}

// damaged are files that are no database of ours any more.
func damaged(t *testing.T, good []byte) map[string][]byte {
	t.Helper()
	middle := slices.Clone(good)
	for i := 4096; i < len(middle); i++ {
		middle[i] ^= 0x55
	}
	head := slices.Clone(good)
	head[3] ^= 0xff
	foreign := filepath.Join(t.TempDir(), "foreign.db")
	db := must[interface {
		Close() error
	}](t)(foreignDatabase(foreign))
	check(t, db.Close())
	return map[string][]byte{
		"empty": {}, "text": []byte("friends: bo, cy\n"), "truncated": good[:4096], "half": good[:len(good)/2],
		"middle": middle, "head": head, "another program's": must[[]byte](t)(os.ReadFile(foreign)),
	}
}

func foreignDatabase(path string) (interface{ Close() error }, error) {
	db, err := friend.OpenPlain(path)
	if err == nil {
		_, err = db.Exec("CREATE TABLE friend (name TEXT)")
	}
	return db, err
}

func TestDamageIsNeverReplaced(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo(), cy())
	check(t, h.add(t, bo().certificate(t, now)))
	_, err := h.BackupDaily(t.Context())
	check(t, err)
	check(t, h.Close())
	for name, b := range damaged(t, must[[]byte](t)(os.ReadFile(h.path))) {
		check(t, os.WriteFile(h.path, b, 0o600))
		err := tryOpen(t, h.path, h.options)
		wantClass(t, err, "corrupt")
		c, ok := errors.AsType[*friend.CorruptError](err)
		if !ok || c.Path != h.path || !slices.Equal(c.Copies, []string{h.path + ".1"}) || !strings.Contains(err.Error(), h.path+".1") {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Equal(must[[]byte](t)(os.ReadFile(h.path)), b) {
			t.Errorf("%s: changed", name)
		}
	}
	check(t, os.Remove(h.path))
	wantClass(t, tryOpen(t, h.path, h.options), "corrupt") // gone, and its copy is there
	check(t, os.Remove(h.path+".1"))
	check(t, os.WriteFile(h.path+"-wal", []byte("x"), 0o600))
	wantClass(t, tryOpen(t, h.path, h.options), "corrupt")
	check(t, os.Remove(h.path+"-wal"))
	check(t, tryOpen(t, h.path, h.options)) // a new one
}

// loseIndex leaves pages that nothing leads to: a file that can be read, and is damaged.
const loseIndex = "PRAGMA writable_schema = on; DELETE FROM sqlite_schema WHERE name = 'friend_name'; " +
	"PRAGMA writable_schema = reset"

// What is whole as a file and wrong as a database is damage too.
func TestWrongContents(t *testing.T) {
	for name, query := range map[string]string{
		"certificate": "INSERT INTO certificate VALUES (x'00', x'00', 1, 1, 1)",
		"card":        "INSERT INTO card VALUES (x'00', x'00', 1)",
		"friend":      "UPDATE friend SET did = x'0102'",
		"pledge":      "UPDATE friend SET give = -1",
		"mine":        "INSERT INTO mine VALUES (x'00', 0)",
		"self":        "UPDATE self SET did = x'00'",
		"nobody":      "DELETE FROM self",
		"lost pages":  loseIndex,
	} {
		h := newHome(t, fixed)
		h.befriend(t, bo())
		check(t, h.Run(query))
		check(t, h.Close())
		if err := tryOpen(t, h.path, h.options); !errors.Is(err, friend.ErrCorrupt) {
			t.Errorf("%s: %v", name, err)
		}
	}
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.AddAddress(t.Context(), bo().record(t, now), bo().did()))
	check(t, h.AddReceived(t.Context(), bo().introduces(t, ana(), now)))
	check(t, h.Run("UPDATE address SET bytes = x'00'; UPDATE received SET bytes = x'00'"))
	_, err := h.Address(t.Context(), bo().did())
	_, err2 := h.Received(t.Context(), bo().did())
	if !errors.Is(err, friend.ErrCorrupt) || !errors.Is(err2, friend.ErrCorrupt) {
		t.Errorf("%v, %v", err, err2)
	}
}

func TestOpenAfterACrashOfMaking(t *testing.T) {
	path := filepath.Join(t.TempDir(), friend.FileName)
	for _, name := range []string{".new", ".new-journal", ".new-wal"} {
		check(t, os.WriteFile(path+name, []byte("left over"), 0o600))
	}
	h := openHome(t, path, friend.Options{Self: ana().did(), Now: func() time.Time { return now }})
	h.befriend(t, bo())
	h.again(t)
}
