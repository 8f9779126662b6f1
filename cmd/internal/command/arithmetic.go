package command

import (
	"fmt"
	"math"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/ui"
)

// The arithmetic of shares, without anybody's disk (research behind it: what K of N can and cannot do). The rule that no code
// beats: whatever friends survive must together hold at least the file.

// wish is what somebody would like of an object. What is zero is not wished.
type wish struct {
	size    int64
	uptimes []float64 // of each friend, 0 … 1
	k, n    int       // a coding of their own
	want    float64   // chance that it opens
	vanish  int       // how many friends may vanish
	each    int64     // bytes that a friend stores at most
}

// sum is the arithmetic of an object.
type sum struct {
	Friends   int     `json:"friends"`
	Size      int64   `json:"size"`
	K         int     `json:"k"`
	N         int     `json:"n"`
	Each      int64   `json:"each"` // bytes that a friend is charged for one share
	Total     int64   `json:"total"`
	Expansion float64 `json:"expansion"` // Total / Size
	Spare     int     `json:"spare"`     // how many of N may vanish
	SafeAt    int     `json:"safe_at"`   // with so many people it is safe
	Uptime    float64 `json:"uptime"`    // on average
	Measured  bool    `json:"measured"`
	Opens     float64 `json:"opens"` // chance that it opens at a moment
	At        []at    `json:"at"`
	Lost      float64 `json:"lost_in_a_year"` // if friends leave as leaving says and nothing is repaired
}

// at is the chance that an object opens where everybody is there for this part of the time.
type at struct {
	Uptime float64 `json:"uptime"`
	Opens  float64 `json:"opens"`
	Copies float64 `json:"copies"` // the same with a whole copy at each of N
}

const (
	leaving     = 0.2  // of all friends, for good, in a year
	manifest    = 1024 // bytes of a sealed manifest, as good as always
	mostFriends = 256  // friends up to which somebody is told how many it would take
)

// calculate grants a wish, or says the bound that it breaks.
func (w wish) calculate() (sum, error) {
	f := len(w.uptimes)
	if f == 0 {
		return sum{}, impossible("without friends nothing is stored but on this disk")
	}
	k, n, err := w.coding()
	if err != nil {
		return sum{}, err
	}
	coding, err := codingOf(w.size, k)
	if err != nil {
		return sum{}, err
	}
	k = coding.K() // small objects take fewer
	each, best := blobstore.Charge(coding.ShareLen(0), manifest), w.best(n)
	s := sum{
		Friends: f, Size: w.size, K: k, N: n, Each: each, Total: each * int64(n), Spare: n - k, SafeAt: swarm.Safe(k, f),
		Uptime: mean(w.uptimes), Opens: opens(k, best), Lost: 1 - opens(k, same(n, 1-leaving)),
	}
	if w.size > 0 {
		s.Expansion = float64(s.Total) / float64(w.size)
	}
	for _, p := range []float64{0.3, 0.5, 0.8} {
		s.At = append(s.At, at{p, opens(k, same(n, p)), opens(1, same(n, p))})
	}
	return s, nil
}

// best returns the uptimes of those n who are there most: placement prefers them no less.
func (w wish) best(n int) []float64 {
	sorted := slices.Clone(w.uptimes)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	return sorted[:min(n, len(sorted))]
}

// coding returns K and N: as wished, as the wishes need, or as the swarm would choose.
func (w wish) coding() (k, n int, err error) {
	switch f := len(w.uptimes); {
	case w.k != 0 || w.n != 0:
		k, n, err = w.own()
	case w.want == 0 && w.vanish == 0 && w.each == 0:
		s := swarm.SchemeFor(f, mean(w.uptimes))
		k, n = s.K, s.N
	default:
		k, n = min(f, blobstore.MaxK), f
		for k > 1 && w.refuses(k, n) != nil && w.fits(k-1) {
			k--
		}
	}
	if err == nil {
		err = w.refuses(k, n)
	}
	return k, n, err
}

// own checks a coding that was given.
func (w wish) own() (k, n int, err error) {
	f := len(w.uptimes)
	k, n = w.k, w.n
	if n == 0 {
		n = f
	}
	if k == 0 {
		k = swarm.SchemeFor(n, mean(w.uptimes)).K
	}
	switch {
	case k < 1 || k > blobstore.MaxK || n < k || n > blobstore.MaxN:
		return 0, 0, impossible("%d of %d: K is 1 to %d, N is K to %d", k, n, blobstore.MaxK, blobstore.MaxN)
	case n > f:
		return 0, 0, impossible("%d of %d needs %d friends: two shares with one friend vanish together", k, n, n)
	}
	return k, n, nil
}

// fits is whether a friend stores no more than was wished with this K.
func (w wish) fits(k int) bool {
	each, err := charged(w.size, k)
	return err == nil && (w.each == 0 || each <= w.each)
}

// refuses returns the bound that K of N breaks, nil for none.
func (w wish) refuses(k, n int) error {
	each, err := charged(w.size, k)
	if err != nil {
		return err
	}
	left := n - w.vanish
	switch {
	case w.vanish > 0 && left < 1:
		return impossible("%d of %d friends cannot all vanish: somebody must hold the file", w.vanish, n)
	case w.vanish > 0 && left < k && w.each > 0 && w.k == 0:
		return impossible(
			"any %d of %d may vanish only if the %d that are left hold the whole file: %s each, not %s",
			w.vanish, n, left, ui.Size(w.size/int64(left)), ui.Size(w.each),
		)
	case w.vanish > 0 && left < k:
		return impossible("%d of %d survives %d who vanish, not %d", k, n, n-k, w.vanish)
	case !w.fits(k) && k == blobstore.MaxK:
		return impossible("a share is at least 1/%d of the file: %s, more than %s", k, ui.Size(each), ui.Size(w.each))
	case !w.fits(k):
		return impossible("%d of %d stores %s with each, more than %s: more friends make it less", k, n, ui.Size(each), ui.Size(w.each))
	case w.want > 0 && opens(k, w.best(n)) < w.want:
		return w.tooRare(k, n)
	}
	return nil
}

// tooRare says how often it opens at best, and with how many friends it would do.
func (w wish) tooRare(k, n int) error {
	p := mean(w.uptimes)
	text := fmt.Sprintf(
		"%.6g %% is out of reach: %d of %d opens %s of the time with friends who are there %s of it",
		100*w.want, k, n, chance(opens(k, w.best(n))), ui.Percent(p),
	)
	if w.each > 0 {
		text += " and store " + ui.Size(w.each) + " each"
	}
	if k > 1 {
		text += fmt.Sprintf(", a whole copy with each %s", chance(opens(1, w.best(n))))
	}
	if copies, thirds := needed(1, p, w.want), needed(3, p, w.want); copies > 0 && thirds > 0 {
		text += fmt.Sprintf("; it takes %d friends with a whole copy each, or %d with a third", copies, thirds)
	}
	return impossible("%s", text)
}

// needed returns with how many friends K of them are there often enough; 0 where more than anybody has would not do.
func needed(k int, uptime, want float64) int {
	for n := k; n <= mostFriends; n++ {
		if opens(k, same(n, uptime)) >= want {
			return n
		}
	}
	return 0
}

// codingOf returns how an object of this size would be coded.
func codingOf(size int64, k int) (blobstore.Coding, error) {
	layout, err := blobstore.NewLayout(size, blobstore.PadPadme)
	if err != nil {
		return blobstore.Coding{}, err
	}
	return layout.Coding(k)
}

// charged returns the bytes that a friend is charged for the longest share.
func charged(size int64, k int) (int64, error) {
	coding, err := codingOf(size, k)
	if err != nil {
		return 0, err
	}
	return blobstore.Charge(coding.ShareLen(0), manifest), nil
}

// opens is swarm.Available, without what rounding adds to certainty.
func opens(k int, uptimes []float64) float64 { return min(1, swarm.Available(k, uptimes)) }

func impossible(format string, args ...any) error {
	return ui.HintErrorf("rad swarm math --help", ui.Usage, format, args...)
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, p := range list {
		sum += p
	}
	return sum / float64(max(1, len(list)))
}

func same(n int, p float64) []float64 { return slices.Repeat([]float64{p}, n) }

// chance writes a chance so that it does not round to certainty, and not with more nines than anybody can know.
func chance(p float64) string {
	switch {
	case p <= 0:
		return "0 %"
	case 1-p < 1e-6: // also what rounds to more than certainty
		return "> 99.9999 %"
	case p < 1e-6:
		return "< 0.0001 %"
	}
	digits := max(1, int(math.Ceil(-math.Log10(1-p)))-1)
	if p < 0.01 {
		digits = int(math.Ceil(-math.Log10(p))) - 1
	}
	return fmt.Sprintf("%.*f %%", digits, 100*p)
}
