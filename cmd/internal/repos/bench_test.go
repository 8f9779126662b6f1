package repos_test

import (
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// many is how many records a large repository has.
const many = 10_000

func numbered(i int) blobstore.Pointer {
	return blobstore.Pointer{OID: sha256.Sum256(fmt.Append(nil, "film ", i)), Size: int64(200_000 + i)}
}

// large makes a repository with many records, each wrapped for bo, by the daemon's own hand.
func large(tb testing.TB, ana, bo *home) radicle.RID {
	tb.Helper()
	rid := ana.initRepository(tb, "film", private(bo.did()))
	in := control.Settle{}
	for i := range many {
		p := numbered(i)
		ana.Stored(tb.Context(), rid, ana.made(tb, p, "", ana.did(), bo.did()))
		in.Sightings = append(in.Sightings, control.Sighting{
			Pointer: control.Pointer{OID: p.OID, Size: p.Size}, Paths: []string{fmt.Sprintf("takes/%d.mov", i)},
		})
	}
	start := time.Now()
	must[control.Batch](tb)(ana.Settle(tb.Context(), rid, in))
	check(tb, ana.Round(tb.Context(), rid))
	tb.Logf("%d records settled, written and signed: %v", many, time.Since(start).Round(time.Millisecond))
	return rid
}

// Ten thousand records are written in one commit, and found in less than a millisecond each once the branch was read.
func TestManyRecords(t *testing.T) {
	w := newWorld()
	ana, bo := w.home(t, radtest.Ana), w.home(t, radtest.Bo)
	rid := large(t, ana, bo)
	if is := ana.repository(t, rid); is.Own != many || is.Pending != 0 {
		t.Fatalf("%d records, %d pending", is.Own, is.Pending)
	}
	start := time.Now()
	bo.fetchFrom(t, rid, ana)
	t.Logf("first clone: %v, %.1f MB of packs and refs", time.Since(start).Round(time.Millisecond), float64(size(t, bo, rid))/1e6)
	start = time.Now()
	bo.find1(t, rid, numbered(0))
	t.Logf("first look: %v", time.Since(start).Round(time.Millisecond))
	start = time.Now()
	const looks = 1000
	for i := range looks {
		bo.find1(t, rid, numbered(i*many/looks))
	}
	each := time.Since(start) / looks
	t.Logf("each look after that: %v", each)
	if each > 5*time.Millisecond { // the aim is 1 ms; this test is no judge of a busy machine
		t.Error("looks are slow")
	}
}

func (h *home) find1(tb testing.TB, rid radicle.RID, p blobstore.Pointer) {
	tb.Helper()
	got := must[[]record.Choice](tb)(h.Find(tb.Context(), rid, p.OID, p.Size))
	if len(got) != 1 {
		tb.Fatalf("%d records of %v", len(got), p.OID)
	}
}

// size is how many bytes a repository takes on the disk.
func size(tb testing.TB, h *home, rid radicle.RID) (n int64) {
	tb.Helper()
	repo := must[*storage.Repo](tb)(h.storage.Repository(rid))
	defer repo.Close()
	return folderSize(tb, repo.Dir())
}

func BenchmarkFind(b *testing.B) {
	w := newWorld()
	ana, bo := w.home(b, radtest.Ana), w.home(b, radtest.Bo)
	rid := large(b, ana, bo)
	ana.find1(b, rid, numbered(0))
	i := 0
	for b.Loop() {
		i++
		ana.find1(b, rid, numbered(i%many))
	}
}

// What ten thousand records cost those who fetch by Radicle's own nodes. The aims: under 1 s and 15 MB for a clone, under 50 ms
// for a fetch with nothing new.
func BenchmarkRealNodes(b *testing.B) {
	radtest.Tools(b)
	for b.Loop() {
		carryMany(b)
	}
}

func carryMany(t *testing.B) {
	w := newWorld()
	ana, bo := w.bare(t, radtest.NewHome(t, radtest.Ana)), w.bare(t, radtest.NewHome(t, radtest.Bo))
	one, two := radtest.StartNode(t, ana.Home), radtest.StartNode(t, bo.Home)
	radtest.Connect(t, two, one)
	ana.open(t, withNode(one), alone)
	bo.open(t, withNode(two), alone)
	var clones, fetches [2]time.Duration
	for i, name := range []string{"plain", "films"} {
		rid := ana.Init(t, ana.Commit(t, name, "README", "hello"))
		if i == 1 {
			record10000(t, ana, rid)
		}
		start := time.Now()
		two.Clone(t, rid, one)
		clones[i] = time.Since(start)
		fetches[i] = nothingNew(t, two, rid, one)
		t.Logf("%s: clone %v, fetch with nothing new %v, %.1f MB", name, clones[i].Round(time.Millisecond),
			fetches[i].Round(100*time.Microsecond), float64(size(t, bo, rid))/1e6)
		if i == 1 && bo.repository(t, rid).Records != many {
			t.Errorf("%d records arrived", bo.repository(t, rid).Records)
		}
	}
	t.ReportMetric(float64((clones[1] - clones[0]).Milliseconds()), "ms/clone-more")
	t.ReportMetric(float64((fetches[1]-fetches[0]).Microseconds())/1000, "ms/fetch-more")
}

// record10000 records many films.
func record10000(t testing.TB, h *home, rid radicle.RID) {
	t.Helper()
	for i := range many {
		h.Stored(t.Context(), rid, h.made(t, numbered(i), "", h.did()))
	}
	check(t, h.Round(t.Context(), rid))
}

// nothingNew is how long the quickest of a few fetches with nothing new takes.
func nothingNew(t testing.TB, n *radtest.Node, rid radicle.RID, from *radtest.Node) (best time.Duration) {
	t.Helper()
	for range 5 {
		start := time.Now()
		if _, err := n.Fetch(t.Context(), rid, from.NID(), node.FetchOptions{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best
}
