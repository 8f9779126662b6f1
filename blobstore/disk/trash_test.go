package disk

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lukechampine.com/blake3"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// A share that its last owner let go comes back for seven days without being sent: to its owner, or to another alone.
func TestTrash(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	options := Options{Limits: Limits{Floor: noFloor}, Now: func() time.Time { return now }}
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	sh := blobtest.NewShare(1, 70_000)
	gone := func(owner int) {
		t.Helper()
		if err := s.For(person(owner), NoLimit).Delete(t.Context(), []blobstore.ShareName{sh.Name}); err != nil {
			t.Fatal(err)
		}
		if _, err := get(t, s.For(person(owner), NoLimit), sh); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("served from the trash: %v", err)
		}
		fsck(t, s)
	}
	back := func(owner int) {
		t.Helper()
		offer := sh.Offer(person(owner))
		offer.Share = func() (io.ReadCloser, error) { t.Error("sent again"); return nil, io.EOF }
		outcomes, err := s.For(person(owner), NoLimit).Put(t.Context(), []blobstore.Offer{offer})
		if err != nil || outcomes[0].Err != nil || !outcomes[0].Had {
			t.Fatalf("%+v, %v", outcomes, err)
		}
		mustHave(t, s, person(owner), sh)
		fsck(t, s)
	}
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), sh)
	gone(0)
	back(0)
	gone(0)
	now = now.Add(TrashTime - time.Second)
	if n, err := s.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept %d a second early: %v", n, err)
	}
	closeStore(t, s)
	s = reopen(t, dir, options)
	back(1)
	if _, err := get(t, s.For(person(0), NoLimit), sh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Bo put it, and Ana has it: %v", err)
	}
	gone(1)
	now = now.Add(TrashTime)
	if n, err := s.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d: %v", n, err)
	}
	fsck(t, s)
	if all := files(t, s); len(all) != 3 { // mark, lock and session
		t.Errorf("left: %v", all)
	}
}

// A trashed share of which something rotted does not come back; it has to be sent.
func TestTrashRots(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	disk := newMemFS()
	options := Options{Limits: Limits{Floor: noFloor}, Now: func() time.Time { return now }, testOnlyUnsynced: true}
	s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	sh := blobtest.NewShare(1, 1000)
	h := s.For(person(0), NoLimit)
	blobtest.MustPut(t, h, person(0), sh)
	if err := h.Delete(t.Context(), []blobstore.ShareName{sh.Name}); err != nil {
		t.Fatal(err)
	}
	_, _, n, err := disk.find("rot", sharePath(sh.Name, trashed, now.Unix()))
	if err != nil {
		t.Fatal(err)
	}
	n.now[len(n.now)-1] ^= 1
	if o := putOne(t, h, 0, sh); !errors.Is(o.Err, blobstore.ErrBusy) {
		t.Errorf("%+v", o)
	}
	if o := putOne(t, h, 0, sh); o.Err != nil || o.Had {
		t.Errorf("%+v", o)
	}
	mustHave(t, s, person(0), sh)
	fsck(t, s)
}

// Many shares are swept in several goes.
func TestSweepMany(t *testing.T) {
	w, disk := newWorld(1), newMemFS()
	s, err := startMem(t, disk, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	h := s.For(person(0), NoLimit)
	var shares []blobtest.Share
	var names []blobstore.ShareName
	for i := range 3*stepsAtOnce + 5 {
		shares = append(shares, blobtest.NewShare(uint64(i), 10))
		names = append(names, shares[i].Name)
	}
	blobtest.MustPut(t, h, person(0), shares...)
	if err := h.Delete(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(TrashTime)
	if n, err := s.Sweep(t.Context()); n != len(shares) || err != nil {
		t.Errorf("swept %d: %v", n, err)
	}
	fsck(t, s)
	if s.account.kept.total != 0 {
		t.Errorf("%d bytes stay charged", s.account.kept.total)
	}
}

// b3sum of the first bytes of a share's file is its root; manifest and footer follow the outboard.
func TestFileLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{Limits: Limits{Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{1, 65_536, 65_537, 1 << 20} {
		sh := blobtest.NewShare(uint64(i), n)
		blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), sh)
		h := sh.Name.SID.String()
		b := read(t, filepath.Join(dir, h[:2], h[2:3], h+"-"+sh.Name.Root.String()+".share"))
		if blake3.Sum256(b[:n]) != sh.Name.Root || !bytes.Equal(b[:n], sh.Data) {
			t.Errorf("%d bytes: not the share", n)
		}
		end := len(b) - 512
		if want := n + max(0, (n-1)/65_536)*64; end-len(sh.Sealed) != want || !bytes.Equal(b[want:end], sh.Sealed) {
			t.Errorf("%d bytes: manifest is not at %d", n, want)
		}
		if f, err := parseFooter(b[end:]); err != nil || f.length != int64(n) || f.name != sh.Name || f.owner != person(0) || f.mid != sh.MID {
			t.Errorf("%d bytes: %+v, %v", n, f, err)
		}
		if _, err := os.Stat(filepath.Join(dir, leasePath(sh.Name))); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d bytes: one owner, and a file of leases: %v", n, err)
		}
	}
	closeStore(t, s)
}
