package app

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/radicle"
)

// kept is a store of what several people have put here.
type kept map[radicle.DID]blobstore.Holder

// For implements holder.Store.
func (k kept) For(owner radicle.DID, _ int64) blobstore.Holder { return k[owner] }

// What a friend has put here is read here, whosever it is; and nothing is put or deleted that way.
func TestOwnShares(t *testing.T) {
	m := new(blobtest.Memory)
	ana, bo := blobtest.Person(1).NID().DID(), blobtest.Person(2).NID().DID()
	share := blobtest.NewShare(7, 5000)
	blobtest.MustPut(t, m.For(bo), bo, share)
	o := own{
		store:  kept{ana: m.For(ana), bo: m.For(bo)},
		owners: func() []radicle.DID { return []radicle.DID{ana, bo} },
	}
	held, err := o.Have(t.Context(), []blobstore.ShareName{share.Name, {}}, blobstore.Nonce{1})
	if err != nil || held[0].Len != 5000 || held[1].Len != 0 {
		t.Errorf("have: %+v, %v", held, err)
	}
	var got []byte
	err = o.Get(t.Context(), share.Name, []blobstore.Range{{Off: 10, Len: 100}}, func(_ int, b []byte) error {
		got = bytes.Clone(b)
		return nil
	})
	if err != nil || !bytes.Equal(got, share.Data[10:110]) {
		t.Errorf("get: %d bytes, %v", len(got), err)
	}
	if _, err := o.Hash(t.Context(), share.Name, blobstore.Nonce{}); err != nil {
		t.Error(err)
	}
	if _, err := o.Hash(t.Context(), blobstore.ShareName{}, blobstore.Nonce{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not here: %v", err)
	}
	if _, err := o.Put(t.Context(), nil); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("put: %v", err)
	}
	if err := o.Delete(t.Context(), []blobstore.ShareName{share.Name}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("delete: %v", err)
	}
}
