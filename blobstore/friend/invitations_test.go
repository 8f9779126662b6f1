package friend_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore/friend"
)

func (h *home) accept(tb testing.TB, secret friend.Secret, p person) (friend.Friend, error) {
	tb.Helper()
	return h.Accept(tb.Context(), secret, p.certificate(tb, now), 20)
}

func TestInvitationMakesAFriend(t *testing.T) {
	h := newHome(t, fixed)
	secret, i, err := h.Invite(t.Context(), 50, "bo", time.Hour)
	check(t, err)
	if i.ID != secret.ID(ana().did()) || !i.Ends.Equal(now.Add(time.Hour)) || i.Give != 50 {
		t.Errorf("%+v", i)
	}
	h.again(t)
	f, err := h.accept(t, secret, bo())
	check(t, err)
	want := friend.Friend{DID: bo().did(), Name: "bo", Give: 50, Given: friend.Given{Give: 20, At: now}, Added: now}
	if diff := cmp.Diff(want, f, sameTimes); diff != "" {
		t.Error(diff)
	}
	for range 2 {
		h.wantDevice(t, bo(), "current")
		if got, ok := h.Friend(bo().did()); !ok || !cmp.Equal(got, f, sameTimes) {
			t.Errorf("%+v", got)
		}
		again, err := h.accept(t, secret, bo()) // the answer was lost
		check(t, err)
		if !cmp.Equal(again, f, sameTimes) {
			t.Errorf("%+v", again)
		}
		_, err = h.accept(t, secret, cy())
		wantClass(t, err, "used")
		h.again(t)
	}
	next := bo().on(0x12) // on another machine the same
	_, err = h.Accept(t.Context(), secret, next.certificate(t, now.Add(time.Hour)), 20)
	check(t, err)
	h.wantDevice(t, next, "current")
	_, err = h.accept(t, secret, bo())
	wantClass(t, err, "retired")
	h.befriend(t, somebody(1)) // nor for friends, if it was used by another
	_, err = h.accept(t, secret, somebody(1))
	wantClass(t, err, "used")
	h.wantDevice(t, cy(), "absent")
	all := must[[]friend.Invitation](t)(h.Invitations(t.Context()))
	if len(all) != 1 || all[0].UsedBy != bo().did() || !all[0].UsedAt.Equal(now) {
		t.Errorf("%+v", all)
	}
	check(t, h.RemoveFriend(t.Context(), bo().did()))
	_, err = h.accept(t, secret, bo()) // does not come back that way
	wantClass(t, err, "used")
}

func TestInvitationsThatDoNotCount(t *testing.T) {
	clock := newClock()
	h := newHome(t, clock.now)
	secret, i, err := h.Invite(t.Context(), 1, "", time.Minute)
	check(t, err)
	other, _, err := newHome(t, clock.now).Invite(t.Context(), 1, "", 0)
	check(t, err)
	for name, s := range map[string]friend.Secret{"another's": other, "none": {}} {
		_, err = h.accept(t, s, bo())
		if wantClass(t, err, "invitation"); err == nil {
			t.Error(name)
		}
	}
	_, err = h.accept(t, secret, ana())
	wantClass(t, err, "self")
	_, err = h.Accept(t.Context(), secret, bo().certificate(t, now), -1)
	wantClass(t, err, "bounds")
	_, err = h.Accept(t.Context(), secret, bo().certificate(t, now.Add(-100*day)), 1)
	wantClass(t, err, "expired")
	clock.add(time.Minute)
	_, err = h.accept(t, secret, bo())
	wantClass(t, err, "ended")
	clock.add(-time.Minute)
	h.wantDevice(t, bo(), "absent")
	check(t, h.Uninvite(t.Context(), i.ID))
	wantClass(t, h.Uninvite(t.Context(), i.ID), "absent")
	_, err = h.accept(t, secret, bo())
	wantClass(t, err, "invitation")
	if len(h.Friends()) > 0 {
		t.Error(h.Friends())
	}
}

func TestInvitedFriends(t *testing.T) {
	h := newHome(t, fixed)
	check(t, h.AddFriend(t.Context(), full()))
	_, _, err := h.Invite(t.Context(), 1, "bo", 0)
	wantClass(t, err, "taken")
	less, _, err := h.Invite(t.Context(), 1, "", 0)
	check(t, err)
	more, _, err := h.Invite(t.Context(), 100<<30, "robert", 0)
	check(t, err)
	f, err := h.accept(t, less, bo())
	if check(t, err); f.Give != full().Give || f.Name != "bo" || f.Household != "lake" {
		t.Errorf("%+v", f)
	}
	f, err = h.accept(t, more, bo())
	if check(t, err); f.Give != 100<<30 || f.Name != "bo" {
		t.Errorf("%+v", f)
	}
	named, _, err := h.Invite(t.Context(), 1, "cy", 0)
	check(t, err)
	check(t, h.SetFriend(t.Context(), bo().did(), func(f *friend.Friend) error { f.Name = "cy"; return nil }))
	f, err = h.accept(t, named, cy()) // the name is gone, the invitation holds
	if check(t, err); f.Name != "" {
		t.Errorf("%+v", f)
	}
}

func TestInvitationsAreBounded(t *testing.T) {
	clock := newClock()
	h := smallHome(t, clock.now) // 3
	for range 3 {
		_, _, err := h.Invite(t.Context(), 1, "", time.Hour)
		check(t, err)
	}
	_, _, err := h.Invite(t.Context(), 1, "", time.Hour)
	wantClass(t, err, "limit")
	clock.add(time.Hour)
	_, _, err = h.Invite(t.Context(), 1, "", time.Hour)
	check(t, err)
	clock.add(31 * day) // and those that ended long ago are not listed
	_, _, err = h.Invite(t.Context(), 1, "", time.Hour)
	check(t, err)
	if all := must[[]friend.Invitation](t)(h.Invitations(t.Context())); len(all) != 1 {
		t.Errorf("%d listed", len(all))
	}
	for want, f := range map[string]func() error{
		"bounds": func() error { _, _, err := h.Invite(t.Context(), -1, "", 0); return err },
		"name":   func() error { _, _, err := h.Invite(t.Context(), 1, "a b", 0); return err },
	} {
		wantClass(t, f(), want)
	}
	_, _, err = h.Invite(t.Context(), 1, "", friend.MaxInvitationLife+time.Second)
	wantClass(t, err, "bounds")
}

// However many knock at once with one secret, one becomes a friend.
func TestInvitationIsAcceptedOnce(t *testing.T) {
	h := newHome(t, fixed)
	secret, _, err := h.Invite(t.Context(), 1, "", 0)
	check(t, err)
	certs := make([]func() error, 8)
	for i := range certs {
		cert := somebody(i/2).certificate(t, now) // each twice
		certs[i] = func() error { _, err := h.Accept(t.Context(), secret, cert, 1); return err }
	}
	var won atomic.Int32
	var all sync.WaitGroup
	for _, accept := range certs {
		all.Go(func() {
			switch err := accept(); class(err) {
			case "ok":
				won.Add(1)
			case "used":
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 2 || len(h.Friends()) != 1 {
		t.Errorf("%d accepted, %d friends", won.Load(), len(h.Friends()))
	}
	h.again(t)
	if len(h.Friends()) != 1 {
		t.Errorf("%d friends", len(h.Friends()))
	}
}

// The secret prints nowhere, and does not stand in the file.
func TestSecretsAreHidden(t *testing.T) {
	h := newHome(t, fixed)
	secret, i, err := h.Invite(t.Context(), 1, "bo", 0)
	check(t, err)
	line := friend.InvitationLine{DID: ana().did(), Device: ana().key.Device(), Secret: secret, NotAfter: i.Ends}
	inside := struct{ line friend.InvitationLine }{line}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", secret, "line", line)
	text := must[[]byte](t)(json.Marshal(line))
	for _, s := range []string{
		fmt.Sprint(secret), fmt.Sprintf("%x %q %#v %d %s", secret, secret, secret, secret, secret),
		fmt.Sprintf("%+v", line), fmt.Sprintf("%#v", inside), fmt.Sprintf("%v", inside), log.String(), string(text),
	} {
		for _, bad := range []string{fmt.Sprintf("%x", secret.Bytes()), fmt.Sprint(secret.Bytes()), string(secret.Bytes())} {
			if strings.Contains(s, bad) {
				t.Errorf("%q shows it", s)
			}
		}
	}
	if got := secret.GoString() + secret.String(); got != "[redacted][redacted]" {
		t.Error(got)
	}
	n := must[int64](t)(h.Int(fmt.Sprintf("SELECT count(*) FROM invitation WHERE instr(id, x'%x')", secret.Bytes())))
	if n != 0 {
		t.Error("kept as it is")
	}
	_, err = friend.ParseSecret(secret.Bytes()[1:])
	wantClass(t, err, "encoding")
	back := must[friend.Secret](t)(friend.ParseSecret(secret.Bytes()))
	if back.ID(ana().did()) != i.ID || back.ID(bo().did()) == i.ID || back.IsZero() || !(friend.Secret{}).IsZero() {
		t.Error("another secret")
	}
}
