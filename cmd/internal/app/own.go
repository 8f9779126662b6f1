package app

import (
	"context"
	"errors"
	"io/fs"

	"radswarm/blobstore"
	"radswarm/blobstore/holder"
	"radswarm/radicle"
)

// own is the store of this home, as it is read here: whatever others have put there, for who can open it. A member of a
// repository often is a holder of its films, too, and needs no connection for its share.
type own struct {
	store  holder.Store
	owners func() []radicle.DID
}

var _ blobstore.Holder = own{}

// each asks the store as each owner sees it, until one has what is asked for.
func (o own) each(ask func(blobstore.Holder) error) error {
	err := fs.ErrNotExist
	for _, owner := range o.owners() {
		if err = ask(o.store.For(owner, 0)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

// Put implements [blobstore.Holder]: nobody holds what is theirs for themselves.
func (o own) Put(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error) {
	return nil, blobstore.ErrDenied
}

// Delete implements [blobstore.Holder]: that is for owners.
func (o own) Delete(context.Context, []blobstore.ShareName) error { return blobstore.ErrDenied }

// Get implements [blobstore.Holder].
func (o own) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	return o.each(func(h blobstore.Holder) error { return h.Get(ctx, name, ranges, visit) })
}

// Prove implements [blobstore.Holder].
func (o own) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) (proofs [][]byte, err error) {
	err = o.each(func(h blobstore.Holder) error {
		proofs, err = h.Prove(ctx, name, ranges)
		return err
	})
	return proofs, err
}

// Audit implements [blobstore.Holder].
func (o own) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) (all []blobstore.Leaf, err error) {
	err = o.each(func(h blobstore.Holder) error {
		all, err = h.Audit(ctx, name, nonce, leaves)
		return err
	})
	return all, err
}

// Have implements [blobstore.Holder].
func (o own) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	all := make([]blobstore.Held, len(names))
	for _, owner := range o.owners() {
		some, err := o.store.For(owner, 0).Have(ctx, names, nonce)
		if err != nil {
			return nil, err
		}
		for i, held := range some {
			if all[i].Len == 0 {
				all[i] = held
			}
		}
	}
	return all, nil
}

// Hash implements [blobstore.Holder].
func (o own) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) (sum [32]byte, err error) {
	err = o.each(func(h blobstore.Holder) error {
		sum, err = h.Hash(ctx, name, nonce)
		return err
	})
	return sum, err
}

// Manifests implements [blobstore.Holder].
func (o own) Manifests(ctx context.Context, mid blobstore.MID) (all [][]byte, err error) {
	err = o.each(func(h blobstore.Holder) error {
		all, err = h.Manifests(ctx, mid)
		return err
	})
	return all, err
}

// people are those whom objects ask.
func (a *App) people() people {
	owners := func() []radicle.DID {
		var all []radicle.DID
		for _, f := range a.state.Friends() {
			all = append(all, f.DID)
		}
		return append(all, a.state.Mine()...)
	}
	return people{Peers: a.peers, self: a.profile.DID(), own: own{store: a.shares, owners: owners}}
}
