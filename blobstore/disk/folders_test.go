package disk

import (
	"path/filepath"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// The folders of shares that come together are made together: what lies above them is synced once.
func TestFoldersAreMadeTogether(t *testing.T) {
	w, synced := newWorld(1), map[string]int{}
	fsys := hookFS{newMemFS(), func(op, name string) error {
		if op == "syncdir" {
			synced[name]++
		}
		return nil
	}}
	s, err := startMem(t, fsys, filepath.Join(t.TempDir(), indexFile), w.options())
	if err != nil {
		t.Fatal(err)
	}
	defer s.index.close()
	clear(synced) // those of the beginning
	const outer, each = 4, 3
	var offers []blobstore.Offer
	for i := range outer * each {
		sh := blobtest.NewShare(uint64(i), 1000)
		sh.Name.SID[0], sh.Name.SID[1] = byte(i/each), byte(i%each)<<4
		offers = append(offers, sh.Offer(person(0)))
	}
	outcomes, err := s.For(person(0), NoLimit).Put(t.Context(), offers)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o.Err != nil || o.Had {
			t.Errorf("share %d: %+v", i, o)
		}
	}
	if len(synced) != 1+outer+outer*each {
		t.Errorf("%d folders were synced", len(synced))
	}
	for name, n := range synced {
		if n != 1 {
			t.Errorf("%s was synced %d times", name, n)
		}
	}
}
