package share

import (
	"io"
	"slices"

	"radswarm/blobstore"
)

// Prover makes proofs for one share (FORMAT.md §6.3). It keeps one group in memory, and reads a group only for nodes
// inside it: the proof of a block of 64 KiB comes from the outboard alone. It believes what it reads: of a share or
// outboard that rotted it makes proofs that do not verify.
type Prover struct {
	share, outboard io.ReaderAt
	length          int64
	buf             []byte
	group           blobstore.Range // in buf; Len 0 for none
	entry           entry           // the one last read
}

// NewProver returns a Prover for a share of length bytes and its outboard.
func NewProver(share, outboard io.ReaderAt, length int64) (*Prover, error) {
	if err := checkLength(length); err != nil {
		return nil, err
	}
	return &Prover{share: share, outboard: outboard, length: length}, nil
}

// AppendProof appends the proof of a node to dst. A range that is no node is a *[RangeError]. Errors of the readers are
// returned bare; where one ends early it is an *[OffsetError] of class [blobstore.ErrTruncated].
func (p *Prover) AppendProof(dst []byte, r blobstore.Range) ([]byte, error) {
	target, err := find(r, p.length)
	if err != nil {
		return dst, err
	}
	size := target.depth * CVSize
	dst = slices.Grow(dst, size)
	proof := dst[len(dst):][:size]
	for w := top(p.length); w.depth < target.depth; {
		parent := w
		w.down(r.Off)
		cv, err := p.sibling(&parent, &w)
		if err != nil {
			return dst, err
		}
		copy(proof[size-w.depth*CVSize:], cv[:]) // the farthest, found first, comes last
	}
	return dst[:len(dst)+size], nil
}

// sibling returns the CV of the other child of parent than w.
func (p *Prover) sibling(parent, w *walk) (CV, error) {
	if parent.size > GroupSize {
		err := p.entry.read(p.outboard, parent.entry)
		return p.entry.child(w.rights&1 == 0), err
	}
	from, to := w.off+w.size, parent.off+parent.size
	if w.rights&1 == 1 {
		from, to = parent.off, w.off
	}
	b, err := p.bytes(blobstore.Range{Off: from, Len: int(to - from)})
	if err != nil {
		return CV{}, err
	}
	n := NewNode(b, from)
	return n.CV(), nil
}

// bytes returns bytes of the share that lie within one group, until the next call.
func (p *Prover) bytes(r blobstore.Range) ([]byte, error) {
	off := r.Off &^ (GroupSize - 1)
	if p.group.Len == 0 || p.group.Off != off {
		p.buf = slices.Grow(p.buf[:0], GroupSize)[:min(GroupSize, p.length-off)]
		p.group = blobstore.Range{}
		if err := readAt(p.share, p.buf, off); err != nil {
			return nil, err
		}
		p.group = blobstore.Range{Off: off, Len: len(p.buf)}
	}
	return p.buf[r.Off-off:][:r.Len], nil
}

// Verify checks that data is bytes r of the share with this length and root. A range that is no node, or a length that
// no share has, is a mistake of the caller: *[RangeError] or *[blobstore.BoundsError]. Whatever is wrong with data and
// proof is an *[OffsetError] of class [blobstore.ErrProof].
//
// The length must be known from elsewhere (the manifest). Only the proof of a node that ends the share proves it, too.
func Verify(root blobstore.Root, length int64, r blobstore.Range, data, proof []byte) error {
	w, err := find(r, length)
	if err != nil {
		return err
	}
	if len(data) != r.Len || len(proof) != w.depth*CVSize {
		return &OffsetError{r.Off, blobstore.ErrProof}
	}
	n := NewNode(data, r.Off)
	for ; len(proof) > 0; proof = proof[CVSize:] {
		e := joined(n.CV(), CV(proof[:CVSize]))
		if w.rights&1 == 1 {
			e = joined(CV(proof[:CVSize]), n.CV())
		}
		w.rights >>= 1
		n = parent(plain, &e)
	}
	if n.Root() != root {
		return &OffsetError{r.Off, blobstore.ErrProof}
	}
	return nil
}
