//go:build unix

package swarm_test

import (
	"bytes"
	"context"
	"io"
	"syscall"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
	"radswarm/blobstore/swarm"
)

// The benchmarks compare with the coding alone, in the same run: what choosing, asking, waiting and handing over adds, in
// processor time. Holders are in memory and read nothing twice.

func cpuTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano() + u.Stime.Nano())
}

// cost returns processor time, in nanoseconds, of doing something some times.
func cost(b *testing.B, do func()) float64 {
	do()
	start, n := cpuTime(b), 0
	for ; n < 2; n++ {
		do()
	}
	return (cpuTime(b) - start) / float64(n)
}

// ready is a holder that has a share at hand, and takes any.
type ready struct {
	blobstore.Holder
	data []byte
}

func (h ready) Get(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	for i, r := range ranges {
		if err := visit(i, h.data[r.Off:][:r.Len]); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (h ready) Put(_ context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	outcomes := make([]blobstore.Outcome, len(offers))
	buf := make([]byte, 1<<16)
	for i, o := range offers {
		o.Decided(blobstore.Outcome{})
		r, err := o.Share()
		for err == nil {
			_, err = r.Read(buf)
		}
		if err != io.EOF {
			outcomes[i].Err = err
		}
		_ = r.Close()
	}
	return outcomes, nil
}

func BenchmarkFetch(b *testing.B) {
	f := newFilm(b, 128<<20, 3, 10)
	alone := cost(b, func() {
		in := map[int]io.Reader{}
		for _, j := range []int{0, 4, 8} { // as many computed chunks as a download has that takes blocks from all
			in[j] = bytes.NewReader(f.shares[j])
		}
		if err := f.object.Decode(b.Context(), in, io.Discard, object.Options{}); err != nil {
			b.Fatal(err)
		}
	})
	b.SetBytes(int64(len(f.plain)))
	start := cpuTime(b)
	for b.Loop() {
		more := make(chan swarm.Source, 10)
		for i, s := range f.shares {
			more <- f.source(i, ready{data: s})
		}
		close(more)
		if _, err := swarm.Fetch(b.Context(), f.object, more, io.Discard, swarm.FetchOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric((cpuTime(b)-start)/float64(b.N)/alone, "cpu/decode")
}

func BenchmarkSend(b *testing.B) {
	f := newFilm(b, 128<<20, 3, 10)
	alone := cost(b, func() {
		out := map[int]io.Writer{}
		for j := range f.shares {
			out[j] = io.Discard
		}
		if err := f.object.Spread(b.Context(), bytes.NewReader(f.plain), out, object.Options{SkipOID: true}); err != nil {
			b.Fatal(err)
		}
	})
	b.SetBytes(int64(len(f.plain)))
	start := cpuTime(b)
	for b.Loop() {
		var people []swarm.Person
		for i := range f.shares {
			people = append(people, swarm.Person{DID: did(i), Holder: ready{}})
		}
		report, err := swarm.Send(b.Context(), f.sending(people), swarm.SendOptions{})
		if err != nil || len(report.Missing) > 0 {
			b.Fatal(err, report.Failed)
		}
	}
	b.ReportMetric((cpuTime(b)-start)/float64(b.N)/alone, "cpu/spread")
}
