package peers

import (
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
)

func remove(t testing.TB, h *home, who string, in control.RemoveFriend) control.RemovedFriend {
	t.Helper()
	return must[control.RemovedFriend](t)(h.RemoveFriend(t.Context(), who, in, silent))
}

func TestRemoveCutsAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		conn := a.lineWith(b.did).Conn
		if out := remove(t, a, b.did.String(), control.RemoveFriend{}); !out.Done {
			t.Errorf("%+v", out)
		}
		if conn.Err() == nil {
			t.Error("the connection lasts")
		}
		if _, ok := a.state.Friend(b.did); ok {
			t.Error("still a friend")
		}
		b.until("cut", func() bool { return !b.Online(a.did) })
		if err := fetch(t, b.Holder(a.did), blobtest.NewShare(1, 1)); err == nil {
			t.Error("let in again")
		}
	})
}

func TestRemoveAsksWhereSomethingIsLeft(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		blobtest.MustPut(t, b.Holder(a.did), b.did, blobtest.NewShare(1, 1000)) // bo's, at ana's
		time.Sleep(pledgeAge + pledgeTick)
		synctest.Wait()
		for _, h := range []*home{a, b} { // theirs here, and ours there
			_, err := h.RemoveFriend(t.Context(), map[*home]string{a: b.did.String(), b: "ana"}[h], control.RemoveFriend{}, silent)
			wantCode(t, err, control.CodeConflict)
		}
		if len(a.state.Friends()) != 1 {
			t.Error("removed all the same")
		}
		if out := remove(t, a, b.did.String(), control.RemoveFriend{Force: true}); !out.Done {
			t.Errorf("%+v", out)
		}
		if n := must[int64](t)(a.o.Store.Kept(t.Context(), b.did)); n != 0 {
			t.Errorf("%d bytes of theirs stay", n)
		}
	})
}

func TestDrainGoesOnUntilNothingIsLeft(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		theirs := blobtest.NewShare(1, 1000)
		blobtest.MustPut(t, b.Holder(a.did), b.did, theirs)
		a.mover.left, a.mover.some = 3, 2
		out := remove(t, a, b.did.String(), control.RemoveFriend{Drain: true})
		if out.Done || out.Moved != 2 || out.Left != 1 || out.Holds != theirs.Charge() {
			t.Errorf("%+v", out)
		}
		if f := must[control.Friend](t)(a.Friend(t.Context(), b.did.String())); f.Draining == nil {
			t.Errorf("%+v", f)
		}
		// Nothing new either way.
		synctest.Wait()
		if len(a.Candidates()) != 0 || len(b.Candidates()) != 0 {
			t.Errorf("%+v, %+v", a.Candidates(), b.Candidates())
		}
		more := blobtest.NewShare(2, 1000)
		if got, err := b.Holder(a.did).Put(t.Context(), []blobstore.Offer{more.Offer(b.did)}); err == nil && got[0].Err == nil {
			t.Error("a share is taken of who is being removed")
		}
		if p := b.Person(a.did); p.Given != 0 || p.Room != 0 {
			t.Errorf("they are told %+v", p)
		}
		// It goes on by itself, also after a restart, and ends when they have taken theirs.
		a.stop()
		a.start()
		time.Sleep(2 * drainTick)
		a.mover.mu.Lock()
		left := a.mover.left
		a.mover.mu.Unlock()
		if left != 0 {
			t.Errorf("%d left", left)
		}
		if _, ok := a.state.Friend(b.did); !ok {
			t.Fatal("removed while something of theirs is here")
		}
		check(t, b.Holder(a.did).Delete(t.Context(), []blobstore.ShareName{theirs.Name}))
		time.Sleep(2 * drainTick)
		if _, ok := a.state.Friend(b.did); ok {
			t.Error("still a friend when nothing is left")
		}
	})
}

func TestDrainWithNothingLeftIsDone(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		a.mover.left = 1
		if out := remove(t, a, b.did.String(), control.RemoveFriend{Drain: true}); out.Done || out.Left != 1 {
			t.Errorf("%+v", out)
		}
		a.mover.mu.Lock()
		a.mover.left = 0
		a.mover.mu.Unlock()
		if out := remove(t, a, b.did.String(), control.RemoveFriend{Drain: true}); !out.Done {
			t.Errorf("%+v", out)
		}
		_, err := a.RemoveFriend(t.Context(), b.did.String(), control.RemoveFriend{}, silent)
		wantCode(t, err, control.CodeNotFound)
	})
}
