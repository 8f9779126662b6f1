package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/share"
	"radswarm/radicle"
)

// Memory keeps shares in memory. The zero value is an empty store. It is seen through [Memory.For].
type Memory struct {
	// Limit is the most bytes that may be charged in all; 0 for no limit. It does not change while it is used.
	Limit int64

	mu      sync.RWMutex
	shares  map[blobstore.ShareName]*kept
	charged int64 // of shares, and promised to those that arrive
}

// kept is a share that is there. Data and outboard do not change.
type kept struct {
	data, outboard []byte
	leases         map[radicle.DID]lease // guarded by Memory.mu
}

type lease struct {
	open   bool
	mid    blobstore.MID
	sealed []byte
}

func (l lease) charge() int64 { return int64(len(l.sealed)) }

func (k *kept) charge() int64 { return blobstore.Charge(int64(len(k.data)), 0) }

// For returns the store as owner sees it: the shares that it put, and open ones. The zero DID sees open ones only.
func (m *Memory) For(owner radicle.DID) blobstore.Holder { return &memoryView{m, owner} }

// Len returns how many shares there are.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.shares)
}

// Charged returns the bytes that are charged in all.
func (m *Memory) Charged() int64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.charged
}

// memoryView is a Memory as one peer sees it.
type memoryView struct {
	*Memory
	peer radicle.DID
}

// Put implements [blobstore.Putter].
func (v *memoryView) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if err := checkCount("number of offers", len(offers), blobstore.MaxOffers); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	outcomes, wanted := make([]blobstore.Outcome, len(offers)), make([]bool, len(offers))
	for i, o := range offers {
		outcomes[i], wanted[i] = v.decide(o)
	}
	for i, o := range offers {
		if o.Decided != nil {
			o.Decided(outcomes[i])
		}
	}
	for i, o := range offers {
		if wanted[i] {
			outcomes[i] = v.take(ctx, o)
		}
	}
	return outcomes, ctx.Err()
}

// decide returns the outcome of an offer, or that its share is wanted, and charges for it.
func (v *memoryView) decide(o blobstore.Offer) (outcome blobstore.Outcome, wanted bool) {
	if err := v.check(o); err != nil {
		return blobstore.Outcome{Err: err}, false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	k, had := v.shares[o.Name]
	if had && int64(len(k.data)) != o.Len {
		return blobstore.Outcome{Err: blobstore.ErrRoot}, false
	}
	need := blobstore.Charge(o.Len, len(o.Sealed))
	if had {
		need = int64(len(o.Sealed)) - k.leases[o.Owner].charge()
	}
	if v.Limit != 0 && v.charged+need > v.Limit {
		return blobstore.Outcome{Err: blobstore.ErrFull}, false
	}
	v.charged += need
	if had {
		k.leases[o.Owner] = newLease(o)
	}
	return blobstore.Outcome{Had: had}, !had
}

func (v *memoryView) check(o blobstore.Offer) error {
	if o.Owner != v.peer {
		return blobstore.ErrDenied
	}
	if err := checkCount("length of a sealed manifest", len(o.Sealed), blobstore.MaxSealed); err != nil {
		return err
	}
	if o.Len < 1 || o.Len > share.MaxLen {
		return &blobstore.BoundsError{What: "share length", Got: o.Len, Min: 1, Max: share.MaxLen}
	}
	return nil
}

func newLease(o blobstore.Offer) lease { return lease{o.Open, o.MID, bytes.Clone(o.Sealed)} }

// take reads a share that was charged for, and keeps it.
func (v *memoryView) take(ctx context.Context, o blobstore.Offer) blobstore.Outcome {
	k, err := read(ctx, o)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.charged -= blobstore.Charge(o.Len, len(o.Sealed))
	if err != nil {
		return blobstore.Outcome{Err: err}
	}
	if v.shares == nil {
		v.shares = map[blobstore.ShareName]*kept{}
	}
	other, had := v.shares[o.Name] // somebody else may have been faster
	if had {
		k = other
	} else {
		v.charged += k.charge()
	}
	v.shares[o.Name] = k
	v.charged += int64(len(o.Sealed)) - k.leases[o.Owner].charge()
	k.leases[o.Owner] = newLease(o)
	return blobstore.Outcome{Had: had}
}

// read reads a share and checks it.
func read(ctx context.Context, o blobstore.Offer) (*kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	src, err := o.Share()
	if err != nil {
		return nil, err
	}
	var data, outboard bytes.Buffer
	r, err := share.NewReader(src, o.Len, o.Name.Root, &outboard)
	if err == nil {
		_, err = io.Copy(&data, r)
	}
	if err := errors.Join(err, src.Close()); err != nil {
		return nil, err
	}
	return &kept{data.Bytes(), outboard.Bytes(), map[radicle.DID]lease{}}, ctx.Err()
}

// find returns a share that the peer may see.
func (v *memoryView) find(ctx context.Context, name blobstore.ShareName) (*kept, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	if k, ok := v.shares[name]; ok {
		for owner, l := range k.leases {
			if owner == v.peer || l.open {
				return k, nil
			}
		}
	}
	return nil, fs.ErrNotExist
}

// Delete implements [blobstore.Deleter].
func (v *memoryView) Delete(ctx context.Context, names []blobstore.ShareName) error {
	if err := checkCount("number of names", len(names), blobstore.MaxNames); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, name := range names {
		k, ok := v.shares[name]
		if !ok {
			continue
		}
		v.charged -= k.leases[v.peer].charge()
		delete(k.leases, v.peer)
		if len(k.leases) == 0 {
			v.charged -= k.charge()
			delete(v.shares, name)
		}
	}
	return nil
}

func checkCount(what string, n, limit int) error {
	if n > limit {
		return &blobstore.BoundsError{What: what, Got: int64(n), Min: 0, Max: int64(limit)}
	}
	return nil
}
