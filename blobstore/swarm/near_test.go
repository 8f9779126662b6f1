package swarm_test

import (
	"crypto/sha256"
	"os"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/swarm"
)

// outcome is a download over the lines of a town.
type outcome struct {
	ratio   float64 // time over bound
	vain    float64 // blocks that came and were of no use, over the bytes needed
	carried float64 // what lines carried in vain, whole blocks or not, over the bytes needed
}

// download fetches a film in a town.
func download(t *testing.T, f *film, w *town) outcome {
	t.Helper()
	before, sum := w.carried(), sha256.New()
	report, err := swarm.Fetch(t.Context(), f.object, w.sources(f), sum, swarm.FetchOptions{Workers: 1, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(w.start)
	if [32]byte(sum.Sum(nil)) != sha256.Sum256(f.plain) {
		t.Fatal("other bytes than were stored")
	}
	least, need := w.bound(f), float64(f.need())
	time.Sleep(5 * time.Second) // of the bubble: what nobody waits for any more comes, too
	return outcome{float64(took) / float64(least), float64(report.Extra) / need, float64(w.carried()-before)/need - 1}
}

func seeds() uint64 {
	if n, err := strconv.Atoi(os.Getenv("RADSWARM_SIM")); err == nil {
		return uint64(n)
	}
	if raceEnabled {
		return 1 // to find races, not medians
	}
	return 15
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

func TestFetchIsNearTheBound(t *testing.T) {
	f := newFilm(t, 16<<20, 3, 10)
	holders := f.kept(t)
	for _, sc := range []scene{
		{name: "mild", spread: 0.3, limit: 1.1, carried: 0.02},
		{name: "wide", spread: 1, limit: 1.15, carried: 0.02},
		{name: "faults", spread: 0.3, faults: true, limit: 1.5, carried: 0.06},
		{name: "wide faults", spread: 1, faults: true, limit: 1.5, carried: 0.08},
	} {
		t.Run(sc.name, func(t *testing.T) {
			var ratios, vain, carried []float64
			for seed := range seeds() {
				synctest.Test(t, func(t *testing.T) {
					o := download(t, f, sc.town(t, f, holders, seed))
					ratios, vain, carried = append(ratios, o.ratio), append(vain, o.vain), append(carried, o.carried)
				})
			}
			t.Logf("time over bound: median %.3f worst %.3f; in vain, median: blocks %.2f %%, carried %.2f %%",
				median(ratios), slices.Max(ratios), 100*median(vain), 100*median(carried))
			if raceEnabled {
				return
			}
			if median(ratios) > sc.limit {
				t.Errorf("median %.3f × the bound, more than %.2f", median(ratios), sc.limit)
			}
			if median(vain) >= 0.01 || median(carried) > sc.carried {
				t.Errorf("in vain: blocks %.2f %%, carried %.2f %%", 100*median(vain), 100*median(carried))
			}
		})
	}
}

// What a line carries in vain is what was under way on it: of a longer object it is a smaller part.
func TestLongFetchIsNearTheBound(t *testing.T) {
	if os.Getenv("RADSWARM_SIM") == "" || raceEnabled {
		t.Skip("part of make sim")
	}
	f := newFilm(t, 128<<20, 3, 10)
	holders := f.kept(t)
	sc := scene{name: "faults", spread: 0.3, faults: true}
	var ratios, carried []float64
	for seed := range uint64(9) {
		synctest.Test(t, func(t *testing.T) {
			o := download(t, f, sc.town(t, f, holders, seed))
			ratios, carried = append(ratios, o.ratio), append(carried, o.carried)
		})
	}
	t.Logf("128 MiB: time over bound: median %.3f worst %.3f; carried in vain: median %.2f %% worst %.2f %%",
		median(ratios), slices.Max(ratios), 100*median(carried), 100*slices.Max(carried))
	if median(ratios) > 1.1 || median(carried) >= 0.01 {
		t.Error("more than was aimed at")
	}
}
