package holder

import (
	"testing"
	"time"

	"radswarm/blobstore"
)

// BenchmarkGet reads a share of 16 MiB through a Service, HELLO, wire and a network in memory, and out of the same disk without
// them in between: x/disk is how many times longer it takes, in the same run.
func BenchmarkGet(b *testing.B) {
	ana, bo, sh := benchHomes(b)
	remote, local := ana.at(bo), bo.store.For(ana.did, 0)
	put(b, remote, ana.did, sh)
	b.SetBytes(sh.Len())
	var far, near time.Duration
	for b.Loop() {
		far += read(b, remote, sh)
		b.StopTimer()
		near += read(b, local, sh)
		b.StartTimer()
	}
	b.ReportMetric(float64(far)/float64(near), "x/disk")
}

// BenchmarkGetView is the same without wire and network: what the limits and rights cost.
func BenchmarkGetView(b *testing.B) {
	ana, bo, sh := benchHomes(b)
	s := ana.meet(bo)
	put(b, client(s.Conn), ana.did, sh)
	p, ok := bo.service.peer(ana.device())
	if !ok {
		b.Fatal("not known")
	}
	view, local := bo.service.For(p), bo.store.For(ana.did, 0)
	b.SetBytes(sh.Len())
	var far, near time.Duration
	for b.Loop() {
		far += read(b, view, sh)
		b.StopTimer()
		near += read(b, local, sh)
		b.StartTimer()
	}
	b.ReportMetric(float64(far)/float64(near), "x/disk")
}

func benchHomes(b *testing.B) (ana, bo *home, sh one) {
	b.Helper()
	w := newMemory()
	ana, bo = newHome(b, w, 0), newHome(b, w, 1)
	befriend(ana, bo, 1<<30)
	return ana, bo, newShare(1, 16<<20)
}

// read gets all of a share, in one request, and returns how long that takes.
func read(b *testing.B, h blobstore.Holder, sh one) time.Duration {
	b.Helper()
	start := time.Now()
	if err := h.Get(b.Context(), sh.Name, sh.Ranges(blobstore.MaxChunk), func(int, []byte) error { return nil }); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
