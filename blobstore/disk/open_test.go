package disk

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/radicle"
)

func person(i int) radicle.DID { return blobtest.Person(i).NID().DID() }

func reopen(t testing.TB, dir string, options Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func closeStore(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// get returns a whole share, or an error.
func get(t testing.TB, h blobstore.Holder, sh blobtest.Share) ([]byte, error) {
	var data []byte
	err := h.Get(t.Context(), sh.Name, sh.Ranges(blobstore.MaxChunk), func(_ int, b []byte) error {
		data = append(data, b...)
		return nil
	})
	return data, err
}

// mustHave fails the test unless an owner can read a share.
func mustHave(t testing.TB, s *Store, owner radicle.DID, shares ...blobtest.Share) {
	t.Helper()
	for _, sh := range shares {
		if b, err := get(t, s.For(owner, NoLimit), sh); err != nil || !slices.Equal(b, sh.Data) {
			t.Fatalf("share of %d bytes: %d, or others: %v", len(sh.Data), len(b), err)
		}
	}
}

func tree(t testing.TB, dir string) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, dir))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A folder that is not a store is not made one by opening it, nor touched.
func TestNotMounted(t *testing.T) {
	parent := t.TempDir()
	missing, empty, full := filepath.Join(parent, "missing"), filepath.Join(parent, "empty"), filepath.Join(parent, "full")
	for _, dir := range []string{empty, full} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(full, "film.mp4"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before := tree(t, parent)
	for _, dir := range []string{missing, empty, full} {
		_, err := Open(t.Context(), dir, Options{})
		if !errors.Is(err, ErrNotMounted) {
			t.Errorf("%s: %v", dir, err)
		}
		if e, ok := errors.AsType[*StoreError](err); !ok || e.Dir != dir {
			t.Errorf("%s: %v does not name the folder", dir, err)
		}
	}
	if _, err := Create(t.Context(), full, Options{}); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("made in a folder with a film: %v", err)
	}
	if after := tree(t, parent); !slices.Equal(before, after) {
		t.Errorf("left behind: %v", after)
	}
	if _, err := Create(t.Context(), filepath.Join(missing, "deep"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made below nothing: %v", err)
	}
}

// A disk that is not plugged in, whose folder is there and empty, is not an empty store; when it is back all is there.
func TestUnmountedAndBack(t *testing.T) {
	parent := t.TempDir()
	dir, away := filepath.Join(parent, "disk"), filepath.Join(parent, "drawer")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sh := blobtest.NewShare(1, 1000)
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), sh)
	id := s.ID()
	closeStore(t, s)
	if err := errors.Join(os.Rename(dir, away), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{ID: id}); !errors.Is(err, ErrNotMounted) {
		t.Errorf("%v", err)
	}
	if err := errors.Join(os.Remove(dir), os.Rename(away, dir)); err != nil {
		t.Fatal(err)
	}
	mustHave(t, reopen(t, dir, Options{ID: id}), person(0), sh)
}

func TestCreate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	for _, left := range []string{lockName, newMarkFile, "lost+found"} { // by a Create that did not end, and a new disk
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(filepath.Join(dir, left), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := s.ID()
	closeStore(t, s)
	if _, err := Create(t.Context(), dir, Options{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := Open(t.Context(), dir, Options{ID: newID()}); !errors.Is(err, ErrOtherStore) {
		t.Errorf("another store: %v", err)
	}
	if s := reopen(t, dir, Options{ID: id}); s.ID() != id {
		t.Errorf("id is %v, was %v", s.ID(), id)
	}
}

func TestBrokenMark(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if err := os.WriteFile(filepath.Join(dir, markFile), []byte("radswarm store 2 x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, blobstore.ErrEncoding) {
		t.Errorf("%v", err)
	}
}

func TestLocked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the one that fails takes nothing away
		if _, err := Open(t.Context(), dir, Options{}); !errors.Is(err, ErrLocked) {
			t.Errorf("opened twice: %v", err)
		}
	}
	closeStore(t, s)
	reopen(t, dir, Options{})
}

// Everything fails after Close, and Close waits for what is under way.
func TestClose(t *testing.T) {
	s := create(t, Options{Limits: Limits{Floor: noFloor}})
	sh := blobtest.NewShare(1, 100_000)
	h := s.For(person(0), NoLimit)
	blobtest.MustPut(t, h, person(0), sh)
	closed := make(chan error, 1)
	err := h.Get(t.Context(), sh.Name, sh.Ranges(50_000), func(i int, b []byte) error {
		if i == 0 {
			go func() { closed <- s.Close() }()
		}
		select {
		case err := <-closed:
			t.Errorf("closed while it is read: %v", err)
		case <-time.After(20 * time.Millisecond):
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if _, err := get(t, h, sh); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Get: %v", err)
	}
	if _, err := h.Put(t.Context(), []blobstore.Offer{sh.Offer(person(0))}); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Put: %v", err)
	}
	if _, err := s.Stats(t.Context()); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Stats: %v", err)
	}
	if err := s.Close(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Close: %v", err)
	}
}

// What was arriving when the process ended is gone when the store is opened again, whatever its age.
func TestPartsAreRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	for i, age := range []time.Duration{0, 8 * 24 * time.Hour} {
		part := filepath.Join(dir, partsDir, string(rune('1'+i)))
		at := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(part, []byte("part"), 0o600), os.Chtimes(part, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	fsck(t, reopen(t, dir, Options{}))
}

func TestOpenIsCancelled(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shares")
	s, err := Create(t.Context(), dir, Options{Limits: Limits{Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	sh := blobtest.NewShare(1, 1000)
	blobtest.MustPut(t, s.For(person(0), NoLimit), person(0), sh)
	closeStore(t, s)
	if err := os.Remove(filepath.Join(dir, indexFile)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, dir, Options{}); err != context.Canceled {
		t.Errorf("%v", err)
	}
	s = reopen(t, dir, Options{})
	mustHave(t, s, person(0), sh)
	fsck(t, s)
}
