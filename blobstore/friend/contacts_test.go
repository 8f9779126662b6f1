package friend_test

import (
	"slices"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

func TestUptimeIsThePartOfTheLooks(t *testing.T) {
	c := newClock()
	h := newHome(t, c.now)
	h.befriend(t, bo())
	here := true
	sample := func(n int) {
		t.Helper()
		for range n {
			check(t, h.Sample(t.Context(), func(did radicle.DID) bool { return here && did == bo().did() }))
		}
	}
	want := func(did radicle.DID, want friend.Uptime) {
		t.Helper()
		if got := must[map[radicle.DID]friend.Uptime](t)(h.Uptime(t.Context()))[did]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	want(bo().did(), friend.Uptime{})
	sample(3)
	here = false
	sample(1)
	want(bo().did(), friend.Uptime{Present: 3, Samples: 4})

	// Who is a friend for less long is measured from then on.
	h.befriend(t, cy())
	c.add(10 * day)
	sample(2)
	want(cy().did(), friend.Uptime{Present: 0, Samples: 2})
	want(bo().did(), friend.Uptime{Present: 3, Samples: 6})
	h.again(t)
	want(bo().did(), friend.Uptime{Present: 3, Samples: 6})

	// What is older than 30 days does not count.
	c.add(20 * day)
	want(bo().did(), friend.Uptime{Present: 0, Samples: 2})
	sample(1)
	want(bo().did(), friend.Uptime{Present: 0, Samples: 3})
	if n := must[int64](t)(h.Int("SELECT count(*) FROM uptime")); n != 4 {
		t.Errorf("%d rows", n)
	}

	// Nor does what is kept of a former friend, should it be one again.
	check(t, h.RemoveFriend(t.Context(), cy().did()))
	want(cy().did(), friend.Uptime{})
	sample(1)
	h.befriend(t, cy())
	want(cy().did(), friend.Uptime{})
}

func TestAClockThatWasAheadLeavesNoUptime(t *testing.T) {
	c := newClock()
	h := newHome(t, c.now)
	h.befriend(t, bo())
	c.add(900 * day)
	check(t, h.Sample(t.Context(), func(radicle.DID) bool { return false }))
	c.add(-900 * day)
	check(t, h.Sample(t.Context(), func(radicle.DID) bool { return true }))
	if got := must[map[radicle.DID]friend.Uptime](t)(h.Uptime(t.Context()))[bo().did()]; got != (friend.Uptime{Present: 1, Samples: 1}) {
		t.Errorf("%+v", got)
	}
}

func TestHints(t *testing.T) {
	c := newClock()
	h := smallHome(t, c.now)
	hints := func(p person) []string {
		t.Helper()
		return must[[]string](t)(h.Hints(t.Context(), p.did()))
	}
	if got := hints(bo()); len(got) != 0 {
		t.Errorf("%q", got)
	}
	addresses := []string{"bo.example.org:8777", "192.0.2.1:1"}
	check(t, h.SetHints(t.Context(), bo().did(), addresses))
	h.again(t)
	if got := hints(bo()); !slices.Equal(got, addresses) {
		t.Errorf("%q", got)
	}
	wantClass(t, h.SetHints(t.Context(), bo().did(), []string{"bo"}), "encoding")
	wantClass(t, h.SetHints(t.Context(), bo().did(), slices.Repeat(addresses, 9)), "bounds")
	if got := hints(bo()); !slices.Equal(got, addresses) {
		t.Errorf("%q after what was refused", got)
	}
	for n := range 3 { // one more than there is room for
		c.add(time.Second)
		check(t, h.SetHints(t.Context(), somebody(n).did(), addresses[:1]))
	}
	if got := hints(bo()); len(got) != 0 {
		t.Errorf("the oldest stays: %q", got)
	}
	check(t, h.SetHints(t.Context(), somebody(2).did(), nil))
	if len(hints(somebody(2))) != 0 || len(hints(somebody(1))) != 1 {
		t.Error("not the one that was removed")
	}
}

func TestKeepers(t *testing.T) {
	h := smallHome(t, newClock().now)
	add := func(owner, keeper person) { t.Helper(); check(t, h.AddKeeper(t.Context(), owner.did(), keeper.did())) }
	of := func(keeper person) []radicle.DID {
		t.Helper()
		return must[map[radicle.DID][]radicle.DID](t)(h.Keepers(t.Context()))[keeper.did()]
	}
	add(bo(), somebody(1))
	add(cy(), somebody(1))
	add(cy(), somebody(1))
	h.again(t)
	if got := of(somebody(1)); !slices.Equal(got, []radicle.DID{cy().did(), bo().did()}) {
		t.Errorf("%v", got)
	}
	add(bo(), somebody(2))
	add(bo(), somebody(3)) // one more of bo's than are kept: the first goes
	if got := of(somebody(1)); !slices.Equal(got, []radicle.DID{cy().did()}) || len(of(somebody(3))) != 1 {
		t.Errorf("%v", got)
	}
	add(somebody(9), somebody(4)) // and one more owner: cy told longest ago
	if len(of(somebody(1))) != 0 || len(of(somebody(4))) != 1 || len(of(somebody(2))) != 1 {
		t.Error("another owner's keepers went")
	}
}
