package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// putter is a Holder of one method.
type putter struct {
	blobstore.Holder
	put func(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error)
}

func (p putter) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	return p.put(ctx, offers)
}

// putTo puts three shares, of which the second has so many bytes, to a Holder that does put.
func putTo(
	t *testing.T, size int, put func(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error),
) ([]blobstore.Outcome, error) {
	t.Helper()
	return putOver(t, pipe, size, put)
}

func putOver(
	t *testing.T, dial dialer, size int, put func(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error),
) ([]blobstore.Outcome, error) {
	t.Helper()
	ana := blobtest.Person(0).NID().DID()
	var offers []blobstore.Offer
	for i, n := range []int{10, size, 20} {
		offers = append(offers, blobtest.NewShare(uint64(i), n).Offer(ana))
	}
	r := newRemote(t, dial, putter{put: put}, func(err error) {
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	outcomes, err := r.Put(t.Context(), offers)
	r.serving.Wait()
	return outcomes, err
}

// want decides that all offers are wanted, except those that are not nil in outcomes.
func want(offers []blobstore.Offer, outcomes ...blobstore.Outcome) {
	for i, o := range offers {
		if i < len(outcomes) {
			o.Decided(outcomes[i])
			continue
		}
		o.Decided(blobstore.Outcome{})
	}
}

// swallow reads a share and returns what it got.
func swallow(o blobstore.Offer) (int, error) {
	r, err := o.Share()
	if err != nil {
		return 0, err
	}
	b, err := io.ReadAll(r)
	return len(b), errors.Join(err, r.Close())
}

// A holder may stop in the middle of a share, or not open it at all; the others arrive all the same.
func TestHolderDoesNotReadAll(t *testing.T) {
	for name, read := range map[string]func(blobstore.Offer) error{
		"not opened": func(blobstore.Offer) error { return nil },
		"opened": func(o blobstore.Offer) error {
			r, err := o.Share()
			return errors.Join(err, r.Close())
		},
		"not closed": func(o blobstore.Offer) error { _, err := o.Share(); return err },
		"read a little": func(o blobstore.Offer) error {
			r, err := o.Share()
			if err == nil {
				_, err = io.ReadFull(r, make([]byte, 3))
			}
			return errors.Join(err, r.Close())
		},
		"read a chunk and a little": func(o blobstore.Offer) error {
			r, err := o.Share()
			if err == nil {
				_, err = io.ReadFull(r, make([]byte, maxChunk+1))
			}
			return errors.Join(err, r.Close())
		},
	} {
		for _, size := range []int{100_000, 100 * maxChunk} {
			synctest.Test(t, func(t *testing.T) {
				var asked bytes.Buffer
				tap := func() (Stream, Stream, error) {
					a, b, err := pipe()
					return tapped{a, &asked}, b, err
				}
				outcomes, err := putOver(t, tap, size, func(_ context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
					want(offers)
					var n [3]int
					var errs [3]error
					n[0], errs[0] = swallow(offers[0])
					errs[1] = read(offers[1])
					n[2], errs[2] = swallow(offers[2])
					if err := errors.Join(errs[:]...); err != nil || n != [3]int{10, 0, 20} {
						t.Errorf("%s: %v, %v", name, n, err)
					}
					return []blobstore.Outcome{{}, {Err: blobstore.ErrFull}, {}}, nil
				})
				// Of a hundred chunks some are on their way until the asker's reader has had its turn.
				if sent := asked.Len() - 3*600; sent > 20*maxChunk {
					t.Errorf("%s: %d bytes were sent of a share that nobody wants", name, sent)
				}
				if err != nil || len(outcomes) != 3 || outcomes[0] != (blobstore.Outcome{}) || outcomes[2] != (blobstore.Outcome{}) ||
					!errors.Is(outcomes[1].Err, blobstore.ErrFull) {
					t.Errorf("%s: %+v, %v", name, outcomes, err)
				}
			})
		}
	}
}

// The last share of a batch may be left as well.
func TestHolderDoesNotReadTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := blobstore.Outcome{Err: blobstore.ErrFull}
		outcomes, err := putTo(t, 100*maxChunk, func(_ context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
			want(offers)
			return []blobstore.Outcome{full, full, full}, nil
		})
		if err != nil || len(outcomes) != 3 || !errors.Is(outcomes[1].Err, blobstore.ErrFull) {
			t.Errorf("%+v, %v", outcomes, err)
		}
	})
}

// An error of the holder as a whole ends the batch, wherever it is.
func TestHolderFailsInPut(t *testing.T) {
	busy := &BusyError{90_000_000_000}
	for name, put := range map[string]func(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error){
		"at once": func(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error) { return nil, busy },
		"in between": func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			want(o[:2])
			return nil, busy
		},
		"decided": func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) { want(o); return nil, busy },
		"in a share": func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			want(o)
			_, err := swallow(o[0])
			r, err2 := o[1].Share()
			_, err3 := io.ReadFull(r, make([]byte, 100))
			return nil, errors.Join(busy, err, err2, err3)
		},
	} {
		fails := func(t *testing.T, dial dialer) {
			t.Helper()
			outcomes, err := putOver(t, dial, 100*maxChunk, put)
			if got, ok := errors.AsType[*BusyError](err); outcomes != nil || !ok || got.RetryAfter != busy.RetryAfter {
				t.Errorf("%s: %+v, %v", name, outcomes, err)
			}
		}
		synctest.Test(t, func(t *testing.T) { fails(t, pipe) })
		for range 5 { // a connection that is closed too early loses END only now and then
			fails(t, loopback(t))
		}
	}
}

// A Holder that does not keep its contract harms nobody: what it does wrong is refused or answered as its failure.
func TestHolderOutOfOrder(t *testing.T) {
	none := make([]blobstore.Outcome, 3)
	for name, put := range map[string]func(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error){
		"decides nothing": func(context.Context, []blobstore.Offer) ([]blobstore.Outcome, error) { return none, nil },
		"too few outcomes": func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			want(o)
			return none[:2], nil
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			if outcomes, err := putTo(t, 1000, put); !errors.Is(err, ErrInternal) {
				t.Errorf("%s: %+v, %v", name, outcomes, err)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		outcomes, err := putTo(t, 1000, func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			for i := range o {
				if _, err := o[0].Share(); err != errOrder {
					t.Errorf("after %d decisions: %v", i, err)
				}
				o[i].Decided(blobstore.Outcome{})
			}
			want(o, many(3, blobstore.Outcome{Err: blobstore.ErrDenied})...) // too late
			last, err := o[2].Share()
			if err != nil {
				t.Error(err)
			}
			for i := range o {
				if _, err := o[i].Share(); err != errOrder {
					t.Errorf("share %d after the last: %v", i, err)
				}
			}
			if n, err := last.Read(nil); n != 0 || err != nil {
				t.Error(n, err)
			}
			b, err := io.ReadAll(last)
			if len(b) != 20 || err != nil {
				t.Error(len(b), err)
			}
			return []blobstore.Outcome{{Err: blobstore.ErrDenied}, {Err: blobstore.ErrDenied}, {}}, nil
		})
		if err != nil || outcomes[2].Err != nil {
			t.Errorf("%+v, %v", outcomes, err)
		}
	})
}

// Two shares cannot be read at the same time: the first one ends when the second one is opened.
func TestReadAfterTheNextWasOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := putTo(t, 1000, func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			want(o)
			first, err := o[0].Share()
			if err != nil {
				t.Error(err)
			}
			if _, err := swallow(o[1]); err != nil {
				t.Error(err)
			}
			if _, err := first.Read(make([]byte, 1)); err != errClosed {
				t.Error(err)
			}
			return []blobstore.Outcome{{Err: blobstore.ErrFull}, {}, {Err: blobstore.ErrFull}}, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// Who offered learns each decision before its share is opened, and what was wrong with its own source comes back as it
// was.
func TestOffersOfEveryKind(t *testing.T) {
	var m blobtest.Memory
	ana, bo := blobtest.Person(0).NID().DID(), blobtest.Person(1).NID().DID()
	broken := errors.New("cable")
	var offers []blobstore.Offer
	for i := range 8 {
		offers = append(offers, blobtest.NewShare(uint64(i), 100_000).Offer(ana))
	}
	blobtest.MustPut(t, m.For(ana), ana, blobtest.NewShare(0, 100_000))
	source := func(r io.Reader) func() (io.ReadCloser, error) {
		return func() (io.ReadCloser, error) { return io.NopCloser(r), nil }
	}
	data := func(i uint64) []byte { return blobtest.NewShare(i, 100_000).Data }
	offers[1].Owner = bo
	offers[2].Share = func() (io.ReadCloser, error) { return nil, broken }
	offers[3].Share = source(io.MultiReader(bytes.NewReader(data(3)[:70_000]), failing{broken}))
	offers[4].Share = source(bytes.NewReader(data(4)[:99_999]))
	offers[5].Share = source(io.MultiReader(bytes.NewReader(data(5)), bytes.NewReader([]byte{0})))
	offers[6].Len = 0
	decided := make([]*blobstore.Outcome, len(offers))
	for i := range offers {
		offers[i].Decided = func(o blobstore.Outcome) {
			if decided[i] != nil {
				t.Errorf("offer %d is decided twice", i)
			}
			decided[i] = &o
		}
	}
	outcomes, err := newRemote(t, loopback(t), m.For(ana), nil).Put(t.Context(), offers)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{
		nil, blobstore.ErrDenied, broken, broken, blobstore.ErrTruncated, blobstore.ErrExtended, blobstore.ErrBounds, nil,
	} {
		if got := outcomes[i]; !errors.Is(got.Err, want) || got.Had != (i == 0) {
			t.Errorf("offer %d: %+v, want %v", i, got, want)
		}
		early := i == 0 || i == 1 || i == 6
		if d := decided[i]; d == nil || early && !errors.Is(d.Err, want) || !early && *d != (blobstore.Outcome{}) {
			t.Errorf("offer %d: decided %+v", i, d)
		}
	}
	if m.Len() != 2 {
		t.Errorf("%d shares are kept", m.Len())
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// The asker says WAIT only while the holder waits for it: nobody would read it later, and over TCP END could get lost
// for it.
func TestNoWaitAfterTheLastByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asker := &attempts{}
		tap := func() (_ Stream, b Stream, err error) {
			asker.Stream, b, err = pipe()
			return asker, b, err
		}
		_, err := putOver(t, tap, 1000, func(_ context.Context, o []blobstore.Offer) ([]blobstore.Outcome, error) {
			<-time.After(time.Minute)
			want(o)
			for i := range o {
				if _, err := swallow(o[i]); err != nil {
					t.Error(err)
				}
				<-time.After(time.Minute)
			}
			return make([]blobstore.Outcome, len(o)), nil
		})
		if last := blobtest.NewShare(2, 20).Data; err != nil || !bytes.HasSuffix(asker.last, last) {
			t.Errorf("%v; said last: %x", err, asker.last)
		}
	})
}

// attempts is a stream that knows what was written last, whether anybody read it or not.
type attempts struct {
	Stream
	last []byte
}

func (a *attempts) Write(p []byte) (int, error) {
	a.last = bytes.Clone(p)
	return a.Stream.Write(p)
}
