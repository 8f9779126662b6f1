package command

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/ui"
)

// enumerate adds up the chance of every set of friends that has K of them: slow and plain.
func enumerate(k int, uptimes []float64) float64 {
	total := 0.0
	for set := range uint(1) << len(uptimes) {
		chance := 1.0
		for i, p := range uptimes {
			if set>>i&1 == 0 {
				p = 1 - p
			}
			chance *= p
		}
		if bits.OnesCount(set) >= k {
			total += chance
		}
	}
	return total
}

func TestOpensIsExact(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for n := range 13 {
		uptimes := make([]float64, n)
		for i := range uptimes {
			uptimes[i] = draw.Float64()
		}
		for k := range n + 2 {
			if got, want := opens(k, uptimes), enumerate(k, uptimes); math.Abs(got-want) > 1e-12 {
				t.Errorf("%d of %v: %v, want %v", k, uptimes, got, want)
			}
		}
	}
}

// The figures that people are told, against a plain enumeration and a list that was reckoned elsewhere.
func TestSums(t *testing.T) {
	for _, test := range []struct {
		friends int
		uptime  float64
		k, n    int
		spare   int
		each    int64 // MB of a GB, rounded down
		opens   string
	}{
		{1, 0.5, 1, 1, 0, 1007, "50.0 %"},
		{2, 0.5, 1, 2, 1, 1007, "75.0 %"},
		{3, 0.5, 2, 3, 1, 504, "50.0 %"},
		{4, 0.8, 2, 4, 2, 504, "97.3 %"},
		{5, 0.95, 3, 5, 2, 336, "99.88 %"},
		{6, 0.3, 3, 6, 3, 336, "25.6 %"},
		{10, 0.3, 3, 10, 7, 336, "61.7 %"},
		{10, 0.5, 3, 10, 7, 336, "94.5 %"},
		{10, 0.8, 3, 10, 7, 336, "99.9922 %"},
		{30, 0.5, 10, 30, 20, 100, "97.9 %"},
		{30, 0.3, 3, 10, 7, 336, "61.7 %"},
	} {
		s, err := wish{size: 1e9, uptimes: same(test.friends, test.uptime)}.calculate()
		if err != nil {
			t.Errorf("%d friends: %v", test.friends, err)
			continue
		}
		if s.K != test.k || s.N != test.n || s.Spare != test.spare || s.Each/1e6 != test.each || chance(s.Opens) != test.opens {
			t.Errorf("%d friends at %v: %+v, opens %s", test.friends, test.uptime, s, chance(s.Opens))
		}
		if s.N <= 12 && math.Abs(s.Opens-enumerate(s.K, same(s.N, test.uptime))) > 1e-12 {
			t.Errorf("%d friends at %v: opens %v", test.friends, test.uptime, s.Opens)
		}
		if s.Total != s.Each*int64(s.N) || s.SafeAt != swarm.Safe(s.K, test.friends) {
			t.Errorf("%d friends: %+v", test.friends, s)
		}
	}
}

// Wishes that can be granted are granted with as little room as they need.
func TestWishes(t *testing.T) {
	for name, test := range map[string]struct {
		w    wish
		k, n int
	}{
		"30 friends, 99.9 %":              {wish{want: 0.999, uptimes: same(30, 0.5)}, 7, 30},
		"the least for 99.9 % at 30 %":    {wish{want: 0.999, uptimes: same(20, 0.3)}, 1, 20},
		"33 with a third":                 {wish{want: 0.999, uptimes: same(33, 0.3)}, 3, 33},
		"70 of 100 may vanish":            {wish{vanish: 70, uptimes: same(100, 0.5)}, 30, 100},
		"97 of 100 may vanish":            {wish{vanish: 97, uptimes: same(100, 0.5)}, 3, 100},
		"20 MB each with 100":             {wish{each: 21e6, vanish: 50, uptimes: same(100, 0.5)}, 50, 100},
		"no more than there can be":       {wish{vanish: 10, uptimes: same(100, 0.5)}, 64, 100},
		"their own":                       {wish{k: 5, n: 20, uptimes: same(30, 0.5)}, 5, 20},
		"their own K":                     {wish{k: 5, uptimes: same(10, 0.5)}, 5, 10},
		"their own N":                     {wish{n: 10, uptimes: same(12, 0.5)}, 3, 10},
		"one who is always there":         {wish{want: 1, uptimes: []float64{1, 0.3}}, 1, 2},
		"small files take no three parts": {wish{size: 5, uptimes: same(10, 0.5)}, 1, 10},
	} {
		if test.w.size == 0 {
			test.w.size = 1e9
		}
		s, err := test.w.calculate()
		if err != nil || s.K != test.k || s.N != test.n {
			t.Errorf("%s: %d of %d, %v", name, s.K, s.N, err)
		}
	}
}

func TestImpossibleWishes(t *testing.T) {
	for name, test := range map[string]struct {
		w    wish
		want string
	}{
		"nobody": {wish{}, "without friends nothing is stored but on this disk"},
		"99.9 % with four": {
			wish{want: 0.999, uptimes: same(4, 0.3)},
			"99.9 % is out of reach: 1 of 4 opens 76.0 % of the time with friends who are there 30 % of it; " +
				"it takes 20 friends with a whole copy each, or 33 with a third",
		},
		"100 friends, 10 MB each, 97 vanish": {
			wish{each: 10e6, vanish: 97, uptimes: same(100, 0.5)},
			"any 97 of 100 may vanish only if the 3 that are left hold the whole file: 333 MB each, not 10 MB",
		},
		"two of three, 350 MB each": {
			wish{each: 350e6, vanish: 1, uptimes: same(3, 0.5)},
			"any 1 of 3 may vanish only if the 2 that are left hold the whole file: 500 MB each, not 350 MB",
		},
		"all vanish":   {wish{vanish: 4, uptimes: same(4, 0.5)}, "4 of 4 friends cannot all vanish: somebody must hold the file"},
		"too small":    {wish{each: 5e6, uptimes: same(100, 0.5)}, "a share is at least 1/64 of the file: 16 MB, more than 5.0 MB"},
		"too few":      {wish{each: 5e6, uptimes: same(10, 0.5)}, "10 of 10 stores 101 MB with each, more than 5.0 MB: more friends make it less"},
		"two with one": {wish{k: 3, n: 10, uptimes: same(4, 0.5)}, "3 of 10 needs 10 friends: two shares with one friend vanish together"},
		"K of fewer":   {wish{k: 10, n: 4, uptimes: same(20, 0.5)}, "10 of 4: K is 1 to 64, N is K to 256"},
		"K too large":  {wish{k: 65, n: 80, uptimes: same(100, 0.5)}, "65 of 80: K is 1 to 64, N is K to 256"},
		"their own that vanishes": {
			wish{k: 7, n: 10, vanish: 4, uptimes: same(10, 0.5)}, "7 of 10 survives 3 who vanish, not 4",
		},
		"nobody is ever there": {
			wish{want: 0.5, uptimes: same(3, 0)},
			"50 % is out of reach: 1 of 3 opens 0 % of the time with friends who are there 0 % of it",
		},
	} {
		if test.w.size == 0 {
			test.w.size = 1e9
		}
		_, err := test.w.calculate()
		if err == nil || err.Error() != test.want || ui.Explain(err).Exit != ui.Usage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestChance(t *testing.T) {
	for p, want := range map[float64]string{
		0: "0 %", 1e-9: "< 0.0001 %", 7.8e-5: "0.0078 %", 0.5: "50.0 %", 0.945: "94.5 %", 0.9988: "99.88 %", 0.9999221: "99.9922 %",
		0.9999999: "> 99.9999 %", 1: "> 99.9999 %", 1.0000001: "> 99.9999 %",
	} {
		if got := chance(p); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
	if strings.Contains(chance(math.NaN()), "9") {
		t.Error("nothing known is told as something")
	}
}

// math uses what a running daemon has measured, and starts none.
func TestMathMeasured(t *testing.T) {
	w := newWorld(t).with(t)
	if got := w.line(t, "math"); got.exit != 0 || !strings.Contains(got.out, "10, there 50 % of the time on average, assumed") {
		t.Error(got)
	}
	d := w.daemon(t, answersOf(t))
	got := w.line(t, "math --size 2GB")
	if got.exit != 0 || !strings.Contains(got.out, "1, there 50 % of the time on average, as measured") || !strings.Contains(got.out, "1 of 1 bring back 2.0 GB") {
		t.Error(got)
	}
	if len(d.requests()) != 1 {
		t.Error("the daemon was not asked once")
	}
	if got := w.line(t, "math --friends 5 --uptime 0.8"); got.exit != 0 || !strings.Contains(got.out, "5, there 80 %") || len(d.requests()) != 0 {
		t.Error(got)
	}
}
