package objects_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/control"
)

// known puts rows of n objects, as 3 of 10, into the database of a home, and opens it again.
func (h *home) known(n int) (ask control.Look) {
	h.t.Helper()
	h.Objects.Close()
	random := rand.NewChaCha8([32]byte{1})
	err := h.state.ChangeObjects(h.t.Context(), func(c *friend.ObjectChange) error {
		for range n {
			var p blobstore.Pointer
			_, _ = random.Read(p.OID[:])
			p.Size = 100_000
			ask.Objects = append(ask.Objects, control.Pointer(p))
			o := friend.Object{
				Pointer: p, Salt: keyring.SaltID{}, Added: time.Now(), Coding: friend.ObjectCoding{K: 3, N: 10, Manifest: make([]byte, 436)},
			}
			if err := c.Put(o); err != nil {
				return err
			}
			for i := range 10 {
				if err := c.Share(p, friend.ObjectShare{K: 3, Index: i, DID: h.town.all[i].did, Acked: time.Now()}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil || h.state.Close() != nil {
		h.t.Fatal(err)
	}
	h.open()
	return ask
}

// BenchmarkLook looks at 10,000 objects in one request. Aim: under 0.1 ms for each.
func BenchmarkLook(b *testing.B) {
	h := newHome(b, newTown(10))
	ask := h.known(10_000)
	rid := repository(b)
	for b.Loop() {
		out, err := h.Look(b.Context(), rid, ask)
		if err != nil || !out.Objects[9_999].Full {
			b.Fatalf("%+v, %v", out.Objects[9_999], err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/10_000, "µs/object")
}

// BenchmarkOpen opens an index of 10,000 objects.
func BenchmarkOpen(b *testing.B) {
	h := newHome(b, newTown(10))
	h.known(10_000)
	for b.Loop() {
		h.again()
	}
}

// BenchmarkPutSmall puts objects of 100 KB to ten friends in memory, 16 at once: what it costs here.
func BenchmarkPutSmall(b *testing.B) {
	h := newHome(b, newTown(10))
	var files []*file
	for i := range 200 {
		files = append(files, newFile(b, 100_000, uint64(i)))
	}
	b.ResetTimer()
	for range b.N {
		if _, err := h.Store(b.Context(), repository(b), store(files, control.Full, ""), nil); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		for _, f := range files {
			if _, err := h.Forget(b.Context(), f.OID, nil, control.Forget{}, nil); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/200, "µs/object")
}
