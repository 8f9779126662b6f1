//go:build unix

package wire

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"syscall"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// The benchmarks count processor time of both sides together, in the same run as what they are compared with, so that
// the ratio survives a busy machine.

// cpuTime returns the processor time that this process has used, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func benchDialers(b *testing.B) map[string]dialer {
	return map[string]dialer{"Pipe": pipe, "TCP": loopback(b)}
}

// BenchmarkGet reads blocks of 64 KiB from a holder that has them in memory. "x-raw" is the processor time in terms of
// what moving the same bytes over such a connection takes: io.Copy of 64 KiB a Write and a Read.
func BenchmarkGet(b *testing.B) {
	sh := blobtest.NewShare(1, 64<<20)
	ranges := sh.Ranges(maxChunk)
	for name, dial := range benchDialers(b) {
		for _, batch := range []int{1, 16, 1024} {
			b.Run(fmt.Sprintf("%s/%d", name, batch), func(b *testing.B) {
				raw := rawCost(b, dial, sh.Data)
				r := newRemote(b, dial, lean{share: sh}, nil)
				b.SetBytes(maxChunk)
				b.ReportAllocs()
				b.ResetTimer()
				start, blocks := cpuTime(b), 0
				for b.Loop() {
					if blocks++; blocks%batch == 0 {
						at := (blocks - batch) % len(ranges)
						err := r.Get(b.Context(), sh.Name, ranges[at:at+batch], func(int, []byte) error { return nil })
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				blocks -= blocks % batch
				if blocks == 0 {
					return
				}
				each := float64(cpuTime(b)-start) / float64(blocks)
				b.ReportMetric(each*(1<<30/maxChunk)/1e9, "cpu-s/GiB")
				b.ReportMetric(each/raw, "x-raw")
			})
		}
	}
}

// rawCost returns the nanoseconds of processor time in which 64 KiB cross a connection, the least of three tries.
func rawCost(b *testing.B, dial dialer, data []byte) float64 {
	b.Helper()
	var tries []float64
	for range 3 {
		src, dst, err := dial()
		if err != nil {
			b.Fatal(err)
		}
		start := cpuTime(b)
		var sending sync.WaitGroup
		sending.Go(func() {
			for block := range slices.Chunk(data, maxChunk) {
				if _, err := src.Write(block); err != nil {
					b.Error(err)
				}
			}
			src.Close()
		})
		buf := make([]byte, maxChunk)
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{dst}, buf); err != nil {
			b.Fatal(err)
		}
		sending.Wait()
		dst.Close()
		tries = append(tries, float64(cpuTime(b)-start)/float64(len(data)/maxChunk))
	}
	return slices.Min(tries)
}

// BenchmarkPut puts a thousand shares of 4 KiB in batches of 64 into a holder in memory. "x-local" is the processor
// time in terms of putting them there without a stream.
func BenchmarkPut(b *testing.B) {
	const shares = 1000
	ana := person(0xa0)
	var offers []blobstore.Offer
	for i := range shares {
		offers = append(offers, blobtest.NewShare(uint64(i), 4096).Offer(ana))
	}
	put := func(h blobstore.Holder) {
		for some := range slices.Chunk(offers, blobstore.MaxOffers) {
			outcomes, err := h.Put(b.Context(), some)
			if err != nil || slices.ContainsFunc(outcomes, func(o blobstore.Outcome) bool { return o != blobstore.Outcome{} }) {
				b.Fatal(outcomes, err)
			}
		}
	}
	for name, dial := range benchDialers(b) {
		b.Run(name, func(b *testing.B) {
			var local, remote int64
			rounds := 0
			for b.Loop() {
				m := new(blobtest.Memory)
				start := cpuTime(b)
				put(m.For(ana))
				half := cpuTime(b)
				put(newRemote(b, dial, new(blobtest.Memory).For(ana), nil))
				local, remote, rounds = local+half-start, remote+cpuTime(b)-half, rounds+1
			}
			b.ReportMetric(float64(remote)/float64(rounds*shares)/1e3, "cpu-µs/share")
			b.ReportMetric(float64(remote)/float64(local), "x-local")
		})
	}
}

// BenchmarkMessages encodes and decodes what travels most.
func BenchmarkMessages(b *testing.B) {
	for _, s := range samples() {
		switch s.name {
		case "block", "chunk", "get", "offer", "held", "get-long", "have-long":
			b.Run(s.name, func(b *testing.B) {
				var buf []byte
				b.ReportAllocs()
				for b.Loop() {
					buf = AppendFrame(buf[:0], s.m)
					if _, err := decodeFrame(buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
