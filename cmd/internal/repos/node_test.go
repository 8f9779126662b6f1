package repos_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
	"radswarm/radicle/radtest"
)

// withNode joins the node of a home.
func withNode(n *radtest.Node) func(*repos.Options) {
	return func(o *repos.Options) { o.Node = n.Client }
}

// Two real nodes carry what the daemons record: it is found and opened on the other side, members come and go by rad's commands
// and by ours, and rad finds nothing wrong with either storage.
func TestRealNodes(t *testing.T) {
	t.Parallel() // nodes wait for each other
	radtest.Tools(t)
	w := newWorld()
	ana, bo := w.bare(t, radtest.NewHome(t, radtest.Ana)), w.bare(t, radtest.NewHome(t, radtest.Bo))
	one, two := radtest.StartNode(t, ana.Home), radtest.StartNode(t, bo.Home)
	radtest.Connect(t, two, one)
	ana.open(t, withNode(one), alone)
	bo.open(t, withNode(two), alone)
	ana.Start()
	bo.Start()

	dir := ana.Commit(t, "film", "README", "hello")
	rid := ana.Init(t, dir)
	two.Clone(t, rid, one)
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	ana.Home.Rad(t, dir, "sync", "--announce", "--timeout", "2min")
	radtest.Eventually(t, "bo has the record", func() bool { return bo.repository(t, rid).Records == 1 })
	if bo.opens(t, rid, "take", ana) {
		t.Fatal("who is no member reads")
	}
	added := must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: bo.did(), Delegate: true}, nil))
	if !slices.Contains(added.Repository.Delegates, bo.did()) {
		t.Errorf("added: %+v", added.Repository)
	}
	if out := ana.Home.Rad(t, dir, "inspect", rid.String(), "--delegates"); !strings.Contains(out, bo.did().String()) {
		t.Errorf("rad does not know the delegate:\n%s", out)
	}
	radtest.Eventually(t, "bo opens what is old", func() bool { return bo.opens(t, rid, "take", ana) })
	ana.store(t, rid, "second") // no push follows
	ana.Ended(rid)
	radtest.Eventually(t, "bo's node has what the daemon recorded", func() bool { return bo.repository(t, rid).Records == 2 })
	sound(t, ana, rid)
	sound(t, bo, rid)
}

// alone leaves a home without connections of our own: what arrives came through Radicle.
func alone(o *repos.Options) { o.People = nil }

// sound holds a storage against rad's opinion.
func sound(t *testing.T, h *home, rid radicle.RID) {
	t.Helper()
	if out := h.Home.Rad(t, h.Work, "inspect", rid.String(), "--refs"); !strings.Contains(out, "refs/notes") && !strings.Contains(out, "notes") {
		t.Errorf("rad does not show the records:\n%s", out)
	}
	if out, err := h.Home.Try(t, h.Home.Repository(rid), "git", "fsck", "--strict"); err != nil {
		t.Errorf("git fsck: %v\n%s", err, out)
	}
}

// What rad changes in the identity is what we go by, and what we change is what rad goes by.
func TestRadChangesMembers(t *testing.T) {
	radtest.Tools(t)
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.bare(t, radtest.NewHome(t, radtest.Bo)), w.bare(t, radtest.NewHome(t, radtest.Cy))
	rid := ana.initRepository(t, "film", private())
	dir := filepath.Join(ana.Work, "film")
	ana.Home.Git(t, dir, "remote", "add", "rad", "rad://"+strings.TrimPrefix(rid.String(), "rad:"))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	ana.Home.Rad(t, dir, "id", "update", "--title", "Add Bo", "--description", "to read", "--allow", bo.did().String(), "--no-confirm", "--repo", rid.String())
	ana.Start()
	radtest.Eventually(t, "bo is a reader", func() bool { return slices.Contains(ana.repository(t, rid).Readers, bo.did()) })
	must[control.AddedMember](t)(ana.AddMember(t.Context(), rid, control.AddMember{DID: cy.did()}, nil))
	out := ana.Home.Rad(t, dir, "inspect", rid.String(), "--identity")
	if !strings.Contains(out, cy.did().String()) || !strings.Contains(out, bo.did().String()) {
		t.Errorf("rad says of who may have it:\n%s", out)
	}
	ana.Home.Rad(t, dir, "id", "update", "--title", "Bo leaves", "--description", "it", "--disallow", bo.did().String(), "--no-confirm", "--repo", rid.String())
	if is := ana.repository(t, rid).Readers; !slices.Equal(is, []radicle.DID{ana.did(), cy.did()}) {
		t.Errorf("readers are %v", is)
	}
	must[control.Repository](t)(ana.RemoveMember(t.Context(), rid, cy.did(), nil))
	if out := ana.Home.Rad(t, dir, "inspect", rid.String(), "--identity"); strings.Contains(out, cy.did().String()) {
		t.Errorf("rad goes on to name who was removed:\n%s", out)
	}
}
