package repos_test

import (
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
)

// What a push records is found by its owner and by the members, who got the repository, and by nobody else.
func TestPushedFilmIsFoundByMembers(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "take")
	b := ana.push(t, rid, sighted("take"))
	if len(b.Records) != 1 || b.Certificate == nil || len(b.Cards) != 1 {
		t.Errorf("batch: %d records, %d cards, certificate %v", len(b.Records), len(b.Cards), b.Certificate != nil)
	}
	if !slices.ContainsFunc(b.Truths, func(w control.Warning) bool { return strings.Contains(w.Text, bo.did().String()) }) {
		t.Errorf("nobody is told that bo will be able to read: %+v", b.Truths)
	}
	if !slices.Equal(ana.recorded, []blobstore.Pointer{film("take")}) {
		t.Errorf("the index was told of %v", ana.recorded)
	}
	if got := ana.find(t, rid, "take"); len(got) != 1 || got[0].Trust != record.Own || !got[0].Streams {
		t.Errorf("ana finds %+v", got)
	}
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	if !bo.opens(t, rid, "take", ana) {
		t.Error("bo does not find the film")
	}
	got := bo.find(t, rid, "take")
	if got[0].Trust != record.Delegate || !got[0].Streams {
		t.Errorf("bo believes %v", got[0].Trust)
	}
	if by := must[[]record.Choice](t)(bo.Find(t.Context(), rid, film("take").OID, -1)); len(by) != 1 {
		t.Errorf("without its size bo finds %d", len(by))
	}
	if b := ana.push(t, rid, sighted("take")); b.ID != "" {
		t.Errorf("pushed again there is something to write: %+v", b)
	}
}

// fetchFrom fetches a repository that is not here from who has introduced us.
func (h *home) fetchFrom(tb testing.TB, rid radicle.RID, from *home) {
	tb.Helper()
	i := must[*friend.Introduction](tb)(from.Introduce(tb.Context(), h.did(), rid))
	check(tb, h.state.AddReceived(tb.Context(), i))
	h.fetch(tb, rid)
}

// Without a push the daemon writes the record itself, private where no path is known; a push that knows the path opens it to
// members.
func TestDaemonRecordsWhereNoPushFollows(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Start()
	ana.store(t, rid, "take")
	ana.Ended(rid)
	radtest.Eventually(t, "the daemon has recorded", func() bool { return len(ana.find(t, rid, "take")) == 1 })
	bo.fetchFrom(t, rid, ana)
	if bo.opens(t, rid, "take", ana) {
		t.Error("a film of which no path is known is open to members")
	}
	b := ana.push(t, rid, sighted("take"))
	if len(b.Records) != 1 {
		t.Fatalf("a path is known now, and nothing is written: %+v", b)
	}
	bo.fetch(t, rid)
	if !bo.opens(t, rid, "take", ana) {
		t.Error("bo does not find the film")
	}
}

// A new member opens what is old without anybody's command but the one that lets them in; a removed one nothing that is new.
func TestMembersComeAndGo(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "old")
	ana.push(t, rid, sighted("old"))
	out := must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: cy.did()}, nil))
	if !slices.Contains(out.Repository.Readers, cy.did()) || out.Line == "" {
		t.Errorf("added: %+v", out)
	}
	if !ana.IsMember(cy.did()) || !slices.Contains(ana.issued, cy.did()) || !slices.Contains(ana.issued, bo.did()) {
		t.Error("cy is no member, or a reader was not introduced")
	}
	cy.fetchFrom(t, rid, ana)
	if !cy.opens(t, rid, "old", ana) {
		t.Error("cy does not open what is old")
	}
	bo.fetchFrom(t, rid, ana)
	after := must[control.Repository](t)(ana.RemoveMember(t.Context(), rid, bo.did(), nil))
	if slices.Contains(after.Readers, bo.did()) || !slices.Contains(ana.revoked, bo.did()) {
		t.Errorf("removed: %+v, revoked %v", after, ana.revoked)
	}
	ana.store(t, rid, "new")
	ana.push(t, rid, sighted("new"))
	cy.fetch(t, rid)
	if !cy.opens(t, rid, "new", ana) || !cy.opens(t, rid, "old", ana) {
		t.Error("cy does not open what is new, or what is old")
	}
	steal(t, bo, cy, rid)
	if bo.opens(t, rid, "new", ana) {
		t.Error("bo opens what was added after they were removed")
	}
	if !bo.opens(t, rid, "old", ana) {
		t.Error("bo lost what they could open")
	}
}

// A document that somebody else changes wakes a round: the daemon of the owner seals to who is new, without a command.
func TestDocumentWakesRound(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.Survey(t.Context())
	bo.fetchFrom(t, rid, ana)
	bo.store(t, rid, "old") // by bo, and ana lets cy in
	bo.push(t, rid, sighted("old"))
	bo.Start()
	ana.fetch(t, rid)
	must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: cy.did()}, nil))
	bo.fetch(t, rid)
	cy.fetchFrom(t, rid, ana)
	radtest.Eventually(t, "bo's daemon has let cy in", func() bool {
		ana.fetch(t, rid)
		cy.fetch(t, rid)
		return cy.opens(t, rid, "old", bo)
	})
}

// Whoever cuts connections when members change may ask about members and wait for those who read the repository.
func TestChangedMembers(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private())
	check(t, ana.Close())
	changed := make(chan bool, 1)
	ana.open(t, func(o *repos.Options) {
		o.Changed = func() {
			_, err := ana.Repos.Repository(t.Context(), rid) // as who is cut may be doing
			changed <- err == nil && ana.IsMember(bo.did())
		}
	})
	ana.Survey(t.Context())
	must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: bo.did()}, nil))
	if !<-changed {
		t.Error("a change is told before it holds")
	}
}

// Members that do not read get no envelope.
func TestNoRead(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private())
	in := control.AddMember{DID: bo.did(), NoRead: true}
	out := must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, in, nil))
	if !slices.Contains(out.Repository.NoRead, bo.did()) || slices.Contains(out.Repository.Readers, bo.did()) {
		t.Errorf("added: %+v", out.Repository)
	}
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	bo.fetchFrom(t, rid, ana)
	if bo.opens(t, rid, "take", ana) {
		t.Error("who does not read reads")
	}
}

// Neither visibility nor an attribute opens anything to everyone; the owner's word on this machine does.
func TestNothingBecomesPublicByItself(t *testing.T) {
	w := newWorld()
	ana, cy := w.home(t, radtest.Ana), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	ana.store(t, rid, "take")
	b := ana.push(t, rid, sighted("take", "public"))
	hint := func(w control.Warning) bool { return strings.HasPrefix(w.Hint, "rad swarm zone") }
	if !slices.ContainsFunc(b.Truths, hint) {
		t.Errorf("an attribute asked for public, and the command for it is not told: %+v", b.Truths)
	}
	cy.fetchFrom(t, rid, ana)
	if cy.opens(t, rid, "take", ana) {
		t.Fatal("everyone reads what the owner has not opened")
	}
	_, err := ana.SetZone(t.Context(), rid, control.SetZone{Default: "public"}, nil)
	if e := coded(t, err); e.Code != control.CodeConflict {
		t.Errorf("for ever, without being sure: %v", err)
	}
	must[control.Zoned](t)(ana.SetZone(t.Context(), rid, control.SetZone{Default: "public", Sure: true}, nil))
	ana.store(t, rid, "second")
	ana.push(t, rid, sighted("take"), sighted("second"))
	cy.fetch(t, rid)
	if !cy.opens(t, rid, "second", ana) || cy.opens(t, rid, "take", ana) {
		t.Error("what is new is not open, or what was settled before is")
	}
	radtest.Eventually(t, "its shares are offered again", func() bool {
		return slices.Equal(ana.opened(), []blobstore.Pointer{film("second")})
	})
}

// A zone is widened by a command, whose word a restart does not forget, and never narrowed.
func TestOutwardOnly(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did(), cy.did()))
	ana.store(t, rid, "take", "other")
	ana.push(t, rid, sighted("take", "private"), sighted("other", "private"))
	bo.fetchFrom(t, rid, ana)
	if bo.opens(t, rid, "take", ana) {
		t.Fatal("an attribute narrows, and bo reads")
	}
	p := film("take")
	one := control.SetZone{Object: &control.Pointer{OID: p.OID, Size: p.Size}, Zone: "shared:" + bo.did().String()}
	out := must[control.Zoned](t)(ana.SetZone(t.Context(), rid, one, nil))
	if out.Changed != 1 {
		t.Errorf("%d records changed", out.Changed)
	}
	bo.fetch(t, rid)
	cy.fetchFrom(t, rid, ana)
	if !bo.opens(t, rid, "take", ana) || cy.opens(t, rid, "take", ana) || bo.opens(t, rid, "other", ana) {
		t.Error("shared with others than with who is named")
	}
	all := control.SetZone{All: true, Zone: "public", Sure: true}
	if out := must[control.Zoned](t)(ana.SetZone(t.Context(), rid, all, nil)); out.Changed != 2 || len(out.Truths) == 0 {
		t.Errorf("public: %+v", out)
	}
	radtest.Eventually(t, "their shares are offered again", func() bool { return len(ana.opened()) == 2 })
	one.Zone = "private"
	_, err := ana.SetZone(t.Context(), rid, one, nil)
	if e := coded(t, err); e.Code != control.CodeConflict || !strings.Contains(e.Message, "public") {
		t.Errorf("inward: %v", err)
	}
}

func coded(tb testing.TB, err error) *control.Error {
	tb.Helper()
	e, ok := err.(*control.Error)
	if !ok {
		tb.Fatalf("%v is not for people", err)
	}
	return e
}
