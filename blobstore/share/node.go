package share

import (
	"lukechampine.com/blake3/guts"

	"radswarm/blobstore"
)

// CV is the chaining value of a node (FORMAT.md §6.1).
type CV [CVSize]byte

// Node is a node of a share's tree, hashed but for the last step. That step is another one for the node that covers the
// whole share, and whoever hashes a block need not know whether it is that.
type Node struct {
	off, size int64
	last      guts.Node
}

// NewNode hashes the node that covers the bytes b from byte off of a share on: a block, a group, a leaf, or any other.
// It is a pure function: blocks of many stripes may be hashed side by side. Where no such node exists (off is not a
// multiple of the length of b, rounded up to 2^l KiB), [Tree.Push] will refuse it.
func NewNode(b []byte, off int64) Node { return plain.node(b, off) }

// Off returns where the node starts in its share.
func (n *Node) Off() int64 { return n.off }

// Len returns how many bytes it covers.
func (n *Node) Len() int64 { return n.size }

// CV returns the node's chaining value, as in an outboard or a proof.
func (n *Node) CV() CV { return compress(n.last) }

// Root returns the root of a share that is this node.
func (n *Node) Root() blobstore.Root {
	last := n.last
	last.Flags |= guts.FlagRoot
	return blobstore.Root(compress(last))
}

// compress returns the first half of a node's output.
func compress(n guts.Node) CV {
	out := guts.WordsToBytes(guts.CompressNode(n))
	return CV(out[:CVSize])
}

// mode is plain hashing, or keyed hashing with one key.
type mode struct {
	key   [8]uint32
	flags uint32
}

// plain is never written.
var plain = &mode{key: guts.IV}

// keyed returns the mode of BLAKE3-keyed.
func keyed(key [32]byte) *mode {
	var both [64]byte
	copy(both[:], key[:])
	words := guts.BytesToWords(both)
	return &mode{key: [8]uint32(words[:8]), flags: guts.FlagKeyedHash}
}

func (m *mode) node(b []byte, off int64) Node {
	return Node{off: off, size: int64(len(b)), last: m.hash(b, uint64(off)/LeafSize)}
}

// step is how much the library hashes side by side, in bytes.
const step = guts.MaxSIMD * guts.ChunkSize

// hash hashes leaves from number leaf on.
func (m *mode) hash(b []byte, leaf uint64) guts.Node {
	switch {
	case len(b) <= LeafSize:
		return guts.CompressChunk(b, &m.key, leaf, m.flags)
	case len(b) == step:
		return guts.CompressBuffer((*[step]byte)(b), step, &m.key, leaf, m.flags)
	case len(b) < step: // the library reads all of the array, whatever it then uses
		var whole [step]byte
		return guts.CompressBuffer(&whole, copy(whole[:], b), &m.key, leaf, m.flags)
	}
	l := left(int64(len(b)))
	return guts.ParentNode(
		guts.ChainingValue(m.hash(b[:l], leaf)),
		guts.ChainingValue(m.hash(b[l:], leaf+uint64(l)/LeafSize)),
		&m.key, m.flags)
}

// entry is what an outboard holds of a node: the chaining values of its children.
type entry [EntrySize]byte

// child returns the chaining value of one child.
func (e *entry) child(right bool) CV {
	if right {
		return CV(e[CVSize:])
	}
	return CV(e[:CVSize])
}

func joined(l, r CV) (e entry) {
	copy(e[:CVSize], l[:])
	copy(e[CVSize:], r[:])
	return e
}

// parent returns the node above an entry's children. Where it lies is for the caller to know.
func (m *mode) parent(e *entry) Node {
	return Node{last: guts.Node{
		CV: m.key, Block: guts.BytesToWords(*e), BlockLen: guts.BlockSize, Flags: m.flags | guts.FlagParent,
	}}
}
