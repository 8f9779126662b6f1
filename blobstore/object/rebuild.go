package object

import (
	"context"
	"io"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/share"
)

// Rebuild writes share index to dst from any K others (FORMAT.md §8, repairing). It needs no key, and can therefore not
// say which of the others is false: if the result has another root than the manifest says, the error is a
// *blobstore.ShareError with the index that was rebuilt, of class root, and what dst has is worthless. The
// manifest must commit to the index.
func Rebuild(ctx context.Context, m *manifest.Manifest, shares map[int]io.Reader, index int, dst io.Writer, opt Options) error {
	want, ok := m.Root(index)
	if !ok {
		return &blobstore.BoundsError{What: "share index", Got: int64(index), Max: int64(m.Roots() - 1)}
	}
	in, err := newInput(m.Coding(), shares)
	if err != nil {
		return err
	}
	tree := share.NewTree(nil)
	if err := in.rebuild(ctx, index, tree, dst, opt.withDefaults()); err != nil {
		return err
	}
	got, err := tree.Root()
	if err == nil && got != want {
		err = blobstore.ErrRoot
	}
	if err != nil {
		return &blobstore.ShareError{Index: index, Offset: -1, Err: err}
	}
	return nil
}

func (in *input) rebuild(ctx context.Context, index int, tree *share.Tree, dst io.Writer, opt Options) error {
	k := in.coding.K()
	code, err := erasure.New(k, max(k, index+1, in.order[k-1]+1))
	if err != nil {
		return err
	}
	stages := make([]*rebuilder, min(int64(opt.Workers), in.coding.Stripes()))
	for i := range stages {
		stripe, err := code.NewStripe(in.coding.ChunkSize())
		if err != nil {
			return err
		}
		stages[i] = &rebuilder{in: in, index: index, tree: tree, dst: dst, stripe: stripe}
	}
	return inOrder(ctx, in.coding.Stripes(), stages)
}

// rebuilder takes stripes from K shares to another one.
type rebuilder struct {
	in     *input
	index  int
	tree   *share.Tree
	dst    io.Writer
	stripe *erasure.Stripe
	node   share.Node
}

func (r *rebuilder) read(s int64) error { return r.in.read(r.stripe, s) }

func (r *rebuilder) work(s int64) error {
	if r.stripe.Len(r.index) == 0 {
		return nil
	}
	if err := r.stripe.Rebuild(r.index); err != nil {
		return err
	}
	r.node = share.NewNode(r.stripe.Block(r.index), r.in.coding.BlockOffset(s))
	return nil
}

func (r *rebuilder) emit(s int64) error {
	block := r.stripe.Block(r.index)
	if r.stripe.Len(r.index) == 0 {
		return nil
	}
	err := r.tree.Push(r.node)
	if err == nil {
		_, err = r.dst.Write(block)
	}
	if err != nil {
		return &blobstore.ShareError{Index: r.index, Offset: r.in.coding.BlockOffset(s), Err: err}
	}
	return nil
}
