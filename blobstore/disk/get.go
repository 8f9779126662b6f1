package disk

import (
	"context"
	"errors"
	"io/fs"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
)

// open opens a share that the peer may see.
func (v *View) open(ctx context.Context, name blobstore.ShareName) (*reader, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := v.store.openReader(name)
	if err != nil {
		return nil, absentOr(err)
	}
	seen, err := v.sees(r.entry)
	if err == nil && seen {
		return r, nil
	}
	r.close()
	if err == nil {
		err = fs.ErrNotExist
	}
	return nil, err
}

// absentOr returns fs.ErrNotExist, bare, for an error that says no more: nobody needs to know our paths.
func absentOr(err error) error {
	if isAbsent(err) {
		return fs.ErrNotExist
	}
	return err
}

// sees reports whether the peer may see a share.
func (v *View) sees(e *entry) (bool, error) {
	f := &e.footer
	leases, err := v.store.readLeases(f.name)
	if isAbsent(err) {
		leases, err = []lease{{owner: f.owner, open: f.open}}, nil
	}
	r := record{leases: leases}
	return err == nil && r.visible(v.peer), err
}

// with opens a share that the peer may see, calls f, and moves the share aside if it turned out to be rotten.
func (v *View) with(ctx context.Context, name blobstore.ShareName, f func(*reader) error) error {
	leave, err := v.store.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	r, err := v.open(ctx, name)
	if err == nil {
		err = f(r)
		r.close()
	}
	return v.store.aside(err)
}

// Get implements [blobstore.Getter]. Each group of 64 KiB that is touched is checked against the root: rotten bytes are a
// *[RotError], and not handed out.
func (v *View) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	if err := checkCount("number of ranges", len(ranges), blobstore.MaxRanges); err != nil {
		return err
	}
	return v.with(ctx, name, func(r *reader) error {
		if err := checkRanges(ranges, r.footer.length); err != nil {
			return err
		}
		for i, want := range ranges {
			if err := ctx.Err(); err != nil {
				return err
			}
			b, err := r.bytes(want)
			if err == nil {
				err = visit(i, b)
			}
			if err != nil {
				return err
			}
		}
		return ctx.Err()
	})
}

// Prove implements [blobstore.Prover]. A proof that does not verify is a *[RotError].
func (v *View) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) (proofs [][]byte, err error) {
	if err := checkCount("number of ranges", len(ranges), blobstore.MaxRanges); err != nil {
		return nil, err
	}
	err = v.with(ctx, name, func(r *reader) error {
		if err := checkRanges(ranges, r.footer.length); err != nil {
			return err
		}
		for _, want := range ranges {
			if err := ctx.Err(); err != nil {
				return err
			}
			proof, err := r.prove(want)
			if err != nil {
				return err
			}
			proofs = append(proofs, proof)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return proofs, nil
}

// prove returns the proof of a node, and checks it.
func (r *reader) prove(want blobstore.Range) ([]byte, error) {
	if _, err := share.ProofLen(want, r.footer.length); err != nil {
		return nil, err
	}
	b, err := r.bytes(want)
	if err != nil {
		return nil, err
	}
	proof, err := r.prover.AppendProof(nil, want)
	if err == nil {
		err = share.Verify(r.footer.name.Root, r.footer.length, want, b, proof)
	}
	if err != nil {
		return nil, r.rotten(want.Off, err)
	}
	return proof, nil
}

// audit answers a challenge, and checks the answer.
func (r *reader) audit(nonce blobstore.Nonce, count int) ([]blobstore.Leaf, error) {
	f := &r.footer
	leaves, err := r.prover.Audit(f.name.Root, nonce, count)
	if err != nil {
		return nil, r.rotten(-1, err)
	}
	for i, leaf := range leaves {
		at := share.AuditLeaf(f.name.Root, f.length, nonce, i)
		if err := share.Verify(f.name.Root, f.length, at, leaf.Data, leaf.Proof); err != nil {
			return nil, r.rotten(at.Off, err)
		}
	}
	return leaves, nil
}

// Audit implements [blobstore.Prover]. An answer that does not verify is a *[RotError].
func (v *View) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) (answer []blobstore.Leaf, err error) {
	err = v.with(ctx, name, func(r *reader) error {
		answer, err = r.audit(nonce, leaves)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// Have implements [blobstore.Haver]. A share whose leaves do not verify is not held.
func (v *View) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	if err := checkCount("number of names", len(names), blobstore.MaxNames); err != nil {
		return nil, err
	}
	answers := make([]blobstore.Held, len(names))
	for i, name := range names {
		err := v.with(ctx, name, func(r *reader) error {
			leaves, err := r.audit(nonce, blobstore.HaveLeaves)
			if err == nil {
				answers[i] = blobstore.Held{Len: r.footer.length, Leaves: leaves}
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return answers, ctx.Err()
}

// Hash implements [blobstore.Hasher]. A share of which a group does not verify is a *[RotError].
func (v *View) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) (sum [32]byte, err error) {
	err = v.with(ctx, name, func(r *reader) error {
		p := share.NewPossession(nonce)
		for off := int64(0); off < r.footer.length; off += share.GroupSize {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := r.load(off); err != nil {
				return err
			}
			_, _ = p.Write(r.group[:r.have.Len]) // fails only past the longest share
		}
		sum = p.Sum()
		return nil
	})
	return sum, err
}

// Manifests implements [blobstore.ManifestKeeper]. The index says where they may be; they are read beside their shares.
func (v *View) Manifests(ctx context.Context, mid blobstore.MID) ([][]byte, error) {
	leave, err := v.store.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	offers, err := v.store.index.manifests(mid, v.peer)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	got := map[[16]byte]bool{}
	for _, o := range offers {
		if got[o.candidate] || len(all) == blobstore.MaxManifests {
			continue
		}
		r, err := v.store.read(o.name, held, 0)
		if err := v.store.aside(err); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		l, _ := leaseOf(r.leases, o.owner)
		if l.mid == mid && (l.open || o.owner == v.peer) && [16]byte(candidate(l.sealed)) == o.candidate {
			all, got[o.candidate] = append(all, l.sealed), true
		}
	}
	if len(all) == 0 {
		return nil, fs.ErrNotExist
	}
	return all, ctx.Err()
}
