package swarm

import (
	"context"
	"time"
)

// watch takes those out of a pass that hold up the others, and cuts those that take nothing.
func (u *upload) watch(ctx context.Context, parcels []*parcel) {
	const step = detachAfter / 20
	tick := time.NewTicker(step)
	defer tick.Stop()
	seen := make([]watched, len(parcels))
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for i, p := range parcels {
				seen[i].look(p.spool, now)
			}
			for i, p := range parcels {
				if seen[i].stuck(now) {
					p.spool.cut(ErrSilent)
					p.cancel()
				} else if holdsUp(seen, i) {
					if seen[i].blocking += step; seen[i].blocking >= detachAfter {
						p.spool.end(errDetached)
					}
				}
			}
		}
	}
}

// watched is what is seen of a spool.
type watched struct {
	level    spoolLevel
	total    int64
	moved    time.Time     // when bytes were last taken, or there were none to take
	blocking time.Duration // that the others had nothing because of it
}

func (w *watched) look(s *spool, now time.Time) {
	level, total := s.level()
	if total != w.total || level < full || w.moved.IsZero() {
		w.moved = now
	}
	w.level, w.total = level, total
}

// stuck reports whether its reader takes nothing, or has taken all and does not say whether it keeps it.
func (w *watched) stuck(now time.Time) bool {
	since := now.Sub(w.moved)
	return w.level == full && since >= stuckAfter || w.level == drained && since >= ackAfter
}

// holdsUp reports whether one spool is full and all others that are read have next to nothing.
func holdsUp(all []watched, i int) bool {
	if all[i].level != full {
		return false
	}
	others := 0
	for j, w := range all {
		switch {
		case j == i || w.level == idle || w.level == drained:
		case w.level == low:
			others++
		default:
			return false
		}
	}
	return others > 0
}
