package share

import (
	"radswarm/blobstore"
	"radswarm/blobstore/b3"
)

// CV is the chaining value of a node (FORMAT.md §6.1).
type CV [CVSize]byte

// Node is a node of a share's tree, hashed but for the last step. That step is another one for the node that covers the
// whole share, and whoever hashes a block need not know whether it is that.
type Node struct {
	off, size int64
	last      b3.Node
}

// plain is never written.
var plain = b3.Plain()

// NewNode hashes the node that covers the bytes b from byte off of a share on: a block, a group, a leaf, or any other.
// It is a pure function: blocks of many stripes may be hashed side by side. Where no such node exists (off is not a
// multiple of the length of b, rounded up to 2^l KiB), [Tree.Push] will refuse it.
func NewNode(b []byte, off int64) Node { return newNode(plain, b, off) }

func newNode(m *b3.Mode, b []byte, off int64) Node {
	return Node{off: off, size: int64(len(b)), last: m.Hash(b, uint64(off)/LeafSize)}
}

// Off returns where the node starts in its share.
func (n *Node) Off() int64 { return n.off }

// Len returns how many bytes it covers.
func (n *Node) Len() int64 { return n.size }

// CV returns the node's chaining value, as in an outboard or a proof.
func (n *Node) CV() CV { return n.last.CV() }

// Root returns the root of a share that is this node.
func (n *Node) Root() blobstore.Root { return n.last.Root() }

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
func parent(m *b3.Mode, e *entry) Node { return Node{last: m.Parent((*[EntrySize]byte)(e))} }
