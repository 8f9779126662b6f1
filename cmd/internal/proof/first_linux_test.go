package proof

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// BenchmarkFirstBytes is how long 256 KiB from a random place take, with a Reader that knows nothing of its holders yet: all
// of them up, and with those dead that have the chunks as they are.
func BenchmarkFirstBytes(b *testing.B) {
	const size = 256 << 20
	path := filepath.Join(shortDir(b), "film")
	randomFile(b, path, size, 2)
	c := newCircle(b, all)
	f := store(b, c, path)
	random := rand.New(rand.NewPCG(1, 2))
	sources := f.sources(b)
	for b.Loop() {
		b.ReportMetric(f.firstBytes(b, random, sources).Seconds()*1e3, "up-ms")
	}
	for _, friend := range c.friends {
		if f.holdsData(friend.did) {
			_ = friend.cmd.Process.Kill()
			_ = friend.cmd.Wait() // it was killed
		}
	}
	b.ReportMetric(f.firstBytes(b, random, sources).Seconds()*1e3, "down-ms")
	b.ReportMetric(0, "ns/op")
}

func (f *stored) holdsData(did radicle.DID) bool {
	for index, at := range f.placed {
		if at == did && index < wanted {
			return true
		}
	}
	return false
}

func (f *stored) sources(tb testing.TB) (all []swarm.Source) {
	for s := range sourcesOf(tb, f.repair, f.m, f.placed, f.people) {
		all = append(all, s)
	}
	return all
}

// firstBytes returns the median time of a read.
func (f *stored) firstBytes(tb testing.TB, random *rand.Rand, sources []swarm.Source) time.Duration {
	tb.Helper()
	var times []time.Duration
	p := make([]byte, 256<<10)
	for range 31 {
		start := time.Now()
		r, err := swarm.NewReader(f.object, sources...)
		if err == nil {
			_, err = r.ReadAt(tb.Context(), p, random.Int64N(r.Size()-int64(len(p))))
		}
		if err != nil {
			tb.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	return median(times)
}
