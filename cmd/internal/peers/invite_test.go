package peers

import (
	"errors"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// mb is a part of a pledge that any disk has room for.
const mb = 1_000_000

// wantCode fails the test unless an error is what clients get with a code.
func wantCode(t testing.TB, err error, code control.Code) *control.Error {
	t.Helper()
	e, ok := errors.AsType[*control.Error](err)
	if !ok || e.Code != code {
		t.Fatalf("%v, want code %s", err, code)
	}
	if strings.ToLower(e.Message[:1]) != e.Message[:1] || strings.Contains(e.Message, "\n") || strings.HasSuffix(e.Message, ".") {
		t.Errorf("not a line for people: %q", e.Message)
	}
	return e
}

func TestALineMakesBothFriends(t *testing.T) {
	everywhere(t, func(t *testing.T, w world) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		line := invite(a, 50*mb)
		out := accept(b, line, 20*mb)
		if out.By != a.did || out.Friend == nil || out.Friend.Name != "ana" || out.Friend.Given != 50*mb || out.Friend.Give != 20*mb {
			t.Errorf("%+v %+v", out, out.Friend)
		}
		a.until("pledge heard", func() bool { return a.Person(b.did).Given == 20*mb && a.hears(b) })
		b.until("pledge heard", func() bool { return b.Person(a.did).Room == 50*mb && b.hears(a) })
		if p := a.Person(b.did); p.Give != 50*mb || !p.Friend {
			t.Errorf("%+v", p)
		}
		all := must[control.Friends](t)(a.Friends(t.Context()))
		if len(all.Invitations) != 1 || all.Invitations[0].UsedBy == nil || *all.Invitations[0].UsedBy != b.did || all.Invitations[0].Line != "" {
			t.Errorf("%+v", all.Invitations)
		}
	})
}

func TestAnAnswerThatWasLostIsAskedForAgain(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		line := invite(a, mb)
		l := must[friend.InvitationLine](t)(friend.ParseInvitationLine(line))
		must[friend.Friend](t)(a.state.Accept(t.Context(), l.Secret, b.cert.Load(), mb)) // and the answer does not arrive
		accept(b, line, mb)
		accept(b, line, 2*mb) // nor does that of the daemon
		if f, _ := b.state.Friend(a.did); f.Give != 2*mb {
			t.Errorf("%+v", f)
		}
		if n := len(b.state.Friends()); n != 1 {
			t.Errorf("%d friends", n)
		}
	})
}

func TestWhoIsNotLetInWritesNothing(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		line := invite(a, mb)
		accept(b, line, mb)
		_, err := c.Accept(t.Context(), control.Accept{Line: line, Give: mb}, silent)
		wantCode(t, err, control.CodeFailed)
		if len(c.state.Friends()) != 0 || len(a.state.Friends()) != 1 {
			t.Error("a used line makes a friend")
		}

		// A line that names another person than the machine's.
		l := must[friend.InvitationLine](t)(friend.ParseInvitationLine(invite(a, mb)))
		l.DID = b.did
		_, err = c.Accept(t.Context(), control.Accept{Line: must[string](t)(l.Encode()), Give: mb}, silent)
		wantCode(t, err, control.CodeFailed)
		if len(c.state.Friends()) != 0 {
			t.Error("a line with another's name makes a friend")
		}

		// An inviter who is away, and comes back.
		line = invite(a, mb)
		a.stop()
		began := time.Now()
		_, err = c.Accept(t.Context(), control.Accept{Line: line, Give: mb}, silent)
		wantCode(t, err, control.CodeMissing)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v", took)
		}
		if len(c.state.Friends()) != 0 {
			t.Error("nobody let anybody in")
		}
	})
}

func TestLinesThatAreNone(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		line := invite(a, mb)
		last := map[bool]string{true: "x", false: "y"}[strings.HasSuffix(line, "y")]
		for _, bad := range []string{"", "hello", "swarminvite9abc", line[:len(line)-1] + last} {
			_, err := b.Accept(t.Context(), control.Accept{Line: bad, Give: mb}, silent)
			wantCode(t, err, control.CodeUsage)
		}
		_, err := a.Accept(t.Context(), control.Accept{Line: line, Give: mb}, silent)
		wantCode(t, err, control.CodeUsage) // the own one
		_, err = b.Accept(t.Context(), control.Accept{Line: line, Give: -1}, silent)
		wantCode(t, err, control.CodeUsage)
		_, err = b.Accept(t.Context(), control.Accept{Line: line, Name: "a b"}, silent)
		wantCode(t, err, control.CodeUsage)
		b.ahead.Store(int64(inviteLife))
		_, err = b.Accept(t.Context(), control.Accept{Line: line, Give: mb}, silent)
		wantCode(t, err, control.CodeFailed)
		b.ahead.Store(0)
		accept(b, line, mb)
	})
}

func TestInvitationsAreTakenBack(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b := newHome(t, w, ana), newHome(t, w, bo)
		out := must[control.Invitation](t)(a.Invite(t.Context(), control.Invite{Give: mb, Name: "bo"}))
		wantCode(t, a.Uninvite(t.Context(), "ffffffffff"), control.CodeNotFound)
		wantCode(t, a.Uninvite(t.Context(), ""), control.CodeNotFound)
		check(t, a.Uninvite(t.Context(), out.ID))
		_, err := b.Accept(t.Context(), control.Accept{Line: out.Line, Give: mb}, silent)
		wantCode(t, err, control.CodeFailed)

		_, err = a.Invite(t.Context(), control.Invite{Give: -1})
		wantCode(t, err, control.CodeUsage)
		_, err = a.Invite(t.Context(), control.Invite{Give: 1, Life: 91 * 24 * time.Hour})
		wantCode(t, err, control.CodeUsage)
		a.cert.Store(nil)
		_, err = a.Invite(t.Context(), control.Invite{Give: 1})
		wantCode(t, err, control.CodeLocked)
	})
}

func TestAMembersLineIsKept(t *testing.T) {
	inMemory(t, func(t *testing.T, w *memoryWorld) {
		a, b, c := newHome(t, w, ana), newHome(t, w, bo), newHome(t, w, cy)
		rid := must[radicle.RID](t)(radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"))
		i := must[*friend.Introduction](t)(a.Introduce(t.Context(), b.did, rid))
		line := must[string](t)(friend.MemberLine{Introduction: i, Name: "ana", Addresses: a.Addresses()}.Encode())
		_, err := c.Accept(t.Context(), control.Accept{Line: line}, silent)
		wantCode(t, err, control.CodeFailed) // it is for another
		out := accept(b, line, 0)
		if out.By != a.did || out.Repository == nil || *out.Repository != rid || out.Friend != nil || len(b.repos.joined) != 1 {
			t.Errorf("%+v", out)
		}
		if len(b.state.Friends()) != 0 {
			t.Error("a member's line makes a friend")
		}
		// And now the issuer can be reached, as a member.
		if err := b.Reach(t.Context(), a.did); !errors.Is(err, ErrNotAdmitted) {
			t.Errorf("before it is a member: %v", err)
		}
		a.repos.admit(b.did)
		time.Sleep(time.Minute) // until that is forgotten
		check(t, b.Reach(t.Context(), a.did))
		if !b.Online(a.did) || b.Person(a.did).Friend {
			t.Errorf("%+v", b.Person(a.did))
		}
	})
}
