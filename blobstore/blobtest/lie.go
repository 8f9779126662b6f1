package blobtest

import (
	"bytes"
	"context"
	"io"

	"radswarm/blobstore"
)

// Full returns h without room for what it does not have: a Put of anything else ends with [blobstore.ErrFull] before the first
// byte. All else works.
func Full(h blobstore.Holder) blobstore.Holder { return &full{h} }

type full struct{ blobstore.Holder }

func (f *full) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	names := make([]blobstore.ShareName, len(offers))
	for i, o := range offers {
		names[i] = o.Name
	}
	held, err := f.Have(ctx, names, blobstore.Nonce{})
	if err != nil {
		return nil, err
	}
	outcomes := make([]blobstore.Outcome, len(offers))
	for i, o := range offers {
		if held[i].Len == o.Len {
			outcomes[i], err = f.again(ctx, o)
		} else {
			outcomes[i] = refuse(o)
		}
		if err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// again puts a share that is there.
func (f *full) again(ctx context.Context, o blobstore.Offer) (blobstore.Outcome, error) {
	o.Share = func() (io.ReadCloser, error) { return nil, blobstore.ErrFull } // gone since we asked
	outcomes, err := f.Holder.Put(ctx, []blobstore.Offer{o})
	if err != nil {
		return blobstore.Outcome{}, err
	}
	return outcomes[0], nil
}

func refuse(o blobstore.Offer) blobstore.Outcome {
	outcome := blobstore.Outcome{Err: blobstore.ErrFull}
	if o.Decided != nil {
		o.Decided(outcome)
	}
	return outcome
}

// Liar returns h with one bit turned in everything that it says: blocks, proofs, leaves, hashes and manifests. An empty proof,
// that of a node that is the whole share, stays empty.
func Liar(h blobstore.Holder) blobstore.Holder { return &liar{h} }

type liar struct{ blobstore.Holder }

// bent returns a copy of b with a bit in the middle turned.
func bent(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) > 0 {
		b[len(b)/2] ^= 0x10
	}
	return b
}

func bentLeaves(leaves []blobstore.Leaf) []blobstore.Leaf {
	for i := range leaves {
		leaves[i].Data = bent(leaves[i].Data)
	}
	return leaves
}

func (l *liar) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	return l.Holder.Get(ctx, name, ranges, func(i int, b []byte) error { return visit(i, bent(b)) })
}

func (l *liar) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	proofs, err := l.Holder.Prove(ctx, name, ranges)
	for i, p := range proofs {
		proofs[i] = bent(p)
	}
	return proofs, err
}

func (l *liar) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) ([]blobstore.Leaf, error) {
	answer, err := l.Holder.Audit(ctx, name, nonce, leaves)
	return bentLeaves(answer), err
}

func (l *liar) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	held, err := l.Holder.Have(ctx, names, nonce)
	for i := range held {
		held[i].Leaves = bentLeaves(held[i].Leaves)
	}
	return held, err
}

func (l *liar) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	sum, err := l.Holder.Hash(ctx, name, nonce)
	return [32]byte(bent(sum[:])), err
}

func (l *liar) Manifests(ctx context.Context, mid blobstore.MID) ([][]byte, error) {
	all, err := l.Holder.Manifests(ctx, mid)
	for i, m := range all {
		all[i] = bent(m)
	}
	return all, err
}
