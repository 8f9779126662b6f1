package peers

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

func someRepo(t testing.TB) radicle.RID {
	t.Helper()
	return must[radicle.RID](t)(radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"))
}

// reader makes cy a member of ana's repository who reads what bo keeps for ana, and has them all meet: bo has a share of ana's.
func reader(t testing.TB, w world) (a, b, c *home, sh blobtest.Share) {
	t.Helper()
	a, b, c = newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
	friends(a, b, mb)
	sh = blobtest.NewShare(1, 100_000)
	blobtest.MustPut(t, a.Holder(b.did), a.did, sh)
	b.mu.Lock()
	l := b.contacts[a.did].best()
	b.mu.Unlock()
	check(t, b.tellPledge(t.Context(), l)) // as soon as the tick would
	a.until("shares of ours are there", func() bool { return a.Person(b.did).Used > 0 })

	a.repos.admit(c.did)
	i := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
	line := must[string](t)(friend.MemberLine{Introduction: i, Name: "ana", Addresses: a.Addresses()}.Encode())
	accept(c, line, 0)
	check(t, c.Reach(t.Context(), a.did))
	c.until("holders are known", func() bool { return c.knows(b) })
	return a, b, c, sh
}

func TestAGuestReadsWhileTheOwnerIsAway(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b, c, sh := reader(t, w)
		a.stop()
		check(t, fetch(t, c.Holder(b.did), sh))
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
		c.stop()
		c.start()
		check(t, fetch(t, c.Holder(b.did), sh)) // whose introduction to show is not forgotten
		if c.Person(b.did).Friend || len(b.state.Friends()) != 1 {
			t.Error("a guest is a friend")
		}
		// Not for anybody else, and not without an introduction.
		if err := fetch(t, c.HolderFor(a.did, b.did), sh); err == nil {
			t.Error("read at who is away")
		}
		other := blobtest.NewShare(2, 1000)
		if _, err := c.HolderFor(b.did, a.did).Put(t.Context(), []blobstore.Offer{other.Offer(c.did)}); err == nil {
			if got, _ := c.HolderFor(b.did, a.did).Put(t.Context(), []blobstore.Offer{other.Offer(c.did)}); got[0].Err == nil {
				t.Error("a guest puts")
			}
		}
	})
}

func TestWhoWasNotIntroducedReadsNothing(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c, sh := reader(t, w)
		synctest.Wait()
		check(t, a.Revoke(t.Context(), c.did))
		synctest.Wait()
		err := fetch(t, c.HolderFor(b.did, a.did), sh)
		if !errors.Is(err, ErrUnreachable) || !errors.Is(err, ErrNotAdmitted) {
			t.Errorf("after it was revoked: %v", err)
		}
		time.Sleep(time.Minute) // until that is forgotten
		if err := fetch(t, c.HolderFor(b.did, b.did), sh); !errors.Is(err, ErrNotAdmitted) {
			t.Errorf("for itself: %v", err)
		}
		time.Sleep(time.Minute)
		d := radicle.NewMemorySigner([32]byte{77}).NID().DID()
		if err := fetch(t, c.HolderFor(b.did, d), sh); !errors.Is(err, ErrNotIntroduced) {
			t.Errorf("for somebody who introduced nobody: %v", err)
		}
	})
}

func TestARevocationReachesWhoWasAway(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c, sh := reader(t, w)
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
		b.stop()
		check(t, a.Revoke(t.Context(), c.did))
		a.until("friend has gone", func() bool { return !a.Online(b.did) })
		b.start()
		a.until("friend is there", func() bool { return a.hears(b) })
		check(t, c.state.SetHints(t.Context(), b.did, b.Addresses()))
		c.until("the holder as it was is gone", func() bool { return !c.Online(b.did) })
		synctest.Wait()
		if err := fetch(t, c.HolderFor(b.did, a.did), sh); !errors.Is(err, ErrNotAdmitted) {
			t.Errorf("a guest that was revoked: %v", err)
		}

		// And may be introduced again at once.
		i := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
		check(t, c.state.AddReceived(t.Context(), i))
		time.Sleep(time.Minute)
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
	})
}

func TestAFriendReadsWhatAnotherOwns(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		_, b, c, sh := reader(t, w)
		friends(b, c, mb)
		if err := fetch(t, c.HolderFor(b.did, c.did), sh); err == nil {
			t.Error("a friend reads another's shares without an introduction")
		}
		check(t, fetch(t, c.Holder(b.did), sh))
	})
}

func TestIntroductionsAreReusedAndRenewed(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, _, c, _ := reader(t, w)
		first := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t)))
		if again := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, someRepo(t))); again.ID() != first.ID() {
			t.Error("another one each time")
		}
		if other := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, radicle.RID{})); other.ID() == first.ID() {
			t.Error("one for all repositories")
		}
		for _, h := range []*home{a, c} {
			h.ahead.Store(int64(friend.MaxIntroductionLife/2 + time.Hour))
			h.certify(0)
		}
		a.repos.unread = true
		check(t, a.renew(t.Context()))
		if n := len(must[[]friend.Issued](t)(a.state.Issued(t.Context(), c.did))); n != 3 { // that for all is renewed in any case
			t.Errorf("%d introductions where nobody reads", n)
		}
		a.repos.unread = false
		check(t, a.renew(t.Context()))
		check(t, a.renew(t.Context()))
		if n := len(must[[]friend.Issued](t)(a.state.Issued(t.Context(), c.did))); n != 4 {
			t.Errorf("%d introductions", n)
		}
		synctest.Wait()
		got := must[[]*friend.Introduction](t)(c.state.Received(t.Context(), a.did))
		if len(got) == 0 || !got[0].NotAfter().After(first.NotAfter()) {
			t.Error("the guest has no newer one")
		}
	})
}

func TestIntroductionsAreDeliveredAtContact(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, _, c, _ := reader(t, w)
		c.stop()
		rid := must[radicle.RID](t)(radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"))
		i := must[*friend.Introduction](t)(a.Introduce(t.Context(), c.did, rid))
		c.start()
		check(t, c.Reach(t.Context(), a.did))
		synctest.Wait()
		got := must[[]*friend.Introduction](t)(c.state.Received(t.Context(), a.did))
		if !slices.ContainsFunc(got, func(g *friend.Introduction) bool { return g.ID() == i.ID() }) {
			t.Error("not delivered")
		}
		// One of somebody else is not kept.
		c.heardIntroductions(t.Context(), a.did, &wire.Introductions{Introductions: [][]byte{{1}, must[*friend.Introduction](t)(a.Introduce(t.Context(), radicle.NewMemorySigner([32]byte{78}).NID().DID(), rid)).Bytes()}})
		if n := len(must[[]*friend.Introduction](t)(c.state.Received(t.Context(), radicle.DID{}))); n != len(got) {
			t.Errorf("%d introductions", n)
		}
	})
}

func TestLinesOfGuestsEndWhenNobodyUsesThem(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c, sh := reader(t, w)
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
		if !c.Online(b.did) {
			t.Fatal("not there")
		}
		time.Sleep(idleAfter + 2*idleTick)
		if c.Online(b.did) {
			t.Error("still there")
		}
		check(t, fetch(t, c.HolderFor(b.did, a.did), sh))
	})
}
