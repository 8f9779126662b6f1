package swarm_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/net"
	"radswarm/blobstore/swarm"
)

// streets are lines of one kind.
func streets(n int) []street {
	all := make([]street, n)
	for i := range all {
		all[i] = street{rtt: 40 * time.Millisecond, rate: 10e6 / 8}
	}
	return all
}

// Over the real protocol, too, whoever misbehaves is named, and the object comes all the same.
func TestFetchInATownRoutesAround(t *testing.T) {
	f := newFilm(t, 8<<20, 3, 6)
	type outcome = swarm.SourceReport
	kept := f.kept(t)
	for _, c := range []struct {
		name   string
		holder func(blobstore.Holder) blobstore.Holder
		line   func(w *town, i int)
		told   func(outcome) bool
	}{
		{"liar", blobtest.Liar, nil, func(r outcome) bool { return errors.Is(r.Err, swarm.ErrFalse) }},
		{"mute", blobtest.Mute, nil, func(r outcome) bool { return r.Silent > 0 && r.Blocks == 0 }},
		{"mute line", nil, func(w *town, i int) {
			w.set(i, func(c *net.Conditions) { c.Mute = true })
		}, func(r outcome) bool { return r.Silent > 0 && r.Blocks == 0 }},
		{"lying line", nil, func(w *town, i int) {
			w.set(i, func(c *net.Conditions) { c.Lie = true })
		}, func(r outcome) bool { return r.Err != nil }},
		{"slow", nil, func(w *town, i int) {
			w.after(300*time.Millisecond, i, func(c *net.Conditions) { c.Rate /= 20 })
		}, func(r outcome) bool { return r.Late > 0 }},
		{"vanishes", nil, func(w *town, i int) {
			w.after(300*time.Millisecond, i, func(c *net.Conditions) { c.Down = true })
		}, func(r outcome) bool { return r.Silent > 0 && r.Blocks > 0 }},
		{"hangs up", nil, func(w *town, i int) {
			time.AfterFunc(300*time.Millisecond, func() { _ = w.friends[i].Close() })
		}, func(r outcome) bool { return r.Err != nil && r.Blocks > 0 }},
		{"has none", func(blobstore.Holder) blobstore.Holder {
			return (&blobtest.Memory{}).For(owner())
		}, nil, func(r outcome) bool { return errors.Is(r.Err, fs.ErrNotExist) }},
	} {
		for _, bad := range []int{1, 4} { // a data share, and a parity share
			t.Run(c.name, func(t *testing.T) {
				holders := slices.Clone(kept)
				if c.holder != nil {
					holders[bad] = c.holder(holders[bad])
				}
				synctest.Test(t, func(t *testing.T) {
					w := newTown(t, holders, streets(6))
					if c.line != nil {
						c.line(w, bad)
					}
					for _, r := range mustFetch(t, f, w.sources(f), swarm.FetchOptions{}).Sources {
						if named := c.told(r); named != (r.DID == did(bad)) || !named && r.Err != nil {
							t.Errorf("share %d: %+v", r.Index, r)
						}
					}
				})
			})
		}
	}
}

func TestSendInATownPassesOver(t *testing.T) {
	f := newFilm(t, 4<<20, 3, 6)
	for _, c := range []struct {
		name   string
		holder func(blobstore.Holder) blobstore.Holder
		line   func(w *town, i int)
		want   error // nil: any
	}{
		{"full", blobtest.Full, nil, blobstore.ErrFull},
		{"mute", blobtest.Mute, nil, swarm.ErrSilent},
		{"vanishes", nil, func(w *town, i int) {
			w.after(200*time.Millisecond, i, func(c *net.Conditions) { c.Down = true })
		}, nil},
		{"hangs up", nil, func(w *town, i int) {
			time.AfterFunc(200*time.Millisecond, func() { _ = w.friends[i].Close() })
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd, bad := newCrowd(8), 2
				var holders []blobstore.Holder
				for i, p := range crowd.people {
					if i == bad && c.holder != nil {
						p.Holder = c.holder(p.Holder)
					}
					holders = append(holders, p.Holder)
				}
				w := newTown(t, holders, streets(8))
				people := slices.Clone(crowd.people)
				for i := range people {
					people[i].Holder = w.holder(i)
				}
				if c.line != nil {
					c.line(w, bad)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				report, err := swarm.Send(ctx, f.sending(people), swarm.SendOptions{})
				if err != nil || len(report.Missing) > 0 {
					t.Fatalf("%v, missing %v", err, report.Missing)
				}
				if len(report.Failed) != 1 || report.Failed[0].Holder != did(bad) || c.want != nil && !errors.Is(report.Failed[0], c.want) {
					t.Errorf("%v", report.Failed)
				}
				crowd.check(t, f, report)
			})
		})
	}
}
