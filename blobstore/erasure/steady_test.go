package erasure

import (
	"bytes"
	"math/rand/v2"
	"runtime/metrics"
	"sync"
	"testing"

	"radswarm/blobstore"
)

// One code, many stripes, many patterns at once.
func TestConcurrent(t *testing.T) {
	c := newCode(t, 12, 30)
	shape := coding(t, 12, 1, 7, 333)
	chunks := make([][]byte, 7)
	for i := range chunks {
		chunks[i] = random(uint64(i), shape.BlockLen(1, i))
	}
	want := stripeBlocks(refMatrix(12), chunks, 12, 30)
	var wg sync.WaitGroup
	for g := range 4 {
		stripe := newStripe(t, c, shape, 1)
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 5))
			for range 50 {
				if err := decodeSome(stripe, shape, want, r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// decodeSome decodes from random blocks and compares the chunks.
func decodeSome(stripe *Stripe, shape blobstore.Coding, want [][]byte, r *rand.Rand) error {
	if err := stripe.Reset(shape, 1); err != nil {
		return err
	}
	for _, j := range r.Perm(len(want)) {
		if stripe.Needed() > 0 && len(want[j]) > 0 {
			if err := stripe.Put(j, want[j]); err != nil {
				return err
			}
		}
	}
	if err := stripe.Decode(); err != nil {
		return err
	}
	for j := range stripe.chunks {
		if !bytes.Equal(stripe.Block(j), want[j]) {
			return &blobstore.ShareError{Index: j, Err: blobstore.ErrRoot}
		}
	}
	return nil
}

// The steady state allocates what the library needs to code a tile, and nothing for a stripe.
func TestAllocations(t *testing.T) {
	for _, test := range []struct{ k, n, tiles int }{{1, 2, 1}, {2, 3, 1}, {3, 10, 1}, {10, 20, 1}, {10, 30, 2}} {
		c := newCode(t, test.k, test.n)
		shape := coding(t, test.k, 1, test.k, 4096)
		stripe := newStripe(t, c, shape, 0)
		encode := func() {
			reset(t, stripe, shape, 1)
			for j := range test.k {
				put(t, stripe, j, stripe.Buffer(j))
			}
			if err := stripe.Encode(); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(20, encode); got > float64(test.tiles) {
			t.Errorf("%d of %d: encode allocates %v times, %d expected", test.k, test.n, got, test.tiles)
		}
		want := make([]int, 0, test.k)
		decode := func() {
			reset(t, stripe, shape, 0)
			want = want[:0]
			for j := range test.k {
				put(t, stripe, test.n-1-j, stripe.Buffer(test.n-1-j))
				want = append(want, j)
			}
			if err := stripe.Rebuild(want...); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(20, decode); got > 1 {
			t.Errorf("%d of %d: decode allocates %v times", test.k, test.n, got)
		}
	}
}

// Callers work on many stripes side by side; the library must not start goroutines for one.
func TestNoGoroutines(t *testing.T) {
	created := []metrics.Sample{{Name: "/sched/goroutines-created:goroutines"}}
	count := func() uint64 {
		metrics.Read(created)
		if created[0].Value.Kind() != metrics.KindUint64 {
			t.Skip("this Go does not count goroutines")
		}
		return created[0].Value.Uint64()
	}
	c := newCode(t, 29, 80)
	stripe := newStripe(t, c, largeCoding(t, 29), 0)
	for j := range 29 {
		put(t, stripe, j, stripe.Buffer(j))
	}
	before := count()
	for range 20 {
		stripe.Drop(-1)
		if err := stripe.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	if n := count() - before; n >= 20 { // the runtime has some of its own
		t.Errorf("20 encodings started %d goroutines", n)
	}
}
