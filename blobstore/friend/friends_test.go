package friend_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

// sameTimes compares times by their moment.
var sameTimes = cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })

// full is a friend of whom everything is known.
func full() friend.Friend {
	return friend.Friend{
		DID: bo().did(), Name: "bo", Give: 50 << 30, Given: friend.Given{Give: 20 << 30, Used: 7, Room: 1 << 30, At: now},
		Up: 2_000_000, Down: 3_000_000, Household: "lake", Draining: now, Silence: friend.SilenceAsk, ChosenAt: now,
	}
}

func TestFriendsAreKept(t *testing.T) {
	h := newHome(t, fixed)
	want := full()
	check(t, h.AddFriend(t.Context(), want))
	want.Added = now
	for range 2 {
		got, ok := h.Friend(want.DID)
		if diff := cmp.Diff(want, got, sameTimes); diff != "" || !ok {
			t.Error(diff)
		}
		if named, ok := h.Named("bo"); !ok || named != got {
			t.Errorf("named bo: %v", named)
		}
		h.again(t)
	}
	if _, ok := h.Friend(cy().did()); ok {
		t.Error("a friend that is none")
	}
	if _, ok := h.Named(""); ok {
		t.Error("somebody without a name")
	}
	wantClass(t, h.AddFriend(t.Context(), want), "exists")
}

func TestFriendsAreChanged(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo(), cy())
	set := func(p person, edit func(*friend.Friend)) error {
		return h.SetFriend(t.Context(), p.did(), func(f *friend.Friend) error { edit(f); return nil })
	}
	check(t, set(bo(), func(f *friend.Friend) {
		*f = full()
		f.DID, f.Added, f.Seen = cy().did(), time.Time{}, now
	}))
	want := full()
	want.Added = now
	got, _ := h.Friend(bo().did())
	if diff := cmp.Diff(want, got, sameTimes); diff != "" {
		t.Error(diff)
	}
	check(t, h.SetGiven(t.Context(), cy().did(), 3, 2, 1))
	if got, _ := h.Friend(cy().did()); got.Given.Give != 3 || got.Given.Used != 2 || got.Given.Room != 1 || !got.Given.At.Equal(now) {
		t.Errorf("given %+v", got.Given)
	}
	wantClass(t, set(cy(), func(f *friend.Friend) { f.Name = "bo" }), "taken")
	check(t, set(bo(), func(f *friend.Friend) { f.Name = "" }))
	check(t, set(cy(), func(f *friend.Friend) { f.Name = "bo" }))
	check(t, set(bo(), func(f *friend.Friend) { f.Name = "Bo" }))
	h.again(t)
	if f, _ := h.Named("bo"); f.DID != cy().did() {
		t.Error("a name that moved")
	}
	if all := h.Friends(); len(all) != 2 || all[0].Name != "Bo" || all[1].Name != "bo" {
		t.Errorf("%v", all)
	}
	own := errors.New("own")
	if err := h.SetFriend(t.Context(), bo().did(), func(f *friend.Friend) error { f.Give = 1; return own }); err != own {
		t.Error(err)
	}
	if f, _ := h.Friend(bo().did()); f.Give != full().Give {
		t.Error("changed by an edit that failed")
	}
	wantClass(t, set(somebody(1), func(*friend.Friend) {}), "absent")
	wantClass(t, h.SetGiven(t.Context(), somebody(1).did(), 1, 1, 1), "absent")
}

func TestFriendsOutOfBounds(t *testing.T) {
	h := newHome(t, fixed)
	for name, c := range map[string]struct {
		want string
		edit func(*friend.Friend)
	}{
		"nothing": {"ok", func(*friend.Friend) {}},
		"most": {"ok", func(f *friend.Friend) {
			f.Give, f.Given.Give, f.Up = friend.MaxPledge, friend.MaxPledge, friend.MaxPledge
		}},
		"give":               {"bounds", func(f *friend.Friend) { f.Give = friend.MaxPledge + 1 }},
		"negative":           {"bounds", func(f *friend.Friend) { f.Give = -1 }},
		"given":              {"bounds", func(f *friend.Friend) { f.Given.Give = -1 }},
		"used":               {"bounds", func(f *friend.Friend) { f.Given.Used = friend.MaxPledge + 1 }},
		"room":               {"bounds", func(f *friend.Friend) { f.Given.Room = -1 }},
		"up":                 {"bounds", func(f *friend.Friend) { f.Up = -1 }},
		"down":               {"bounds", func(f *friend.Friend) { f.Down = -1 }},
		"silence":            {"bounds", func(f *friend.Friend) { f.Silence = 3 }},
		"self":               {"self", func(f *friend.Friend) { f.DID = ana().did() }},
		"nobody":             {"key", func(f *friend.Friend) { f.DID = radicle.DID{} }},
		"name":               {"name", func(f *friend.Friend) { f.Name = "a b" }},
		"household":          {"name", func(f *friend.Friend) { f.Household = strings.Repeat("h", 33) }},
		"household of a kin": {"name", func(f *friend.Friend) { f.Household = "\u202e" }},
	} {
		f := friend.Friend{DID: bo().did()}
		c.edit(&f)
		if got := class(h.AddFriend(t.Context(), f)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if c.want == "ok" {
			check(t, h.RemoveFriend(t.Context(), f.DID))
		}
	}
	if n := h.count(t, "friend"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

func TestNames(t *testing.T) {
	for s, want := range map[string]string{
		"a": "ok", "bo": "ok", "Bärbel-2": "ok", "李": "ok", strings.Repeat("n", 32): "ok", "a-": "ok",
		"": "name", strings.Repeat("n", 33): "name", "-a": "name", "a b": "name", "a\tb": "name", "a\x00": "name", "\xff": "name",
		"a\u00a0b": "name", "a\u200bb": "name", "\u202eoba": "name", "\ufeffa": "name", "a\nb": "name",
	} {
		if got := class(friend.CheckName(s)); got != want {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func TestFriendsAreRemoved(t *testing.T) {
	h := newHome(t, fixed)
	check(t, h.AddFriend(t.Context(), full()))
	check(t, h.RemoveFriend(t.Context(), bo().did()))
	for range 2 {
		if _, ok := h.Friend(bo().did()); ok || len(h.Friends()) > 0 {
			t.Error("still a friend")
		}
		if _, ok := h.Named("bo"); ok {
			t.Error("still named")
		}
		wantClass(t, h.RemoveFriend(t.Context(), bo().did()), "absent")
		check(t, h.Saw(bo().did()))
		h.again(t)
	}
	check(t, h.AddFriend(t.Context(), full()))
}

// Who is here is seen at once, and written now and then.
func TestSeen(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	h.befriend(t, bo())
	seen := func(want time.Time) {
		t.Helper()
		if f, _ := h.Friend(bo().did()); !f.Seen.Equal(want) {
			t.Errorf("seen %v, want %v", f.Seen, want)
		}
	}
	written := func(want time.Time) {
		t.Helper()
		if got := must[int64](t)(h.Int("SELECT seen FROM friend")); got != want.Unix() {
			t.Errorf("written %d, want %d", got, want.Unix())
		}
	}
	seen(time.Time{})
	check(t, h.Saw(bo().did()))
	seen(clock.now())
	written(now)
	clock.add(9 * time.Minute)
	check(t, h.Saw(bo().did()))
	seen(clock.now())
	written(now)
	check(t, h.SetGiven(t.Context(), bo().did(), 1, 1, 1)) // takes it along
	seen(clock.now())
	written(clock.now())
	clock.add(9 * time.Minute)
	check(t, h.Saw(bo().did()))
	written(clock.now().Add(-9 * time.Minute))
	h.again(t) // writes it
	seen(clock.now())
	clock.add(10 * time.Minute)
	check(t, h.Saw(bo().did()))
	written(clock.now())
	clock.add(-30 * day) // the clock was wrong
	check(t, h.Saw(bo().did()))
	seen(clock.now())
	written(clock.now())
}

func TestFriendsAreBounded(t *testing.T) {
	h := smallHome(t, fixed)
	for i := range 8 {
		h.befriend(t, somebody(i))
	}
	wantClass(t, h.AddFriend(t.Context(), full()), "limit")
	check(t, h.SetFriend(t.Context(), somebody(0).did(), func(f *friend.Friend) error { f.Give = 1; return nil }))
	check(t, h.RemoveFriend(t.Context(), somebody(0).did()))
	check(t, h.AddFriend(t.Context(), full()))
}

func TestMine(t *testing.T) {
	h := smallHome(t, fixed)
	wantClass(t, h.AddMine(t.Context(), ana().did()), "self")
	wantClass(t, h.AddMine(t.Context(), radicle.DID{}), "key")
	for range 2 {
		check(t, h.AddMine(t.Context(), bo().did()))
	}
	check(t, h.AddMine(t.Context(), cy().did()))
	wantClass(t, h.AddMine(t.Context(), somebody(1).did()), "limit")
	h.again(t)
	if !h.IsMine(ana().did()) || !h.IsMine(bo().did()) || !h.IsMine(cy().did()) || h.IsMine(somebody(1).did()) {
		t.Error(h.Mine())
	}
	check(t, h.RemoveMine(t.Context(), bo().did()))
	wantClass(t, h.RemoveMine(t.Context(), bo().did()), "absent")
	h.again(t)
	if all := h.Mine(); len(all) != 1 || all[0] != cy().did() {
		t.Error(all)
	}
}

func ExampleSilence() {
	fmt.Println(friend.SilenceKeep, friend.SilenceFree, friend.SilenceAsk, friend.Silence(9))
	// Output: keep free ask unknown
}
