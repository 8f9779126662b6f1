package erasure

import (
	"iter"
	"math/bits"

	"radswarm/blobstore"
)

// set is a set of block indices, 0 … 255.
type set [blobstore.MaxN / 64]uint64

func (s *set) add(j int)    { s[j/64] |= 1 << (j % 64) }
func (s *set) remove(j int) { s[j/64] &^= 1 << (j % 64) }

func (s *set) has(j int) bool { return s[j/64]>>(j%64)&1 == 1 }

func (s *set) len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// all yields the members in rising order.
func (s *set) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(i*64 + bits.TrailingZeros64(w)) {
					return
				}
			}
		}
	}
}

// span returns the set lo … hi−1.
func span(lo, hi int) (s set) {
	for j := lo; j < hi; j++ {
		s.add(j)
	}
	return s
}
