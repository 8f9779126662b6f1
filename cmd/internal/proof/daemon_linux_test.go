package proof

import (
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
)

// pids are the processes of the daemons of homes.
func (s *stage) pids(names ...string) (all []int) {
	s.tb.Helper()
	for _, name := range names {
		all = append(all, s.pid(name))
	}
	return all
}

// Most is the most memory that any of some processes ever had, in MB.
func most(tb testing.TB, pids []int) float64 {
	tb.Helper()
	var all []int64
	for _, pid := range pids {
		all = append(all, peak(tb, pid))
	}
	return float64(slices.Max(all)) / 1e6
}

// measured is what daemons used for something: that of you here, those of friends there.
func (s *stage) measured(friends []int, work func()) transfer {
	s.tb.Helper()
	you := s.pid(lab.You)
	here, _ := processorTime(s.tb, you), 0
	t := measure(s.tb, friends, work)
	t.here = processorTime(s.tb, you) - here
	return t
}

// BenchmarkObject is put and get of 1 GiB at 3 of 10, by daemons: all ten friends up for the put, seven of them dead for the
// get, those that have the chunks as they are among them.
func BenchmarkObject(b *testing.B) {
	size := benchBytes()
	c := measureCosts(b, wanted, all)
	put, get := putFloor(b, c, wanted, all, size), getFloor(b, c, size)
	for b.Loop() {
		s := newStage(b, all)
		path, back := s.file("film", size, 1), filepath.Join(s.dir, "back")
		friends := s.pids(s.friends()...)
		var stored control.Stored
		report(b, "put", s.measured(friends, func() {
			var err error
			if stored, err = ask[control.Stored](s, "/v1/put", control.Put{Path: path, Require: control.Full}, nil); err != nil {
				b.Fatal(err)
			}
		}), put, size)
		b.ReportMetric(most(b, friends), "friends-MB")
		left := s.killHolders(stored.Object, all-wanted)
		report(b, "get", s.measured(s.pids(left...), func() {
			if _, err := ask[control.Fetched](s, "/v1/get", control.Get{OID: stored.Object.OID, To: back}, nil); err != nil {
				b.Fatal(err)
			}
		}), get, size)
		b.ReportMetric(most(b, s.pids(lab.You)), "you-MB")
	}
	b.ReportMetric(0, "ns/op")
}

// killHolders kills holders of an object, of its first shares first, and returns who is left.
func (s *stage) killHolders(p control.Pointer, n int) (left []string) {
	s.tb.Helper()
	left = s.friends()
	for _, share := range s.holding(p.OID).Shares[:n] {
		s.kill(share.Name)
		left = slices.DeleteFunc(left, func(name string) bool { return name == share.Name })
	}
	return left
}

// BenchmarkSmallObjects is put and get of 1,000 objects of 100 KB, 16 requests at once. Aim: 10 s and 5 s.
func BenchmarkSmallObjects(b *testing.B) {
	const count, size = 1000, 100_000
	for b.Loop() {
		s := newStage(b, all)
		var paths [count]string
		var objects [count]control.Pointer
		for i := range paths {
			paths[i] = s.file(fmt.Sprintf("small%d", i), size, byte(i), byte(i>>8))
		}
		friends := s.pids(s.friends()...)
		t := s.measured(friends, func() {
			each(b, count, func(i int) error {
				stored, err := ask[control.Stored](s, "/v1/put", control.Put{Path: paths[i], Require: control.Full}, nil)
				objects[i] = stored.Object
				return err
			})
		})
		reportSmall(b, "put", t)
		t = s.measured(friends, func() {
			each(b, count, func(i int) error {
				_, err := ask[control.Fetched](s, "/v1/get", control.Get{OID: objects[i].OID, To: paths[i] + ".back"}, nil)
				return err
			})
		})
		reportSmall(b, "get", t)
		b.ReportMetric(most(b, s.pids(lab.You)), "you-MB")
		b.ReportMetric(most(b, friends), "friends-MB")
	}
	b.ReportMetric(0, "ns/op")
}

func reportSmall(b *testing.B, name string, t transfer) {
	b.Helper()
	b.ReportMetric(t.took.Seconds(), name+"-s")
	b.ReportMetric(t.here.Seconds(), name+"-here-cpu-s")
	b.ReportMetric(t.there.Seconds(), name+"-there-cpu-s")
	b.Logf("%s: %.2f s; processor %.2f s here, %.2f s there", name, t.took.Seconds(), t.here.Seconds(), t.there.Seconds())
}

// each does n things, 16 at once.
func each(tb testing.TB, n int, do func(i int) error) {
	tb.Helper()
	var all sync.WaitGroup
	next := make(chan int)
	for range 16 {
		all.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					tb.Error(err)
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}

// BenchmarkIdle is what daemons take that do nothing, you with ten friends and those, over a minute, or RADSWARM_PROOF_IDLE.
func BenchmarkIdle(b *testing.B) {
	long := time.Minute
	if d, err := time.ParseDuration(idleTime()); err == nil {
		long = d
	}
	for b.Loop() {
		s := newStage(b, all)
		measured, err := s.Measure(b.Context(), long)
		if err != nil {
			b.Fatal(err)
		}
		for _, m := range measured {
			b.Logf("%s: %.1f MB, %.3f %% of a processor", m.Name, float64(m.MaxRSS)/1e6, m.Percent)
		}
		you := measured[0]
		b.ReportMetric(float64(you.MaxRSS)/1e6, "you-MB")
		b.ReportMetric(you.Percent, "you-cpu-%")
	}
	b.ReportMetric(0, "ns/op")
}
