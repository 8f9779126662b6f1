package storage_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// A stamp stays while nothing moves, and changes with every new signature, be the refs loose or packed.
func TestStamp(t *testing.T) {
	key := radicle.NewMemorySigner([32]byte{1})
	gitDir, head := workingCopy(t)
	s := openStorage(t, t.TempDir())
	r, _, err := s.Init(t.Context(), key, storage.New{Document: newDocument(t, "film", key), Alias: "ana", Source: gitDir, Head: head})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	before := stamp(t, r)
	if again := stamp(t, r); again != before || before.IsZero() {
		t.Error("a stamp changed by itself, or says nothing")
	}
	_, err = r.Update(t.Context(), key, func(ctx context.Context, tx *storage.Tx) error {
		return tx.Set(ctx, "refs/heads/other", head)
	})
	if err != nil {
		t.Fatal(err)
	}
	after := stamp(t, r)
	if after == before {
		t.Error("signed refs moved, and the stamp did not")
	}
	if out, err := r.Git(t.Context(), "pack-refs", "--all").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if s := stamp(t, r); !s.IsZero() {
		t.Error("packed refs that were written just now are believed")
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(r.Dir(), "packed-refs"), old, old); err != nil {
		t.Fatal(err)
	}
	if packed := stamp(t, r); packed == after || packed.IsZero() || packed != stamp(t, r) {
		t.Error("the stamp of packed refs is that of loose ones, or says nothing")
	}
}

func stamp(t *testing.T, r *storage.Repo) storage.Stamp {
	t.Helper()
	s, err := r.Stamp(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
