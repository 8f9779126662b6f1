package disk

import (
	"path/filepath"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/radicle"
)

// noFloor lets tests use a disk that is nearly full.
const noFloor = -1

func TestHolder(t *testing.T) {
	blobtest.TestHolder(t, func(t *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		s := create(t, Options{Limits: Limits{Total: limit, Floor: noFloor}})
		t.Cleanup(func() { fsck(t, s) })
		return func(peer radicle.DID) blobstore.Holder { return s.For(peer, NoLimit) }
	})
}

// The limit of the suite may as well be a pledge.
func TestHolderPledge(t *testing.T) {
	blobtest.TestHolder(t, func(t *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		if limit == 0 {
			limit = NoLimit
		}
		s := create(t, Options{Limits: Limits{Floor: noFloor}})
		t.Cleanup(func() { fsck(t, s) })
		return func(peer radicle.DID) blobstore.Holder { return s.For(peer, limit) }
	})
}

func create(t testing.TB, options Options) *Store {
	t.Helper()
	s, err := Create(t.Context(), filepath.Join(t.TempDir(), "shares"), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
