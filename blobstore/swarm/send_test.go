package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// crowd is people with holders in memory.
type crowd struct {
	stores []*blobtest.Memory
	people []swarm.Person
}

func owner() radicle.DID { return blobtest.Person(0).NID().DID() }

func newCrowd(n int) *crowd {
	c := &crowd{}
	for i := range n {
		m := &blobtest.Memory{}
		c.stores = append(c.stores, m)
		c.people = append(c.people, swarm.Person{DID: did(i), Holder: m.For(owner())})
	}
	return c
}

func (f *film) sending(people []swarm.Person) *swarm.Sending {
	k := f.object.Coding().K()
	return &swarm.Sending{
		Object: f.object, Manifest: f.m, Repair: f.repair, Owner: owner(), Shares: len(f.shares), Safe: k + 1, People: people,
		File: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(f.plain)), nil },
	}
}

// check brings the film back from what the crowd has, and holds the report against what lies there.
func (c *crowd) check(t *testing.T, f *film, report *swarm.SendReport) {
	t.Helper()
	more := make(chan swarm.Source, len(c.people)*len(f.shares))
	at := map[int]radicle.DID{}
	failed := swarm.Find(t.Context(), f.repair, f.m, len(f.shares), c.honest(), func(s swarm.Source) {
		more <- s
		at[s.Index] = s.DID
	})
	close(more)
	if len(failed) > 0 {
		t.Fatal(failed[0])
	}
	for index, who := range report.Placed {
		if at[index] != who {
			t.Errorf("share %d is with %v, not with %v as was said", index, at[index], who)
		}
	}
	if len(report.Placed)+len(report.Missing) != len(f.shares) {
		t.Errorf("%d placed, %v missing", len(report.Placed), report.Missing)
	}
	if len(report.Placed) >= f.object.Coding().K() {
		mustFetch(t, f, more, swarm.FetchOptions{})
	}
}

func (c *crowd) honest() []swarm.Person {
	var all []swarm.Person
	for i, m := range c.stores {
		all = append(all, swarm.Person{DID: did(i), Holder: m.For(owner())})
	}
	return all
}

// throttled is a holder that reads shares at a rate, in bytes/s, 64 KiB at a time.
type throttled struct {
	blobstore.Holder
	rate float64
}

func (h *throttled) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	offers = slices.Clone(offers)
	for i, o := range offers {
		offers[i].Share = func() (io.ReadCloser, error) {
			r, err := o.Share()
			return &throttle{ctx, r, h.rate}, err
		}
	}
	return h.Holder.Put(ctx, offers)
}

type throttle struct {
	ctx context.Context
	io.ReadCloser
	rate float64
}

func (r *throttle) Read(b []byte) (int, error) {
	n, err := io.ReadFull(r.ReadCloser, b[:min(len(b), 1<<16)])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	if wait := pause(r.ctx, seconds(float64(n)/r.rate)); wait != nil {
		return n, wait
	}
	return n, err
}

func TestSendPlacesAll(t *testing.T) {
	for _, c := range []struct{ k, n, people, size int }{
		{1, 1, 1, 100}, {1, 2, 2, 1 << 20}, {2, 3, 3, 0}, {2, 4, 7, 5 << 20}, {3, 10, 10, 3 << 20}, {3, 10, 12, 70_000}, {10, 30, 30, 1 << 20},
	} {
		synctest.Test(t, func(t *testing.T) {
			f, crowd := newFilm(t, c.size, c.k, c.n), newCrowd(c.people)
			var told []int
			report, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{
				Told: func(index int, at radicle.DID) { told = append(told, index) },
			})
			if err != nil || len(report.Missing) > 0 || report.People() != c.n || len(told) != c.n {
				t.Fatalf("%+v: %v, missing %v, told of %v", c, err, report.Missing, told)
			}
			crowd.check(t, f, report)
			if k := f.object.Coding().K(); slices.Max(told[:k]) != k-1 {
				t.Errorf("%+v: the first %d were not the first: %v", c, k, told)
			}
			again, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{})
			if err != nil || again.Sent > 0 || len(again.Missing) > 0 {
				t.Errorf("%+v: sent again %d bytes: %v", c, again.Sent, err)
			}
		})
	}
}

// Whoever does not take a share is named, and the next one gets it.
func TestSendPassesOver(t *testing.T) {
	f := newFilm(t, 8<<20, 3, 6)
	for name, c := range map[string]struct {
		make func(swarm.Person) blobstore.Holder
		want error
	}{
		"full":      {func(p swarm.Person) blobstore.Holder { return blobtest.Full(p.Holder) }, blobstore.ErrFull},
		"gone":      {func(p swarm.Person) blobstore.Holder { return blobtest.Gone(p.Holder) }, blobtest.ErrGone},
		"mute":      {func(p swarm.Person) blobstore.Holder { return blobtest.Mute(p.Holder) }, swarm.ErrSilent},
		"frozen":    {func(p swarm.Person) blobstore.Holder { return &throttled{p.Holder, 1e-3} }, swarm.ErrSilent},
		"goes away": {func(p swarm.Person) blobstore.Holder { return blobtest.FailNth(p.Holder, 1, blobtest.ErrGone) }, blobtest.ErrGone},
		"misreads":  {func(p swarm.Person) blobstore.Holder { return &misreading{p.Holder} }, blobstore.ErrRoot},
	} {
		for _, bad := range []int{0, 2, 3, 5} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					crowd := newCrowd(8)
					crowd.people[bad].Holder = c.make(crowd.people[bad])
					start := time.Now()
					report, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{})
					if err != nil || len(report.Missing) > 0 {
						t.Fatalf("%v, missing %v", err, report.Missing)
					}
					if len(report.Failed) != 1 || report.Failed[0].Holder != did(bad) || !errors.Is(report.Failed[0], c.want) {
						t.Errorf("%v, not that %v: %v", report.Failed, did(bad), c.want)
					}
					if took := time.Since(start); took > 40*time.Second {
						t.Errorf("took %v", took)
					}
					crowd.check(t, f, report)
				})
			})
		}
	}
}

// misreading is a holder that takes every share for another.
type misreading struct{ blobstore.Holder }

func (h *misreading) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	outcomes := make([]blobstore.Outcome, len(offers))
	for i := range outcomes {
		outcomes[i].Err = blobstore.ErrRoot
	}
	return outcomes, nil
}

// One slow friend holds up nobody else, and gets its share all the same.
func TestSendDoesNotWaitForTheSlowest(t *testing.T) {
	f := newFilm(t, 24<<20, 3, 6)
	for _, slow := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			crowd := newCrowd(6)
			for i := range crowd.people {
				rate := 2e6
				if i == slow {
					rate = 1e5
				}
				crowd.people[i].Holder = &throttled{crowd.people[i].Holder, rate}
			}
			start := time.Now()
			when := map[int]time.Duration{}
			report, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{
				Told: func(index int, _ radicle.DID) { when[index] = time.Since(start) },
			})
			if err != nil || len(report.Missing) > 0 || len(report.Failed) > 0 {
				t.Fatalf("%v, missing %v, failed %v", err, report.Missing, report.Failed)
			}
			for index, d := range when { // 8 MiB at 2 MB/s are 4.2 s a wave
				if index != slow && d > 15*time.Second {
					t.Errorf("share %d after %v", index, d)
				}
			}
			crowd.check(t, f, report)
		})
	}
}

func TestSendTooFewPeople(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 10)
	synctest.Test(t, func(t *testing.T) {
		crowd := newCrowd(5)
		crowd.people[2].Holder = blobtest.Full(crowd.people[2].Holder)
		report, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{})
		if err != nil || len(report.Placed) != 4 || report.People() != 4 || len(report.Missing) != 6 {
			t.Fatalf("%v: %v, missing %v", err, report.Placed, report.Missing)
		}
		crowd.check(t, f, report)
		// More people come: the rest goes to them, and nothing is sent twice.
		more := newCrowd(12)
		copy(more.stores, crowd.stores[:2])
		s := f.sending(more.people[5:])
		s.Placed = report.Placed
		again, err := swarm.Send(t.Context(), s, swarm.SendOptions{})
		if err != nil || len(again.Missing) > 0 && len(again.Placed) != 10 {
			t.Fatalf("%v, missing %v", err, again.Missing)
		}
		if want := 6 * f.m.Coding().ShareLen(0); again.Sent != want {
			t.Errorf("sent %d bytes, not %d", again.Sent, want)
		}
	})
}

func TestSendAFileThatChanged(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	for name, file := range map[string][]byte{
		"other bytes": append(bytes.Clone(f.plain[:1<<20]), bytes.Clone(f.plain[:1<<20])...),
		"shorter":     f.plain[:1<<20],
		"longer":      append(bytes.Clone(f.plain), 0),
		"empty":       nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(5)
				s := f.sending(crowd.people)
				s.File = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(file)), nil }
				report, err := swarm.Send(t.Context(), s, swarm.SendOptions{})
				if !errors.Is(err, swarm.ErrChanged) || len(report.Placed) > 0 {
					t.Errorf("%v, %v placed", err, report.Placed)
				}
				for i, m := range crowd.stores {
					if m.Len() > 0 {
						t.Errorf("something lies with person %d", i)
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := f.sending(newCrowd(5).people)
		s.File = func() (io.ReadCloser, error) { return nil, errDisk }
		if _, err := swarm.Send(t.Context(), s, swarm.SendOptions{}); !errors.Is(err, errDisk) {
			t.Error(err)
		}
	})
}

// Cancelled at any time, what is said to be placed is there, and the next Send goes on.
func TestSendIsCancelled(t *testing.T) {
	f := newFilm(t, 3<<20, 3, 6)
	for d := time.Duration(0); d < 5*time.Second; d += 123 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			crowd := newCrowd(6)
			random := rand.New(rand.NewPCG(uint64(d), 1))
			for i := range crowd.people {
				crowd.people[i].Holder = &throttled{crowd.people[i].Holder, 2e5 + random.Float64()*2e6}
			}
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			report, err := swarm.Send(ctx, f.sending(crowd.people), swarm.SendOptions{Buffer: 1 << 17})
			if err != nil && err != context.DeadlineExceeded { //nolint:errorlint // bare, it is promised
				t.Fatal(err)
			}
			crowd.check(t, f, report)
			s := f.sending(crowd.people)
			s.Placed = report.Placed
			if again, err := swarm.Send(t.Context(), s, swarm.SendOptions{}); err != nil || len(again.Missing) > 0 {
				t.Fatalf("%v, missing %v", err, again.Missing)
			}
		})
	}
}
