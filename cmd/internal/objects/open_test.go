package objects_test

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// asks counts the questions whether somebody keeps something, and may answer no.
type asks struct {
	blobstore.Holder
	n  atomic.Int64
	no error
}

func (h *asks) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	h.n.Add(1)
	if h.no != nil {
		return make([]blobstore.Outcome, len(offers)), h.no
	}
	return h.Holder.Put(ctx, offers)
}

// openTo reports whether everybody may read a share.
func (n *neighbour) openTo(t *testing.T, name blobstore.ShareName) bool {
	t.Helper()
	err := n.store.For(radicle.DID{}).Get(t.Context(), name, []blobstore.Range{{Len: 1}}, func(int, []byte) error { return nil })
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	return err == nil
}

// Publishing tells each holder, whatever the others say: who is away is told the next time, who keeps nothing open has been told, and
// who has lost the share gets it again, as an open one. Who knows is not asked again, but after a restart.
func TestPublishTellsEachHolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, f := newTown(5), newFile(t, 300_000, 1)
		a, made := anaStores(t, w, f)
		names := map[radicle.DID]blobstore.ShareName{}
		locator, err := made.Key.Repair().Locator(made.Manifest.Coding().K())
		if err != nil {
			t.Fatal(err)
		}
		for index, did := range made.Holders {
			sid, err := locator.SID(did, index)
			if err != nil {
				t.Fatal(err)
			}
			root, _ := made.Manifest.Root(index)
			names[did] = blobstore.ShareName{SID: sid, Root: root}
		}
		if _, err := a.Publish(t.Context(), f.Pointer); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without a public record: %v", err)
		}
		open, err := made.Publish()
		if err != nil {
			t.Fatal(err)
		}
		a.SetRecords(knows(open))
		sleeper, closed, empty, good := w.all[0], w.all[1], w.all[2], w.all[3]
		w.goAway(sleeper)
		closed.holder.Set(&asks{Holder: closed.view(), no: blobstore.ErrDenied})
		if err := empty.view().Delete(t.Context(), []blobstore.ShareName{names[empty.did]}); err != nil {
			t.Fatal(err)
		}
		counts := &asks{Holder: good.view()}
		good.holder.Set(counts)
		for round := range 2 {
			told, err := a.Publish(t.Context(), f.Pointer)
			if err != nil || len(told.Waits) != 1 || told.Waits[0] != sleeper.did || len(told.Refuses) != 1 || told.Refuses[0] != closed.did {
				t.Errorf("round %d: %+v, %v", round, told, err)
			}
			if !good.openTo(t, names[good.did]) || counts.n.Load() != 1 {
				t.Errorf("round %d: asked %d times", round, counts.n.Load())
			}
		}
		w.comeBack(sleeper)
		if told, err := a.Publish(t.Context(), f.Pointer); err != nil || len(told.Waits) != 0 || !sleeper.openTo(t, names[sleeper.did]) {
			t.Errorf("%+v, %v", told, err)
		}
		closed.holder.Set(closed.view())
		if _, err := a.Verify(t.Context(), control.Verify{Heal: true}, nil); err != nil {
			t.Error(err)
		}
		if !empty.openTo(t, names[empty.did]) {
			t.Error("what was lost is not there, or not open")
		}
		a.again()
		a.SetRecords(knows(open))
		if told, err := a.Publish(t.Context(), f.Pointer); err != nil || len(told.Knows) != 5 || counts.n.Load() != 2 {
			t.Errorf("after a restart: %+v, %v, asked %d times", told, err, counts.n.Load())
		}
		a.close()
	})
}
