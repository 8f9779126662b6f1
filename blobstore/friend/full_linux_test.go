package friend_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"radswarm/blobstore/friend"
)

// envTmpfs is the folder in which the test binary, in a mount name space of its own, mounts a small disk.
const envTmpfs = "RADSWARM_TEST_FRIEND_TMPFS"

const cannotMount = "cannot mount a small disk"

// TestFullDisk runs TestOnSmallDisk where it may mount.
func TestFullDisk(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestOnSmallDisk$", "-test.v")
	cmd.Env = append(os.Environ(), envTmpfs+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran || strings.Contains(string(out), cannotMount) {
		missing(t, fmt.Sprintf("needs a mount name space: %v %s", err, out))
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// missing skips a test for want of something that the machine does not have, loudly: in the file that RADSWARM_SKIPPED names.
func missing(t *testing.T, needs string) {
	t.Helper()
	if path := os.Getenv("RADSWARM_SKIPPED"); path != "" {
		f := must[*os.File](t)(os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644))
		info, _ := debug.ReadBuildInfo()
		_, err := fmt.Fprintf(f, "%s %s: %s\n", strings.TrimSuffix(info.Path, ".test"), t.Name(), strings.ReplaceAll(needs, "\n", " "))
		check(t, errors.Join(err, f.Close()))
	}
	t.Skip(needs)
}

// A disk that is full at any moment takes nothing back that was acknowledged, damages nothing, and goes on when there is room.
func TestOnSmallDisk(t *testing.T) {
	disk := os.Getenv(envTmpfs)
	if disk == "" {
		t.Skip("run by TestFullDisk")
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=2m"); err != nil {
		t.Fatalf("%s: %v", cannotMount, err)
	}
	h := openHome(t, filepath.Join(disk, friend.FileName), friend.Options{Self: ana().did(), Now: fixed})
	ballast := filepath.Join(disk, "film.mp4")
	kept, failed := 0, 0
	for round := range 12 { // leave a page more to each round
		fillUp(t, ballast, round*4096)
		for range 4 {
			err := h.AddFriend(t.Context(), friend.Friend{DID: somebody(kept).did(), Name: fmt.Sprintf("%032d", kept)})
			if err == nil {
				kept++
				continue
			}
			failed++
			if n := len(h.Friends()); n != kept {
				t.Fatalf("%d friends in memory, %d kept", n, kept)
			}
		}
		if err := h.Backup(t.Context(), filepath.Join(disk, "copy")); err == nil && round == 0 {
			t.Error("a copy on a full disk")
		}
		if left, _ := filepath.Glob(filepath.Join(disk, "*.new*")); len(left) > 0 {
			t.Errorf("left over: %q", left)
		}
		check(t, os.Remove(ballast))
		if round%3 == 2 {
			h.again(t)
		}
		if n := len(h.Friends()); n != kept {
			t.Fatalf("%d friends, %d kept", n, kept)
		}
	}
	t.Logf("%d kept, %d refused", kept, failed)
	if kept == 0 || failed == 0 {
		t.Error("the disk was never full, or always")
	}
	check(t, h.AddFriend(t.Context(), full()))
	check(t, h.Backup(t.Context(), filepath.Join(disk, "copy")))
	h.again(t)
}

// fillUp writes a file until the disk has only so many bytes left.
func fillUp(t *testing.T, path string, leave int) {
	t.Helper()
	f := must[*os.File](t)(os.Create(path))
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(bytes.Repeat([]byte{1}, size)); err != nil {
			size /= 2
		}
	}
	info := must[os.FileInfo](t)(f.Stat())
	check(t, f.Truncate(max(0, info.Size()-int64(leave))))
	check(t, f.Close())
}
