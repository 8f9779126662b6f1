package share

import (
	"encoding/binary"
	"math/bits"
)

// The reference: BLAKE3 from its paper, one word at a time, the tree by recursion over byte ranges. Slow, and shares
// nothing with the package.

const (
	refChunkStart, refChunkEnd, refParent, refRoot, refKeyed = 1, 2, 4, 8, 16
)

var refIV = [8]uint32{
	0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19,
}

func refCompress(h [8]uint32, block []byte, counter uint64, flags uint32) [8]uint32 {
	var padded [64]byte
	copy(padded[:], block)
	var m [16]uint32
	for i := range m {
		m[i] = binary.LittleEndian.Uint32(padded[4*i:])
	}
	v := [16]uint32{
		h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], refIV[0], refIV[1], refIV[2], refIV[3],
		uint32(counter), uint32(counter >> 32), uint32(len(block)), flags,
	}
	g := func(a, b, c, d int, x, y uint32) {
		v[a] += v[b] + x
		v[d] = bits.RotateLeft32(v[d]^v[a], -16)
		v[c] += v[d]
		v[b] = bits.RotateLeft32(v[b]^v[c], -12)
		v[a] += v[b] + y
		v[d] = bits.RotateLeft32(v[d]^v[a], -8)
		v[c] += v[d]
		v[b] = bits.RotateLeft32(v[b]^v[c], -7)
	}
	for range 7 {
		g(0, 4, 8, 12, m[0], m[1])
		g(1, 5, 9, 13, m[2], m[3])
		g(2, 6, 10, 14, m[4], m[5])
		g(3, 7, 11, 15, m[6], m[7])
		g(0, 5, 10, 15, m[8], m[9])
		g(1, 6, 11, 12, m[10], m[11])
		g(2, 7, 8, 13, m[12], m[13])
		g(3, 4, 9, 14, m[14], m[15])
		old := m
		for i, from := range [16]int{2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8} {
			m[i] = old[from]
		}
	}
	var out [8]uint32
	for i := range out {
		out[i] = v[i] ^ v[i+8]
	}
	return out
}

// refTree is the tree over one share.
type refTree struct {
	share []byte
	key   [8]uint32
	flags uint32
}

func newRefTree(share []byte) *refTree { return &refTree{share, refIV, 0} }

// words returns the output of the node that covers bytes a … b−1.
func (t *refTree) words(a, b int) [8]uint32 {
	flags := t.flags
	if a == 0 && b == len(t.share) {
		flags |= refRoot
	}
	if b-a > 1024 {
		mid := a + refLeft(b-a)
		block := append(refBytes(t.words(a, mid)), refBytes(t.words(mid, b))...)
		return refCompress(t.key, block, 0, flags|refParent)
	}
	h, start := t.key, uint32(refChunkStart)
	for ; b-a > 64; a += 64 {
		h = refCompress(h, t.share[a:a+64], uint64(a/1024), t.flags|start)
		start = 0
	}
	return refCompress(h, t.share[a:b], uint64(max(a, b-1)/1024), flags|start|refChunkEnd)
}

// refLeft returns the bytes of the left child of a node of size bytes.
func refLeft(size int) int {
	leaves, l := (size+1023)/1024, 1
	for 2*l < leaves {
		l *= 2
	}
	return l * 1024
}

func refBytes(w [8]uint32) []byte {
	var b []byte
	for _, x := range w {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return b
}

func (t *refTree) cv(a, b int) []byte { return refBytes(t.words(a, b)) }

func (t *refTree) root() []byte { return t.cv(0, len(t.share)) }

// outboard returns the entries of all nodes over more than one group, in post-order.
func (t *refTree) outboard(a, b int) []byte {
	if b-a <= 65536 {
		return nil
	}
	mid := a + refLeft(b-a)
	out := append(t.outboard(a, mid), t.outboard(mid, b)...)
	return append(append(out, t.cv(a, mid)...), t.cv(mid, b)...)
}

// refNode is a node with its proof.
type refNode struct {
	a, b  int
	proof []byte
}

// nodes returns all nodes within bytes a … b−1, whose own proof is given.
func (t *refTree) nodes(a, b int, proof []byte) []refNode {
	list := []refNode{{a, b, proof}}
	if b-a > 1024 {
		mid := a + refLeft(b-a)
		list = append(list, t.nodes(a, mid, append(t.cv(mid, b), proof...))...)
		list = append(list, t.nodes(mid, b, append(t.cv(a, mid), proof...))...)
	}
	return list
}
