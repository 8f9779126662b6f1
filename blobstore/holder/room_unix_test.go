//go:build unix

package holder

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
)

// used returns the bytes that a folder takes on its disk: those of shares, of folders, and all else.
func used(t *testing.T, dir string) (shares, folders, rest int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		bytes := info.Sys().(*syscall.Stat_t).Blocks * 512
		switch {
		case e.IsDir():
			folders += bytes
		case strings.HasSuffix(path, ".share"):
			shares += bytes
		default:
			rest += bytes
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return shares, folders, rest
}

// Hundreds of shares of one byte are charged a page each: the pledge takes as many as that makes, and their files take no more.
func TestSmallSharesDoNotSidestepThePledge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "small")
	store, err := disk.Create(context.Background(), dir, disk.Options{Limits: disk.Limits{Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1, func(o *Options) { o.Store = OnDisk(store) })
	const n, fits = 300, 270
	befriend(ana, bo, fits*blobstore.MinCharge)
	h, taken := ana.at(bo), 0
	for i := 0; i < n; i += blobstore.MaxOffers {
		var offers []blobstore.Offer
		for j := i; j < min(n, i+blobstore.MaxOffers); j++ {
			sh := newShare(uint64(j), 1)
			sh.Sealed = nil
			offers = append(offers, sh.Offer(ana.did))
		}
		outcomes, err := h.Put(t.Context(), offers)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if o.Err == nil {
				taken++
			}
		}
	}
	if charged := store.Charged(ana.did); taken != fits || charged != fits*blobstore.MinCharge {
		t.Errorf("%d shares taken, %d bytes charged; %d fit", taken, charged, fits)
	}
	shares, folders, _ := used(t, dir)
	if shares > fits*blobstore.MinCharge {
		t.Errorf("files take %d bytes, charged are %d", shares, fits*blobstore.MinCharge)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	_, _, rest := used(t, dir) // the log of the index is folded into it
	t.Logf("%d shares: files %d bytes, folders %d, index and all else %d: %d a share", taken, shares, folders, rest, rest/fits)
	if rest > 100_000+fits*600 {
		t.Errorf("the index takes %d bytes", rest)
	}
}
