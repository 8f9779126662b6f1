package share

import (
	"bufio"
	"errors"
	"io"

	"radswarm/blobstore"
)

// Outboard is an outboard whose every entry was checked against the root of its share (FORMAT.md §6.2).
type Outboard struct {
	entries io.ReaderAt
	root    blobstore.Root
	length  int64
}

// VerifyOutboard reads the outboard of a share of length bytes, [OutboardLen] of it, and checks that it leads to root.
// The entries must not change while the Outboard is used: [bytes.Reader] over a slice of one's own is meant. Errors are
// those of the reader, or *[OffsetError] with the byte of the outboard: [blobstore.ErrProof] where an entry is false,
// [blobstore.ErrTruncated], or [blobstore.ErrExtended].
func VerifyOutboard(entries io.ReaderAt, length int64, root blobstore.Root) (*Outboard, error) {
	if err := checkLength(length); err != nil {
		return nil, err
	}
	size := OutboardLen(length)
	v := outboardVerifier{r: bufio.NewReaderSize(io.NewSectionReader(entries, 0, size+1), int(min(size+1, GroupSize)))}
	if size > 0 {
		n, err := v.node(groups(length))
		if err != nil {
			return nil, err
		}
		if n.Root() != root {
			return nil, &OffsetError{size - EntrySize, blobstore.ErrProof}
		}
	}
	switch _, err := v.r.ReadByte(); {
	case err == nil:
		return nil, &OffsetError{size, blobstore.ErrExtended}
	case err != io.EOF:
		return nil, err
	}
	return &Outboard{entries, root, length}, nil
}

// outboardVerifier reads entries in their order, which is post-order.
type outboardVerifier struct {
	r   *bufio.Reader
	off int64 // of the next entry
	e   entry // the one last read
}

// node reads the entries of a node of count groups, more than one, and returns it as its own entry says.
func (v *outboardVerifier) node(count int64) (Node, error) {
	var children [2]CV // of those that have an entry
	l := span(count*GroupSize) / 2 / GroupSize
	for i, c := range [2]int64{l, count - l} {
		if c > 1 {
			n, err := v.node(c)
			if err != nil {
				return Node{}, err
			}
			children[i] = n.CV()
		}
	}
	if _, err := readFull(v.r, v.e[:], v.off); err != nil {
		return Node{}, err
	}
	if l > 1 && v.e.child(false) != children[0] || count-l > 1 && v.e.child(true) != children[1] {
		return Node{}, &OffsetError{v.off, blobstore.ErrProof}
	}
	v.off += EntrySize
	return parent(plain, &v.e), nil
}

// readFull is io.ReadFull for a reader at byte off that should not end here.
func readFull(r io.Reader, p []byte, off int64) (int, error) {
	n, err := io.ReadFull(r, p)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &OffsetError{off + int64(n), blobstore.ErrTruncated}
	}
	return n, err
}

// readAt fills p from byte off on of what should not end there.
func readAt(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == io.EOF {
		err = &OffsetError{off + int64(n), blobstore.ErrTruncated}
	}
	return err
}

// read reads entry number i of an outboard.
func (e *entry) read(outboard io.ReaderAt, i int64) error { return readAt(outboard, e[:], i*EntrySize) }

// Root returns the root of the share.
func (o *Outboard) Root() blobstore.Root { return o.root }

// Len returns the length of the share.
func (o *Outboard) Len() int64 { return o.length }

// check refuses b if it is not the group at byte off. The room for an entry is lent.
func (o *Outboard) check(b []byte, off int64, e *entry) error {
	w := top(o.length)
	parent := w
	for w.size > GroupSize {
		parent = w
		w.down(off)
	}
	n := NewNode(b, off)
	ok := n.Root() == o.root
	if w.depth > 0 {
		if err := e.read(o.entries, parent.entry); err != nil {
			return err
		}
		ok = n.CV() == e.child(w.rights&1 == 1)
	}
	if !ok {
		return &OffsetError{off, blobstore.ErrProof}
	}
	return nil
}
