package disk

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/share"
)

// benchStore returns a store that keeps no room free.
func benchStore(b *testing.B) *Store { return create(b, Options{Limits: Limits{Floor: noFloor}}) }

// fresh returns n shares that nobody has put, of one length. Their bytes differ in the first ones only, and their roots are
// computed before the clock runs.
func fresh(b *testing.B, seed, n, length int) []blobstore.Offer {
	offers := make([]blobstore.Offer, n)
	for i := range offers {
		sh := blobtest.NewShare(uint64(seed*1000+i), length)
		offers[i] = sh.Offer(person(0))
	}
	return offers
}

// plainWrite is what a durable file costs: write, sync, rename, sync the folder.
func plainWrite(dir string, i int, o blobstore.Offer) error {
	src, err := o.Share()
	if err != nil {
		return err
	}
	temp, name := filepath.Join(dir, "temp"), filepath.Join(dir, fmt.Sprint(i))
	f, err := os.Create(temp)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{f}, struct{ io.Reader }{src}, make([]byte, min(share.GroupSize, o.Len)))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, name); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// BenchmarkPut puts shares, one in a Put or 64, and writes the same bytes plainly in between: x/plain is how many times
// longer a Put takes, in the same run.
func BenchmarkPut(b *testing.B) {
	for _, test := range []struct{ size, batch int }{
		{4 << 10, 1}, {4 << 10, 64}, {64 << 10, 1}, {64 << 10, 64}, {1 << 20, 1}, {1 << 20, 16}, {64 << 20, 1},
	} {
		b.Run(fmt.Sprintf("%dKiB/%d", test.size>>10, test.batch), func(b *testing.B) {
			s, dir := benchStore(b), b.TempDir()
			warmFolders(b, s)
			h := s.For(person(0), NoLimit)
			var ours, plain time.Duration
			b.SetBytes(int64(test.size * test.batch))
			n := 0
			for b.Loop() {
				b.StopTimer()
				offers := fresh(b, n, test.batch, test.size)
				start := time.Now()
				for i, o := range offers {
					if err := plainWrite(dir, n*test.batch+i, o); err != nil {
						b.Fatal(err)
					}
				}
				plain += time.Since(start)
				b.StartTimer()
				start = time.Now()
				outcomes, err := h.Put(b.Context(), offers)
				ours += time.Since(start)
				if err != nil || outcomes[0].Err != nil {
					b.Fatal(err, outcomes[0].Err)
				}
				n++
			}
			b.ReportMetric(float64(ours)/float64(plain), "x/plain")
			b.ReportMetric(float64(ours.Microseconds())/float64(n*test.batch), "µs/share")
		})
	}
}

// warmFolders makes all folders: a store that has been used for a while.
func warmFolders(b *testing.B, s *Store) {
	b.Helper()
	for i := range 4096 {
		dir := fmt.Sprintf("%02x/%x", i>>4, i&15)
		s.folders.made[dir], s.folders.made[dir[:2]] = true, true
		if err := s.fs.Mkdir(dir[:2]); err != nil && i&15 == 0 {
			b.Fatal(err)
		}
		if err := s.fs.Mkdir(dir); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGet reads blocks of 64 KiB: with all checks, and with a plain ReadAt of the same file.
func BenchmarkGet(b *testing.B) {
	s := benchStore(b)
	sh := blobtest.NewShare(1, 64<<20)
	blobtest.MustPut(b, s.For(person(0), NoLimit), person(0), sh)
	ranges := sh.Ranges(share.GroupSize)
	h := s.For(person(0), NoLimit)
	for _, n := range []int{1, 16, 1024} {
		b.Run(fmt.Sprintf("checked/%d", n), func(b *testing.B) {
			b.SetBytes(share.GroupSize * int64(n))
			i := 0
			for b.Loop() {
				some := ranges[i : i+n]
				if i += n; i+n > len(ranges) {
					i = 0
				}
				if err := h.Get(b.Context(), sh.Name, some, func(int, []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("plain", func(b *testing.B) {
		f, err := s.fs.Open(sharePath(sh.Name, held, 0))
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		buf, i := make([]byte, share.GroupSize), 0
		b.SetBytes(share.GroupSize)
		for b.Loop() {
			if _, err := f.ReadAt(buf, ranges[i%len(ranges)].Off); err != nil {
				b.Fatal(err)
			}
			i++
		}
	})
	b.Run("hash", func(b *testing.B) {
		b.SetBytes(share.GroupSize)
		for b.Loop() {
			share.NewNode(sh.Data[:share.GroupSize], 0)
		}
	})
}

// BenchmarkHave answers for shares that are there.
func BenchmarkHave(b *testing.B) {
	s := benchStore(b)
	sh := blobtest.NewShare(1, 1<<20)
	h := s.For(person(0), NoLimit)
	blobtest.MustPut(b, h, person(0), sh)
	for b.Loop() {
		if _, err := h.Have(b.Context(), []blobstore.ShareName{sh.Name}, blobstore.Nonce{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen opens a store of 10,000 shares: with its index, and without one.
func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "shares")
	s, err := Create(b.Context(), dir, Options{Limits: Limits{Floor: noFloor}})
	if err != nil {
		b.Fatal(err)
	}
	warmFolders(b, s)
	for i := range 10_000 / blobstore.MaxOffers {
		if _, err := s.For(person(0), NoLimit).Put(b.Context(), fresh(b, i, blobstore.MaxOffers, 100)); err != nil {
			b.Fatal(err)
		}
	}
	closeStore(b, s)
	for _, test := range []string{"index", "scan"} {
		b.Run(test, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				if test == "scan" {
					if err := os.Remove(filepath.Join(dir, indexFile)); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				s, err := Open(b.Context(), dir, Options{})
				if err != nil {
					b.Fatal(err)
				}
				closeStore(b, s)
			}
		})
	}
}

// BenchmarkScrub reads a share of 64 MiB, all of it.
func BenchmarkScrub(b *testing.B) {
	s := benchStore(b)
	sh := blobtest.NewShare(1, 64<<20)
	blobtest.MustPut(b, s.For(person(0), NoLimit), person(0), sh)
	b.SetBytes(64 << 20)
	for b.Loop() {
		if _, err := s.readAll(b.Context(), sh.Name, &pacer{}); err != nil {
			b.Fatal(err)
		}
	}
}
