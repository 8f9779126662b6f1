package friend_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"radswarm/blobstore/friend"
)

// friendsIn opens a database and counts friends.
func friendsIn(t *testing.T, path string, options friend.Options) int {
	t.Helper()
	s := must[*friend.State](t)(friend.Open(t.Context(), path, options))
	n := len(s.Friends())
	check(t, s.Close())
	return n
}

func TestBackup(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	to := filepath.Join(t.TempDir(), "copy.db")
	for n := range 2 { // the second replaces the first
		check(t, h.Backup(t.Context(), to))
		if got := friendsIn(t, to, h.options); got != n+1 {
			t.Errorf("%d friends in the copy, want %d", got, n+1)
		}
		h.befriend(t, somebody(n))
	}
	for _, bad := range []string{filepath.Join(t.TempDir(), "no", "folder"), h.path} {
		if err := h.Backup(t.Context(), bad); err == nil {
			t.Errorf("written to %s", bad)
		}
	}
	if runtime.GOOS == "windows" {
		return // has no such names
	}
	t.Chdir(t.TempDir())
	check(t, h.Backup(t.Context(), "file:copy?mode=memory"))
	if n := friendsIn(t, "file:copy?mode=memory", h.options); n != 3 {
		t.Errorf("%d friends under an odd name", n)
	}
}

func TestDailyCopies(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	daily := func(want bool) {
		t.Helper()
		if done := must[bool](t)(h.BackupDaily(t.Context())); done != want {
			t.Errorf("made: %v", done)
		}
	}
	has := func(n int, want int) {
		t.Helper()
		path := h.path + "." + string(rune('0'+n))
		copied := filepath.Join(t.TempDir(), "copy.db")
		check(t, os.WriteFile(copied, must[[]byte](t)(os.ReadFile(path)), 0o600))
		if got := friendsIn(t, copied, h.options); got != want {
			t.Errorf("%d friends in copy %d, want %d", got, n, want)
		}
	}
	daily(true)
	has(1, 0)
	h.befriend(t, somebody(1))
	clock.add(day - time.Second)
	daily(false)
	clock.add(time.Second)
	daily(true)
	has(1, 1)
	has(2, 0)
	h.befriend(t, somebody(2))
	clock.add(10 * day)
	daily(true)
	has(1, 2)
	has(2, 1)
	clock.add(-100 * day) // the clock was wrong: better one copy more than none for a hundred days
	daily(true)
	daily(false)
	has(2, 2)
	if _, err := os.Stat(h.path + ".3"); err == nil {
		t.Error("a third copy")
	}
	check(t, os.Remove(h.path+".1"))
	daily(true)
	has(2, 2)
}

// A database that rotted while it is open does not get over its good copies.
func TestDamageIsNotCopied(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	h.befriend(t, bo())
	must[bool](t)(h.BackupDaily(t.Context()))
	good := must[[]byte](t)(os.ReadFile(h.path + ".1"))
	h.again(t) // the log is in the file now
	b := must[[]byte](t)(os.ReadFile(h.path))
	for i := 4096; i < len(b); i++ {
		b[i] ^= 0x55
	}
	f := must[*os.File](t)(os.OpenFile(h.path, os.O_WRONLY, 0))
	_, err := f.WriteAt(b[4096:], 4096)
	check(t, err)
	check(t, f.Close())
	check(t, h.Run("PRAGMA shrink_memory"))
	clock.add(2 * day)
	done, err := h.BackupDaily(t.Context())
	wantClass(t, err, "corrupt")
	if done || string(must[[]byte](t)(os.ReadFile(h.path+".1"))) != string(good) {
		t.Error("copied")
	}
	wantClass(t, h.Backup(t.Context(), h.path+".1"), "corrupt")
	if string(must[[]byte](t)(os.ReadFile(h.path+".1"))) != string(good) {
		t.Error("copied")
	}
}

func TestRestore(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	must[bool](t)(h.BackupDaily(t.Context()))
	copied := h.path + ".1"
	h.befriend(t, cy())
	wantClass(t, friend.Restore(t.Context(), h.path, copied, h.options), "locked")
	check(t, h.Close())
	broken := []byte("broken")
	check(t, os.WriteFile(h.path, broken, 0o600))
	check(t, os.WriteFile(h.path+"-wal", broken, 0o600))
	check(t, os.WriteFile(h.path+"-journal", broken, 0o600))
	other := h.options
	other.Self = bo().did()
	wantClass(t, friend.Restore(t.Context(), h.path, copied, other), "other")
	wantClass(t, friend.Restore(t.Context(), h.path, h.path+".2", h.options), "absent")
	check(t, os.WriteFile(h.path+".2", broken, 0o600))
	wantClass(t, friend.Restore(t.Context(), h.path, h.path+".2", h.options), "corrupt")
	if got := must[[]byte](t)(os.ReadFile(h.path)); string(got) != "broken" {
		t.Errorf("%q", got)
	}
	check(t, friend.Restore(t.Context(), h.path, copied, h.options))
	for _, name := range []string{"", "-wal", "-journal"} {
		if got := must[[]byte](t)(os.ReadFile(h.path + ".broken-1767225600" + name)); string(got) != "broken" {
			t.Errorf("%q", got)
		}
	}
	h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, h.options))
	if all := h.Friends(); len(all) != 1 || all[0].DID != bo().did() {
		t.Errorf("%v", all)
	}
	if _, err := os.Stat(copied); err != nil {
		t.Error(err)
	}
	h.befriend(t, cy())
}

// Nor does one that rotted without anything failing yet.
func TestQuietDamageIsNotCopied(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Run(loseIndex))
	done, err := h.BackupDaily(t.Context())
	wantClass(t, err, "corrupt")
	if _, err := os.Stat(h.path + ".1"); done || err == nil {
		t.Error("copied")
	}
}

// As FRIEND.md §9 says it is done by hand.
func TestRestoreByHand(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	must[bool](t)(h.BackupDaily(t.Context()))
	check(t, h.Close())
	check(t, os.Remove(h.path))
	check(t, os.WriteFile(h.path, must[[]byte](t)(os.ReadFile(h.path+".1")), 0o600))
	if n := friendsIn(t, h.path, h.options); n != 1 {
		t.Errorf("%d friends", n)
	}
}

func TestRestoreWhereNothingIs(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	elsewhere := filepath.Join(t.TempDir(), friend.FileName)
	check(t, h.Backup(t.Context(), elsewhere+".1"))
	wantClass(t, tryOpen(t, elsewhere, h.options), "corrupt")
	check(t, friend.Restore(t.Context(), elsewhere, elsewhere+".1", h.options))
	if n := friendsIn(t, elsewhere, h.options); n != 1 {
		t.Errorf("%d friends", n)
	}
}
