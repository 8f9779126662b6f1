package erasure

import (
	"bytes"
	"testing"

	"radswarm/blobstore"
)

// FuzzRebuild takes a code, a shape and a pattern from the input, and whatever can be decoded must be right.
func FuzzRebuild(f *testing.F) {
	f.Add(uint8(3), uint8(10), uint8(2), uint16(77), []byte{0b11})
	f.Add(uint8(1), uint8(1), uint8(1), uint16(4096), []byte{1})
	f.Add(uint8(64), uint8(255), uint8(1), uint16(25), bytes.Repeat([]byte{0xA5}, 32))
	f.Fuzz(func(t *testing.T, k, n, m uint8, q uint16, pattern []byte) {
		c, err := New(int(k), int(n)+1)
		if err != nil {
			return
		}
		shape, err := blobstore.NewCoding((int64(k)+int64(m)-1)*4096+int64(q), 12, int(k))
		if err != nil {
			return
		}
		stripe := newStripe(t, c, shape, shape.Stripes()-1)
		for j := range stripe.chunks {
			put(t, stripe, j, random(uint64(j), stripe.Len(j)))
		}
		if err := stripe.Encode(); err != nil {
			t.Fatal(err)
		}
		blocks := make([][]byte, c.N())
		for j := range blocks {
			blocks[j] = bytes.Clone(stripe.Block(j))
		}
		reset(t, stripe, shape, shape.Stripes()-1)
		var want []int
		for j, b := range blocks {
			want = append(want, j)
			if j/8 < len(pattern) && pattern[j/8]>>(j%8)&1 == 1 && len(b) > 0 {
				put(t, stripe, j, b)
			}
		}
		if err := stripe.Rebuild(want...); (err == nil) != (stripe.Needed() == 0) {
			t.Fatalf("%d more blocks needed: %v", stripe.Needed(), err)
		} else if err == nil {
			checkBlocks(t, stripe, blocks)
		}
	})
}
