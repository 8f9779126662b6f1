package erasure

import (
	"hash/maphash"

	"radswarm/blobstore"
)

// Code computes blocks from blocks for one K and N (FORMAT.md §5.1). Block j is the same for every N.
type Code struct {
	k, n  int
	plans plans
}

// New returns the code with K = k, 1 … [blobstore.MaxK], and N = n, K … [blobstore.MaxN]. Errors are
// *[blobstore.BoundsError]. It takes some microseconds; nothing of the matrix is computed before it is asked for.
func New(k, n int) (*Code, error) {
	if err := inRange("K", k, 1, blobstore.MaxK); err != nil {
		return nil, err
	}
	if err := inRange("N", n, k, blobstore.MaxN); err != nil {
		return nil, err
	}
	return &Code{k: k, n: n, plans: plans{seed: maphash.MakeSeed()}}, nil
}

// K returns how many blocks bring a stripe back.
func (c *Code) K() int { return c.k }

// N returns how many blocks a stripe has.
func (c *Code) N() int { return c.n }

// Encode computes the blocks K … N−1 of a full stripe from blocks 0 … K−1. Blocks has N elements; the first K have one
// length, not 0, and the others have room for it: their length and contents are overwritten, no memory is allocated for
// them. They must not overlap.
//
// A block of the wrong length or without room is a *[blobstore.ShareError] with its index, of class
// [blobstore.ErrBounds]; then nothing was written.
func (c *Code) Encode(blocks [][]byte) error {
	data, parity := span(0, c.k), span(c.k, c.n)
	if err := c.check(blocks, &data, &parity); err != nil || c.k == c.n {
		return err
	}
	return c.plans.run(c.k, pattern{in: data, out: parity, chunks: uint8(c.k)}, blocks)
}

// Rebuild computes the blocks want of a full stripe from any K others. Blocks has N elements. Those of length 0 are
// missing; the others have one length. A missing block that is wanted has room for that length and is overwritten. One
// that is there already is left alone. With fewer than K blocks the error is a *[blobstore.NotEnoughSharesError];
// otherwise errors are as those of [Code.Encode].
func (c *Code) Rebuild(blocks [][]byte, want ...int) error {
	if err := inRange("number of blocks", len(blocks), c.n, c.n); err != nil {
		return err
	}
	var have set
	for j, b := range blocks {
		if len(b) > 0 {
			have.add(j)
		}
	}
	out, err := c.missing(want, &have)
	if err != nil {
		return err
	}
	if err := c.check(blocks, &have, &out); err != nil || out == (set{}) {
		return err
	}
	p, err := choose(&have, out, c.k)
	if err != nil {
		return err
	}
	return c.plans.run(c.k, p, blocks)
}

// check refuses blocks of unlike length, and gives the outputs that length.
func (c *Code) check(blocks [][]byte, in, out *set) error {
	if err := inRange("number of blocks", len(blocks), c.n, c.n); err != nil {
		return err
	}
	size := 0
	for j := range in.all() {
		if size == 0 {
			size = len(blocks[j])
		}
		if len(blocks[j]) != max(1, size) {
			return lengthError(j, -1, len(blocks[j]), max(1, size))
		}
	}
	for j := range out.all() {
		if cap(blocks[j]) < size {
			return lengthError(j, -1, cap(blocks[j]), size)
		}
	}
	for j := range out.all() {
		blocks[j] = blocks[j][:size]
	}
	return nil
}

// missing returns the members of want that are not in have.
func (c *Code) missing(want []int, have *set) (out set, err error) {
	for _, j := range want {
		if err := inRange("block index", j, 0, c.n-1); err != nil {
			return out, err
		}
		if !have.has(j) {
			out.add(j)
		}
	}
	return out, nil
}

// choose returns the pattern that computes out from as many blocks of have as the stripe has chunks: the lowest ones,
// which are chunks themselves where possible.
func choose(have *set, out set, chunks int) (pattern, error) {
	p := pattern{out: out, chunks: uint8(chunks)}
	if got := have.len(); got < chunks {
		return p, &blobstore.NotEnoughSharesError{Need: chunks, Got: got}
	}
	left := chunks
	for j := range have.all() {
		if left == 0 {
			break
		}
		p.in.add(j)
		left--
	}
	return p, nil
}

func inRange(what string, got, lo, hi int) error {
	if got < lo || got > hi {
		return &blobstore.BoundsError{What: what, Got: int64(got), Min: int64(lo), Max: int64(hi)}
	}
	return nil
}

// lengthError says that block index has another length than it must have. Offset is where it stands in its share, or −1.
func lengthError(index int, offset int64, got, want int) error {
	return &blobstore.ShareError{Index: index, Offset: offset, Err: inRange("block length", got, want, want)}
}
