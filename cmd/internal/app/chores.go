package app

import (
	"context"
	"errors"
	"time"

	"radswarm/blobstore/disk"
)

// chore is something that is done again and again.
type chore struct {
	what  string
	first time.Duration // after the start
	every time.Duration
	do    func(context.Context) error
}

// How often what is done. Waking up once a minute costs nothing that can be measured.
const (
	lookEvery  = time.Minute
	tendEvery  = time.Hour
	dailyFirst = 10 * time.Minute // so that a start is not slower for it
	daily      = 24 * time.Hour
)

// Scrubbing: each share is read once in a month, at a pace that neither a disk nor a fan notices: a TB in three days.
const (
	scrubAge  = 30 * 24 * time.Hour
	scrubRate = 4 << 20 // bytes a second
)

// chores begins what happens in the background.
func (a *App) chores() {
	a.background.do(func(ctx context.Context) {
		a.repeat(ctx, []chore{
			{"look for the share store", lookEvery, lookEvery, a.shares.Look},
			{"renew what is signed", tendEvery, tendEvery, a.tend},
			{"sweep the trash", dailyFirst, daily, a.sweep},
		})
	})
	a.background.do(func(ctx context.Context) {
		a.repeat(ctx, []chore{{"scrub", 2 * dailyFirst, daily, a.scrub}})
	})
}

// repeat does chores when they are due, one at a time, until ctx is done.
func (a *App) repeat(ctx context.Context, all []chore) {
	now := time.Now()
	due := make([]time.Time, len(all))
	for i, c := range all {
		due[i] = now.Add(c.first)
	}
	for {
		next := 0
		for i := range due {
			if due[i].Before(due[next]) {
				next = i
			}
		}
		if !sleep(ctx, time.Until(due[next])) {
			return
		}
		if err := all[next].do(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("in the background", "what", all[next].what, "err", err)
		}
		due[next] = time.Now().Add(all[next].every)
	}
}

// sleep waits, and says whether ctx is not done.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// tend renews what the Radicle key signs. A home that is locked does so when it is unlocked.
func (a *App) tend(ctx context.Context) error {
	if err := a.keys.Tend(ctx); err != nil && !errors.Is(err, ErrLocked) {
		return err
	}
	return nil
}

func (a *App) sweep(ctx context.Context) error {
	st, err := a.shares.use()
	if err != nil {
		return nil
	}
	n, err := st.Sweep(ctx)
	if n > 0 {
		a.log.Info("trash swept", "shares", n)
	}
	return err
}

// scrub reads what nobody has read for long.
func (a *App) scrub(ctx context.Context) error {
	st, err := a.shares.use()
	if err != nil {
		return nil
	}
	return scrubStore(ctx, st, a.options.Now().Add(-scrubAge), a.rotten)
}

func scrubStore(ctx context.Context, st *disk.Store, before time.Time, rotten func(disk.Scrubbed)) error {
	for s, err := range st.Scrub(ctx, before, scrubRate) {
		if err != nil {
			return err
		}
		if s.Rot != nil {
			rotten(s)
		}
	}
	return nil
}

func (a *App) rotten(s disk.Scrubbed) {
	a.log.Warn("share rotted and was moved aside", "share", s.Name, "err", s.Rot)
}
