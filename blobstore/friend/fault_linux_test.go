package friend_test

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"radswarm/blobstore/friend"
)

// envLimited marks the test binary that limits the length of its own files.
const envLimited = "RADSWARM_TEST_FRIEND_LIMITED"

// TestFailingWrites runs TestWithLimitedFiles in a process of its own: the limit holds for all of a process.
func TestFailingWrites(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestWithLimitedFiles$", "-test.v")
	cmd.Env = append(os.Environ(), envLimited+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// limitFiles makes writes beyond a length fail, in every file; a negative length takes that back.
func limitFiles(t *testing.T, length int64) {
	t.Helper()
	var l syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &l))
	l.Cur = l.Max
	if length >= 0 {
		l.Cur = uint64(length)
	}
	check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l))
}

// Every write fails once, at its start or in its midst, with more and more before it that went well. What failed did not happen,
// in memory or in the file; what went well stays; nothing is damaged.
func TestWithLimitedFiles(t *testing.T) {
	dir := os.Getenv(envLimited)
	if dir == "" {
		t.Skip("run by TestFailingWrites")
	}
	signal.Ignore(syscall.SIGXFSZ)
	h := openHome(t, filepath.Join(dir, friend.FileName), friend.Options{Self: ana().did(), Now: fixed})
	h.befriend(t, bo())
	ops := map[string]func(n int) error{
		"friend": func(n int) error {
			return h.AddFriend(t.Context(), friend.Friend{DID: somebody(n).did(), Name: fmt.Sprintf("%032d", n)})
		},
		"backup": func(int) error { return h.Backup(t.Context(), filepath.Join(dir, "copy")) },
		"open": func(int) error {
			s, err := friend.Open(t.Context(), filepath.Join(dir, "new.db"), h.options)
			if err == nil {
				err = s.Close()
			}
			return err
		},
	}
	kept := 1
	for _, name := range []string{"friend", "backup", "open", "friend"} {
		failed := 0
		for limit := int64(0); ; limit += 1500 {
			limitFiles(t, limit)
			err := ops[name](kept)
			limitFiles(t, -1)
			if name == "friend" && err == nil {
				kept++
			}
			h.sound(t, name, kept)
			if err == nil {
				break
			}
			failed++
		}
		t.Logf("%s: failed %d times", name, failed)
		if failed == 0 {
			t.Errorf("%s: never failed", name)
		}
	}
	check(t, tryOpen(t, filepath.Join(dir, "copy"), h.options))
}

// sound opens the database again, which reads all of it, and counts friends.
func (h *home) sound(t *testing.T, after string, friends int) {
	t.Helper()
	if after == "friend" {
		if n := len(h.Friends()); n != friends {
			t.Fatalf("%d friends in memory, want %d", n, friends)
		}
	}
	_ = h.Close()
	h.State = must[*friend.State](t)(friend.Open(t.Context(), h.path, h.options))
	if n := len(h.Friends()); n != friends {
		t.Fatalf("%s: %d friends in the file, want %d", after, n, friends)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(h.path), "*.new*")); len(left) > 0 {
		t.Fatalf("%s left %q", after, left)
	}
}
