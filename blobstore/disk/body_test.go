package disk

import (
	"errors"
	"path/filepath"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// A long share goes to the disk while it arrives, and what the disk says then counts: Sync may not say it again.
func TestLongShareSettlesAsItArrives(t *testing.T) {
	sh := blobtest.NewShare(1, 2*behindSize+100_000)
	for _, fails := range []int{0, 1, 2} {
		disk, w, settled, after := newMemFS(), newWorld(1), 0, 0
		fsys := hookFS{disk, func(op, name string) error {
			switch op {
			case "settle":
				if settled++; settled == fails {
					return &pathError{op, name}
				}
			case "write":
				after = settled
			}
			return nil
		}}
		s, err := startMem(t, fsys, filepath.Join(t.TempDir(), indexFile), w.options())
		if err != nil {
			t.Fatal(err)
		}
		outcomes, err := s.For(person(0), NoLimit).Put(t.Context(), []blobstore.Offer{sh.Offer(person(0))})
		if err == nil {
			err = outcomes[0].Err
		}
		if failed := errors.Is(err, errFault); failed != (fails > 0) || !failed && (err != nil || settled != 2 || after != 2) {
			t.Errorf("fault %d: %v, settled %d times, %d before the last write", fails, err, settled, after)
		}
		_ = s.index.close()
	}
}
