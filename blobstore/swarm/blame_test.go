package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/swarm"
)

// As many mutes as a stripe may have requests do not keep it from being asked of others.
func TestFetchPastManyMutes(t *testing.T) {
	for _, k := range []int{1, 3} {
		f := newFilm(t, 2<<20, k, 10)
		synctest.Test(t, func(t *testing.T) {
			more := make(chan swarm.Source, 10)
			for i, l := range f.links() {
				if i < 10-k {
					more <- f.source(i, blobtest.Mute(l))
				} else {
					more <- f.source(i, l)
				}
			}
			close(more)
			start := time.Now()
			mustFetch(t, f, more, swarm.FetchOptions{Patience: time.Minute})
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// A holder with many requests open is asked again as any other when it was silent for a while.
func TestFetchReturnsToAFastOne(t *testing.T) {
	f := newFilm(t, 12<<20, 3, 3)
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source, 3)
		start := time.Now()
		for i, l := range f.links() {
			l.rate, l.then, l.rtt = 10e6, 10e6, 200*time.Millisecond
			more <- f.source(i, blobtest.Gated(l, func(context.Context) error {
				if past := time.Since(start); i == 1 && past > 300*time.Millisecond && past < 2*time.Second {
					return blobtest.ErrGone
				}
				return nil
			}))
		}
		close(more)
		mustFetch(t, f, more, swarm.FetchOptions{})
		if took := time.Since(start); took > 8*time.Second { // one block at a time would be 13 s
			t.Errorf("took %v", took)
		}
	})
}

// crooked is a holder that answers with what is no answer.
type crooked struct {
	blobstore.Holder
	get func(ranges []blobstore.Range, visit func(int, []byte) error) error
}

func (c crooked) Get(_ context.Context, _ blobstore.ShareName, r []blobstore.Range, visit func(int, []byte) error) error {
	return c.get(r, visit)
}

// What no wire.Client lets through is held off all the same.
func TestFetchPastCrookedAnswers(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 6)
	for name, get := range map[string]func([]blobstore.Range, func(int, []byte) error) error{
		"longer": func(ranges []blobstore.Range, visit func(int, []byte) error) error {
			return visit(0, make([]byte, ranges[0].Len+1))
		},
		"empty": func(_ []blobstore.Range, visit func(int, []byte) error) error { return visit(0, nil) },
		"number": func(r []blobstore.Range, visit func(int, []byte) error) error {
			return visit(-1, make([]byte, r[0].Len))
		},
		"twice": func(r []blobstore.Range, visit func(int, []byte) error) error {
			return errors.Join(visit(0, make([]byte, r[0].Len)), visit(0, make([]byte, r[0].Len)))
		},
		"nothing": func([]blobstore.Range, func(int, []byte) error) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				more, asked := make(chan swarm.Source, 6), 0
				for i, l := range f.links() {
					if i == 1 {
						more <- f.source(i, crooked{l, func(r []blobstore.Range, visit func(int, []byte) error) error {
							asked++
							return get(r, visit)
						}})
					} else {
						more <- f.source(i, l)
					}
				}
				close(more)
				for _, r := range mustFetch(t, f, more, swarm.FetchOptions{}).Sources {
					if named := r.Err != nil; named != (r.Index == 1) {
						t.Errorf("share %d: %+v", r.Index, r)
					}
				}
				if asked > 10 {
					t.Errorf("asked %d times", asked)
				}
			})
		})
	}
}

// A liar that denies everything while it should prove what it sent keeps nobody waiting.
func TestFetchPastALiarThatLeaves(t *testing.T) {
	f := newFilm(t, 8<<20, 3, 6)
	for lies := range 12 {
		synctest.Test(t, func(t *testing.T) {
			links := f.links()
			more, told := make(chan swarm.Source, 6), atomic.Int64{}
			for i, l := range links {
				if i != 0 {
					more <- f.source(i, l)
					continue
				}
				l.altered = func(b []byte) {
					if told.Add(1) > int64(lies) {
						b[0]++
					}
				}
				more <- f.source(i, blobtest.Gated(l, func(context.Context) error {
					if told.Load() > int64(lies) {
						return fs.ErrNotExist
					}
					return nil
				}))
			}
			close(more)
			r := mustFetch(t, f, more, swarm.FetchOptions{}).Sources[0]
			if r.Err == nil {
				t.Errorf("%+v", r)
			}
		})
	}
}

// Who was asked a moment ago, or nothing at all, is not called silent.
func TestFetchBlamesNobodyForBeingFew(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		links := f.links()
		_, _, err := fetch(t, f, f.sources(links[:2]...), swarm.FetchOptions{})
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Got != 2 || e.Need != 3 || len(e.Failed) > 0 {
			t.Errorf("%#v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source, 3)
		for i, l := range f.links()[:3] {
			if i == 2 {
				more <- f.source(i, blobtest.Gone(l))
			} else {
				more <- f.source(i, l)
			}
		}
		close(more)
		_, _, err := fetch(t, f, more, swarm.FetchOptions{Patience: 10 * time.Second})
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Got != 2 || len(e.Failed) != 1 || !errors.Is(e.Failed[0], blobtest.ErrGone) {
			t.Errorf("%v", err)
		}
	})
}

// A liar stays one, however often it is offered.
func TestFetchTakesNoLiarBack(t *testing.T) {
	f := newFilm(t, 4<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source)
		links := f.links()
		links[0].altered = func(b []byte) { b[0]++ }
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			for i := 0; ; i = (i + 1) % 5 {
				select {
				case more <- f.source(i, links[i]):
				case <-ctx.Done():
					return
				}
				_ = pause(ctx, 20*time.Millisecond)
			}
		}()
		report := mustFetch(t, f, more, swarm.FetchOptions{})
		cancel()
		if n := len(report.Sources); n != 5 {
			t.Errorf("%d sources", n)
		}
	})
}

// slowProver proves after a while.
type slowProver struct {
	blobstore.Holder
	after time.Duration
}

func (s slowProver) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	if err := pause(ctx, s.after); err != nil {
		return nil, err
	}
	return s.Holder.Prove(ctx, name, ranges)
}

// A holder that does not get round to a proof is asked no more, but nobody says that it lied.
func TestFetchTellsTheLiarFromTheSlow(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 8)
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source, 8)
		for i, l := range f.links()[3:] { // parity blocks only: each is suspect
			switch i += 3; i {
			case 3:
				l.altered = func(b []byte) { b[0]++ }
				more <- f.source(i, l)
			case 4:
				more <- f.source(i, slowProver{l, time.Hour})
			default:
				more <- f.source(i, l)
			}
		}
		close(more)
		for _, r := range mustFetch(t, f, more, swarm.FetchOptions{}).Sources {
			if lied := errors.Is(r.Err, swarm.ErrFalse); lied != (r.Index == 3) {
				t.Errorf("share %d: %v", r.Index, r.Err)
			}
			if r.Index == 4 && !errors.Is(r.Err, swarm.ErrUnproven) {
				t.Errorf("the slow one: %v", r.Err)
			}
		}
	})
}

// A liar that never proves is not called one, and its blocks are dropped all the same.
func TestFetchPastALiarThatProvesNothing(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 6)
	for _, bad := range []int{0, 4} {
		synctest.Test(t, func(t *testing.T) {
			more := make(chan swarm.Source, 6)
			for i, l := range f.links() {
				if i == bad {
					l.altered = func(b []byte) { b[0]++ }
					more <- f.source(i, slowProver{l, time.Hour})
				} else if i < 5 {
					more <- f.source(i, l)
				}
			}
			close(more)
			for _, r := range mustFetch(t, f, more, swarm.FetchOptions{}).Sources {
				if named := errors.Is(r.Err, swarm.ErrUnproven); named != (r.Index == bad) {
					t.Errorf("share %d: %v", r.Index, r.Err)
				}
			}
		})
	}
}

// Where the file cannot be read, or the caller does not want any more, no friend has failed.
func TestSendBlamesNobodyForTheFile(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 6)
	for pass := range 2 {
		synctest.Test(t, func(t *testing.T) {
			crowd := newCrowd(6)
			s, opened := f.sending(crowd.people), 0
			s.File = func() (io.ReadCloser, error) {
				if opened++; opened > pass {
					return nil, errDisk
				}
				return io.NopCloser(bytes.NewReader(f.plain)), nil
			}
			report, err := swarm.Send(t.Context(), s, swarm.SendOptions{})
			if !errors.Is(err, errDisk) || len(report.Failed) > 0 || len(report.Placed) != 3*pass {
				t.Errorf("pass %d: %v, %v, failed %v", pass, err, report.Placed, report.Failed)
			}
			crowd.check(t, f, report)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		crowd := newCrowd(6)
		for i := range crowd.people {
			crowd.people[i].Holder = &throttled{crowd.people[i].Holder, 1e5}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		report, err := swarm.Send(ctx, f.sending(crowd.people), swarm.SendOptions{})
		if err != context.DeadlineExceeded || len(report.Failed) > 0 { //nolint:errorlint // bare, it is promised
			t.Errorf("%v, failed %v", err, report.Failed)
		}
	})
}

// sleepy takes all bytes and then says nothing, or no word at all about the offer.
type sleepy struct {
	blobstore.Holder
	outcomes []blobstore.Outcome // nil: never answers
	decides  int
}

func (s *sleepy) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	for range s.decides {
		offers[0].Decided(blobstore.Outcome{})
	}
	if s.decides > 0 {
		r, err := offers[0].Share()
		if err == nil {
			_, err = io.Copy(io.Discard, r)
		}
		if err != nil {
			return nil, err
		}
	}
	if s.outcomes == nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.outcomes, nil
}

func TestSendPassesOverCrookedAnswers(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	for name, h := range map[string]*sleepy{
		"never acknowledges": {decides: 1},
		"no outcome":         {decides: 1, outcomes: []blobstore.Outcome{}},
		"no outcome at all":  {outcomes: []blobstore.Outcome{}},
		"decides thrice":     {decides: 3, outcomes: []blobstore.Outcome{{Err: blobstore.ErrFull}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				crowd := newCrowd(6)
				crowd.people[1].Holder = h
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				report, err := swarm.Send(ctx, f.sending(crowd.people), swarm.SendOptions{})
				if err != nil || len(report.Missing) > 0 || len(report.Failed) != 1 || report.Failed[0].Holder != did(1) ||
					errors.Is(report.Failed[0], context.Canceled) {
					t.Errorf("%v, missing %v, failed %v", err, report.Missing, report.Failed)
				}
				crowd.check(t, f, report)
			})
		})
	}
}

func TestSendGivesOnePersonOneShare(t *testing.T) {
	f := newFilm(t, 1<<20, 2, 4)
	synctest.Test(t, func(t *testing.T) {
		crowd := newCrowd(3)
		s := f.sending(slices.Concat(crowd.people, crowd.people))
		report, err := swarm.Send(t.Context(), s, swarm.SendOptions{})
		if err != nil || report.People() != 3 || len(report.Placed) != 3 {
			t.Errorf("%v: %v", err, report.Placed)
		}
	})
}

// Cancelling names nobody, and has the caller's reason in no disguise.
func TestReaderIsCancelled(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		r := f.reader(t, f.holders()...)
		for d := time.Duration(0); d < 200*time.Millisecond; d += 7 * time.Millisecond {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(d, func() { cancel(errDisk) })
			if _, err := r.ReadAt(ctx, make([]byte, 1<<20), 0); err != nil && err != context.Canceled { //nolint:errorlint // bare
				t.Errorf("after %v: %v", d, err)
			}
			cancel(nil)
		}
		for _, s := range r.Report() {
			if s.Err != nil {
				t.Errorf("%+v", s)
			}
		}
	})
}

// Who is asked because another one failed has the same time as that one had.
func TestReaderGivesEverybodyTime(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		holders := f.holders()
		ask := func(context.Context) error { return nil }
		holders[0] = blobtest.Gated(holders[0], func(ctx context.Context) error { return ask(ctx) })
		r := f.reader(t, holders...)
		mustRead(t, f, r, 0, 1<<20)
		ask = func(ctx context.Context) error {
			if err := pause(ctx, 200*time.Millisecond); err != nil {
				return err
			}
			return blobtest.ErrGone
		}
		mustRead(t, f, r, 0, 10)
		for _, s := range r.Report() {
			if s.Index > 0 && (s.Late > 0 || s.Silent > 0) {
				t.Errorf("%+v", s)
			}
		}
	})
}
