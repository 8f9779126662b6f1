package peers

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// wantWarning fails the test unless there is one warning, which says something.
func (h *home) wantWarning(says string) {
	h.t.Helper()
	all := h.Warnings()
	if len(all) != 1 || !strings.Contains(all[0].Text, says) {
		h.t.Errorf("%q, want one that says %q", all, says)
	}
}

func (h *home) wantNoWarning() {
	h.t.Helper()
	if all := h.Warnings(); len(all) != 0 {
		h.t.Errorf("%q", all)
	}
}

func TestAClockThatIsWrongIsSaid(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		a.wantNoWarning()
		b.stop()
		b.ahead.Store(int64(3 * 24 * time.Hour))
		b.certify(0)
		b.start()
		check(t, a.state.SetHints(t.Context(), b.did, b.Addresses())) // it cannot say itself
		time.Sleep(5 * time.Minute)
		if a.Online(b.did) {
			t.Fatal("a certificate of the day after tomorrow is believed")
		}
		a.wantWarning("check both clocks")
		b.wantWarning("check the clocks of both machines")
		for _, w := range append(a.Warnings(), b.Warnings()...) {
			if w.Hint == "" {
				t.Errorf("nothing to do about %q", w.Text)
			}
		}
	})
}

func TestTwinsAreSaid(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		b.Twins(holder.Twins{DID: a.did})
		b.wantWarning("ana uses one radicle key on two machines")
		a.Twins(holder.Twins{DID: a.did})
		a.wantWarning("your radicle key is in use on another machine")
	})
}

func TestWhoIsSilentIsAskedAbout(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		sh := blobtest.NewShare(1, 1000)
		blobtest.MustPut(t, b.Holder(a.did), b.did, sh)
		b.stop()
		synctest.Wait()
		a.ahead.Store(int64(89 * 24 * time.Hour))
		a.wantNoWarning()
		a.ahead.Store(int64(91 * 24 * time.Hour))
		a.wantWarning("keep them, free them in 30 days, or ask common friends")
		must[control.Friend](t)(a.SetFriend(t.Context(), b.did.String(), control.SetFriend{Silence: new("free")}))
		a.wantNoWarning()

		held := func() int64 { return must[int64](t)(a.o.Store.Kept(t.Context(), b.did)) }
		a.ahead.Add(int64(29 * 24 * time.Hour))
		check(t, a.freeSilent(t.Context()))
		if held() != sh.Charge() {
			t.Error("freed before the 30 days")
		}
		a.ahead.Add(int64(2 * 24 * time.Hour))
		check(t, a.freeSilent(t.Context()))
		if held() != 0 {
			t.Error("not freed after 30 days")
		}
	})
}

func TestWhoComesBackKeepsTheirShares(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		blobtest.MustPut(t, b.Holder(a.did), b.did, blobtest.NewShare(1, 1000))
		must[control.Friend](t)(a.SetFriend(t.Context(), b.did.String(), control.SetFriend{Silence: new("free")}))
		time.Sleep(time.Hour) // they are here after that
		a.ahead.Store(int64(60 * 24 * time.Hour))
		check(t, a.freeSilent(t.Context()))
		if must[int64](t)(a.o.Store.Kept(t.Context(), b.did)) == 0 {
			t.Error("shares of a friend who is there are freed")
		}
	})
}

func TestNobodyReachesUs(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		friends(a, b, mb)
		time.Sleep(unreachedAfter + time.Hour)
		a.wantNoWarning() // nobody had to
		a.mu.Lock()
		a.reached, a.outward = time.Time{}, unreachedDials
		a.mu.Unlock()
		a.wantWarning("forward a port")
	})
}

// social is the Social of the tests.
type social struct {
	follows   map[radicle.DID]string
	delegates map[radicle.DID]int
}

func (s social) Follows(context.Context) (map[radicle.DID]string, error) { return s.follows, nil }
func (s social) Delegates(context.Context) (map[radicle.DID]int, error)  { return s.delegates, nil }

func TestSuggestions(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		did := func(n byte) radicle.DID { return radicle.NewMemorySigner([32]byte{90, n}).NID().DID() }
		s := social{
			follows:   map[radicle.DID]string{did(1): "both", did(2): "followed"},
			delegates: map[radicle.DID]int{did(1): 1, did(3): 5, did(4): 7},
		}
		a, b := newHome(t, w, ana, func(o *Options) { o.Social = s }), newHome(t, w, bo)
		friends(a, b, mb)
		s.follows[b.did], s.delegates[a.did] = "bo", 3 // a friend, and ourselves
		key := radicle.NewMemorySigner([32]byte{90, 4})
		cert := must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), key, keyring.CertificateRequest{
			Device: keyring.NewDeviceKey([32]byte{91}).Device(), Now: a.now(),
		}))
		must[keyring.Standing](t)(a.state.AddPublished(t.Context(), cert))
		got := must[control.Suggestions](t)(a.Suggestions(t.Context())).People
		want := []control.Suggestion{
			{DID: did(1), Alias: "both", Why: "followed, and a delegate with us", Repos: 1},
			{DID: did(4), Why: "a delegate with us", Repos: 7, Device: true},
			{DID: did(3), Why: "a delegate with us", Repos: 5},
			{DID: did(2), Alias: "followed", Why: "followed"},
		}
		if len(got) != len(want) {
			t.Fatalf("%+v", got)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%d: %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}

func TestDevicesOfOnePersonMeet(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		for _, pair := range [][2]*home{{a, b}, {b, a}} {
			must[keyring.Standing](t)(pair[0].state.AddPublished(t.Context(), pair[1].cert.Load()))
			check(t, pair[0].state.SetHints(t.Context(), pair[1].did, pair[1].Addresses()))
			out := must[control.Devices](t)(pair[0].AddDevice(t.Context(), control.Device{DID: pair[1].did}))
			if len(out.Further) != 1 || out.Further[0] != pair[1].did || out.Self != pair[0].did || out.Device != pair[0].key.Device().String() {
				t.Errorf("%+v", out)
			}
		}
		a.until("the other device is there", func() bool { return a.Online(b.did) })
		if len(a.Candidates()) != 0 || len(a.People()) != 0 {
			t.Error("a device of ours counts as a friend")
		}
		must[control.Devices](t)(a.RemoveDevice(t.Context(), b.did))
		if a.Online(b.did) {
			t.Error("still there")
		}
		_, err := a.RemoveDevice(t.Context(), b.did)
		wantCode(t, err, control.CodeNotFound)
	})
}

func TestNetAndDial(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana, func(o *Options) { o.Limits = func() holder.Limits { return holder.Limits{Up: 7, Down: 8} } }), newHome(t, w, bo)
		friends(a, b, mb)
		n := must[control.Net](t)(a.Net(t.Context()))
		if n.Up != 7 || n.Down != 8 || len(n.Listen) == 0 || len(n.Announced) == 0 || len(n.Peers) != 1 {
			t.Fatalf("%+v", n)
		}
		if p := n.Peers[0]; p.DID != b.did || !p.Online || p.Access != "friend" || p.Software != "test" || p.Since == nil || p.Address == "" {
			t.Errorf("%+v", p)
		}
		out := must[control.Dialled](t)(a.Dial(t.Context(), control.Dial{Who: b.did.String()}, silent))
		if !out.Peer.Online {
			t.Errorf("%+v", out)
		}
		b.stop()
		a.until("friend has gone", func() bool { return !a.Online(b.did) })
		_, err := a.Dial(t.Context(), control.Dial{Who: b.did.String()}, silent)
		wantCode(t, err, control.CodeMissing)
		p := must[control.Net](t)(a.Net(t.Context())).Peers[0]
		if p.Online || p.Problem == "" {
			t.Errorf("%+v", p)
		}
		_, err = a.Dial(t.Context(), control.Dial{Who: "cy"}, silent)
		wantCode(t, err, control.CodeNotFound)
	})
}

func TestTheDatabaseIsCopiedEachDay(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a := newHome(t, w, ana)
		synctest.Wait()
		if done := must[bool](t)(a.state.BackupDaily(t.Context())); done {
			t.Error("no copy at the start")
		}
		a.ahead.Store(int64(25 * time.Hour))
		time.Sleep(renewTick + time.Minute)
		synctest.Wait()
		if done := must[bool](t)(a.state.BackupDaily(t.Context())); done {
			t.Error("no copy a day later")
		}
	})
}
