package swarm

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/share"
)

// decode turns stripes into plaintext until ctx is done.
func (d *download) decode(ctx context.Context, memory *erasure.Stripe) {
	for {
		select {
		case <-ctx.Done():
			return
		case st := <-d.jobs:
			plain, suspects, err := d.openStripe(memory, st)
			d.tell(ctx, func(d *download) error { return d.opened(ctx, st, plain, suspects, err) })
		}
	}
}

// openStripe decodes one stripe and opens its chunks. Where one does not open, suspects are the blocks of which one must be false,
// unless the object itself is.
func (d *download) openStripe(memory *erasure.Stripe, st *stripe) (plain []byte, suspects []*block, err error) {
	if err := memory.Reset(d.coding, st.n); err != nil {
		return nil, nil, err
	}
	direct := make([]*block, d.coding.K())
	for _, b := range st.blocks {
		if err := memory.Put(b.src.Index, b.buf); err != nil {
			return nil, nil, err
		}
		if b.src.Index < len(direct) {
			direct[b.src.Index] = b
		}
	}
	if d.coding.K() == 1 {
		direct[0] = st.blocks[0]
	}
	if err := memory.Decode(); err != nil {
		return nil, nil, err
	}
	plain = d.out.buffer()
	computed := false
	for j := range d.coding.StripeChunks(st.n) {
		var fault error
		plain, fault = d.o.Sealer().Open(plain, st.n*int64(d.coding.K())+int64(j), memory.Block(j))
		switch {
		case fault == nil:
			continue
		case direct[j] != nil:
			suspects = append(suspects, direct[j])
		default:
			computed = true
		}
		err = fault
	}
	if computed && len(suspects) == 0 {
		suspects = slices.DeleteFunc(slices.Clone(st.blocks), func(b *block) bool { return slices.Contains(direct, b) })
	}
	return plain, suspects, err
}

// opened takes a stripe that was decoded.
func (d *download) opened(ctx context.Context, st *stripe, plain []byte, suspects []*block, err error) error {
	switch {
	case err == nil:
		d.pool.put(st.blocks...)
		st.blocks, st.plain, st.state = nil, plain, decoded
		return nil
	case suspects == nil:
		return err
	}
	distrusted := func(s *source) bool { return s.out != nil }
	if slices.ContainsFunc(st.blocks, func(b *block) bool { return distrusted(b.src) }) { // found out meanwhile
		d.recollect(st, distrusted)
		return nil
	}
	st.state = judging
	wait := proofTime
	for _, b := range suspects { // on a slow line a proof comes behind all blocks that are on their way
		wait = max(wait, min(proofTime+2*b.src.pace.expected(len(b.src.queue), 0), lastProof))
	}
	d.tasks.Go(func() {
		faults := judge(ctx, wait, d.coding, st.n, suspects)
		d.tell(ctx, func(d *download) error { return d.judged(st, faults, err) })
	})
	return nil
}

// judge asks the sources of blocks of one stripe to prove them, and returns what is wrong with those that do not in time.
func judge(
	ctx context.Context, wait time.Duration, c blobstore.Coding, stripe int64, suspects []*block,
) map[*source]error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var (
		mu     sync.Mutex
		faults = map[*source]error{}
		all    sync.WaitGroup
	)
	for _, b := range suspects {
		all.Go(func() {
			if err := prove(ctx, c, stripe, b); err != nil {
				mu.Lock()
				defer mu.Unlock()
				faults[b.src] = err
			}
		})
	}
	all.Wait()
	return faults
}

func prove(ctx context.Context, c blobstore.Coding, stripe int64, b *block) error {
	r := blobstore.Range{Off: c.BlockOffset(stripe), Len: len(b.buf)}
	proofs, err := b.src.Holder.Prove(ctx, b.src.Name, []blobstore.Range{r})
	if err != nil {
		return unproven(err)
	}
	if len(proofs) != 1 || share.Verify(b.src.Name.Root, c.ShareLen(b.src.Index), r, b.buf, proofs[0]) != nil {
		return ErrFalse
	}
	return nil
}

// judged takes the verdict. Where all blocks are what their owner stored, the object is not what its owner said, and err it is.
func (d *download) judged(st *stripe, faults map[*source]error, err error) error {
	if len(faults) == 0 {
		return err
	}
	for s, fault := range faults {
		s.distrust(fault) // also where it is out: what it said meanwhile makes its block no truer
	}
	bad := func(s *source) bool { return errors.Is(s.out, ErrFalse) || errors.Is(s.out, ErrUnproven) }
	for _, other := range d.window {
		if other == st || other.state == collecting {
			d.recollect(other, bad)
		}
	}
	return nil
}

// recollect has a stripe asked for again without the blocks of bad sources.
func (d *download) recollect(st *stripe, bad func(*source) bool) {
	for _, b := range st.drop(bad) {
		d.waste(b)
	}
	st.state = collecting
}
