package repos_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
)

// sleeps says who of the holders is not there.
func (h *home) sleeps(who ...radicle.DID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sleeping, h.published = who, nil
}

// waiting is what stands in the file of settings of what holders are to be told.
func (h *home) waiting(tb testing.TB) []byte {
	tb.Helper()
	b, err := os.ReadFile(h.Dir() + "/zones.json")
	check(tb, err)
	return b
}

// Who makes objects public hears how many of the friends who hold shares know it. The others are told when somebody comes, also
// after a restart, until nobody waits.
func TestPublishedUntilAllKnow(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := ana.initRepository(t, "film", private(bo.did()))
	ana.store(t, rid, "take")
	ana.push(t, rid, sighted("take", "private"))
	ana.sleeps(bo.did())
	p := film("take")
	out := must[control.Zoned](t)(ana.SetZone(t.Context(), rid, control.SetZone{
		Object: &control.Pointer{OID: p.OID, Size: p.Size}, Zone: "public", Sure: true,
	}, nil))
	if out.Published == nil || !slices.Equal(out.Published.Knows, []radicle.DID{ana.did()}) || !slices.Equal(out.Published.Waits, []radicle.DID{bo.did()}) {
		t.Errorf("%+v", out.Published)
	}
	if !slices.ContainsFunc(out.Truths, func(w control.Warning) bool {
		return w.Text == "1 of 2 friends who hold shares know that these are open; 1 will hear it when they are there"
	}) {
		t.Errorf("%+v", out.Truths)
	}
	told := func() bool { return len(ana.opened()) == 1 }
	radtest.Eventually(t, "told at once", told)
	check(t, ana.Close())
	if !strings.Contains(string(ana.waiting(t)), p.OID.String()) {
		t.Fatal("who waits is forgotten")
	}
	ana.sleeps(bo.did())
	ana.open(t)
	ana.Met(ana.session(bo))
	radtest.Eventually(t, "told when somebody comes after a restart", told)
	ana.sleeps()
	ana.Met(ana.session(bo))
	radtest.Eventually(t, "nobody waits", func() bool { return !strings.Contains(string(ana.waiting(t)), p.OID.String()) })
}

// What a push will make public is noted before the push writes it: a daemon that is killed in between tells all the same.
func TestPublishedByAPushThatIsNotConfirmed(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	mustSet(t, ana, rid, "public")
	ana.store(t, rid, "take")
	b := must[control.Batch](t)(ana.Settle(t.Context(), rid, control.Settle{Sightings: []control.Sighting{sighted("take")}}))
	ana.write(t, rid, decode(t, b)) // and then nobody says so
	check(t, ana.Close())
	ana.open(t)
	ana.Survey(t.Context())
	radtest.Eventually(t, "told after a restart", func() bool { return slices.Contains(ana.opened(), film("take")) })
}

// Ten thousand objects that wait for their holders are read again at the next start.
func TestManyToPublish(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	check(t, ana.Close())
	var all strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&all, ",\"%v:%d\"", blobstore.OID{byte(i), byte(i >> 8)}, i)
	}
	check(t, os.WriteFile(ana.Dir()+"/zones.json", []byte(`{"opening":[`+all.String()[1:]+`]}`), 0o600))
	ana.open(t)
}

// What is stored is public where the owner said so, and nowhere else.
func TestPublic(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	rid := ana.initRepository(t, "film", identity.Visibility{})
	if ana.Public(t.Context(), rid) || ana.Public(t.Context(), radicle.RID{}) {
		t.Error("public without a word")
	}
	mustSet(t, ana, rid, "public")
	if !ana.Public(t.Context(), rid) {
		t.Error("the owner's word does not count")
	}
}
