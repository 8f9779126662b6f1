package disk

import (
	"errors"
	"io"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// reader reads a share and hands out no byte that it has not checked against the root: every group of 64 KiB that is read is
// hashed, and its way to the root followed through the outboard. It is for one goroutine.
type reader struct {
	*entry
	store  *Store
	prover *share.Prover
	group  *[share.GroupSize]byte // the one last read
	have   blobstore.Range        // of group; Len 0 for none
	proof  []byte
	span   []byte // of ranges that lie in two groups
}

// openReader opens a share that is held.
func (s *Store) openReader(name blobstore.ShareName) (*reader, error) {
	e, err := s.openEntry(name, held, 0)
	if err != nil {
		return nil, err
	}
	length := e.footer.length
	outboard := io.NewSectionReader(e, length, share.OutboardLen(length))
	prover, err := share.NewProver(io.NewSectionReader(e, 0, length), outboard, length)
	if err != nil {
		_ = e.Close()
		return nil, err
	}
	return &reader{entry: e, store: s, prover: prover, group: s.groups.Get().(*[share.GroupSize]byte)}, nil
}

func (r *reader) close() {
	r.store.groups.Put(r.group)
	_ = r.Close() // only read
}

// load reads the group at byte off, if it is not there yet.
func (r *reader) load(off int64) error {
	if r.have.Len > 0 && r.have.Off == off {
		return nil
	}
	f := &r.footer
	g := blobstore.Range{Off: off, Len: int(min(share.GroupSize, f.length-off))}
	b := r.group[:g.Len]
	r.have = blobstore.Range{}
	if err := readFull(r, b, off, f.name); err != nil {
		return err
	}
	var err error
	if r.proof, err = r.prover.AppendProof(r.proof[:0], g); err != nil {
		return r.rotten(off, err)
	}
	if err := share.Verify(f.name.Root, f.length, g, b, r.proof); err != nil {
		return r.rotten(off, err)
	}
	r.have = g
	return nil
}

// rotten turns what a prover or a check of proofs says about a group into a *[RotError], if it is one.
func (r *reader) rotten(off int64, err error) error {
	if errors.Is(err, blobstore.ErrProof) || errors.Is(err, blobstore.ErrTruncated) || isBroken(err) {
		return &RotError{r.footer.name, off, err}
	}
	return err
}

// bytes returns bytes of the share, at most [blobstore.MaxChunk], until the next call.
func (r *reader) bytes(want blobstore.Range) ([]byte, error) {
	off := want.Off &^ (share.GroupSize - 1)
	if err := r.load(off); err != nil {
		return nil, err
	}
	first := r.group[want.Off-off : r.have.Len]
	if len(first) >= want.Len {
		return first[:want.Len], nil
	}
	r.span = append(r.span[:0], first...)
	if err := r.load(off + share.GroupSize); err != nil {
		return nil, err
	}
	r.span = append(r.span, r.group[:want.Len-len(first)]...)
	return r.span, nil
}

// check reads what byte off of the share's file says is wrong: a group, or all that follows the share.
func (r *reader) check(off int64) error {
	length := r.footer.length
	if off >= 0 && off < length {
		return r.load(off &^ (share.GroupSize - 1))
	}
	outboard := io.NewSectionReader(r, length, share.OutboardLen(length))
	if _, err := share.VerifyOutboard(outboard, length, r.footer.name.Root); err != nil {
		return r.rotten(length, err)
	}
	_, err := r.lease()
	return err
}
