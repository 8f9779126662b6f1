package share

import (
	"io"
	"math/bits"

	"radswarm/blobstore"
	"radswarm/blobstore/b3"
)

// Tree joins the nodes of a share, pushed in order, and so computes its root and writes its outboard. It keeps one CV a
// level and allocates nothing.
type Tree struct {
	mode     *b3.Mode
	outboard io.Writer
	last     Node // pushed last: not joined, since it may be the whole share
	pushed   bool // last is one
	done     bool // Root was asked for
	root     blobstore.Root
	err      error // what outboard said first

	// The joined nodes before last, each a power of two of leaves, the longest first. How long each is can be read from
	// the binary digits of last.off in leaves.
	stack [48 - leafLog]CV
	depth int
	entry entry // the one last made; here because what an io.Writer gets is on the heap
}

// NewTree returns an empty tree. The entries of the outboard (FORMAT.md §6.2) are written to outboard one by one, in
// order, so it better be buffered; nil means that nobody wants them.
func NewTree(outboard io.Writer) *Tree { return &Tree{mode: plain, outboard: outboard} }

// Push adds the node that starts where the one before ended. Any nodes will do, long and short mixed, as long as each
// but the last is full: 2^l KiB; if there is an outboard, none may be longer than a group. A node that does not fit is a *[blobstore.BoundsError] and changes nothing. An error of
// the outboard's writer is returned bare, by every call from then on.
func (t *Tree) Push(n Node) error {
	if err := t.fits(&n); err != nil {
		return err
	}
	if t.pushed {
		t.settle()
	}
	t.last, t.pushed = n, true
	return t.err
}

// Len returns how many bytes the nodes cover.
func (t *Tree) Len() int64 { return t.last.off + t.last.size }

func (t *Tree) fits(n *Node) error {
	end := t.Len()
	if t.done || n.size > MaxLen-end {
		return &blobstore.BoundsError{What: "share length", Got: end + n.size, Min: 0, Max: end}
	}
	if full := span(t.last.size); t.pushed && t.last.size != full {
		return &blobstore.BoundsError{What: "length of a node before the last", Got: t.last.size, Min: full, Max: full}
	}
	if n.off != end {
		return &blobstore.BoundsError{What: "offset of a node", Got: n.off, Min: end, Max: end}
	}
	most := int64(MaxLen)
	if end > 0 {
		most = end & -end
	}
	if t.outboard != nil {
		most = min(most, GroupSize) // the entries below it are lost
	}
	if span(n.size) > most {
		return &blobstore.BoundsError{What: "length of a node", Got: n.size, Min: 0, Max: most}
	}
	return nil
}

// settle joins last, which is full and not the whole share, with all nodes that it completes.
func (t *Tree) settle() {
	n := t.last
	for size := n.size; t.last.off&size != 0; size *= 2 {
		n = t.join(size, n.CV())
	}
	t.stack[t.depth] = n.CV()
	t.depth++
}

// join returns the parent of the top of the stack, a node of size bytes that it takes away, and of right.
func (t *Tree) join(size int64, right CV) Node {
	t.depth--
	t.entry = joined(t.stack[t.depth], right)
	if size >= GroupSize && t.outboard != nil && t.err == nil {
		_, t.err = t.outboard.Write(t.entry[:])
	}
	return parent(t.mode, &t.entry)
}

// Root returns the root of the share that all nodes pushed are, and writes what is left of the outboard. Nothing can be
// pushed after it. The root of nothing is the BLAKE3 hash of nothing.
func (t *Tree) Root() (blobstore.Root, error) {
	if !t.done {
		t.done = true
		if !t.pushed {
			t.last = newNode(t.mode, nil, 0)
		}
		n := t.last
		for rest := t.last.off; rest != 0; rest &= rest - 1 {
			n = t.join(int64(1)<<bits.TrailingZeros64(uint64(rest)), n.CV())
		}
		t.root = n.Root()
	}
	return t.root, t.err
}
