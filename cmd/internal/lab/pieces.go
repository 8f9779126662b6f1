package lab

import (
	"cmp"
	"math/bits"
	"slices"
)

// PieceSize is how long the pieces are that Search looks for, in bytes.
const PieceSize = 64

// maxPieces is about how many pieces are looked for, in 20 MB of memory.
const maxPieces = 1 << 20

// piece is a piece of a file.
type piece struct {
	sum uint64
	at  int64
}

// pieces are the pieces of a file that is written to it, by their sums: of a short file at every place, of a longer one at the
// places where the sum begins with some zero bits. That is as random as any choice, and it is the same choice in whatever the
// pieces are looked for in.
type pieces struct {
	known []piece
	bits  int
	hint  []uint64 // of sums that are known, by their last bits
	roll  rolling
	at    int64
}

// hintBits makes one bit in 32 of the hint set.
const hintBits = 25

func newPieces(size int64) *pieces {
	p := &pieces{hint: make([]uint64, 1<<(hintBits-6))}
	for size>>p.bits > maxPieces {
		p.bits++
	}
	return p
}

// Write takes the next bytes of the file.
func (p *pieces) Write(b []byte) (int, error) {
	for _, c := range b {
		p.at++
		if p.roll.add(c) && p.chosen(p.roll.sum) && !p.roll.flat() {
			p.known = append(p.known, piece{sum: p.roll.sum, at: p.at - PieceSize})
		}
	}
	if len(p.known) > 2*maxPieces {
		p.thin()
	}
	return len(b), nil
}

func (p *pieces) chosen(sum uint64) bool { return sum>>(64-p.bits) == 0 }

// thin keeps one of equal pieces, and fewer where those are still too many: films may be anything.
func (p *pieces) thin() {
	p.sort()
	for len(p.known) > maxPieces+maxPieces/2 {
		p.bits++
		p.known = slices.DeleteFunc(p.known, func(k piece) bool { return !p.chosen(k.sum) })
	}
}

func (p *pieces) sort() {
	slices.SortFunc(p.known, func(a, b piece) int { return cmp.Or(cmp.Compare(a.sum, b.sum), cmp.Compare(a.at, b.at)) })
	p.known = slices.CompactFunc(p.known, func(a, b piece) bool { return a.sum == b.sum })
}

// done makes pieces ready to be asked.
func (p *pieces) done() {
	p.thin()
	for _, k := range p.known {
		p.hint[k.sum>>6&(1<<(hintBits-6)-1)] |= 1 << (k.sum & 63)
	}
}

// find returns the number of the piece with a sum.
func (p *pieces) find(sum uint64) (int, bool) {
	if !p.chosen(sum) || p.hint[sum>>6&(1<<(hintBits-6)-1)]&(1<<(sum&63)) == 0 {
		return 0, false
	}
	return slices.BinarySearchFunc(p.known, sum, func(k piece, sum uint64) int { return cmp.Compare(k.sum, sum) })
}

// rolling is a sum of the last PieceSize bytes, by cyclic polynomials: the word has as many bits as the window has bytes, so
// that what leaves it has come round.
type rolling struct {
	sum    uint64
	window [PieceSize]byte
	n      int
}

// add takes a byte, and reports whether the window is full.
func (r *rolling) add(c byte) bool {
	slot := r.n % PieceSize
	r.sum = bits.RotateLeft64(r.sum, 1) ^ mix(c)
	if r.n >= PieceSize {
		r.sum ^= mix(r.window[slot])
	}
	r.window[slot] = c
	r.n++
	return r.n >= PieceSize
}

// flat reports whether all bytes of the window are the same.
func (r *rolling) flat() bool {
	for _, c := range r.window {
		if c != r.window[0] {
			return false
		}
	}
	return true
}

// mix gives each byte a word of its own (splitmix64).
func mix(c byte) uint64 {
	z := (uint64(c) + 1) * 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
