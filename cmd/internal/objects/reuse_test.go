package objects_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/objects"
	"radswarm/radicle"
)

// bo is Ana's collaborator.
func bo() *radicle.MemorySigner { return blobtest.Person(1) }

// alsoFriendOf returns a town of somebody else, where some of another town live, and so many more.
func (w *town) alsoFriendOf(who radicle.DID, more int, some ...*neighbour) *town {
	other := &town{}
	for _, n := range some {
		same := &neighbour{did: n.did, store: n.store, friend: who, name: n.name, online: true, free: 1 << 40, seen: time.Now()}
		same.holder = blobtest.NewSwitch(same.view())
		other.all = append(other.all, same)
	}
	for i := range more {
		n := &neighbour{
			did: radicle.NewMemorySigner([32]byte{8, byte(i)}).NID().DID(), store: &blobtest.Memory{}, friend: who,
			online: true, free: 1 << 40, seen: time.Now(),
		}
		n.holder = blobtest.NewSwitch(n.view())
		other.all = append(other.all, n)
	}
	return other
}

// boHome is Bo's home.
func boHome(t testing.TB, w *town, known *records) *home {
	t.Helper()
	keys, err := keyring.Unlock(t.Context(), bo())
	if err != nil {
		t.Fatal(err)
	}
	return newHome(t, w, func(o *objects.Options) {
		o.Self, o.Keys, o.Records = bo().NID().DID(), &ring{keys: keys}, known
	})
}

// anaStores has Ana store a file with her friends, and returns her home and the record that she writes.
func anaStores(t testing.TB, w *town, f *file) (*home, *record.Object) {
	t.Helper()
	told := &records{}
	h := newHome(t, w, func(o *objects.Options) { o.Records = told })
	if _, err := h.Store(t.Context(), repository(t), store([]*file{f}, control.Full, ""), nil); err != nil {
		t.Fatal(err)
	}
	all := told.all()
	made, err := record.Place{RID: repository(t), Writer: ana().NID().DID()}.New(all[len(all)-1])
	if err != nil {
		t.Fatal(err)
	}
	return h, made
}

// knows is records with one object of somebody else.
func knows(made *record.Object) *records {
	return &records{known: map[blobstore.OID][]record.Choice{made.Pointer().OID: {{Object: made}}}}
}

func (h *home) mustStore(f *file) control.Safety {
	h.t.Helper()
	out, err := h.Store(h.t.Context(), repository(h.t), store([]*file{f}, control.Full, ""), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	return out.Objects[0]
}

func (h *home) holding(f *file) (mine, others []control.Share) {
	h.t.Helper()
	out, err := h.Holding(h.t.Context(), f.OID, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, s := range out.Shares {
		if s.For != nil {
			others = append(others, s)
		} else {
			mine = append(mine, s)
		}
	}
	return mine, others
}

// What a collaborator stored is not stored again where it is: friends in common keep it for both, which costs no bytes; the rest is
// sent. What others keep for her alone is shown, and does not count.
func TestReuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, f := newTown(6), newFile(t, 1<<20, 1)
		a, made := anaStores(t, w, f)
		common := []*neighbour{w.find(made.Holders[1]), w.find(made.Holders[3]), w.find(made.Holders[5])} // of five shares none is number 5
		theirs := w.alsoFriendOf(bo().NID().DID(), 2, common...)
		told := knows(made)
		b := boHome(t, theirs, told)
		got := b.mustStore(f)
		if want := (control.Safety{Stored: true, People: 5, Spare: 2, K: 3, N: 5, Placed: 5, Safe: true, Full: true}); got != want {
			t.Errorf("%+v", got)
		}
		for i, n := range theirs.all {
			if n.store.Len() != 1 || (n.taken.Load() > 0) != (i >= len(common)) {
				t.Errorf("friend %d has %d shares, and took %d bytes", i, n.store.Len(), n.taken.Load())
			}
		}
		for _, n := range told.all() {
			if !n.Key.Equal(made.Key) || n.Salt != made.Record.Salt() || !made.Manifest.Extends(n.Manifest) && !n.Manifest.Extends(made.Manifest) {
				t.Error("recorded by another key, or with other shares")
			}
		}
		last := told.all()[len(told.all())-1]
		for index, did := range made.Holders {
			if slices.ContainsFunc(common, func(n *neighbour) bool { return n.did == did }) && (index >= len(last.Holders) || last.Holders[index] != did) {
				t.Errorf("share %d is recorded at %v", index, last.Holders[index])
			}
		}
		mine, others := b.holding(f)
		if len(mine) != 5 || len(others) != 3 || *others[0].For != ana().NID().DID() {
			t.Errorf("ours %+v, others' %+v", mine, others)
		}

		// It is Bo's own from now on: after a restart, and when Ana gives it up.
		b.again()
		if _, err := a.Forget(t.Context(), f.OID, nil, control.Forget{}, nil); err != nil {
			t.Error(err)
		}
		a.close()
		b.mustGet(f)
		out, err := b.Verify(t.Context(), control.Verify{}, nil)
		if err != nil || len(out.Objects[0].Shares) != 5 || !out.Objects[0].Safety.Full || !out.Objects[0].Whole {
			t.Errorf("%+v, %v", out, err)
		}
		for i, n := range theirs.all {
			if n.store.Len() != 1 {
				t.Errorf("friend %d has %d shares, since Ana gave hers up", i, n.store.Len())
			}
		}
		b.close()
	})
}

// A collaborator's record is not used where it says something else than the file does, where its coding does not fit our friends,
// where it is not whole, or where it is public and we have not said so: the object is stored by the own key then, as ever.
func TestNotReused(t *testing.T) {
	for name, c := range map[string]struct {
		friends int
		of      func(t *testing.T, made *record.Object) *record.Object
	}{
		"other shares":   {5, func(t *testing.T, made *record.Object) *record.Object { return lie(t, made) }},
		"another coding": {2, func(_ *testing.T, made *record.Object) *record.Object { return made }},
		"too few shares": {5, func(t *testing.T, made *record.Object) *record.Object {
			out, err := made.Hold(made.Holders[:2])
			if err != nil {
				t.Fatal(err)
			}
			return out
		}},
		"public": {5, func(t *testing.T, made *record.Object) *record.Object {
			out, err := made.Publish()
			if err != nil {
				t.Fatal(err)
			}
			return out
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, f := newTown(6), newFile(t, 300_000, 1)
				a, made := anaStores(t, w, f)
				a.close()
				theirs := w.alsoFriendOf(bo().NID().DID(), 0, w.all[:c.friends]...)
				told := knows(c.of(t, made))
				b := boHome(t, theirs, told)
				if got := b.mustStore(f); !got.Full || got.Placed != c.friends {
					t.Errorf("%+v", got)
				}
				for _, n := range told.all() {
					if n.Key.Equal(made.Key) {
						t.Error("stored by a key that is not ours")
					}
				}
				b.mustGet(f)
				b.close()
			})
		})
	}
}

// lie is a record by somebody who has the key, with a root that is none of its object's.
func lie(t *testing.T, made *record.Object) *record.Object {
	t.Helper()
	roots := make([]blobstore.Root, made.Manifest.Roots())
	for i := range roots {
		roots[i], _ = made.Manifest.Root(i)
	}
	roots[9][0] ^= 1
	m, err := manifest.Sign(made.Key, blobstore.PadPadme, 0, made.Manifest.Coding(), roots)
	if err != nil {
		t.Fatal(err)
	}
	out, err := made.Place.New(record.New{
		Pointer: made.Pointer(), Salt: made.Record.Salt(), Key: made.Key, Manifest: m, Holders: made.Holders,
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A public object of a stranger's converges where the own word is that what is stored is public: its holders are not named in its
// record, and show what they have.
func TestReusePublic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, f := newTown(5), newFile(t, 1<<20, 1)
		a, made := anaStores(t, w, f)
		open, err := made.Publish()
		if err != nil {
			t.Fatal(err)
		}
		own := knows(open)
		a.SetRecords(own)
		if told, err := a.Publish(t.Context(), f.Pointer); err != nil || len(told.Knows) != 5 {
			t.Fatalf("%+v, %v", told, err)
		}
		a.close()
		theirs := w.alsoFriendOf(bo().NID().DID(), 1, w.all[:4]...)
		known := knows(open)
		known.public = true
		b := boHome(t, theirs, known)
		if got := b.mustStore(f); !got.Full || got.People != 5 {
			t.Errorf("%+v", got)
		}
		for i, n := range theirs.all {
			if n.store.Len() != 1 || (n.taken.Load() > 0) != (i == 4) {
				t.Errorf("friend %d has %d shares, and took %d bytes", i, n.store.Len(), n.taken.Load())
			}
		}
		b.mustGet(f)
		b.close()
	})
}

// says is a holder that says it has whatever it is offered.
type says struct{ blobstore.Holder }

func (h says) Put(_ context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	outcomes := make([]blobstore.Outcome, len(offers))
	for i := range outcomes {
		outcomes[i].Had = true
	}
	return outcomes, nil
}

// Who says to have a collaborator's share has to show it before it counts.
func TestReuseIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, f := newTown(6), newFile(t, 1<<20, 1)
		a, made := anaStores(t, w, f)
		a.close()
		theirs := w.alsoFriendOf(bo().NID().DID(), 2, w.all[3:]...)
		liar := theirs.all[0]
		liar.holder.Set(says{liar.view()})
		b := boHome(t, theirs, knows(made))
		_, _ = b.Store(t.Context(), repository(t), store([]*file{f}, control.Safe, ""), nil)
		at := slices.Index(made.Holders, liar.did)
		mine, _ := b.holding(f)
		for _, s := range mine {
			if s.Index == at && s.DID != nil && *s.DID == liar.did && s.Verified != nil {
				t.Errorf("counts: %+v", s)
			}
		}
		b.close()
	})
}

// Where no record has the key any more, what cannot be read is not said to be there.
func TestReuseWithoutRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, f := newTown(5), newFile(t, 300_000, 1)
		a, made := anaStores(t, w, f)
		a.close()
		known := knows(made)
		b := boHome(t, w.alsoFriendOf(bo().NID().DID(), 0, w.all...), known)
		b.mustStore(f)
		known.known = nil
		_, err := b.Get(t.Context(), control.Get{OID: f.OID, To: filepath.Join(t.TempDir(), "x")}, nil)
		if err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		b.close()
	})
}
