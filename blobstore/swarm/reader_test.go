package swarm_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/swarm"
)

func (f *film) reader(t testing.TB, holders ...blobstore.Holder) *swarm.Reader {
	t.Helper()
	r, err := swarm.NewReader(f.object)
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range holders {
		if h != nil {
			r.Add(f.source(i, h))
		}
	}
	return r
}

func (f *film) holders() []blobstore.Holder {
	var all []blobstore.Holder
	for _, l := range f.links() {
		all = append(all, l)
	}
	return all
}

func mustRead(t *testing.T, f *film, r *swarm.Reader, off int64, n int) {
	t.Helper()
	p := make([]byte, n)
	got, err := r.ReadAt(t.Context(), p, off)
	want := f.plain[min(off, r.Size()):min(off+int64(n), r.Size())]
	if err != nil && (err != io.EOF || off+int64(n) < r.Size()) || !bytes.Equal(p[:got], want) {
		t.Fatalf("%d bytes at %d: %d, %v", n, off, got, err)
	}
}

func TestReaderReadsAnyPart(t *testing.T) {
	for _, size := range []int{1, 5000, 3 * 65512, 2<<20 + 99} {
		for _, k := range []int{1, 3} {
			synctest.Test(t, func(t *testing.T) {
				f := newFilm(t, size, k, 5)
				r := f.reader(t, f.holders()...)
				for _, off := range []int64{0, 1, 4071, 65511, 65512, 65513, int64(size) - 1, int64(size), int64(size) + 1} {
					for _, n := range []int{0, 1, 100, 65512, 65513, 400_000, size + 1} {
						mustRead(t, f, r, off, n)
					}
				}
				if _, err := r.ReadAt(t.Context(), make([]byte, 1), -1); !errors.Is(err, blobstore.ErrBounds) {
					t.Error(err)
				}
			})
		}
	}
}

// A lone read asks one holder, for one block.
func TestReaderAsksWhoHasItAsItIs(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 6)
	synctest.Test(t, func(t *testing.T) {
		links := f.links()
		var holders []blobstore.Holder
		for _, l := range links {
			holders = append(holders, l)
		}
		start := time.Now()
		chunk := int64(f.object.Sealer().Layout().PlainSize())
		mustRead(t, f, f.reader(t, holders...), 4*chunk+10, 100) // chunk 4 is block 1 of share 1
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("took %v, with a round trip of 40 ms and a block of 52 ms", took)
		}
		for i, l := range links {
			if (l.sent > 0) != (i == 1) {
				t.Errorf("holder %d sent %d bytes", i, l.sent)
			}
		}
	})
}

func TestReaderRoutesAround(t *testing.T) {
	f := newFilm(t, 2<<20, 3, 6)
	for name, bad := range map[string]func(*link) blobstore.Holder{
		"mute": func(l *link) blobstore.Holder { return blobtest.Mute(l) },
		"gone": func(l *link) blobstore.Holder { return blobtest.Gone(l) },
		"liar": func(l *link) blobstore.Holder { l.altered = func(b []byte) { b[9]++ }; return l },
		"slow": func(l *link) blobstore.Holder { l.rate, l.then = 1000, 1000; return l },
		"none": func(*link) blobstore.Holder { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				links := f.links()
				var holders []blobstore.Holder
				for i, l := range links {
					if i < 3 {
						holders = append(holders, bad(l))
					} else {
						holders = append(holders, l)
					}
				}
				r := f.reader(t, holders...)
				start := time.Now()
				mustRead(t, f, r, 500_000, 300_000)
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("the first took %v", took)
				}
				start = time.Now()
				mustRead(t, f, r, 1_000_000, 60_000)
				if took := time.Since(start); took > time.Second {
					t.Errorf("the second took %v", took)
				}
				for _, s := range r.Report() {
					if named := s.Late > 0 || s.Err != nil; named != (s.Index < 3) {
						t.Errorf("%+v", s)
					}
				}
			})
		})
	}
}

func TestReaderNotEnough(t *testing.T) {
	f := newFilm(t, 1<<20, 3, 5)
	for name, bad := range map[string]func(blobstore.Holder) blobstore.Holder{
		"gone": blobtest.Gone, "mute": blobtest.Mute,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				holders := f.holders()
				for i := range 3 {
					holders[i] = bad(holders[i])
				}
				start := time.Now()
				_, err := f.reader(t, holders...).ReadAt(t.Context(), make([]byte, 10), 0)
				e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
				if !ok || len(e.Failed) == 0 {
					t.Fatal(err)
				}
				if took := time.Since(start); took > 12*time.Second {
					t.Errorf("said after %v", took)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := f.reader(t, blobtest.Mute(nil), blobtest.Mute(nil)).ReadAt(ctx, make([]byte, 10), 0)
		if err != context.DeadlineExceeded { //nolint:errorlint // bare, it is promised
			t.Error(err)
		}
	})
}

func TestReaderConcurrent(t *testing.T) {
	f := newFilm(t, 4<<20, 3, 6)
	synctest.Test(t, func(t *testing.T) {
		holders := f.holders()
		holders[1] = blobtest.Liar(holders[1])
		holders[4] = nil
		r := f.reader(t, holders...)
		for i := range uint64(20) {
			go func() {
				random := rand.New(rand.NewPCG(i, 1))
				mustRead(t, f, r, random.Int64N(4<<20), random.IntN(300_000))
			}()
		}
		synctest.Wait()
		time.Sleep(time.Minute) // of the bubble
	})
}
