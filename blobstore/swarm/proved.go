package swarm

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// provedBlocks is how many blocks are asked for and proved at once.
const provedBlocks = 16

// provedReader reads a share at a holder from beginning to end. Every block is proved before it is read.
type provedReader struct {
	src      Source
	coding   blobstore.Coding
	patience time.Duration

	in      *io.PipeReader
	reading sync.WaitGroup
	fault   error // of the holder, after reading
}

// newProvedReader starts reading. It ends with ctx, and close waits for that.
func newProvedReader(ctx context.Context, src Source, c blobstore.Coding, patience time.Duration) *provedReader {
	in, out := io.Pipe()
	r := &provedReader{src: src, coding: c, patience: patience, in: in}
	stop := context.AfterFunc(ctx, func() { _ = in.CloseWithError(ctx.Err()) }) // never fails
	r.reading.Go(func() {
		defer stop()
		err := r.copyTo(ctx, out)
		if ctx.Err() == nil && !errors.Is(err, io.ErrClosedPipe) {
			r.fault = err
		}
		_ = out.CloseWithError(err) // never fails
	})
	return r
}

// Read implements io.Reader.
func (r *provedReader) Read(b []byte) (int, error) { return r.in.Read(b) }

// close ends reading, and returns what was wrong with the holder.
func (r *provedReader) close() error {
	_ = r.in.Close() // never fails
	r.reading.Wait()
	return r.fault
}

func (r *provedReader) copyTo(ctx context.Context, w io.Writer) error {
	for stripe := int64(0); stripe < r.coding.Stripes(); {
		var ranges []blobstore.Range
		for ; stripe < r.coding.Stripes() && len(ranges) < provedBlocks; stripe++ {
			if n := r.coding.BlockLen(stripe, r.src.Index); n > 0 {
				ranges = append(ranges, blobstore.Range{Off: r.coding.BlockOffset(stripe), Len: n})
			}
		}
		if len(ranges) == 0 {
			continue
		}
		blocks, err := r.blocks(ctx, ranges)
		if err != nil {
			return err
		}
		for _, b := range blocks {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// blocks fetches some and proves them. A holder of which nothing comes for its patience is silent.
func (r *provedReader) blocks(outer context.Context, ranges []blobstore.Range) ([][]byte, error) {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	late := time.AfterFunc(r.patience, func() { cancel(ErrSilent) })
	defer late.Stop()
	blocks := make([][]byte, len(ranges))
	err := r.src.Holder.Get(ctx, r.src.Name, ranges, func(i int, b []byte) error {
		if i < 0 || i >= len(ranges) || len(b) != ranges[i].Len {
			return ErrFalse
		}
		late.Reset(r.patience)
		blocks[i] = append([]byte(nil), b...)
		return nil
	})
	if err == nil {
		err = r.prove(ctx, ranges, blocks)
	}
	if outer.Err() == nil && ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return blocks, err
}

func (r *provedReader) prove(ctx context.Context, ranges []blobstore.Range, blocks [][]byte) error {
	proofs, err := r.src.Holder.Prove(ctx, r.src.Name, ranges)
	if err != nil {
		return unproven(err)
	}
	length := r.coding.ShareLen(r.src.Index)
	for i, b := range blocks {
		if i >= len(proofs) || share.Verify(r.src.Name.Root, length, ranges[i], b, proofs[i]) != nil {
			return ErrFalse
		}
	}
	return nil
}
