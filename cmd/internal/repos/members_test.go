package repos_test

import (
	"slices"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
)

// Whoever knocks in the moment of the start is known: nobody is turned away because the storage was not read yet.
func TestMembersAtTheStart(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did()))
	for name, ask := range map[string]func() bool{
		"member": func() bool { return ana.IsMember(bo.did()) },
		"of":     func() bool { return slices.Equal(ana.MemberOf(bo.did()), []radicle.RID{rid}) },
		"reader": func() bool { return ana.Reads(bo.did(), rid) },
	} {
		check(t, ana.Close())
		ana.open(t)
		if ask() {
			t.Errorf("%s: known before the start, so this test says nothing", name)
		}
		ana.Start()
		if !ask() {
			t.Errorf("%s: not known at the start", name)
		}
		if ana.IsMember(cy.did()) {
			t.Error("a stranger is a member")
		}
	}
}

// What is asked in that moment is answered.
func TestAskedAtTheStart(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	check(t, ana.Close())
	ana.open(t)
	ana.Start()
	meet(ana, bo)
	bo.fetch(t, rid) // whom he asks, he knows from nowhere but the meeting
}
