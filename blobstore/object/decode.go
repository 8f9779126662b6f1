package object

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"maps"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
)

// Decode writes the plaintext to dst from any K shares, by index; of more it takes the lowest. It reads each share it uses
// to its end, releases no byte whose tag did not check, and compares the OID at the end unless told not to. Errors
// are *blobstore.ShareError for a share that is too short, too long or unreadable, *blobstore.ChunkError for a
// chunk that does not open (within a ShareError where that share alone is to blame), *blobstore.OIDError, and
// *blobstore.NotEnoughSharesError. After any of them what dst has is a beginning of the object, or, with an OIDError,
// not the object.
func (o *Object) Decode(ctx context.Context, shares map[int]io.Reader, dst io.Writer, opt Options) error {
	opt = opt.withDefaults()
	in, err := newInput(o.coding, shares)
	if err != nil {
		return err
	}
	out := &sink{w: dst}
	if !opt.SkipOID {
		out.sum = sha256.New()
	}
	stages := make([]*decoder, min(int64(opt.Workers), o.coding.Stripes()))
	for i := range stages {
		stripe, err := in.code.NewStripe(o.coding.ChunkSize())
		if err != nil {
			return err
		}
		plain := make([]byte, 0, o.coding.K()*o.sealer.Layout().PlainSize()+blobstore.ChunkOverhead)
		stages[i] = &decoder{o: o, in: in, out: out, stripe: stripe, plain: plain}
	}
	if err := inOrder(ctx, o.coding.Stripes(), stages); err != nil {
		return err
	}
	return out.check(o.params.OID)
}

// input is K shares that are read side by side. Readers take turns.
type input struct {
	coding blobstore.Coding
	code   *erasure.Code
	shares map[int]io.Reader
	order  []int // K indices, ascending
}

// newInput chooses the lowest K shares.
func newInput(c blobstore.Coding, shares map[int]io.Reader) (*input, error) {
	if err := checkIndices(maps.Keys(shares)); err != nil {
		return nil, err
	}
	if len(shares) < c.K() {
		return nil, &blobstore.NotEnoughSharesError{Need: c.K(), Got: len(shares)}
	}
	order := slices.Sorted(maps.Keys(shares))[:c.K()]
	code, err := erasure.New(c.K(), max(c.K(), order[c.K()-1]+1))
	if err != nil {
		return nil, err
	}
	return &input{coding: c, code: code, shares: shares, order: order}, nil
}

func checkIndices(seq func(func(int) bool)) error {
	for j := range seq {
		if j < 0 || j > blobstore.MaxIndex {
			return &blobstore.BoundsError{What: "share index", Got: int64(j), Max: blobstore.MaxIndex}
		}
	}
	return nil
}

// read puts the blocks of stripe s, and checks after the last that the shares end.
func (in *input) read(stripe *erasure.Stripe, s int64) error {
	if err := stripe.Reset(in.coding, s); err != nil {
		return err
	}
	for _, j := range in.order {
		if err := in.readBlock(stripe, s, j); err != nil {
			return &blobstore.ShareError{Index: j, Offset: in.coding.BlockOffset(s), Err: err}
		}
	}
	return nil
}

func (in *input) readBlock(stripe *erasure.Stripe, s int64, j int) error {
	if n := stripe.Len(j); n > 0 {
		block, err := in.next(stripe, j, n)
		if err != nil {
			return truncated(err)
		}
		if err := stripe.Put(j, block); err != nil {
			return err
		}
	}
	if s == in.coding.Stripes()-1 {
		return (&source{r: in.shares[j]}).end()
	}
	return nil
}

// next returns the next n bytes of share j.
func (in *input) next(stripe *erasure.Stripe, j, n int) ([]byte, error) {
	if l, ok := in.shares[j].(Lender); ok {
		return l.Lend(n)
	}
	buf := stripe.Buffer(j)
	_, err := io.ReadFull(in.shares[j], buf)
	return buf, err
}

// Lender is an optional power of a share's reader: the bytes lie in memory already (received, mapped) and are
// used where they are instead of being copied.
type Lender interface {
	// Lend reads exactly n bytes and returns them, or fails as io.ReadFull does. They must not change before the
	// function that was given the reader has returned.
	Lend(n int) ([]byte, error)
}

// sink takes the plaintext. Writers take turns.
type sink struct {
	w   io.Writer
	sum hash.Hash // nil: not wanted
}

func (out *sink) write(b []byte) error {
	if out.sum != nil {
		_, _ = out.sum.Write(b) // a hash never fails
	}
	_, err := out.w.Write(b)
	return err
}

func (out *sink) check(want blobstore.OID) error {
	return (&source{sum: out.sum}).check(want)
}

// decoder takes stripes from shares to plaintext.
type decoder struct {
	o      *Object
	in     *input
	out    *sink
	stripe *erasure.Stripe
	plain  []byte
}

func (d *decoder) read(s int64) error { return d.in.read(d.stripe, s) }

func (d *decoder) work(s int64) error {
	if err := d.stripe.Decode(); err != nil {
		return err
	}
	d.plain = d.plain[:0]
	for j := range d.o.coding.StripeChunks(s) {
		i, chunk := s*int64(d.o.coding.K())+int64(j), d.stripe.Block(j)
		var err error
		if d.plain, err = d.o.sealer.Open(d.plain, i, chunk); err != nil {
			return d.o.blame(i, chunk, err, d.in.origin(j))
		}
	}
	return nil
}

func (d *decoder) emit(int64) error { return d.out.write(d.plain) }

// origin returns the share that chunk j of a stripe came from as it is, or -1 where it was computed.
func (in *input) origin(j int) int {
	switch {
	case in.coding.K() == 1: // all shares are equal
		return in.order[0]
	case slices.Contains(in.order, j):
		return j
	}
	return -1
}

// blame says why chunk i did not open, and which share it was if the chunk came from one as it is, else -1.
func (o *Object) blame(i int64, chunk []byte, err error, share int) error {
	if errors.Is(err, blobstore.ErrAuth) {
		err = o.sealer.Explain(i, chunk)
	}
	if share < 0 {
		return err
	}
	s, _ := o.coding.Place(i)
	return &blobstore.ShareError{Index: share, Offset: o.coding.BlockOffset(s), Err: err}
}
