package object

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/seal"
	"radswarm/blobstore/share"
)

// Commit is the first pass: it reads the plaintext to its end, compares its SHA-256 with the OID, and returns the
// manifest for n shares, 1 … blobstore.MaxN. Shares that are not placed yet are committed to as well. With
// SkipOID the caller vouches for the plaintext.
func (o *Object) Commit(ctx context.Context, plaintext io.Reader, n int, opt Options) (*manifest.Manifest, error) {
	k := o.coding.K()
	if n < 1 || n > blobstore.MaxN {
		return nil, &blobstore.BoundsError{What: "number of shares", Got: int64(n), Min: 1, Max: blobstore.MaxN}
	}
	trees := make([]*share.Tree, manifest.Commit(k, n))
	for j := range trees {
		trees[j] = share.NewTree(nil)
	}
	if err := o.encode(ctx, plaintext, len(trees), func(p *encoder) { p.trees = trees }, opt); err != nil {
		return nil, err
	}
	roots := make([]blobstore.Root, len(trees))
	for j, t := range trees {
		var err error
		if roots[j], err = t.Root(); err != nil {
			return nil, &blobstore.ShareError{Index: j, Offset: -1, Err: err}
		}
	}
	return manifest.Sign(o.ck, o.params.Pad, o.params.Gen, o.coding, roots)
}

// Spread is the second pass: it reads the plaintext to its end again and writes the shares wanted, by index. Each Write is
// one block; all blocks of one stripe are written before the next one's, from one goroutine at a time. An error of
// a writer is a *blobstore.ShareError with its index. If the plaintext is not what Commit saw, the error comes
// after the last byte, and the shares are worthless; with SkipOID only the roots tell.
func (o *Object) Spread(ctx context.Context, plaintext io.Reader, shares map[int]io.Writer, opt Options) error {
	n := o.coding.K()
	for j := range shares {
		if j < 0 || j > blobstore.MaxIndex {
			return &blobstore.BoundsError{What: "share index", Got: int64(j), Max: blobstore.MaxIndex}
		}
		n = max(n, j+1)
	}
	return o.encode(ctx, plaintext, n, func(p *encoder) { p.writers = shares }, opt)
}

// Encode is both passes over one file: it writes shares 0, 1, … to the writers, where they are not nil, and returns the
// manifest. Nothing is written before the whole file has been found to be the object.
func (o *Object) Encode(ctx context.Context, file io.ReadSeeker, shares []io.Writer, opt Options) (*manifest.Manifest, error) {
	m, err := o.Commit(ctx, file, len(shares), opt)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("second pass: %w", err)
	}
	wanted := map[int]io.Writer{}
	for j, w := range shares {
		if w != nil {
			wanted[j] = w
		}
	}
	if err := o.Spread(ctx, file, wanted, opt); err != nil {
		return nil, err
	}
	return m, nil
}

// encode takes the plaintext through the encoders. With K = 1 all shares are equal, and one is computed.
func (o *Object) encode(ctx context.Context, plaintext io.Reader, n int, set func(*encoder), opt Options) error {
	opt = opt.withDefaults()
	if o.coding.K() == 1 {
		n = 1
	}
	code, err := erasure.New(o.coding.K(), n)
	if err != nil {
		return err
	}
	in := &source{r: plaintext, left: o.params.Size}
	if !opt.SkipOID {
		in.sum = sha256.New()
	}
	stages := make([]*encoder, min(int64(opt.Workers), o.coding.Stripes()))
	for i := range stages {
		stripe, err := code.NewStripe(o.coding.ChunkSize())
		if err != nil {
			return err
		}
		stages[i] = &encoder{o: o, in: in, stripe: stripe, nodes: make([]share.Node, n)}
		set(stages[i])
	}
	if err := inOrder(ctx, o.coding.Stripes(), stages); err != nil {
		return err
	}
	return in.check(o.params.OID)
}

// source is the plaintext. Readers take turns.
type source struct {
	r    io.Reader
	left int64     // bytes of the object that were not read
	sum  hash.Hash // nil: not wanted
}

// fill reads the next bytes of the object into b and zeros after its end.
func (in *source) fill(b []byte) error {
	n := int(min(int64(len(b)), in.left))
	clear(b[n:])
	got, err := io.ReadFull(in.r, b[:n])
	in.left -= int64(got)
	if got < n {
		return truncated(err)
	}
	if in.sum != nil {
		_, _ = in.sum.Write(b[:n]) // a hash never fails
	}
	return nil
}

// end checks that the plaintext ends where the object does.
func (in *source) end() error {
	switch n, err := io.ReadFull(in.r, make([]byte, 1)); {
	case n > 0:
		return blobstore.ErrExtended
	case err != io.EOF:
		return err
	}
	return nil
}

// check compares the OID.
func (in *source) check(want blobstore.OID) error {
	if in.sum == nil {
		return nil
	}
	if got := blobstore.OID(in.sum.Sum(nil)); got != want {
		return &blobstore.OIDError{Want: want, Got: got}
	}
	return nil
}

// truncated is what io.ReadFull's error means where more was expected.
func truncated(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return blobstore.ErrTruncated
	}
	return err
}

// encoder takes stripes from plaintext to hashes, writers or both.
type encoder struct {
	o       *Object
	in      *source
	stripe  *erasure.Stripe
	nodes   []share.Node
	trees   []*share.Tree     // nil: roots are not wanted
	writers map[int]io.Writer // nil: shares are not wanted
	order   []int             // of the writers' indices
}

func (e *encoder) read(s int64) error {
	c := e.o.coding
	if err := e.stripe.Reset(c, s); err != nil {
		return err
	}
	for j := range c.StripeChunks(s) {
		i := s*int64(c.K()) + int64(j)
		buf := e.stripe.Buffer(j)
		if err := e.in.fill(buf[seal.HeadRoom : len(buf)-blobstore.ChunkOverhead+seal.HeadRoom]); err != nil {
			return &blobstore.ChunkError{Chunk: i, Offset: i << c.ChunkLog(), Err: err}
		}
		if i == c.Chunks()-1 {
			if err := e.in.end(); err != nil {
				return &blobstore.ChunkError{Chunk: i, Offset: i << c.ChunkLog(), Err: err}
			}
		}
	}
	return nil
}

func (e *encoder) work(s int64) error {
	c := e.o.coding
	for j := range c.StripeChunks(s) {
		buf := e.stripe.Buffer(j)
		e.o.sealer.SealInPlace(buf, s*int64(c.K())+int64(j))
		if err := e.stripe.Put(j, buf); err != nil {
			return err
		}
	}
	if err := e.stripe.Encode(); err != nil {
		return err
	}
	for j := range e.trees {
		if b := e.stripe.Block(j); len(b) > 0 {
			e.nodes[j] = share.NewNode(b, c.BlockOffset(s))
		}
	}
	return nil
}

func (e *encoder) emit(s int64) error {
	for j, t := range e.trees {
		if e.stripe.Len(j) == 0 {
			continue
		}
		if err := t.Push(e.nodes[j]); err != nil {
			return &blobstore.ShareError{Index: j, Offset: e.o.coding.BlockOffset(s), Err: err}
		}
	}
	if e.order == nil {
		for j := range e.writers {
			e.order = append(e.order, j)
		}
		slices.Sort(e.order)
	}
	for _, j := range e.order {
		block := e.stripe.Block(j)
		if e.o.coding.K() == 1 {
			block = e.stripe.Block(0)
		}
		if len(block) == 0 {
			continue
		}
		if _, err := e.writers[j].Write(block); err != nil {
			return &blobstore.ShareError{Index: j, Offset: e.o.coding.BlockOffset(s), Err: err}
		}
	}
	return nil
}
