package app

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/cmd/internal/control"
)

// newDisk is a store that a home has on a disk of its own, and the disk.
func newDisk(t *testing.T) (s *Shares, mount string) {
	t.Helper()
	mount = filepath.Join(t.TempDir(), "disk")
	if err := os.Mkdir(mount, 0o700); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	s = newShares(root, filepath.Join(mount, "shares"), disk.Limits{Floor: -1}, Options{}.withDefaults())
	t.Cleanup(func() { _ = s.Close() })
	return s, mount
}

func look(t *testing.T, s *Shares) error {
	t.Helper()
	if err := s.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.Problem()
}

// A disk that is taken out while the daemon runs is missed, nothing is absent meanwhile, and it is found again.
func TestDiskIsTakenOut(t *testing.T) {
	s, mount := newDisk(t)
	if err := s.Problem(); !errors.Is(err, ErrAway) {
		t.Errorf("before it was looked for: %v", err)
	}
	if err := look(t, s); err != nil {
		t.Fatal(err)
	}
	id := s.store.Load().ID()
	if err := os.Rename(mount, mount+".out"); err != nil {
		t.Fatal(err)
	}
	if err := look(t, s); !errors.Is(err, ErrAway) || !errors.Is(err, disk.ErrNotMounted) {
		t.Errorf("%v", err)
	}
	h := s.For(someone(1), 1<<30)
	name := blobstore.ShareName{SID: blobstore.SID{1}, Root: blobstore.Root{2}}
	if held, err := h.Have(t.Context(), []blobstore.ShareName{name}, blobstore.Nonce{}); !errors.Is(err, ErrAway) || held != nil {
		t.Errorf("%v, %v", held, err)
	}
	if _, err := h.Put(t.Context(), make([]blobstore.Offer, 1)); !errors.Is(err, ErrAway) {
		t.Error(err)
	}
	if room, err := s.Room(t.Context()); err != nil || room != 0 {
		t.Errorf("room %d, %v", room, err)
	}
	if err := os.Mkdir(mount, 0o700); err != nil { // the mount point
		t.Fatal(err)
	}
	if err := look(t, s); !errors.Is(err, ErrAway) {
		t.Errorf("%v", err)
	}
	if err := errors.Join(os.Remove(mount), os.Rename(mount+".out", mount)); err != nil {
		t.Fatal(err)
	}
	if err := look(t, s); err != nil || s.store.Load().ID() != id {
		t.Errorf("%v", err)
	}
	if room, err := s.Room(t.Context()); err != nil || room == 0 {
		t.Errorf("room %d, %v", room, err)
	}
}

// The store of another home in its place is not ours.
func TestAnotherStoreIsInItsPlace(t *testing.T) {
	s, mount := newDisk(t)
	if err := look(t, s); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(mount, "shares"), filepath.Join(mount, "old")); err != nil {
		t.Fatal(err)
	}
	other, err := disk.Create(t.Context(), filepath.Join(mount, "shares"), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	err = look(t, s)
	if e := Explain(err); !errors.Is(err, disk.ErrOtherStore) || e.Code != control.CodeConflict || e.Hint != "rad swarm daemon --new-store" {
		t.Errorf("%v: %+v", err, e)
	}
}

func TestDamagedStoreFile(t *testing.T) {
	s, _ := newDisk(t)
	if err := writeFile(s.root, storeFile, []byte("x")); err != nil {
		t.Fatal(err)
	}
	err := look(t, s)
	if e := Explain(err); !errors.Is(err, ErrAway) || !strings.HasPrefix(e.Hint, "mv ") {
		t.Errorf("%v: %+v", err, e)
	}
	if err := s.root.Remove(storeFile); err != nil {
		t.Fatal(err)
	}
	if err := look(t, s); err != nil {
		t.Errorf("%v", err)
	}
}

func TestFullWarnings(t *testing.T) {
	for _, x := range []struct {
		stats disk.Stats
		limit int64
		says  string
	}{
		{disk.Stats{Free: 10 << 30, Floor: 2 << 30}, 0, ""},
		{disk.Stats{Free: 2 << 30, Floor: 2 << 30}, 0, "is full"},
		{disk.Stats{Free: 5 << 29, Floor: 2 << 30}, 0, "nearly full"},
		{disk.Stats{Free: 10 << 30, Charged: 100}, 100, "limit"},
		{disk.Stats{Free: 10 << 30, Charged: 99}, 100, ""},
	} {
		got := fullWarnings(x.stats, control.StoreStatus{Limit: x.limit, Charged: x.stats.Charged})
		if (x.says == "") != (len(got) == 0) || len(got) > 0 && !strings.Contains(got[0].Text, x.says) {
			t.Errorf("%+v: %q", x.stats, got)
		}
	}
}
