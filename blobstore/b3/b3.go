// Package b3 is BLAKE3 one node at a time, so that its tree can be kept, proved and hashed side by side, and whole
// messages with the same kernels. FORMAT.md §1 and §6.1 say what it computes; seal and share stand on it.
//
// The work is done by lukechampine.com/blake3/guts, 16 KiB at a time. Nothing here allocates or starts a goroutine, and
// all of it is safe for concurrent use.
//
// # Differs from the design
//
// DESIGN.md §3 has no such package. Sealing and the share tree both need the keyed and the plain hash, neither knows the
// other, and the library's own hashers are slower and start goroutines.
package b3

import (
	"math/bits"

	"lukechampine.com/blake3/guts"
)

const (
	// LeafSize is the length of a leaf in bytes.
	LeafSize = guts.ChunkSize
	// Size is the length of a hash and of a chaining value in bytes.
	Size = 32
	// Step is how many bytes the library hashes side by side: messages are best handed over in multiples of it.
	Step = guts.MaxSIMD * guts.ChunkSize
)

// Mode is plain hashing, or keyed hashing with one key. The zero value is neither.
type Mode struct {
	key   [8]uint32
	flags uint32
}

// Plain returns the mode of BLAKE3.
func Plain() *Mode { return &Mode{key: guts.IV} }

// Keyed returns the mode of BLAKE3-keyed.
func Keyed(key [32]byte) *Mode {
	var both [64]byte
	copy(both[:], key[:])
	words := guts.BytesToWords(both)
	return &Mode{key: [8]uint32(words[:8]), flags: guts.FlagKeyedHash}
}

// Node is a node of a tree, hashed but for the last step: that is another one for the node that is the whole.
type Node struct{ last guts.Node }

// Hash hashes the node that covers b, with leaf the number of its first leaf.
func (m *Mode) Hash(b []byte, leaf uint64) Node { return Node{m.hash(b, leaf)} }

func (m *Mode) hash(b []byte, leaf uint64) guts.Node {
	switch {
	case len(b) <= LeafSize:
		return guts.CompressChunk(b, &m.key, leaf, m.flags)
	case len(b) == Step:
		return guts.CompressBuffer((*[Step]byte)(b), Step, &m.key, leaf, m.flags)
	case len(b) < Step: // the library reads all of the array, whatever it then uses
		var whole [Step]byte
		return guts.CompressBuffer(&whole, copy(whole[:], b), &m.key, leaf, m.flags)
	}
	l := 1 << (bits.Len64(uint64(len(b)-1)) - 1) // the largest power of two below
	return guts.ParentNode(
		guts.ChainingValue(m.hash(b[:l], leaf)),
		guts.ChainingValue(m.hash(b[l:], leaf+uint64(l)/LeafSize)),
		&m.key, m.flags)
}

// Parent returns the node above two others, given by their chaining values, left then right.
func (m *Mode) Parent(children *[2 * Size]byte) Node {
	return Node{guts.Node{
		CV: m.key, Block: guts.BytesToWords(*children), BlockLen: guts.BlockSize, Flags: m.flags | guts.FlagParent,
	}}
}

// Sum returns the hash of a message that is in memory.
func (m *Mode) Sum(b []byte) [Size]byte {
	n := m.Hash(b, 0)
	return n.Root()
}

// CV returns the node's chaining value.
func (n *Node) CV() [Size]byte { return compress(n.last) }

// Root returns the hash of the message that is this node.
func (n *Node) Root() [Size]byte {
	last := n.last
	last.Flags |= guts.FlagRoot
	return compress(last)
}

// compress returns the first half of a node's output.
func compress(n guts.Node) [Size]byte {
	out := guts.WordsToBytes(guts.CompressNode(n))
	return [Size]byte(out[:Size])
}
