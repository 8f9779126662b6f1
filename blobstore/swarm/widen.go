package swarm

import (
	"context"
	"errors"
	"slices"
	"time"
)

// When shares go beside those that come first (SWARM.md §4.1).
const (
	widenAfter = time.Second     // of a wave that was alone, the second half of which shows how fast that is
	widenWorth = 5 * time.Second // that a wave takes at least from then on
	widenTrial = 2 * time.Second // after which it is judged, by the second half
	widenKeeps = 0.75            // of what the wave had alone is what it must have at least
)

// errLater is a share that was taken out of its pass because it made those slower that come first.
var errLater = errors.New("waits for those before it")

// widen lets the shares after a wave go beside it, where that does not slow it down: then it is the holders' lines that take
// the time, and those of all others would lie idle. Where it does, it is the line that all share, and they wait for their own
// wave. It returns when that is decided, or wave is done.
func (u *upload) widen(ctx, wave context.Context, parcels []*parcel) {
	if u.longest() <= int64(u.opt.Buffer) || !pause(wave, widenAfter/2) {
		return
	}
	alone := paces(wave, parcels, widenAfter/2)
	if wave.Err() != nil || u.remaining(parcels, alone) < widenWorth {
		return
	}
	rest := u.besides(parcels)
	if len(rest) == 0 {
		return
	}
	begun := make(chan []*parcel, 1)
	trial, stop := context.WithCancel(ctx)
	u.tasks.Go(func() {
		defer u.setApart(rest, false)
		defer stop()
		beside := u.offerAll(ctx, rest)
		begun <- beside
		u.passUntil(ctx, trial, beside)
	})
	select {
	case beside := <-begun:
		if pause(wave, widenTrial/2) && slowed(parcels, alone, paces(wave, parcels, widenTrial/2)) && wave.Err() == nil {
			for _, p := range beside {
				p.spool.end(errLater)
				p.cancel()
			}
			stop()
		}
	case <-wave.Done():
	}
}

// remaining is how long parcels take from now on that are taken at such rates.
func (u *upload) remaining(parcels []*parcel, rates []float64) time.Duration {
	var left, rate float64
	for i, p := range parcels {
		_, total := p.spool.level()
		left += float64(u.longest() - total)
		rate += rates[i]
	}
	return time.Duration(left / max(rate, 1) * float64(time.Second))
}

// slowed reports whether those of some parcels that are still taken have become slower.
func slowed(parcels []*parcel, before, after []float64) bool {
	var was, is float64
	for i, p := range parcels {
		if level, _ := p.spool.level(); level != idle && level != drained {
			was, is = was+before[i], is+after[i]
		}
	}
	return is < was*widenKeeps
}

// paces returns how many bytes of each parcel are taken in a second, during some time.
func paces(ctx context.Context, parcels []*parcel, during time.Duration) []float64 {
	rates := make([]float64, len(parcels))
	for i, p := range parcels {
		_, total := p.spool.level()
		rates[i] = -float64(total)
	}
	pause(ctx, during)
	for i, p := range parcels {
		_, total := p.spool.level()
		rates[i] = (rates[i] + float64(total)) / during.Seconds()
	}
	return rates
}

// pause waits, and reports whether it did to the end.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// besides returns the shares that are to go beside some parcels, and notes that they do.
func (u *upload) besides(parcels []*parcel) (shares []int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for j := range u.s.Shares {
		_, there := u.placed[j]
		if moves := slices.ContainsFunc(parcels, func(p *parcel) bool { return p.index == j }); there || moves || u.apart[j] {
			continue
		}
		if len(shares) < len(u.people) {
			shares = append(shares, j)
			u.apart[j] = true
		}
	}
	return shares
}

// takeBack makes a person one who was not asked yet.
func (u *upload) takeBack(p *parcel) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.people = slices.Insert(u.people, 0, p.to)
}
