package peers

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// kept reports whether a home keeps an address record of somebody.
func (h *home) kept(did radicle.DID) bool {
	_, err := h.state.Address(h.t.Context(), did)
	return err == nil
}

func TestFriendsOfAFriendAreNotTold(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		friends(a, b, mb)
		friends(a, c, mb)
		synctest.Wait()
		check(t, a.state.SetGiven(t.Context(), b.did, mb, 1000, mb)) // bo keeps shares of ana's, which is no business of cy's
		b.stop()
		b.start() // a new record of bo's
		a.until("friend is back", func() bool { return a.hears(b) && a.knows(b) })
		c.stop()
		c.start()
		c.until("friend is back", func() bool { return c.hears(a) })
		synctest.Wait()
		if c.kept(b.did) || b.kept(c.did) {
			t.Error("a friend's friend is told where somebody is")
		}
	})
}

func TestMembersWhoWereNotIntroducedAreNotTold(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		friends(a, b, mb)
		synctest.Wait()
		check(t, a.state.SetGiven(t.Context(), b.did, mb, 1000, mb))
		a.repos.admit(c.did)
		must[any](t)(c.state.AddPublished(t.Context(), a.cert.Load()))
		check(t, c.state.SetHints(t.Context(), a.did, a.Addresses()))
		check(t, c.Reach(t.Context(), a.did))
		synctest.Wait()
		if c.kept(a.did) || c.kept(b.did) {
			t.Error("a member is told where somebody is")
		}
		// The introduction changes that.
		must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
		synctest.Wait()
		if !c.kept(a.did) || !c.kept(b.did) {
			t.Error("a reader is not told where the holders are")
		}
	})
}

func TestReadersAreToldOfHoldersOnly(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		friends(a, b, mb) // and keeps nothing of ana's
		a.repos.admit(c.did)
		i := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
		accept(c, must[string](t)(friend.MemberLine{Introduction: i, Addresses: a.Addresses()}.Encode()), 0)
		check(t, c.Reach(t.Context(), a.did))
		synctest.Wait()
		if !c.kept(a.did) || c.kept(b.did) {
			t.Error("a reader is told of who holds nothing")
		}
		// One who was revoked is told nothing more.
		check(t, a.Revoke(t.Context(), c.did))
		synctest.Wait()
		check(t, a.state.SetGiven(t.Context(), b.did, mb, 1000, mb))
		b.stop()
		b.start()
		a.until("friend is back", func() bool { return a.hears(b) && a.knows(b) })
		synctest.Wait()
		if c.kept(b.did) {
			t.Error("who was revoked is told of a holder")
		}
	})
}

// What was placed a moment ago is known here before the holder says that it is charged; readers need not wait for that.
func TestReadersAreToldOfNewHoldersSoon(t *testing.T) {
	for _, before := range []bool{true, false} {
		inMemory(t, func(t *testing.T, w *memoryWorld) {
			a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
			friends(a, b, mb)
			if before {
				a.mover.holds(b.did)
			}
			a.repos.admit(c.did)
			i := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
			accept(c, must[string](t)(friend.MemberLine{Introduction: i, Addresses: a.Addresses()}.Encode()), 0)
			check(t, c.Reach(t.Context(), a.did))
			synctest.Wait()
			if c.kept(b.did) != before {
				t.Errorf("a reader who comes is told of the holder: %v", !before)
			}
			a.mover.holds(b.did)
			time.Sleep(pledgeTick)
			synctest.Wait()
			if !c.kept(b.did) {
				t.Error("a reader who is there is not told of who was given a share meanwhile")
			}
		})
	}
}

func TestGuestsAreToldWhereWhoIntroducedThemIs(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c, sh := reader(t, w)
		a.stop()
		a.start() // at another port
		a.until("friend is back", func() bool { return a.hears(b) })
		b.until("new address is known", func() bool { return b.knows(a) })
		if c.knows(a) {
			t.Fatal("known before anybody told")
		}
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh)) // which presents the introduction
		synctest.Wait()
		if !c.knows(a) {
			t.Error("a guest is not told where its owner is")
		}
	})
}

func TestANewAddressOfAHolderReachesReaders(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b, c, sh := reader(t, w)
		b.stop()
		a.until("friend has gone", func() bool { return !a.Online(b.did) })
		b.start() // at another port
		a.until("friend is back", func() bool { return a.hears(b) && a.knows(b) })
		check(t, c.Reach(t.Context(), a.did))
		c.until("new address of the holder is known", func() bool { return c.knows(b) })
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
	})
}

func TestOwnAddressesAreKeptRight(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		var said atomic.Pointer[[]string]
		said.Store(&[]string{"ana.example.org:8777", "nonsense"})
		a := newHome(t, w, ana, func(o *Options) { o.Advertise = func() []string { return *said.Load() } })
		b := newHome(t, w, bo)
		accept(b, invite(a, mb), mb)
		synctest.Wait()
		record := func() *friend.AddressRecord {
			return must[*friend.AddressRecord](t)(b.state.Address(t.Context(), a.did))
		}
		first := record()
		if got := first.Addresses(); len(got) != 2 || got[0] != "ana.example.org:8777" {
			t.Errorf("%q", got)
		}
		check(t, a.Readdress(t.Context()))
		synctest.Wait()
		if record().Seq() != first.Seq() {
			t.Error("a new record for nothing")
		}
		said.Store(&[]string{"ana.example.net:8777"})
		time.Sleep(addressTick)
		synctest.Wait()
		if got := record(); got.Addresses()[0] != "ana.example.net:8777" {
			t.Errorf("%q after a minute", got.Addresses())
		}
		// At half of its life there is another.
		before := record().Seq()
		a.ahead.Store(int64(friend.MaxRecordLife/2 + time.Hour))
		b.ahead.Store(a.ahead.Load())
		time.Sleep(addressTick)
		synctest.Wait()
		if record().Seq() == before {
			t.Error("not renewed")
		}
	})
}

func TestAddressesOfARecordThatEndedComeLast(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		check(t, a.state.SetHints(t.Context(), b.did, []string{"hint.example:1"}))
		first := func() string { return must[target](t)(a.target(t.Context(), b.did)).addrs[0].String() }
		if got := first(); got == "hint.example:1" {
			t.Errorf("%s before what bo says", got)
		}
		b.stop()
		a.ahead.Store(int64(friend.MaxRecordLife + time.Hour))
		if got := first(); got != "hint.example:1" {
			t.Errorf("%s first", got)
		}
		if n := len(must[target](t)(a.target(t.Context(), b.did)).addrs); n != 2 {
			t.Errorf("%d addresses", n)
		}
	})
}

func TestRecordsThatAreNone(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		own := must[*friend.AddressRecord](t)(a.state.Address(t.Context(), a.did))
		forged := must[*friend.AddressRecord](t)(friend.NewAddressRecord(a.key, a.cert.Load(), friend.AddressRequest{Now: a.now(), Known: own.Seq()}))
		a.heardAddresses(t.Context(), b.did, &wire.Addresses{Records: [][]byte{{1, 2}, forged.Bytes()}})
		if got := must[*friend.AddressRecord](t)(a.state.Address(t.Context(), a.did)); got.Seq() != own.Seq() {
			t.Error("others say where we are")
		}
	})
}
