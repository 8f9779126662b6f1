package erasure

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/reedsolomon"

	"radswarm/blobstore"
)

var codes = [][2]int{{1, 2}, {2, 3}, {3, 10}, {10, 30}, {29, 80}}

func benchStripe(b *testing.B, k, n int) (*Stripe, blobstore.Coding) {
	b.Helper()
	shape := largeCoding(b, k)
	stripe := newStripe(b, newCode(b, k, n), shape, 0)
	for j := range k {
		copy(stripe.Buffer(j), random(uint64(j), blobstore.MaxChunk))
		put(b, stripe, j, stripe.Buffer(j))
	}
	b.SetBytes(int64(k) * blobstore.MaxChunk) // of data
	b.ReportAllocs()
	return stripe, shape
}

func BenchmarkEncode(b *testing.B) {
	for _, kn := range codes {
		b.Run(fmt.Sprintf("%d-of-%d", kn[0], kn[1]), func(b *testing.B) {
			stripe, _ := benchStripe(b, kn[0], kn[1])
			for b.Loop() {
				stripe.Drop(-1)
				if err := stripe.Encode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncodeLibrary is what the library does by itself when it may start two goroutines, and when not.
func BenchmarkEncodeLibrary(b *testing.B) {
	for _, kn := range codes {
		for _, goroutines := range []int{1, 2} {
			b.Run(fmt.Sprintf("%d-of-%d/%d", kn[0], kn[1], goroutines), func(b *testing.B) {
				e, err := reedsolomon.New(kn[0], kn[1]-kn[0], reedsolomon.WithMaxGoroutines(goroutines))
				if err != nil {
					b.Fatal(err)
				}
				blocks := reedsolomon.AllocAligned(kn[1], blobstore.MaxChunk)
				for j := range blocks {
					copy(blocks[j], random(uint64(j), blobstore.MaxChunk))
				}
				b.SetBytes(int64(kn[0]) * blobstore.MaxChunk)
				b.ReportAllocs()
				for b.Loop() {
					if err := e.Encode(blocks); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkDecode rebuilds all chunks from parity (as far as there is), of one pattern and of a new one each time.
func BenchmarkDecode(b *testing.B) {
	for _, kn := range codes {
		for _, patterns := range []string{"same", "random"} {
			b.Run(fmt.Sprintf("%d-of-%d/%s", kn[0], kn[1], patterns), func(b *testing.B) {
				stripe, shape := benchStripe(b, kn[0], kn[1])
				r := rand.New(rand.NewPCG(1, 1))
				order := r.Perm(kn[1])
				for b.Loop() {
					if err := stripe.Reset(shape, 0); err != nil {
						b.Fatal(err)
					}
					if patterns == "random" {
						r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
					}
					for _, j := range order[:kn[0]] {
						put(b, stripe, j, stripe.Buffer(j))
					}
					if err := stripe.Decode(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPlan is what a pattern costs that was not seen lately: K parity blocks to K chunks.
func BenchmarkPlan(b *testing.B) {
	for _, kn := range [][2]int{{3, 10}, {10, 30}, {29, 80}, {64, 128}} {
		b.Run(fmt.Sprintf("%d-of-%d", kn[0], kn[1]), func(b *testing.B) {
			p := pattern{in: span(kn[0], 2*kn[0]), out: span(0, kn[0]), chunks: uint8(kn[0])}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := newPlan(kn[0], p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
