package share

import (
	"math/bits"

	"radswarm/blobstore"
)

// Sizes of FORMAT.md §6, in bytes.
const (
	LeafSize  = 1 << leafLog
	GroupSize = 1 << groupLog
	CVSize    = 32
	EntrySize = 2 * CVSize // of an outboard: left CV, right CV

	// MaxLen bounds the length of a share. The longest of any object is a little over 2^46.
	MaxLen = 1 << 47
	// MaxProof bounds the length of a proof.
	MaxProof = (47 - leafLog) * CVSize

	leafLog  = 10
	groupLog = 16
)

// span returns the length of a full node that starts where one of size bytes does: the smallest 2^l KiB that is not
// smaller.
func span(size int64) int64 {
	if size <= LeafSize {
		return LeafSize
	}
	return 1 << bits.Len64(uint64(size-1))
}

// left returns how many bytes the left child covers of a node that covers size bytes, more than a leaf.
func left(size int64) int64 { return span(size) / 2 }

// groups returns the number of groups in a node of size bytes.
func groups(size int64) int64 { return (size + GroupSize - 1) / GroupSize }

// OutboardLen returns the length of the outboard of a share of length bytes (FORMAT.md §6.2). It is 0 for one group.
func OutboardLen(length int64) int64 { return max(0, groups(length)-1) * EntrySize }

// walk goes down the tree of a share, from the whole to a node.
type walk struct {
	off, size int64  // the node reached
	depth     int    // steps taken
	rights    uint64 // the last step in bit 0: 1 where it went right
	entry     int64  // number of the outboard's entry for this node, where it covers more than one group
}

// top returns a walk that has not begun.
func top(length int64) walk { return walk{size: length, entry: groups(length) - 2} }

// down takes one step, to the child in which byte off is or that is nearer to it. The node reached is no leaf.
func (w *walk) down(off int64) {
	l := left(w.size)
	w.depth++
	w.rights <<= 1
	if off < w.off+l {
		w.entry -= groups(w.size) - groups(l)
		w.size = l
		return
	}
	w.rights |= 1
	w.entry--
	w.off, w.size = w.off+l, w.size-l
}

// find walks to the node r of a share of length bytes. Errors are *[RangeError], and *[blobstore.BoundsError] for a
// length that no share has.
func find(r blobstore.Range, length int64) (walk, error) {
	w := top(length)
	if err := checkLength(length); err != nil {
		return w, err
	}
	for w.size > max(LeafSize, int64(r.Len)) {
		w.down(r.Off)
	}
	if w.off != r.Off || w.size != int64(r.Len) {
		return w, &RangeError{r, length}
	}
	return w, nil
}

// ProofLen returns the length of the proof of node r of a share of length bytes, at most [MaxProof]. A range that is no
// node is a *[RangeError].
func ProofLen(r blobstore.Range, length int64) (int, error) {
	w, err := find(r, length)
	return w.depth * CVSize, err
}
