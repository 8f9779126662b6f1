package repos_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
)

// Shares of a collaborator's film are used again: the record that follows has the same key, opens for members, and reaches no
// further than the first.
func TestAdopted(t *testing.T) {
	w := newWorld()
	ana, bo, cy := w.home(t, radtest.Ana), w.home(t, radtest.Bo), w.home(t, radtest.Cy)
	rid := ana.initRepository(t, "film", private(bo.did(), cy.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	bo.fetchFrom(t, rid, ana)
	found := bo.find(t, rid, "take")[0]
	bo.Stored(t.Context(), rid, record.New{
		Pointer: found.Pointer(), Gen: found.Record.Gen(), Salt: found.Record.Salt(), Key: found.Key, Manifest: found.Manifest,
		Holders: []radicle.DID{{}, cy.did()},
	})
	if b := bo.push(t, rid, sighted("take")); len(b.Records) != 1 {
		t.Fatalf("nothing recorded: %+v", b)
	}
	if got := bo.find(t, rid, "take"); len(got) != 2 || got[0].Place.Writer != bo.did() || !got[0].Key.Equal(found.Key) {
		t.Fatalf("bo's own record: %+v", got)
	} else if !slices.Equal(got[0].Holders, []radicle.DID{{}, cy.did()}) {
		t.Errorf("who keeps it for bo: %v", got[0].Holders)
	}
	bo.recodesReused(t, rid, found)
	cy.fetchFrom(t, rid, bo)
	if got := cy.find(t, rid, "take"); len(got) != 2 || !got[0].SameShares(got[1].Object) {
		t.Errorf("cy finds %+v", got)
	}
	p := found.Pointer()
	_, err := bo.SetZone(t.Context(), rid, control.SetZone{
		Object: &control.Pointer{OID: p.OID, Size: p.Size}, Zone: "public", Sure: true,
	}, nil)
	check(t, err) // whoever can open it may publish it, by their own word
}

// recodesReused has a film of somebody else's key coded anew: our record says so.
func (h *home) recodesReused(t *testing.T, rid radicle.RID, found record.Choice) {
	t.Helper()
	layout := must[blobstore.Layout](t)(found.Record.Params().Layout())
	coding := must[blobstore.Coding](t)(layout.Coding(found.Manifest.Coding().K() - 1))
	roots := make([]blobstore.Root, 10)
	m := must[*manifest.Manifest](t)(manifest.Sign(found.Key, blobstore.PadPadme, found.Record.Gen(), coding, roots))
	h.Stored(t.Context(), rid, record.New{
		Pointer: found.Pointer(), Gen: found.Record.Gen(), Salt: found.Record.Salt(), Key: found.Key, Manifest: m,
		Holders: []radicle.DID{h.did()},
	})
	h.push(t, rid, sighted("take"))
	got := h.find(t, rid, "take")
	i := slices.IndexFunc(got, func(c record.Choice) bool { return c.Place.Writer == h.did() })
	if got[i].Manifest.Hash() != m.Hash() || !slices.Equal(got[i].Holders, []radicle.DID{h.did()}) {
		t.Errorf("coded anew: %+v", got[i])
	}
	h.Stored(t.Context(), rid, record.New{ // and back
		Pointer: found.Pointer(), Gen: found.Record.Gen(), Salt: found.Record.Salt(), Key: found.Key, Manifest: found.Manifest,
	})
	h.push(t, rid, sighted("take"))
}

// A push in several parts, none of which knows the others' keys, is read all the same.
func TestSeveralBatches(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "one", "two")
	first := must[control.Batch](t)(ana.Settle(t.Context(), rid, control.Settle{Sightings: []control.Sighting{sighted("one")}}))
	second := must[control.Batch](t)(ana.Settle(t.Context(), rid, control.Settle{Sightings: []control.Sighting{sighted("two")}}))
	for _, b := range []control.Batch{first, second} {
		ana.write(t, rid, decode(t, b))
	}
	for _, b := range []control.Batch{first, second} {
		check(t, ana.Repos.Recorded(t.Context(), rid, control.Recorded{ID: b.ID}))
	}
	bo.fetchFrom(t, rid, ana)
	for _, name := range []string{"one", "two"} {
		if !ana.opens(t, rid, name, ana) || !bo.opens(t, rid, name, ana) {
			t.Errorf("%s does not open", name)
		}
	}
	if is := ana.repository(t, rid).Pending; is != 0 {
		t.Errorf("%d are pending", is)
	}
}

// Of a fresh machine with nothing but the key, what is private opens from a clone.
func TestFreshMachine(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take", "private"))
	bo.fetchFrom(t, rid, ana)
	fresh := w.home(t, radtest.Ana)
	fresh.fetchFrom(t, rid, bo)
	if !fresh.opens(t, rid, "take", ana) || bo.opens(t, rid, "take", ana) {
		t.Error("what is private opens for others, or not for its owner")
	}
}

// A repository that was removed and cloned again is read anew.
func TestClonedAgain(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	bo.fetchFrom(t, rid, ana)
	bo.find(t, rid, "take")
	check(t, os.RemoveAll(bo.storage.Path(rid)))
	if got := bo.find(t, rid, "take"); len(got) != 0 {
		t.Error("what is gone is found")
	}
	bo.Survey(t.Context())
	if bo.IsMember(ana.did()) {
		t.Error("ana is a member of what is gone")
	}
	bo.fetchFrom(t, rid, ana)
	if !bo.opens(t, rid, "take", ana) {
		t.Error("cloned again, and not found")
	}
}

// Many repositories are looked at with few of them open.
func TestManyRepositories(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take"))
	for i := range 30 {
		ana.initRepository(t, fmt.Sprintf("film%d", i), identity.Visibility{})
	}
	for range 2 {
		p := film("take")
		got := must[[]record.Choice](t)(ana.Find(t.Context(), radicle.RID{}, p.OID, p.Size))
		if len(got) != 1 {
			t.Fatalf("found %d times", len(got))
		}
	}
	all := must[control.Repositories](t)(ana.Repositories(t.Context()))
	if len(all.Repositories) != 31 || all.Repositories[0].Name == "" {
		t.Errorf("%d repositories", len(all.Repositories))
	}
}

// What was settled once stays what it is, though the object is stored again, with more shares, and another .gitattributes asks for
// more.
func TestSettledOnce(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take", "private"))
	ana.Stored(t.Context(), rid, ana.made(t, film("take"), "", ana.did(), bo.did()))
	ana.store(t, rid, "other")
	ana.push(t, rid, sighted("other")) // takes the other along, of which no path is known here
	b := ana.push(t, rid, sighted("take", "follow"))
	bo.fetchFrom(t, rid, ana)
	if bo.opens(t, rid, "take", ana) || !bo.opens(t, rid, "other", ana) {
		t.Error("an attribute has widened what was settled")
	}
	if !slices.ContainsFunc(b.Truths, func(w control.Warning) bool { return strings.HasPrefix(w.Hint, "rad swarm zone set follow") }) {
		t.Errorf("the command that widens it is not told: %+v", b.Truths)
	}
}
