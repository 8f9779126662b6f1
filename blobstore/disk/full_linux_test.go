package disk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// envTmpfs is the folder in which the test binary, in a mount name space of its own, mounts a small disk.
const envTmpfs = "RADSWARM_TEST_DISK_TMPFS"

const tmpfsSize = 8 << 20

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

const cannotMount = "cannot mount a small disk"

// missing skips a test for want of something that the machine does not have, loudly: in the file that RADSWARM_SKIPPED names.
func missing(t *testing.T, needs string) {
	t.Helper()
	if path := os.Getenv("RADSWARM_SKIPPED"); path != "" {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		info, _ := debug.ReadBuildInfo()
		_, err = fmt.Fprintf(f, "%s %s: %s\n", strings.TrimSuffix(info.Path, ".test"), t.Name(), strings.ReplaceAll(needs, "\n", " "))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Skip(needs)
}

// A disk that really is full refuses before the first byte, loses nothing, lets shares be deleted, and takes again when there
// is room.
func TestOnSmallDisk(t *testing.T) {
	disk := os.Getenv(envTmpfs)
	if disk == "" {
		t.Skip("run by TestFullDisk")
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, fmt.Sprintf("size=%d", tmpfsSize)); err != nil {
		t.Fatalf("%s: %v", cannotMount, err)
	}
	s, err := Create(t.Context(), filepath.Join(disk, "shares"), Options{Limits: Limits{Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	kept := fill(t, s)
	t.Logf("%d shares fit", len(kept))
	ballast := filepath.Join(disk, "film.mp4")
	fillUp(t, ballast)
	refuse(t, s, blobtest.NewShare(1000, 1))
	mustHave(t, s, person(0), kept...)

	// Not a byte is free, not even for the index: what is deleted goes to the trash all the same, and from there away.
	h := s.For(person(0), NoLimit)
	if err := h.Delete(t.Context(), []blobstore.ShareName{kept[0].Name}); err != nil {
		t.Error(err)
	}
	if _, err := get(t, h, kept[0]); err == nil {
		t.Error("deleted, and there")
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	s = reopen(t, filepath.Join(disk, "shares"), Options{Limits: Limits{Floor: noFloor}})
	mustHave(t, s, person(0), kept[1:]...)
	small := blobtest.NewShare(1001, 100)
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), small)
	mustHave(t, s, person(0), small)
	fsck(t, s)

	s.SetLimits(Limits{}) // the floor of 2 GiB is more than this disk has
	bound(t, putOne(t, s.For(person(0), NoLimit), 0, blobtest.NewShare(1002, 1)), BoundFloor)
}

// fill puts shares until there is no room.
func fill(t *testing.T, s *Store) (kept []blobtest.Share) {
	t.Helper()
	for i := range 100 {
		sh := blobtest.NewShare(uint64(i), 500_000)
		o := putOne(t, s.For(person(0), NoLimit), 0, sh)
		if o.Err == nil {
			kept = append(kept, sh)
			continue
		}
		if !errors.Is(o.Err, blobstore.ErrFull) {
			t.Fatal(o.Err)
		}
		refuse(t, s, blobtest.NewShare(uint64(i), 600_000))
		return kept
	}
	t.Fatal("a disk of 8 MiB takes 50 MB")
	return nil
}

// refuse fails the test unless a share is refused unread.
func refuse(t *testing.T, s *Store, sh blobtest.Share) {
	t.Helper()
	offer := sh.Offer(person(0))
	offer.Decided = func(o blobstore.Outcome) {
		if !errors.Is(o.Err, blobstore.ErrFull) {
			t.Errorf("decided %+v", o)
		}
	}
	offer.Share = func() (io.ReadCloser, error) { t.Error("opened"); return nil, io.EOF }
	outcomes, err := s.For(person(0), NoLimit).Put(t.Context(), []blobstore.Offer{offer})
	if err != nil || !errors.Is(outcomes[0].Err, blobstore.ErrFull) {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

// fillUp writes a file until the disk has not one byte more.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(bytes.Repeat([]byte{1}, size)); err != nil {
			size /= 2
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
