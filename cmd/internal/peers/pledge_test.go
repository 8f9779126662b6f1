package peers

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
)

func TestPledgesAreToldAsRoomChanges(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, 10<<20)
		sh := blobtest.NewShare(1, 4<<20)
		blobtest.MustPut(t, a.Holder(b.did), a.did, sh)
		time.Sleep(pledgeTick)
		synctest.Wait()
		p := a.Person(b.did)
		if p.Used != sh.Charge() || p.Room != 10<<20-sh.Charge() {
			t.Errorf("%+v after %d bytes", p, sh.Charge())
		}
		// What is hardly different is told later.
		small := blobtest.NewShare(2, 1000)
		blobtest.MustPut(t, a.Holder(b.did), a.did, small)
		time.Sleep(pledgeTick)
		synctest.Wait()
		if got := a.Person(b.did).Used; got != p.Used {
			t.Errorf("%d bytes are told at once", got-p.Used)
		}
		time.Sleep(pledgeAge)
		synctest.Wait()
		if got := a.Person(b.did).Used; got != p.Used+small.Charge() {
			t.Errorf("used %d", got)
		}
	})
}

func TestCapsAreInForceAtOnce(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		give := int64(8192)
		out := must[control.Friend](t)(b.SetFriend(t.Context(), a.did.String(), control.SetFriend{Give: &give}))
		if out.Give != give {
			t.Errorf("%+v", out)
		}
		synctest.Wait()
		if p := a.Person(b.did); p.Given != give || p.Room != give {
			t.Errorf("not told: %+v", p)
		}
		sh := blobtest.NewShare(1, 100_000)
		got, err := a.Holder(b.did).Put(t.Context(), []blobstore.Offer{sh.Offer(a.did)})
		if err == nil && got[0].Err == nil {
			t.Error("more than the pledge is taken")
		}

		// Bytes a second.
		give = 10 * mb
		rate := int64(100_000)
		must[control.Friend](t)(b.SetFriend(t.Context(), "ana", control.SetFriend{Give: &give, Down: &rate, Up: &rate}))
		sh = blobtest.NewShare(2, 2_000_000)
		began := time.Now()
		blobtest.MustPut(t, a.Holder(b.did), a.did, sh)
		if took := time.Since(began); took < 10*time.Second {
			t.Errorf("%d bytes in %v at %d a second", sh.Len(), took, rate)
		}
		rate = 0
		must[control.Friend](t)(b.SetFriend(t.Context(), "ana", control.SetFriend{Down: &rate, Up: &rate}))
		began = time.Now()
		check(t, fetch(t, a.Holder(b.did), sh))
		if took := time.Since(began); took > time.Second {
			t.Errorf("%d bytes in %v without a bound", sh.Len(), took)
		}

		// And those that this side sends, when it is the one who places.
		rate = 100_000
		must[control.Friend](t)(a.SetFriend(t.Context(), b.did.String(), control.SetFriend{Up: &rate}))
		sh = blobtest.NewShare(3, 2_000_000)
		began = time.Now()
		blobtest.MustPut(t, a.Holder(b.did), a.did, sh)
		if took := time.Since(began); took < 10*time.Second {
			t.Errorf("%d bytes leave in %v at %d a second", sh.Len(), took, rate)
		}
	})
}

func TestWhatFriendsAreSetTo(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		name, home, silence := "bobo", "barn", "free"
		out := must[control.Friend](t)(a.SetFriend(t.Context(), b.did.String(), control.SetFriend{Name: &name, Household: &home, Silence: &silence}))
		if out.Name != name || out.Household != home || out.Silence != silence || out.Give != mb || !out.Online || out.Address == "" {
			t.Errorf("%+v", out)
		}
		if got := a.Candidates(); len(got) != 1 || got[0].Household != home || got[0].Free != mb || !got[0].Online {
			t.Errorf("%+v", got)
		}
		for _, bad := range []control.SetFriend{{Name: new("a b")}, {Give: new(int64(-1))}, {Up: new(int64(-1))}, {Silence: new("never")}} {
			_, err := a.SetFriend(t.Context(), name, bad)
			wantCode(t, err, control.CodeUsage)
		}
		_, err := a.SetFriend(t.Context(), "nobody", control.SetFriend{})
		wantCode(t, err, control.CodeNotFound)
		_, err = a.Friend(t.Context(), a.did.String())
		wantCode(t, err, control.CodeNotFound)
		if n := a.Count(); n != (control.FriendCount{Total: 1, Online: 1, Give: mb, Given: mb, Room: mb}) {
			t.Errorf("%+v", n)
		}
	})
}

func TestCandidatesAreThoseWhoWereSeenAndHaveRoom(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		b.stop()
		synctest.Wait()
		a.ahead.Add(int64(13 * 24 * time.Hour))
		if got := a.Candidates(); len(got) != 1 || got[0].Online {
			t.Errorf("%+v", got)
		}
		a.ahead.Add(int64(2 * 24 * time.Hour))
		if got := a.Candidates(); len(got) != 0 {
			t.Errorf("after 15 days: %+v", got)
		}
		check(t, a.state.Saw(b.did))
		check(t, a.state.SetGiven(t.Context(), b.did, mb, mb, 0))
		if got := a.Candidates(); len(got) != 0 {
			t.Errorf("without room: %+v", got)
		}
	})
}

func TestUptimeIsMeasured(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		if got := a.Person(b.did).Uptime; got != -1 {
			t.Errorf("%v at first", got)
		}
		time.Sleep(6 * time.Hour)
		if got := a.Person(b.did).Uptime; got != 1 {
			t.Errorf("%v after six hours together", got)
		}
		b.stop()
		time.Sleep(18 * time.Hour)
		if got := a.Person(b.did).Uptime; got < 0.23 || got > 0.27 {
			t.Errorf("%v after a quarter of a day", got)
		}
		a.stop()
		time.Sleep(5 * 24 * time.Hour) // nobody looks
		a.start()
		if got := a.Person(b.did).Uptime; got < 0.23 || got > 0.27 {
			t.Errorf("%v after days that this home was down", got)
		}
	})
}

func TestNoticeable(t *testing.T) {
	const gb = 1000 * mb
	base := wire.Pledge{Give: gb, Used: 100, Room: gb - 100}
	with := func(edit func(*wire.Pledge)) wire.Pledge {
		p := base
		edit(&p)
		return p
	}
	for _, c := range []struct {
		what string
		now  wire.Pledge
		age  time.Duration
		want bool
	}{
		{"the same", base, time.Hour, false},
		{"another pledge", with(func(p *wire.Pledge) { p.Give++ }), 0, true},
		{"full", with(func(p *wire.Pledge) { p.Room = 0 }), 0, true},
		{"a byte", with(func(p *wire.Pledge) { p.Used++ }), 0, false},
		{"a byte, later", with(func(p *wire.Pledge) { p.Used++ }), pledgeAge, true},
		{"a step less one", with(func(p *wire.Pledge) { p.Room -= pledgeStep - 1 }), 0, false},
		{"a step", with(func(p *wire.Pledge) { p.Room -= pledgeStep }), 0, true},
	} {
		if got := noticeable(base, c.now, c.age); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

func TestWhoIsNoFriendPledgesNothing(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		a.heardPledge(context.Background(), b.did, &wire.Pledge{Give: mb, Room: mb})
		if _, ok := a.state.Friend(b.did); ok || len(a.Candidates()) != 0 {
			t.Error("a stranger's pledge is kept")
		}
	})
}
