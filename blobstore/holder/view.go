package holder

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// view is the store as one peer sees it, within what it may do and the limits (HOLDER.md §2, §5).
type view struct {
	service *Service
	peer    Peer
}

var _ blobstore.Holder = (*view)(nil)

// busy is what is said when there are too many at once, and when to come again.
func busy() error { return &wire.BusyError{RetryAfter: 2 * time.Second} }

// expired is what is said to a device whose certificate has run out.
func expired() error {
	return &wire.RemoteError{Code: wire.CodeDenied, Text: "the certificate of this device has run out: nothing new is placed"}
}

// use returns what an operation of a class uses, in the name of a DID.
func (v *view) use(r *rights, c class, did radicle.DID) *use {
	if c == classOpen {
		did = radicle.DID{}
	}
	return &use{v.service.meters.of(meterKey{c, did}, r.up, r.down), &v.service.meters.total, c}
}

// source is one of the views of the disk that a peer has, and what reading it uses.
type source struct {
	blobstore.Holder
	*use
}

// sources returns where a peer may read: its own shares, those of whom it is a guest of, and, where it is neither, open ones.
func (v *view) sources(r *rights) (all []source) {
	for _, did := range r.own {
		all = append(all, source{v.service.store.For(did, 0), v.use(r, classFriend, r.peer)})
	}
	for _, did := range r.issuers {
		all = append(all, source{v.service.store.For(did, 0), v.use(r, classGuest, did)})
	}
	if len(all) == 0 && v.service.public.Load() != int32(PublicNo) {
		all = append(all, source{v.service.store.For(radicle.DID{}, 0), v.use(r, classOpen, radicle.DID{})})
	}
	return all
}

// first calls read with each source, until one has what is asked for. Absent is bare.
func first(sources []source, read func(source) error) error {
	for _, from := range sources {
		if err := read(from); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}

// Get implements [blobstore.Getter].
func (v *view) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	r := v.service.rights(v.peer)
	sources := v.sources(&r)
	if err := v.pay(ctx, sources, beyond(ranges)); err != nil {
		return err
	}
	visited := false
	for _, from := range sources {
		err := from.Get(ctx, name, ranges, func(i int, b []byte) error {
			visited = true
			if err := from.send(ctx, len(b)); err != nil {
				return err
			}
			return visit(i, b)
		})
		if visited || !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return fs.ErrNotExist
}

// pay waits for the disk, before it is known whether what is asked for is there.
func (v *view) pay(ctx context.Context, sources []source, n int64) error {
	if len(sources) == 0 {
		return ctx.Err()
	}
	return sources[0].read(ctx, n)
}

// Prove implements [blobstore.Prover].
func (v *view) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) (proofs [][]byte, err error) {
	r := v.service.rights(v.peer)
	sources := v.sources(&r)
	if err := v.pay(ctx, sources, int64(min(len(ranges), blobstore.MaxRanges))*share.GroupSize); err != nil {
		return nil, err
	}
	err = first(sources, func(from source) error {
		if proofs, err = from.Prove(ctx, name, ranges); err != nil {
			return err
		}
		return from.send(ctx, lengths(proofs))
	})
	return only(proofs, err)
}

func lengths(all [][]byte) (n int) {
	for _, b := range all {
		n += len(b)
	}
	return n
}

// only returns v where there is no error.
func only[T any](v T, err error) (T, error) {
	if err != nil {
		var none T
		return none, err
	}
	return v, nil
}

// heavy takes a slot for an operation that reads much and answers little.
func (v *view) heavy(ctx context.Context, r *rights) (release func(), err error) {
	return v.service.house.reads(r.class()).wait(ctx, r.peer, patience)
}

// Have implements [blobstore.Haver].
func (v *view) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	r := v.service.rights(v.peer)
	if r.class() == classOpen {
		return nil, blobstore.ErrDenied
	}
	release, err := v.heavy(ctx, &r)
	if err != nil {
		return nil, err
	}
	defer release()
	sources := v.sources(&r)
	if err := v.pay(ctx, sources, int64(min(len(names), blobstore.MaxNames))*blobstore.HaveLeaves*share.GroupSize); err != nil {
		return nil, err
	}
	held, err := sources[0].Have(ctx, names, nonce)
	for _, from := range sources[1:] {
		if err == nil {
			err = fill(ctx, from, names, nonce, held)
		}
	}
	return only(held, err)
}

// fill asks one more source for what is not held yet.
func fill(ctx context.Context, from source, names []blobstore.ShareName, nonce blobstore.Nonce, held []blobstore.Held) error {
	var missing []int
	var asked []blobstore.ShareName
	for i, name := range names {
		if held[i].Len == 0 {
			missing, asked = append(missing, i), append(asked, name)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	more, err := from.Have(ctx, asked, nonce)
	for i, h := range more {
		held[missing[i]] = h
	}
	return err
}

// Audit implements [blobstore.Prover].
func (v *view) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) (answer []blobstore.Leaf, err error) {
	sources, release, err := v.own(ctx, (*view).heavy)
	if err != nil {
		return nil, err
	}
	defer release()
	if err := v.pay(ctx, sources, int64(max(0, min(leaves, blobstore.MaxLeaves)))*share.GroupSize); err != nil {
		return nil, err
	}
	err = first(sources, func(from source) error {
		answer, err = from.Audit(ctx, name, nonce, leaves)
		return err
	})
	return only(answer, err)
}

// own returns the sources of a friend alone, and takes a slot; others are denied.
func (v *view) own(
	ctx context.Context, slot func(*view, context.Context, *rights) (func(), error),
) (sources []source, release func(), err error) {
	r := v.service.rights(v.peer)
	if !r.friend {
		return nil, nil, blobstore.ErrDenied
	}
	if release, err = slot(v, ctx, &r); err != nil {
		return nil, nil, err
	}
	return v.sources(&r)[:len(r.own)], release, nil
}

// Hash implements [blobstore.Hasher]. What was read is owed afterwards: the next one waits for it.
func (v *view) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) (sum [32]byte, err error) {
	sources, release, err := v.own(ctx, (*view).hashing)
	if err != nil {
		return sum, err
	}
	defer release()
	if err := v.pay(ctx, sources, share.GroupSize); err != nil {
		return sum, err
	}
	err = first(sources, func(from source) error {
		held, err := from.Have(ctx, []blobstore.ShareName{name}, nonce)
		if err != nil {
			return err
		}
		if err := from.readWhole(ctx, held[0].Len); err != nil {
			return err
		}
		sum, err = from.Hash(ctx, name, nonce)
		return err
	})
	return only(sum, err)
}

func (v *view) hashing(ctx context.Context, r *rights) (release func(), err error) {
	return v.service.house.hashes.wait(ctx, r.peer, patience)
}

// free takes no slot.
func (v *view) free(context.Context, *rights) (release func(), err error) { return func() {}, nil }

// Delete implements [blobstore.Deleter]. A peer ends leases of its own DID only.
func (v *view) Delete(ctx context.Context, names []blobstore.ShareName) error {
	r := v.service.rights(v.peer)
	switch {
	case !r.friend:
		return blobstore.ErrDenied
	case !r.deletes:
		return expired()
	}
	return v.service.store.For(r.peer, 0).Delete(ctx, names)
}

// Manifests implements [blobstore.ManifestKeeper].
func (v *view) Manifests(ctx context.Context, mid blobstore.MID) (all [][]byte, err error) {
	sources, release, err := v.own(ctx, (*view).free)
	if err != nil {
		return nil, err
	}
	defer release()
	for _, from := range sources {
		some, err := from.Manifests(ctx, mid)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, sealed := range some {
			if !slices.ContainsFunc(all, func(b []byte) bool { return bytes.Equal(b, sealed) }) && len(all) < blobstore.MaxManifests {
				all = append(all, sealed)
			}
		}
	}
	if len(all) == 0 {
		return nil, fs.ErrNotExist
	}
	return all, nil
}
