package repos_test

import (
	"slices"
	"testing"

	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/radtest"
)

// One word counts for all repositories, today's and those to come, where nothing else was said; what is private does not become
// public by it. A restart does not forget it.
func TestDefaultOfAll(t *testing.T) {
	w := newWorld()
	ana := w.home(t, radtest.Ana)
	open, own, closed := ana.initRepository(t, "open", identity.Visibility{}), ana.initRepository(t, "own", identity.Visibility{}), ana.initRepository(t, "closed", private())
	mustSet(t, ana, own, "private")
	_, err := ana.SetDefaultZone(t.Context(), control.SetDefaultZone{Zone: "public"})
	if e := coded(t, err); e.Code != control.CodeConflict || e.Hint != "rad swarm zone default public --all --sure" {
		t.Errorf("%+v", e)
	}
	if _, err := ana.SetDefaultZone(t.Context(), control.SetDefaultZone{Zone: "everyone"}); coded(t, err).Code != control.CodeUsage {
		t.Error(err)
	}
	out := must[control.DefaultZone](t)(ana.SetDefaultZone(t.Context(), control.SetDefaultZone{Zone: "public", Sure: true}))
	if out.Zone != "public" || !slices.Equal(out.Own, []radicle.RID{own}) || len(out.Truths) != 2 {
		t.Errorf("%+v", out)
	}
	check(t, ana.Close())
	ana.open(t)
	later := ana.initRepository(t, "later", identity.Visibility{})
	for rid, want := range map[radicle.RID]string{open: "public", own: "private", closed: "follow", later: "public"} {
		if is := ana.repository(t, rid).Default; is != want {
			t.Errorf("%s: %s, not %s", ana.repository(t, rid).Name, is, want)
		}
	}
	if all := must[control.Repositories](t)(ana.Repositories(t.Context())); all.Default != "public" {
		t.Errorf("listed as %s", all.Default)
	}
	for rid, want := range map[radicle.RID]record.Reach{open: record.Public, own: record.Private} {
		ana.store(t, rid, "take")
		ana.push(t, rid, sighted("take"))
		if got := ana.find(t, rid, "take"); len(got) != 1 || got[0].Reach() != want {
			t.Errorf("%s: recorded as %v", ana.repository(t, rid).Name, got)
		}
	}
}
