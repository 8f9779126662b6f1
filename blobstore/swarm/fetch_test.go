package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/swarm"
)

// fetch fetches in a bubble and returns what was written.
func fetch(t *testing.T, f *film, more <-chan swarm.Source, opt swarm.FetchOptions) ([]byte, *swarm.FetchReport, error) {
	t.Helper()
	var dst bytes.Buffer
	report, err := swarm.Fetch(t.Context(), f.object, more, &dst, opt)
	return dst.Bytes(), report, err
}

func mustFetch(t *testing.T, f *film, more <-chan swarm.Source, opt swarm.FetchOptions) *swarm.FetchReport {
	t.Helper()
	got, report, err := fetch(t, f, more, opt)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, f.plain) {
		t.Fatal("other bytes than were stored")
	}
	return report
}

func TestFetchSizes(t *testing.T) {
	const chunk = 65512
	for _, k := range []int{1, 2, 3, 10} {
		for _, size := range []int{0, 1, 4071, 4072, 4073, 100_000, 3*chunk - 1, 3 * chunk, 3*chunk + 1, 4 << 20, 4<<20 + chunk, 5 << 20} {
			synctest.Test(t, func(t *testing.T) {
				f := newFilm(t, size, k, k+2)
				links := f.links()
				mustFetch(t, f, f.sources(links...), swarm.FetchOptions{})
				clear(links[:2])
				mustFetch(t, f, f.sources(links...), swarm.FetchOptions{})
			})
		}
	}
}

// Whoever misbehaves is named, and the object comes all the same.
func TestFetchRoutesAround(t *testing.T) {
	f := newFilm(t, 4<<20, 3, 6)
	cases := []struct {
		name string
		make func(l *link) blobstore.Holder
		told func(swarm.SourceReport) bool
	}{
		{"liar", func(l *link) blobstore.Holder {
			l.altered = func(b []byte) { b[0] ^= 1 }
			return l
		}, func(r swarm.SourceReport) bool { return errors.Is(r.Err, swarm.ErrFalse) }},
		{"liar now and then", func(l *link) blobstore.Holder {
			n := 0
			l.altered = func(b []byte) {
				if n++; n%5 == 0 {
					b[len(b)-1] ^= 0x80
				}
			}
			return l
		}, func(r swarm.SourceReport) bool { return errors.Is(r.Err, swarm.ErrFalse) && r.Blocks >= 5 }},
		{"mute", func(l *link) blobstore.Holder {
			return blobtest.Mute(l)
		}, func(r swarm.SourceReport) bool { return r.Late > 0 && r.Blocks == 0 }},
		{"slow", func(l *link) blobstore.Holder {
			l.rate, l.then = 100e3, 10e3
			l.change = 200 * time.Millisecond
			return l
		}, func(r swarm.SourceReport) bool { return r.Late > 0 }},
		{"gone", func(l *link) blobstore.Holder {
			return blobtest.Gone(l)
		}, func(r swarm.SourceReport) bool { return errors.Is(r.Err, blobtest.ErrGone) }},
		{"vanishes", func(l *link) blobstore.Holder {
			l.then, l.change = 1e-9, 300*time.Millisecond
			return l
		}, func(r swarm.SourceReport) bool { return r.Late > 0 && r.Blocks > 0 }},
		{"has none", func(l *link) blobstore.Holder {
			return blobtest.Gated(l, func(context.Context) error { return fs.ErrNotExist })
		}, func(r swarm.SourceReport) bool { return errors.Is(r.Err, fs.ErrNotExist) }},
	}
	for _, c := range cases {
		for _, bad := range []int{0, 4} { // a data share, and a parity share
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					more := make(chan swarm.Source, 6)
					for i, l := range f.links() {
						if i == bad {
							more <- f.source(i, c.make(l))
						} else {
							more <- f.source(i, l)
						}
					}
					close(more)
					report := mustFetch(t, f, more, swarm.FetchOptions{})
					for _, r := range report.Sources {
						if named := c.told(r); named != (r.DID == did(bad)) || !named && r.Err != nil {
							t.Errorf("share %d: %+v", r.Index, r)
						}
					}
				})
			})
		}
	}
}

// Every holder but K lies, all in the same stripe.
func TestFetchManyLiars(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 10)
	for first := range 8 {
		synctest.Test(t, func(t *testing.T) {
			links := f.links()
			for i, l := range links {
				if i < first || i >= first+3 {
					l.altered = func(b []byte) { b[7]++ }
				}
			}
			report := mustFetch(t, f, f.sources(links...), swarm.FetchOptions{})
			for _, r := range report.Sources {
				if lies := links[r.Index].altered != nil; !lies && r.Err != nil {
					t.Errorf("share %d is blamed: %v", r.Index, r.Err)
				}
			}
		})
	}
}

func TestFetchNotEnough(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		links := f.links()
		links[0], links[1] = nil, nil
		links[4].altered = func(b []byte) { b[0] ^= 1 }
		start := time.Now()
		_, _, err := fetch(t, f, f.sources(links...), swarm.FetchOptions{})
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Need != 3 || e.Got != 2 || len(e.Failed) != 1 {
			t.Fatalf("%#v", err)
		}
		if h, ok := errors.AsType[*blobstore.HolderError](e.Failed[0]); !ok || h.Holder != did(4) || !errors.Is(h, swarm.ErrFalse) {
			t.Errorf("%v", e.Failed[0])
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("said after %v", took)
		}
	})
	synctest.Test(t, func(t *testing.T) { // frozen: a sentence after the patience
		more := make(chan swarm.Source, 5)
		for i, l := range f.links() {
			if i < 2 {
				more <- f.source(i, l)
			} else {
				more <- f.source(i, blobtest.Mute(l))
			}
		}
		start := time.Now()
		_, _, err := fetch(t, f, more, swarm.FetchOptions{})
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Got != 2 || len(e.Failed) != 3 {
			t.Fatalf("%v", err)
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("said after %v", took)
		}
	})
}

func TestFetchTakesWhoComesLate(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source)
		go func() {
			defer close(more)
			for i, l := range f.links()[:3] {
				time.Sleep(3 * time.Second) // of the bubble
				l.start = time.Now()
				more <- f.source(i, l)
			}
		}()
		mustFetch(t, f, more, swarm.FetchOptions{})
	})
}

// A holder that comes back is asked again.
func TestFetchReturns(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 3)
	synctest.Test(t, func(t *testing.T) {
		more := make(chan swarm.Source, 3)
		start := time.Now()
		for i, l := range f.links() {
			more <- f.source(i, blobtest.Gated(l, func(context.Context) error {
				if i == 1 && time.Since(start) < 3*time.Second {
					return blobtest.ErrGone
				}
				return nil
			}))
		}
		close(more)
		mustFetch(t, f, more, swarm.FetchOptions{})
	})
}

func TestFetchGoesOn(t *testing.T) {
	f := newFilm(t, 4<<20+5, 3, 5)
	full := int64(len(f.plain))
	for _, had := range []int64{0, 1, 200_000, 3 * 65512, 2<<20 + 17, full - 1, full} {
		synctest.Test(t, func(t *testing.T) {
			n := swarm.Resume(f.object, had)
			if n > had || had < full && n%(3*65512) != 0 {
				t.Fatalf("%d of %d bytes are of use", n, had)
			}
			links := f.links()
			var last int64
			got, _, err := fetch(t, f, f.sources(links...), swarm.FetchOptions{
				Prefix: bytes.NewReader(f.plain[:n]), Progress: func(p int64) { last = p },
			})
			if err != nil || !bytes.Equal(got, f.plain[n:]) || n < full && last != full {
				t.Fatalf("from %d: %v, %d bytes, progress %d", n, err, len(got), last)
			}
			sent := int64(0)
			for _, l := range links {
				sent += l.sent
			}
			if most := (full - n) * 11 / 10; sent > most+3<<16 {
				t.Errorf("%d bytes came for %d", sent, full-n)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) { // a prefix of something else
		n := swarm.Resume(f.object, 1<<20)
		prefix := bytes.Clone(f.plain[:n])
		prefix[5]++
		_, _, err := fetch(t, f, f.sources(f.links()...), swarm.FetchOptions{Prefix: bytes.NewReader(prefix)})
		if !errors.Is(err, blobstore.ErrOID) {
			t.Fatal(err)
		}
		_, _, err = fetch(t, f, f.sources(f.links()...), swarm.FetchOptions{Prefix: bytes.NewReader(prefix[:n-1])})
		if !errors.Is(err, blobstore.ErrBounds) {
			t.Fatal(err)
		}
	})
}

// An object that its owner damaged before the shares were made is nobody else's fault.
func TestFetchBlamesNobodyForTheOwner(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	other := newFilm(t, 1<<20, 3, 4)
	p := other.object.Params()
	ck, err := blobstore.NewDomainSecret([32]byte{2}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	if f.object, err = object.New(ck, p, 3); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		_, report, err := fetch(t, f, f.sources(f.links()...), swarm.FetchOptions{})
		if _, ok := errors.AsType[*blobstore.ChunkError](err); !ok {
			t.Fatal(err)
		}
		if slices.ContainsFunc(report.Sources, func(r swarm.SourceReport) bool { return r.Err != nil }) {
			t.Errorf("%+v", report.Sources)
		}
	})
}

type failingWriter struct{ after int }

var errDisk = errors.New("disk is gone")

func (w *failingWriter) Write(b []byte) (int, error) {
	if w.after--; w.after < 0 {
		return 0, errDisk
	}
	return len(b), nil
}

func TestFetchEnds(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 5)
	for after := range 11 {
		synctest.Test(t, func(t *testing.T) {
			_, err := swarm.Fetch(t.Context(), f.object, f.sources(f.links()...), &failingWriter{after}, swarm.FetchOptions{})
			if !errors.Is(err, errDisk) {
				t.Errorf("write %d: %v", after, err)
			}
		})
	}
	for d := time.Duration(0); d < 2*time.Second; d += 37 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), d)
			defer cancel()
			_, err := swarm.Fetch(ctx, f.object, f.sources(f.links()...), io.Discard, swarm.FetchOptions{})
			if err != nil && err != context.DeadlineExceeded { //nolint:errorlint // bare, it is promised
				t.Errorf("%v: %v", d, err)
			}
		})
	}
}

// With K good holders the object comes, whatever the others do.
func TestFetchInAnyWeather(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 7))
		k := 1 + random.IntN(5)
		n := k + 1 + random.IntN(6)
		f := newFilm(t, random.IntN(3<<20), k, n)
		synctest.Test(t, func(t *testing.T) {
			more := make(chan swarm.Source, n)
			for at, i := range random.Perm(n) {
				l := newLink(f.shares[i], time.Duration(random.IntN(200))*time.Millisecond, 1e4+random.Float64()*1e6)
				var h blobstore.Holder = l
				if at >= k {
					h = spoil(random, l)
				}
				more <- f.source(i, h)
			}
			close(more)
			got, report, err := fetch(t, f, more, swarm.FetchOptions{Window: 1 << random.IntN(24)})
			if err != nil || !bytes.Equal(got, f.plain) {
				t.Errorf("seed %d, %d of %d: %v\n%+v", seed, k, n, err, report)
			}
		})
	}
}

// spoil returns the holder behind l in one of the ways in which holders fail.
func spoil(random *rand.Rand, l *link) blobstore.Holder {
	switch random.IntN(8) {
	case 0:
		return blobtest.Mute(l)
	case 1:
		return blobtest.Gone(l)
	case 2:
		return blobtest.Slow(l, time.Duration(random.IntN(3000))*time.Millisecond)
	case 3:
		return blobtest.Liar(l)
	case 4:
		return blobtest.FailNth(l, random.IntN(20), blobtest.ErrGone)
	case 5:
		random := rand.New(rand.NewPCG(random.Uint64(), 1))
		l.altered = func(b []byte) {
			if random.IntN(4) == 0 {
				b[random.IntN(len(b))]++
			}
		}
	case 6:
		l.then, l.change = 1e-9, time.Duration(random.IntN(2000))*time.Millisecond
	}
	return l
}
