package blobtest

import (
	"bytes"
	"context"
	"io/fs"
	"maps"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// Get implements [blobstore.Getter]. What visit gets is overwritten when it returns, so that a caller that keeps it is found out.
func (v *memoryView) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	k, err := v.find(ctx, name)
	if err == nil {
		err = checkRanges(ranges, int64(len(k.data)))
	}
	if err != nil {
		return err
	}
	for i, r := range ranges {
		if err := ctx.Err(); err != nil {
			return err
		}
		b := bytes.Clone(k.data[r.Off:][:r.Len])
		err := visit(i, b)
		clear(b)
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// checkRanges refuses ranges that Get and Prove refuse, whatever the share's tree.
func checkRanges(ranges []blobstore.Range, length int64) error {
	if err := checkCount("number of ranges", len(ranges), blobstore.MaxRanges); err != nil {
		return err
	}
	for _, r := range ranges {
		if r.Len < 1 || r.Len > blobstore.MaxChunk {
			return &blobstore.BoundsError{What: "length of a range", Got: int64(r.Len), Min: 1, Max: blobstore.MaxChunk}
		}
		if last := length - int64(r.Len); r.Off < 0 || r.Off > last {
			return &blobstore.BoundsError{What: "offset of a range", Got: r.Off, Min: 0, Max: last}
		}
	}
	return nil
}

// prover finds a share and returns its prover.
func (v *memoryView) prover(ctx context.Context, name blobstore.ShareName) (*kept, *share.Prover, error) {
	k, err := v.find(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	p, err := share.NewProver(bytes.NewReader(k.data), bytes.NewReader(k.outboard), int64(len(k.data)))
	return k, p, err
}

// Prove implements [blobstore.Prover].
func (v *memoryView) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	k, p, err := v.prover(ctx, name)
	if err == nil {
		err = checkRanges(ranges, int64(len(k.data)))
	}
	if err != nil {
		return nil, err
	}
	proofs := make([][]byte, len(ranges))
	for i, r := range ranges {
		if proofs[i], err = p.AppendProof(nil, r); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}

// Audit implements [blobstore.Prover].
func (v *memoryView) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) ([]blobstore.Leaf, error) {
	_, p, err := v.prover(ctx, name)
	if err != nil {
		return nil, err
	}
	return p.Audit(name.Root, nonce, leaves)
}

// Have implements [blobstore.Haver].
func (v *memoryView) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	if err := checkCount("number of names", len(names), blobstore.MaxNames); err != nil {
		return nil, err
	}
	held := make([]blobstore.Held, len(names))
	for i, name := range names {
		leaves, err := v.Audit(ctx, name, nonce, blobstore.HaveLeaves)
		if err != nil {
			continue // absent, or ctx is done
		}
		k, err := v.find(ctx, name)
		if err == nil {
			held[i] = blobstore.Held{Len: int64(len(k.data)), Leaves: leaves}
		}
	}
	return held, ctx.Err()
}

// Hash implements [blobstore.Hasher].
func (v *memoryView) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	k, err := v.find(ctx, name)
	if err != nil {
		return [32]byte{}, err
	}
	p := share.NewPossession(nonce)
	_, err = p.Write(k.data)
	return p.Sum(), err
}

// Manifests implements [blobstore.ManifestKeeper].
func (v *memoryView) Manifests(ctx context.Context, mid blobstore.MID) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found := v.candidates(mid)
	if len(found) == 0 {
		return nil, fs.ErrNotExist
	}
	all := found[v.peer]
	delete(found, v.peer)
	owners := slices.SortedFunc(maps.Keys(found), radicle.DID.Compare)
	for turn := 0; len(owners) > 0 && len(all) < blobstore.MaxManifests; turn++ {
		owners = slices.DeleteFunc(owners, func(o radicle.DID) bool { return len(found[o]) == turn })
		for _, o := range owners {
			if sealed := found[o][turn]; !contains(all, sealed) {
				all = append(all, sealed)
			}
		}
	}
	return all[:min(len(all), blobstore.MaxManifests)], nil
}

// candidates returns copies of the different manifests under mid that the peer may see, by owner.
func (v *memoryView) candidates(mid blobstore.MID) map[radicle.DID][][]byte {
	v.mu.RLock()
	defer v.mu.RUnlock()
	found := map[radicle.DID][][]byte{}
	for _, k := range v.shares {
		for owner, l := range k.leases {
			visible := (owner == v.peer || l.open) && l.mid == mid && len(l.sealed) > 0
			if visible && !contains(found[owner], l.sealed) {
				found[owner] = append(found[owner], bytes.Clone(l.sealed))
			}
		}
	}
	return found
}

func contains(all [][]byte, b []byte) bool {
	return slices.ContainsFunc(all, func(c []byte) bool { return bytes.Equal(b, c) })
}
