package friend_test

import (
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
)

// wantDevice fails the test unless a device stands so: "current", "expired-known", or a class.
func (h *home) wantDevice(tb testing.TB, p person, want string) {
	tb.Helper()
	did, standing, err := h.ByDevice(p.key.Device())
	got := class(err)
	if err == nil {
		if got = standing.String(); standing == keyring.Expired {
			got = "expired-known"
		}
		if did != p.did() {
			tb.Errorf("device of %v, want %v", did, p.did())
		}
	}
	if got != want {
		tb.Errorf("device is %s, want %s", got, want)
	}
}

func (h *home) add(tb testing.TB, cert *keyring.Certificate) error {
	tb.Helper()
	_, err := h.AddCertificate(tb.Context(), cert)
	return err
}

func TestDevicesAreKnownAgain(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	h.befriend(t, bo())
	h.wantDevice(t, bo(), "absent")
	check(t, h.add(t, bo().certificate(t, now)))
	h.wantDevice(t, bo(), "current")
	h.again(t)
	h.wantDevice(t, bo(), "current")
	clock.add(91 * day)
	h.wantDevice(t, bo(), "expired-known")
	h.again(t)
	h.wantDevice(t, bo(), "expired-known")
}

// No restart brings back a device that was replaced.
func TestReplacedDevicesStayReplaced(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	old, next := bo(), bo().on(0x12)
	stolen := old.certificate(t, now)
	check(t, h.add(t, stolen))
	clock.add(time.Hour)
	check(t, h.add(t, next.certificate(t, clock.now())))
	for range 2 {
		wantClass(t, h.add(t, stolen), "retired")
		h.wantDevice(t, old, "absent")
		h.wantDevice(t, next, "current")
		h.again(t)
	}
	// Even a certificate that has run out retires others, and is not forgotten.
	third := bo().on(0x13)
	late := third.certificate(t, clock.now().Add(time.Hour))
	clock.add(100 * day)
	wantClass(t, h.add(t, late), "expired")
	h.again(t)
	h.wantDevice(t, next, "absent")
	h.wantDevice(t, third, "expired")
	wantClass(t, h.add(t, third.certificate(t, clock.now().Add(2*day))), "clock")
}

// Whoever publishes a certificate could name another's machine in it.
func TestPublishedCertificatesClaimNoDevice(t *testing.T) {
	h := newHome(t, fixed)
	mallory := person{cy().MemorySigner, bo().key}
	publish := func(c *keyring.Certificate) {
		t.Helper()
		_, err := h.AddPublished(t.Context(), c)
		check(t, err)
	}
	publish(mallory.certificate(t, now))
	h.wantDevice(t, mallory, "absent")
	check(t, h.add(t, bo().certificate(t, now)))
	publish(mallory.certificate(t, now.Add(time.Minute)))
	for range 2 {
		h.wantDevice(t, bo(), "current")
		if k, ok := h.Certificate(cy().did()); !ok || k.Certificate.Device() != bo().key.Device() {
			t.Error("a published certificate that is not known")
		}
		h.again(t)
	}
	// The device agrees, and its next certificate may be published.
	publish(cy().certificate(t, now.Add(2*time.Minute)))
	h.wantDevice(t, cy(), "absent")
	check(t, h.add(t, cy().certificate(t, now.Add(2*time.Minute))))
	h.wantDevice(t, cy(), "current")
	h.again(t)
	h.wantDevice(t, cy(), "current")
	publish(cy().certificate(t, now.Add(3*time.Minute)))
	h.again(t)
	h.wantDevice(t, cy(), "current")
	publish(cy().on(0x44).certificate(t, now.Add(4*time.Minute)))
	h.wantDevice(t, cy(), "absent")
	h.again(t)
	h.wantDevice(t, cy(), "absent")
	h.wantDevice(t, cy().on(0x44), "absent")
	// Nor has it agreed when the one that it replaced comes.
	wantClass(t, h.add(t, cy().certificate(t, now.Add(3*time.Minute))), "retired")
	h.wantDevice(t, cy().on(0x44), "absent")
	h.again(t)
	h.wantDevice(t, cy().on(0x44), "absent")
}

// Strangers drive out strangers, and nobody else.
func TestCertificatesOfStrangersAreBounded(t *testing.T) {
	h := smallHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.AddMine(t.Context(), cy().did()))
	for _, p := range []person{ana(), bo(), cy()} {
		check(t, h.add(t, p.certificate(t, now)))
	}
	for i := range 7 {
		check(t, h.add(t, somebody(i).certificate(t, now)))
	}
	for range 2 {
		for _, p := range []person{ana(), bo(), cy(), somebody(3), somebody(6)} {
			h.wantDevice(t, p, "current")
		}
		for i := range 3 {
			h.wantDevice(t, somebody(i), "absent")
			if _, ok := h.Certificate(somebody(i).did()); ok {
				t.Error("forgotten, and there")
			}
		}
		h.again(t)
	}
	check(t, h.RemoveFriend(t.Context(), bo().did()))
	h.wantDevice(t, bo(), "current") // as a stranger's
	check(t, h.add(t, somebody(7).certificate(t, now)))
	h.wantDevice(t, bo(), "absent")
	h.wantDevice(t, somebody(4), "current")
}

// Certificates that were only published make room for those of devices that came themselves.
func TestPublishedCertificatesGoFirst(t *testing.T) {
	h := smallHome(t, fixed) // 4
	for i := range 3 {
		check(t, h.add(t, somebody(i).certificate(t, now)))
	}
	for i := 3; i < 20; i++ {
		_, err := h.AddPublished(t.Context(), somebody(i).certificate(t, now))
		check(t, err)
	}
	check(t, h.add(t, somebody(20).certificate(t, now)))
	for _, i := range []int{0, 1, 2, 20} {
		h.wantDevice(t, somebody(i), "current")
	}
}

// card is a card of a person, of a time.
func (p person) card(tb testing.TB, at time.Time) *keyring.Card {
	tb.Helper()
	ring := must[*keyring.Keyring](tb)(keyring.Unlock(tb.Context(), p))
	return must[*keyring.Card](tb)(ring.Card(tb.Context(), p, 0, at))
}

func TestOlderCardsStayRefused(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	h.befriend(t, bo())
	old, next := bo().card(t, now), bo().card(t, now.Add(time.Hour))
	check(t, h.AddCard(t.Context(), old))
	check(t, h.AddCard(t.Context(), next))
	wantClass(t, h.AddCard(t.Context(), bo().card(t, now.Add(25*time.Hour))), "clock")
	clock.add(-400 * day) // the clock forgets, we do not
	h.again(t)
	if got := h.Card(bo().did()); got == nil || got.Seq() != next.Seq() {
		t.Fatalf("card %v", got)
	}
	clock.add(400 * day)
	wantClass(t, h.AddCard(t.Context(), old), "rollback")
	check(t, h.AddCard(t.Context(), next))
	if h.Card(cy().did()) != nil {
		t.Error("a card of somebody else")
	}
}

func TestCardsOfStrangersAreBounded(t *testing.T) {
	h := smallHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.AddCard(t.Context(), bo().card(t, now)))
	for i := range 5 {
		check(t, h.AddCard(t.Context(), somebody(i).card(t, now)))
	}
	for range 2 {
		for i := range 5 {
			if got := h.Card(somebody(i).did()) != nil; got != (i >= 2) {
				t.Errorf("card of %d: %v", i, got)
			}
		}
		if h.Card(bo().did()) == nil {
			t.Error("a friend's card is gone")
		}
		h.again(t)
	}
}

// What a database cannot write is not believed either: memory never runs ahead of it.
func TestRefusedWritesLeaveNothing(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Run(`CREATE TRIGGER no_certificate BEFORE INSERT ON certificate BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER no_card BEFORE INSERT ON card BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER no_friend BEFORE INSERT ON friend BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER no_removal BEFORE DELETE ON friend BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER no_mine BEFORE INSERT ON mine BEGIN SELECT RAISE(ABORT, 'no'); END;
		CREATE TRIGGER no_use BEFORE UPDATE ON invitation BEGIN SELECT RAISE(ABORT, 'no'); END`))
	secret, _, err := h.Invite(t.Context(), 1, "cy", 0)
	check(t, err)
	_, accepted := h.Accept(t.Context(), secret, cy().certificate(t, now), 1)
	for name, err := range map[string]error{
		"certificate": h.add(t, bo().certificate(t, now)),
		"card":        h.AddCard(t.Context(), bo().card(t, now)),
		"friend":      h.AddFriend(t.Context(), friend.Friend{DID: somebody(1).did()}),
		"pledge":      h.SetGiven(t.Context(), bo().did(), 1, 1, 1),
		"removal":     h.RemoveFriend(t.Context(), bo().did()),
		"mine":        h.AddMine(t.Context(), cy().did()),
		"accept":      accepted,
	} {
		if err == nil {
			t.Errorf("%s: done", name)
		}
	}
	for range 2 {
		h.wantDevice(t, bo(), "absent")
		h.wantDevice(t, cy(), "absent")
		f, ok := h.Friend(bo().did())
		if !ok || f.Given.Give != 0 || len(h.Friends()) != 1 || h.Card(bo().did()) != nil || len(h.Mine()) != 0 {
			t.Errorf("%+v, %v, %v", h.Friends(), h.Card(bo().did()), h.Mine())
		}
		h.again(t)
	}
}

// The same when it is the commit that fails.
func TestRefusedCommitsLeaveNothing(t *testing.T) {
	h := newHome(t, fixed)
	h.befriend(t, bo())
	check(t, h.Run(`PRAGMA foreign_keys = on; CREATE TABLE parent (id INTEGER PRIMARY KEY);
		CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
		CREATE TRIGGER orphan_certificate AFTER INSERT ON certificate BEGIN INSERT INTO child VALUES (1); END;
		CREATE TRIGGER orphan_friend AFTER UPDATE ON friend BEGIN INSERT INTO child VALUES (1); END`))
	if err := h.add(t, bo().certificate(t, now)); err == nil {
		t.Error("done")
	}
	if err := h.SetGiven(t.Context(), bo().did(), 1, 1, 1); err == nil {
		t.Error("done")
	}
	h.wantDevice(t, bo(), "absent")
	if f, _ := h.Friend(bo().did()); f.Given.Give != 0 {
		t.Errorf("%+v", f)
	}
	check(t, h.Run("DROP TRIGGER orphan_friend; DROP TRIGGER orphan_certificate"))
	check(t, h.SetGiven(t.Context(), bo().did(), 1, 1, 1))
	check(t, h.add(t, bo().certificate(t, now)))
}
