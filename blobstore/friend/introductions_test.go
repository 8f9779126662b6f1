package friend_test

import (
	"slices"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

// holderOfBo is a home whose friend is Bo, who introduces Cy.
func holderOfBo(t *testing.T) (*home, *clock) {
	t.Helper()
	clock := newClock()
	h := smallHome(t, clock.now)
	h.befriend(t, bo())
	return h, clock
}

func TestGuestsAreLetIn(t *testing.T) {
	h, clock := holderOfBo(t)
	i := bo().introduces(t, cy(), now)
	admit := func(guest person, want string) {
		t.Helper()
		wantClass(t, h.CheckIntroduction(t.Context(), i, guest.did()), want)
	}
	admit(cy(), "ok")
	h.wantDevice(t, bo(), "current") // it was never met, and has signed this
	admit(bo(), "mismatch")
	clock.add(399 * day) // long after the certificate
	h.again(t)
	admit(cy(), "ok")
	clock.add(day - time.Second)
	admit(cy(), "ok")
	clock.add(time.Second)
	admit(cy(), "ended")
	clock.at.Store(now.Add(-25 * time.Hour).UnixNano())
	admit(cy(), "clock")
}

func TestStrangersIntroduceNobody(t *testing.T) {
	h, _ := holderOfBo(t)
	wantClass(t, h.CheckIntroduction(t.Context(), somebody(1).introduces(t, cy(), now), cy().did()), "stranger")
	h.wantDevice(t, somebody(1), "absent")
	check(t, h.RemoveFriend(t.Context(), bo().did()))
	wantClass(t, h.CheckIntroduction(t.Context(), bo().introduces(t, cy(), now), cy().did()), "stranger")
}

// Another DID of this person introduces as a friend does.
func TestMyOtherSelfIntroduces(t *testing.T) {
	h, _ := holderOfBo(t)
	i := somebody(1).introduces(t, cy(), now)
	wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "stranger")
	check(t, h.AddMine(t.Context(), somebody(1).did()))
	check(t, h.CheckIntroduction(t.Context(), i, cy().did()))
	check(t, h.AddRevocation(t.Context(), revokeOne(t, somebody(1), i, now)))
	wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "revoked")
}

// What a machine introduced ends when another takes its place, and what the other introduces holds.
func TestIntroductionsOfAReplacedMachine(t *testing.T) {
	h, clock := holderOfBo(t)
	i := bo().introduces(t, cy(), now)
	check(t, h.CheckIntroduction(t.Context(), i, cy().did()))
	clock.add(time.Hour)
	next := bo().on(0x12).introduces(t, cy(), clock.now())
	check(t, h.CheckIntroduction(t.Context(), next, cy().did()))
	wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "retired")
	// The renewed certificate of one machine ends nothing.
	clock.add(50 * day)
	check(t, h.add(t, bo().on(0x12).certificate(t, clock.now())))
	check(t, h.CheckIntroduction(t.Context(), next, cy().did()))
}

func revokeOne(t *testing.T, p person, i *friend.Introduction, at time.Time) *friend.Revocation {
	t.Helper()
	return must[*friend.Revocation](t)(friend.RevokeOne(p.key, p.certificate(t, at), i, at))
}

func revokeGuest(t *testing.T, p, guest person, before, at time.Time) *friend.Revocation {
	t.Helper()
	return must[*friend.Revocation](t)(friend.RevokeGuest(p.key, p.certificate(t, at), guest.did(), before, at))
}

func TestOneIsRevoked(t *testing.T) {
	for _, first := range []bool{false, true} { // before or after it was seen
		h, clock := holderOfBo(t)
		i, other := bo().introduces(t, cy(), now), bo().introduces(t, cy(), now)
		if !first {
			check(t, h.CheckIntroduction(t.Context(), i, cy().did()))
		}
		for range 2 {
			check(t, h.AddRevocation(t.Context(), revokeOne(t, bo(), i, now)))
		}
		check(t, h.RemoveFriend(t.Context(), bo().did())) // and friends again
		h.befriend(t, bo())
		clock.add(390 * day)
		h.again(t)
		wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "revoked")
		check(t, h.CheckIntroduction(t.Context(), other, cy().did()))
	}
}

func TestAGuestIsRevoked(t *testing.T) {
	h, _ := holderOfBo(t)
	old, last := bo().introduces(t, cy(), now.Add(-time.Hour)), bo().introduces(t, cy(), now.Add(-time.Second))
	next, other := bo().introduces(t, cy(), now), bo().introduces(t, somebody(1), now.Add(-time.Hour))
	check(t, h.AddRevocation(t.Context(), revokeGuest(t, bo(), cy(), now, now)))
	check(t, h.AddRevocation(t.Context(), revokeGuest(t, bo(), cy(), now.Add(-time.Minute), now))) // does not take back the later
	for range 2 {
		wantClass(t, h.CheckIntroduction(t.Context(), old, cy().did()), "revoked")
		wantClass(t, h.CheckIntroduction(t.Context(), last, cy().did()), "revoked")
		check(t, h.CheckIntroduction(t.Context(), next, cy().did()))
		check(t, h.CheckIntroduction(t.Context(), other, somebody(1).did()))
		h.again(t)
	}
}

func TestRevocationsThatAreNotBelieved(t *testing.T) {
	h, clock := holderOfBo(t)
	h.befriend(t, somebody(1))
	i := bo().introduces(t, cy(), now)
	add := func(r *friend.Revocation) error { return h.AddRevocation(t.Context(), r) }
	check(t, add(revokeOne(t, somebody(1), i, now))) // of somebody else's
	check(t, add(revokeGuest(t, somebody(1), cy(), now.Add(time.Hour), now)))
	wantClass(t, add(revokeOne(t, cy(), i, now)), "stranger")
	wantClass(t, add(revokeGuest(t, bo(), cy(), now.Add(day+time.Second), now)), "clock")
	check(t, h.CheckIntroduction(t.Context(), i, cy().did()))
	late, one := revokeGuest(t, bo(), cy(), now, now), revokeOne(t, bo(), i, now)
	clock.add(400 * day)
	wantClass(t, add(late), "ended")
	wantClass(t, add(one), "ended")
	clock.add(-400*day + time.Hour)
	check(t, h.add(t, bo().on(0x12).certificate(t, clock.now())))
	wantClass(t, add(late), "retired")
}

// A friend who revokes more than is kept gets more than it asked for, never less.
func TestRevocationsAreBoundedSafely(t *testing.T) {
	h, clock := holderOfBo(t) // 4 are kept
	h.befriend(t, somebody(1))
	var revoked []*friend.Introduction
	for range 5 {
		i := bo().introduces(t, cy(), now)
		revoked = append(revoked, i)
		check(t, h.AddRevocation(t.Context(), revokeOne(t, bo(), i, now)))
	}
	innocent, ahead := bo().introduces(t, cy(), now), bo().introduces(t, cy(), now.Add(day))
	other := somebody(1).introduces(t, cy(), now)
	for range 2 {
		for _, i := range append(revoked, innocent, ahead) {
			wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "revoked")
		}
		check(t, h.CheckIntroduction(t.Context(), other, cy().did()))
		if n := h.count(t, "revoked"); n != 1 {
			t.Errorf("%d rows", n)
		}
		h.again(t)
	}
	clock.add(day + time.Second)
	check(t, h.CheckIntroduction(t.Context(), bo().introduces(t, cy(), clock.now()), cy().did()))
}

// What ended makes room first, and only where room is needed: a clock that was wrong takes nothing back.
func TestAClockThatWasWrongTakesNothingBack(t *testing.T) {
	h, clock := holderOfBo(t)
	i := bo().introduces(t, cy(), now)
	check(t, h.AddRevocation(t.Context(), revokeOne(t, bo(), i, now)))
	clock.add(1000 * day)
	check(t, h.AddRevocation(t.Context(), revokeGuest(t, bo(), cy(), clock.now(), clock.now())))
	clock.add(-1000 * day)
	wantClass(t, h.CheckIntroduction(t.Context(), i, cy().did()), "revoked")
	clock.add(1000 * day)
	for n := range 4 { // of which one is ended
		check(t, h.AddRevocation(t.Context(), revokeGuest(t, bo(), somebody(n), clock.now(), clock.now())))
	}
	if n, all := h.count(t, "revoked"), h.count(t, "revoked WHERE length(what) = 0"); n != 1 || all != 1 {
		t.Errorf("%d rows, %d for all", n, all)
	}
}

func TestIssued(t *testing.T) {
	clock := newClock()
	h := smallHome(t, clock.now) // 5 are kept
	add := func(i *friend.Introduction) error { return h.AddIssued(t.Context(), i) }
	issued := func(guest person) (ids []friend.ID) {
		t.Helper()
		for _, i := range must[[]friend.Issued](t)(h.Issued(t.Context(), guest.did())) {
			if !i.Revoked {
				ids = append(ids, i.ID())
			}
		}
		return ids
	}
	one, two, three := ana().introduces(t, bo(), now), ana().introduces(t, bo(), now.Add(-time.Hour)), ana().introduces(t, cy(), now)
	for _, i := range []*friend.Introduction{two, one, three, one} {
		check(t, add(i))
	}
	wantClass(t, add(bo().introduces(t, cy(), now)), "mismatch")
	h.again(t)
	if got := issued(bo()); !slices.Equal(got, []friend.ID{one.ID(), two.ID()}) {
		t.Errorf("%v", got)
	}
	if all := must[[]friend.Issued](t)(h.Issued(t.Context(), radicle.DID{})); len(all) != 3 {
		t.Errorf("%d of all guests", len(all))
	}
	check(t, h.AddNotice(t.Context(), revokeGuest(t, ana(), bo(), now, now)))
	if got := issued(bo()); !slices.Equal(got, []friend.ID{one.ID()}) {
		t.Errorf("%v", got)
	}
	check(t, h.AddNotice(t.Context(), revokeOne(t, ana(), one, now)))
	wantClass(t, h.AddNotice(t.Context(), revokeOne(t, bo(), one, now)), "mismatch")
	h.again(t)
	if got := issued(bo()); got != nil || len(issued(cy())) != 1 {
		t.Errorf("%v", got)
	}
	notices := must[[]*friend.Revocation](t)(h.Notices(t.Context()))
	if len(notices) != 2 || !slices.ContainsFunc(notices, func(r *friend.Revocation) bool { _, one := r.One(); return !one }) {
		t.Errorf("%v", notices)
	}
	for range 2 {
		check(t, add(ana().introduces(t, somebody(1), now)))
	}
	wantClass(t, add(ana().introduces(t, somebody(1), now)), "limit")
	clock.add(401 * day)
	wantClass(t, add(one), "ended")
	if got := issued(cy()); got != nil {
		t.Errorf("%v after its end", got)
	}
	check(t, add(ana().introduces(t, somebody(1), clock.now())))
	if n := len(must[[]*friend.Revocation](t)(h.Notices(t.Context()))); n != 0 || len(issued(cy())) != 0 {
		t.Errorf("%d notices after their end", n)
	}
}

func TestReceived(t *testing.T) {
	clock := newClock()
	h := smallHome(t, clock.now) // 9 are kept, 3 by one
	add := func(issuer person, life time.Duration) *friend.Introduction {
		t.Helper()
		request := friend.IntroductionRequest{Guest: ana().did(), Life: life, Now: clock.now()}
		i := must[*friend.Introduction](t)(friend.NewIntroduction(issuer.key, issuer.certificate(t, clock.now()), request))
		check(t, h.AddReceived(t.Context(), i))
		check(t, h.AddReceived(t.Context(), i))
		return i
	}
	received := func(issuer radicle.DID) (ids []friend.ID) {
		t.Helper()
		for _, i := range must[[]*friend.Introduction](t)(h.Received(t.Context(), issuer)) {
			ids = append(ids, i.ID())
		}
		return ids
	}
	wantClass(t, h.AddReceived(t.Context(), bo().introduces(t, cy(), now)), "mismatch")
	a, _, b, c := add(bo(), 3*day), add(bo(), day), add(bo(), 2*day), add(bo(), 4*day)
	h.again(t)
	if got := received(bo().did()); !slices.Equal(got, []friend.ID{c.ID(), a.ID(), b.ID()}) {
		t.Errorf("%v", got)
	}
	// Somebody who brings many issuers does not get at those who have few.
	few := add(cy(), day)
	for n := range 12 {
		add(somebody(n/2), 10*day)
	}
	if got := received(cy().did()); !slices.Equal(got, []friend.ID{few.ID()}) {
		t.Errorf("%v", got)
	}
	if got := received(radicle.DID{}); len(got) != 9 {
		t.Errorf("%d in all", len(got))
	}
	clock.add(day)
	if got := received(cy().did()); got != nil {
		t.Errorf("%v after its end", got)
	}
	wantClass(t, h.AddReceived(t.Context(), few), "ended")
}

func TestIntroductionsOutOfBounds(t *testing.T) {
	cert := bo().certificate(t, now)
	for name, c := range map[string]struct {
		want    string
		key     person
		request friend.IntroductionRequest
	}{
		"longest":       {"ok", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now}},
		"a second":      {"ok", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now, Life: time.Second}},
		"no life":       {"bounds", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now, Life: 1}},
		"long":          {"bounds", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now, Life: friend.MaxIntroductionLife + time.Second}},
		"negative":      {"bounds", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now, Life: -time.Second}},
		"itself":        {"encoding", bo(), friend.IntroductionRequest{Guest: bo().did(), Now: now}},
		"nobody":        {"key", bo(), friend.IntroductionRequest{Now: now}},
		"other device":  {"mismatch", cy(), friend.IntroductionRequest{Guest: cy().did(), Now: now}},
		"ran out":       {"expired", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now.Add(90 * day)}},
		"last second":   {"ok", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now.Add(90*day - time.Second)}},
		"clock is back": {"ok", bo(), friend.IntroductionRequest{Guest: cy().did(), Now: now.Add(-time.Hour)}},
	} {
		i, err := friend.NewIntroduction(c.key.key, cert, c.request)
		if wantClass(t, err, c.want); class(err) != c.want {
			t.Log(name)
		}
		if err == nil && !i.RenewAt().Equal(i.NotBefore().Add(i.NotAfter().Sub(i.NotBefore())/2).Truncate(time.Second)) {
			t.Errorf("%s: renewed at %v", name, i.RenewAt())
		}
	}
	_, err := friend.RevokeGuest(cy().key, cert, cy().did(), now, now)
	wantClass(t, err, "mismatch")
	_, err = friend.RevokeGuest(bo().key, cert, radicle.DID{}, now, now)
	wantClass(t, err, "key")
	_, err = friend.RevokeOne(bo().key, cert, bo().introduces(t, cy(), now), now.Add(90*day))
	wantClass(t, err, "expired")
}
