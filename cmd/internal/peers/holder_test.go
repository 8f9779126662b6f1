package peers

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
)

// fetch reads a share from a holder.
func fetch(t testing.TB, h blobstore.Holder, sh blobtest.Share) error {
	t.Helper()
	return h.Get(t.Context(), sh.Name, sh.Ranges(blobstore.MaxChunk), func(int, []byte) error { return nil })
}

func TestAHolderIsDialledWhenItIsUsed(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		h, sh := a.Holder(b.did), blobtest.NewShare(1, 100_000)
		blobtest.MustPut(t, h, a.did, sh)
		for _, c := range a.network.Conns() {
			_ = c.Close(0)
		}
		check(t, fetch(t, h, sh)) // without waiting for the keeper
		b.stop()
		a.until("friend has gone", func() bool { return !a.Online(b.did) })
		err := fetch(t, h, sh)
		gone, ok := errors.AsType[*UnreachableError](err)
		if !ok || !errors.Is(err, ErrUnreachable) || gone.DID != b.did || gone.Seen.IsZero() {
			t.Fatalf("%v", err)
		}
		b.start()
		a.until("friend is back", func() bool { return a.hears(b) })
		check(t, fetch(t, h, sh))
	})
}

func TestNobodyWaitsLongForWhoIsAway(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		for what, c := range map[string]net.Conditions{"frozen": {Mute: true}, "cut off": {Down: true}} {
			w.SetAll(c)
			w.Cut(a.key.Device(), b.key.Device())
			synctest.Wait()
			a.release(b.did) // the keeper's attempts would come between
			time.Sleep(time.Minute)
			began := time.Now()
			err := fetch(t, a.Holder(b.did), blobtest.NewShare(1, 1))
			if took := time.Since(began); !errors.Is(err, ErrUnreachable) || took > patience {
				t.Errorf("%s: %v after %v", what, err, took)
			}
			a.until("the attempt has failed", func() bool {
				a.mu.Lock()
				defer a.mu.Unlock()
				c := a.contacts[b.did]
				return c == nil || c.attempt == nil
			})
			began = time.Now()
			if err := have(t.Context(), a.Holder(b.did)); !errors.Is(err, ErrUnreachable) || time.Since(began) > 0 {
				t.Errorf("%s: %v after %v, soon after an attempt", what, err, time.Since(began))
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			if err := have(ctx, a.Holder(b.did)); err != nil && !errors.Is(err, ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
			cancel()
			w.SetAll(net.Conditions{})
			a.welcome(b.did)
			a.until("friend is back", func() bool { return a.hears(b) })
		}
	})
}

func have(ctx context.Context, h blobstore.Holder) error {
	_, err := h.Have(ctx, []blobstore.ShareName{blobtest.NewShare(1, 1).Name}, blobstore.Nonce{})
	return err
}

func TestAFriendWhoFreezesIsNotThere(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		w.Set(b.key.Device(), a.key.Device(), net.Conditions{Down: true})
		time.Sleep(50 * time.Second) // 15 s until a PING, 30 s of silence
		if a.Online(b.did) {
			t.Error("a silent friend counts as there")
		}
	})
}

func TestWhoIsBusyIsLeftAlone(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		check(t, b.Tell(t.Context(), a.did, &wire.Busy{RetryAfter: 60_000}))
		synctest.Wait()
		began := time.Now()
		err := have(t.Context(), a.Holder(b.did))
		busy, ok := errors.AsType[*wire.BusyError](err)
		if !ok || busy.RetryAfter > time.Minute || busy.RetryAfter < 50*time.Second || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(58 * time.Second)
		check(t, have(t.Context(), a.Holder(b.did))) // it waits for the rest
		if took := time.Since(began); took < time.Minute {
			t.Errorf("after %v", took)
		}
	})
}

func TestTellAndOpen(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		friends(a, b, mb)
		check(t, a.Tell(t.Context(), b.did, &wire.Has{}))
		synctest.Wait()
		if len(b.repos.heard) != 1 {
			t.Errorf("%v", b.repos.heard)
		}
		if err := a.Tell(t.Context(), c.did, &wire.Has{}); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%v", err)
		}
		s, err := a.Open(t.Context(), b.did, wire.ProtocolGit)
		check(t, err)
		check(t, s.Close())
		if err := a.Reach(t.Context(), c.did); !errors.Is(err, ErrNoDevice) || !errors.Is(err, ErrUnreachable) {
			t.Errorf("%v", err)
		}
		if err := a.Reach(t.Context(), a.did); err == nil {
			t.Error("reached ourselves")
		}
	})
}

func TestChangesWakeWhoWaits(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		changed, stop := a.Changes()
		defer stop()
		told := func(what string, change func()) {
			t.Helper()
			time.Sleep(time.Minute)
			select { // what was before
			case <-changed:
			default:
			}
			change()
			time.Sleep(time.Minute)
			select {
			case <-changed:
			default:
				t.Errorf("%s: nobody is told", what)
			}
		}
		give := int64(2 * mb)
		told("another room", func() { must[control.Friend](t)(b.SetFriend(t.Context(), "ana", control.SetFriend{Give: &give})) })
		if a.Person(b.did).Room != give {
			t.Errorf("%+v", a.Person(b.did))
		}
		told("somebody went", b.stop)
		told("somebody came", b.start)
	})
}
