package share

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	zeebo "github.com/zeebo/blake3"

	"radswarm/blobstore"
)

const kib = 1024

// content returns n bytes that are not alike.
func content(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

// lengths of shares at the boundaries of leaf, step, block and group.
var lengths = []int{
	1, 63, 64, 65, 1023, 1024, 1025, 2048, 2049, 3 * kib, 4*kib - 1, 4 * kib, 4*kib + 1, 5*kib + 7,
	16*kib - 1, 16 * kib, 16*kib + 1, 17 * kib, 33*kib + 5, 48 * kib,
	64*kib - 1, 64 * kib, 64*kib + 1, 65 * kib, 128*kib - 1, 128 * kib, 128*kib + 1, 3 * 64 * kib, 5*64*kib + 25,
	7*64*kib + 33*kib, 8 * 64 * kib, 9*64*kib + 1,
}

func TestReferenceIsBLAKE3(t *testing.T) {
	for _, n := range append([]int{0}, lengths...) {
		b := content(n)
		want := zeebo.Sum256(b)
		if got := newRefTree(b).root(); !bytes.Equal(got, want[:]) {
			t.Errorf("%d bytes: reference %x, BLAKE3 %x", n, got, want)
		}
	}
}

// The root is what b3sum prints, however the bytes arrive.
func TestHasher(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range append([]int{0}, lengths...) {
		b := content(n)
		want := zeebo.Sum256(b)
		for _, most := range []int{n + 1, 1 + n/3, 70 * kib, 16 * kib, 5000} {
			h := NewHasher(nil)
			for rest := b; len(rest) > 0; {
				part := rest[:min(len(rest), 1+r.IntN(most))]
				if m, err := h.Write(part); m != len(part) || err != nil {
					t.Fatal(m, err)
				}
				rest = rest[len(part):]
			}
			if h.Len() != int64(n) {
				t.Errorf("%d bytes: Len is %d", n, h.Len())
			}
			root, err := h.Root()
			if err != nil || root != want {
				t.Errorf("%d bytes in parts of up to %d: %v, want %x (%v)", n, most, root, want, err)
			}
			if again, err := h.Root(); again != root || err != nil {
				t.Errorf("%d bytes: a second Root says %v, %v", n, again, err)
			}
			for _, more := range []int{1, 20 * kib} {
				if m, err := h.Write(make([]byte, more)); m != 0 || !errors.Is(err, blobstore.ErrBounds) {
					t.Errorf("%d bytes: write after Root: %d, %v", n, m, err)
				}
			}
		}
	}
}

// pushed returns root and outboard of a share, joined from nodes of size bytes. There is no outboard of long ones.
func pushed(t testing.TB, b []byte, size int) (blobstore.Root, []byte) {
	t.Helper()
	var outboard bytes.Buffer
	tree := NewTree(&outboard)
	if size > GroupSize {
		tree = NewTree(nil)
	}
	for off := 0; off < len(b); off += size {
		if err := tree.Push(NewNode(b[off:min(off+size, len(b))], int64(off))); err != nil {
			t.Fatal(err)
		}
	}
	if tree.Len() != int64(len(b)) {
		t.Fatalf("%d bytes pushed, Len is %d", len(b), tree.Len())
	}
	root, err := tree.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root, outboard.Bytes()
}

// Blocks of every size a chunk can have, and all in one, give the same root and the outboard of the specification.
func TestTreeOfBlocks(t *testing.T) {
	for _, n := range lengths {
		b := content(n)
		ref := newRefTree(b)
		want := ref.outboard(0, n)
		if int64(len(want)) != OutboardLen(int64(n)) {
			t.Errorf("%d bytes: OutboardLen is %d, want %d", n, OutboardLen(int64(n)), len(want))
		}
		for _, size := range []int{1 * kib, 4 * kib, 8 * kib, 16 * kib, 32 * kib, 64 * kib, 128 * kib, 1 << 30} {
			root, outboard := pushed(t, b, size)
			if !bytes.Equal(root[:], ref.root()) || size <= GroupSize && !bytes.Equal(outboard, want) {
				t.Errorf("%d bytes in blocks of %d: root %v, outboard of %d bytes; want %x and %d bytes",
					n, size, root, len(outboard), ref.root(), len(want))
			}
		}
		var outboard bytes.Buffer
		h := NewHasher(&outboard)
		h.Write(b)
		if _, err := h.Root(); err != nil || !bytes.Equal(outboard.Bytes(), want) {
			t.Errorf("%d bytes hashed: another outboard (%v)", n, err)
		}
	}
}

// Nodes of any mixture of lengths.
func TestTreeOfMixedNodes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		b := content(1 + r.IntN(400*kib))
		var outboard bytes.Buffer
		tree := NewTree(&outboard)
		for off := 0; off < len(b); {
			size := kib << r.IntN(7)
			for off%size != 0 {
				size /= 2
			}
			end := min(off+size, len(b))
			if err := tree.Push(NewNode(b[off:end], int64(off))); err != nil {
				t.Fatal(err)
			}
			off = end
		}
		root, err := tree.Root()
		wantRoot, wantOutboard := pushed(t, b, 64*kib)
		if err != nil || root != wantRoot || !bytes.Equal(outboard.Bytes(), wantOutboard) {
			t.Fatalf("%d bytes: %v, %v", len(b), root, err)
		}
	}
}

func TestNodeCV(t *testing.T) {
	b := content(300 * kib)
	ref := newRefTree(b)
	for _, n := range ref.nodes(0, len(b), nil)[1:] { // the first is the whole, which has no CV
		node := NewNode(b[n.a:n.b], int64(n.a))
		cv := node.CV()
		if !bytes.Equal(cv[:], ref.cv(n.a, n.b)) || node.Off() != int64(n.a) || node.Len() != int64(n.b-n.a) {
			t.Fatalf("bytes %d … %d: %x, want %x", n.a, n.b, cv, ref.cv(n.a, n.b))
		}
	}
}

func TestTreeRefusesWhatDoesNotFit(t *testing.T) {
	b := content(128 * kib)
	node := func(off, n int) Node { return NewNode(b[:n], int64(off)) }
	for _, test := range []struct {
		name   string
		before []Node
		bad    Node
	}{
		{"a gap", []Node{node(0, 4*kib)}, node(8*kib, 4*kib)},
		{"an overlap", []Node{node(0, 4*kib)}, node(0, 4*kib)},
		{"not the start", nil, node(4*kib, 4*kib)},
		{"a negative offset", nil, node(-4*kib, 4*kib)},
		{"a node after a short one", []Node{node(0, 4*kib-1)}, node(4*kib-1, kib)},
		{"a node after one of whole leaves that is not full", []Node{node(0, 3*kib)}, node(3*kib, kib)},
		{"a node longer than its place", []Node{node(0, 4*kib)}, node(4*kib, 8*kib)},
		{"a short node longer than its place", []Node{node(0, 4*kib)}, node(4*kib, 4*kib+1)},
		{"a node after an empty share", []Node{node(0, 0)}, node(0, kib)},
	} {
		tree := NewTree(nil)
		for _, n := range test.before {
			if err := tree.Push(n); err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
		}
		before := tree.Len()
		if err := tree.Push(test.bad); !errors.Is(err, blobstore.ErrBounds) || tree.Len() != before {
			t.Errorf("%s: %v, length %d", test.name, err, tree.Len())
		}
	}
	if err := NewTree(new(bytes.Buffer)).Push(node(0, GroupSize+1)); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("a node over two groups, with an outboard: %v", err)
	}
	tree := NewTree(nil)
	if err := tree.Push(node(0, kib)); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.Root(); err != nil {
		t.Fatal(err)
	}
	if err := tree.Push(node(kib, kib)); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("push after Root: %v", err)
	}
}

// failAfter is a writer that takes n writes.
type failAfter struct{ n int }

var errDisk = errors.New("disk is gone")

func (w *failAfter) Write(p []byte) (int, error) {
	if w.n == 0 {
		return 0, errDisk
	}
	w.n--
	return len(p), nil
}

// Whichever write of the outboard fails, Root says so.
func TestOutboardWriterFails(t *testing.T) {
	b := content(7 * 64 * kib)
	entries := int(OutboardLen(int64(len(b))) / EntrySize)
	for n := range entries + 1 {
		h := NewHasher(&failAfter{n})
		_, writeErr := h.Write(b)
		if writeErr != nil && !errors.Is(writeErr, errDisk) {
			t.Fatal(writeErr)
		}
		_, err := h.Root()
		if want := n < entries; errors.Is(err, errDisk) != want {
			t.Errorf("%d of %d entries written: %v", n, entries, err)
		}
	}
}

func TestHashingAllocatesNothing(t *testing.T) {
	b := content(4 << 20)
	tree, h, off := NewTree(&failAfter{1 << 30}), NewHasher(&failAfter{1 << 30}), 0
	for _, size := range []int{64 * kib, 5000, 16 * kib} {
		if got := testing.AllocsPerRun(10, func() { h.Write(b[:size]) }); got != 0 {
			t.Errorf("a write of %d bytes allocates %v times", size, got)
		}
	}
	push := func() {
		if err := tree.Push(NewNode(b[:64*kib], int64(off))); err != nil {
			t.Fatal(err)
		}
		off += 64 * kib
	}
	if got := testing.AllocsPerRun(50, push); got != 0 {
		t.Errorf("a block allocates %v times", got)
	}
	var sum CV
	if got := testing.AllocsPerRun(10, func() { n := NewNode(b[:40000], 0); sum = n.CV() }); got != 0 {
		t.Errorf("a short block allocates %v times (%x)", got, sum[:2])
	}
}
