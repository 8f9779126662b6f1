package swarm_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

func TestSchemeFor(t *testing.T) {
	for _, c := range []struct {
		friends int
		uptime  float64
		want    swarm.Scheme
		safe    int
	}{
		{-1, 1, swarm.Scheme{}, 0},
		{0, 1, swarm.Scheme{}, 0},
		{1, 0, swarm.Scheme{K: 1, N: 1}, 1},
		{2, 0, swarm.Scheme{K: 1, N: 2}, 1},
		{3, 1, swarm.Scheme{K: 2, N: 3}, 2},
		{4, 1, swarm.Scheme{K: 2, N: 4}, 3},
		{5, 1, swarm.Scheme{K: 3, N: 5}, 4},
		{9, 1, swarm.Scheme{K: 3, N: 9}, 4},
		{10, 1, swarm.Scheme{K: 3, N: 10}, 4},
		{19, 1, swarm.Scheme{K: 3, N: 10}, 4},
		{20, 0.49, swarm.Scheme{K: 3, N: 10}, 4},
		{20, 0.5, swarm.Scheme{K: 10, N: 20}, 11},
		{30, 0.9, swarm.Scheme{K: 10, N: 30}, 11},
		{500, 0.9, swarm.Scheme{K: 10, N: 30}, 11},
	} {
		got := swarm.SchemeFor(c.friends, c.uptime)
		if got != c.want {
			t.Errorf("%d friends, uptime %v: %v, not %v", c.friends, c.uptime, got, c.want)
		}
		if safe := swarm.Safe(got.K, c.friends); c.friends > 0 && safe != c.safe {
			t.Errorf("%d friends: %d people are safe, not %d", c.friends, safe, c.safe)
		}
	}
}

func TestAvailable(t *testing.T) {
	for _, c := range []struct {
		k, n    int
		p, want float64
	}{
		{0, 3, 0.1, 1},
		{1, 0, 0.9, 0},
		{1, 1, 0.3, 0.3},
		{1, 3, 0.3, 0.657},
		{3, 10, 0.3, 0.617},
		{3, 10, 0.5, 0.945},
		{10, 30, 0.5, 0.979},
		{29, 80, 0.3, 0.137},
		{5, 4, 1, 0},
	} {
		got := swarm.Available(c.k, slices.Repeat([]float64{c.p}, c.n))
		if math.Abs(got-c.want) > 0.0005 {
			t.Errorf("%d of %d at %v: %.4f, not %.3f", c.k, c.n, c.p, got, c.want)
		}
	}
	// Two of three different ones, by hand.
	want := 0.5*0.6*(1-0.7) + 0.5*(1-0.6)*0.7 + (1-0.5)*0.6*0.7 + 0.5*0.6*0.7
	if got := swarm.Available(2, []float64{0.5, 0.6, 0.7}); math.Abs(got-want) > 1e-12 {
		t.Errorf("%v, not %v", got, want)
	}
}

func locator(t testing.TB, i int) blobstore.Locator {
	t.Helper()
	l, err := blobstore.NewRepairKey([32]byte{byte(i), byte(i >> 8), 1}).Locator(3)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRankIsInProportionToFreeRoom(t *testing.T) {
	people := []swarm.Candidate{{DID: did(1), Free: 1e9}, {DID: did(2), Free: 2e9}, {DID: did(3), Free: 5e9}, {DID: did(4)}}
	first := map[radicle.DID]float64{}
	const objects = 4000
	for i := range objects {
		ranked := swarm.Rank(locator(t, i), people)
		if len(ranked) != 3 {
			t.Fatalf("%d of the three with room", len(ranked))
		}
		first[ranked[0].DID]++
	}
	for _, p := range people {
		want := objects * float64(p.Free) / 8e9
		if got := first[p.DID]; math.Abs(got-want) > 4*math.Sqrt(want)+1 {
			t.Errorf("%v free: first %v times, not %v", p.Free, got, want)
		}
	}
}

// Somebody new takes their part and moves nothing between the others.
func TestRankMovesOnlyToWhoIsNew(t *testing.T) {
	var people []swarm.Candidate
	for i := range 12 {
		people = append(people, swarm.Candidate{DID: did(i), Free: int64(i+1) << 30})
	}
	for i := range 200 {
		before := swarm.Rank(locator(t, i), people[:11])
		after := swarm.Rank(locator(t, i), people)
		after = slices.DeleteFunc(after, func(c swarm.Candidate) bool { return c == people[11] })
		if !slices.Equal(before, after) {
			t.Fatalf("object %d: %v became %v", i, before, after)
		}
	}
}

func TestRankSpreadsOverHouseholds(t *testing.T) {
	people := []swarm.Candidate{
		{DID: did(1), Household: "mill", Free: 1e12},
		{DID: did(2), Household: "mill", Free: 1e12},
		{DID: did(3), Free: 1},
		{DID: did(4), Free: 1},
		{DID: did(5), Household: "quay", Free: 1},
	}
	for i := range 50 {
		ranked := swarm.Rank(locator(t, i), people)
		if len(ranked) != 5 || ranked[4].Household != "mill" {
			t.Fatalf("object %d: %v", i, ranked)
		}
	}
}

// Pledges fill up evenly: with 20 friends of very different pledges, over 75 % are in use before a share finds no room.
func TestRankFillsEvenly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	people := make([]swarm.Candidate, 20)
	total := int64(0)
	for i := range people {
		people[i] = swarm.Candidate{DID: did(i), Free: int64(1000 * math.Exp(random.NormFloat64()))}
		total += people[i].Free
	}
	placed := int64(0)
	for object := 0; ; object++ {
		ranked := swarm.Rank(locator(t, object), people)
		if len(ranked) < 7 {
			break
		}
		for _, c := range ranked[:min(10, len(ranked))] {
			i := slices.IndexFunc(people, func(p swarm.Candidate) bool { return p.DID == c.DID })
			people[i].Free--
			placed++
		}
	}
	if used := float64(placed) / float64(total); used < 0.75 {
		t.Errorf("%.2f in use", used)
	}
}

func ExampleSchemeFor() {
	s := swarm.SchemeFor(12, 0.4)
	fmt.Printf("any %d of %d bring it back; %d may vanish\n", s.K, s.N, s.N-s.K)
	// Output: any 3 of 10 bring it back; 7 may vanish
}
