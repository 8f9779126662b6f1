package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// served is what came of serving one stream.
type served struct {
	err     error  // of Serve
	answers []byte // everything that was sent
	took    time.Duration
}

// serveTo serves a stream whose asker does what act does and reads everything.
func serveTo(ctx context.Context, h blobstore.Holder, do act) served {
	a, b := net.Pipe()
	var running sync.WaitGroup
	var answers bytes.Buffer
	running.Go(func() { io.Copy(&answers, a); a.Close() })
	running.Go(func() { do(a) })
	start := time.Now()
	err := Serve(ctx, b, h)
	took := time.Since(start)
	running.Wait()
	return served{err, answers.Bytes(), took}
}

// sends writes, and stays.
func sends(parts ...any) act { return func(s net.Conn) { s.Write(frames(parts...)) } }

// last returns the END at the end of what was sent.
func (s served) last(t *testing.T) Code {
	t.Helper()
	r := bytes.NewReader(s.answers)
	code := Code(1 << 31) // none
	for r.Len() > 0 {
		h, err := readHead(r)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, h.size)
		if _, err := io.ReadFull(r, b); err != nil {
			t.Fatal(err)
		}
		m, err := parse(h.kind, b)
		if err != nil {
			t.Fatal(err)
		}
		switch m := m.(type) {
		case *blockMsg:
			r.Seek(int64(m.len), io.SeekCurrent)
		case *endMsg:
			code = m.status.code
		}
	}
	return code
}

// store returns a Memory with a share of Ana's, and her view of it.
func store(tb testing.TB, size int) (*blobtest.Memory, blobstore.Holder, blobtest.Share) {
	tb.Helper()
	m, ana, sh := new(blobtest.Memory), blobtest.Person(0).NID().DID(), blobtest.NewShare(1, size)
	blobtest.MustPut(tb, m.For(ana), ana, sh)
	return m, m.For(ana), sh
}

// Whatever is refused as a frame is refused as a request, with the same code.
func TestRefusedRequests(t *testing.T) {
	_, h, _ := store(t, 1000)
	for _, c := range append(frameRefusals(), append(shapeRefusals(), askerBounds()...)...) {
		head, err := readHead(bytes.NewReader(c.frame))
		if err == nil && (head.kind < kindGet || head.kind > kindDelete) && c.code != CodeUnknown {
			continue // is tested where it may come
		}
		synctest.Test(t, func(t *testing.T) {
			s := serveTo(t.Context(), h, sends(c.frame))
			if !isRefusal(s.err) || s.last(t) != c.code {
				t.Errorf("%s: %v, END %v, want %v", c.name, s.err, s.last(t), c.code)
			}
		})
	}
}

func TestWrongAskers(t *testing.T) {
	_, h, sh := store(t, 1000)
	ana := blobtest.Person(0).NID().DID()
	a, b := blobtest.NewShare(2, 100_000), blobtest.NewShare(3, 10)
	offer := func(s blobtest.Share) *offerMsg { return (&item{offer: new(s.Offer(ana))}).message() }
	batch := frames(&putMsg{3}, offer(sh), offer(a), offer(b))
	chunk := func(i, n uint32) []byte { return frames(&chunkMsg{i, n}, fill(int(n), 1)) }
	get := &getMsg{sh.Name, []blobstore.Range{{Off: 0, Len: 10}}}
	for _, c := range []struct {
		name  string
		parts []any
		want  error
	}{
		{"nothing and gone", nil, ErrCancelled},
		{"half a head", []any{[]byte{5}}, ErrCancelled},
		{"half a request", []any{AppendFrame(nil, get)[:30]}, ErrCancelled},
		{"an answer", []any{&endMsg{}}, ErrProtocol},
		{"a first frame", []any{&Open{ProtocolBlocks}}, ErrProtocol},
		{"HELLO", []any{&Hello{}}, ErrProtocol},
		{"WAIT", []any{&waitMsg{}}, ErrProtocol},
		{"an offer alone", []any{offer(a)}, ErrProtocol},
		{"an unknown request", []any{frameOf(31, fill(1000, 1))}, ErrUnknown},
		{"too few offers", []any{&putMsg{2}, offer(a)}, ErrCancelled},
		{"a chunk for an offer", []any{&putMsg{2}, offer(a), chunk(0, 10)}, ErrProtocol},
		{"too many offers", []any{&putMsg{1}, offer(a), offer(b)}, ErrProtocol},
		{"gone before its bytes", []any{batch}, ErrCancelled},
		{"gone in a chunk", []any{batch, chunk(1, maxChunk)[:1000]}, ErrCancelled},
		{"gone between chunks", []any{batch, chunk(1, maxChunk)}, ErrCancelled},
		{"a chunk of what is here", []any{batch, chunk(0, 1000)}, ErrProtocol},
		{"a chunk of the next", []any{batch, chunk(2, 10)}, ErrProtocol},
		{"a chunk of the one after", []any{frames(&putMsg{2}, offer(a), offer(a)), chunk(1, maxChunk)}, ErrProtocol},
		{"a chunk of no offer", []any{batch, chunk(7, 10)}, ErrProtocol},
		{"a short chunk", []any{batch, chunk(1, maxChunk-1)}, ErrProtocol},
		{"a long last chunk", []any{batch, chunk(1, maxChunk), chunk(1, maxChunk)}, ErrProtocol},
		{"a chunk after the last", []any{batch, chunk(1, maxChunk), chunk(1, 100_000-maxChunk), chunk(1, 1)}, ErrProtocol},
		{"ABORT of the next", []any{batch, &abortMsg{indexed{2}}}, ErrProtocol},
		{"ABORT twice", []any{batch, &abortMsg{indexed{1}}, &abortMsg{indexed{1}}}, ErrProtocol},
		{"WAIT after WAIT", []any{batch, many2(freeWaits+2, &waitMsg{})}, ErrProtocol},
		{"a decision", []any{batch, &decisionMsg{}}, ErrProtocol},
		{"a chunk of 2^32 − 1", []any{batch, AppendFrame(nil, &chunkMsg{1, 1<<32 - 1})}, blobstore.ErrBounds},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := new(blobtest.Memory)
				blobtest.MustPut(t, m.For(ana), ana, sh)
				do := sends(c.parts...)
				if c.want == ErrCancelled {
					do = says(c.parts...)
				}
				s := serveTo(t.Context(), m.For(ana), do)
				early := c.want == ErrCancelled && errors.Is(s.err, io.ErrClosedPipe) // gone before it was answered
				if !errors.Is(s.err, c.want) && !early {
					t.Errorf("%v, want %v", s.err, c.want)
				}
				if m.Len() != 1 || m.Charged() != sh.Charge() {
					t.Errorf("%d shares, %d bytes charged", m.Len(), m.Charged())
				}
				blobtest.MustPut(t, h, ana, sh) // is not hurt
			})
		})
	}
}

// What comes after a request ends it: a batch that is sent twice is not done twice.
func TestOneOperationPerStream(t *testing.T) {
	_, h, sh := store(t, 1000)
	get := &getMsg{sh.Name, []blobstore.Range{{Off: 0, Len: 10}}}
	synctest.Test(t, func(t *testing.T) {
		s := serveTo(t.Context(), blobtest.Slow(h, time.Second), sends(get, get))
		if !errors.Is(s.err, ErrProtocol) || s.took != 0 {
			t.Errorf("%v after %v", s.err, s.took)
		}
	})
}

// An asker that says nothing, drips, or does not read is cut after 10 s and not before.
func TestSlowAskers(t *testing.T) {
	_, h, sh := store(t, 50*maxChunk)
	ana := blobtest.Person(0).NID().DID()
	get := &getMsg{sh.Name, sh.Ranges(maxChunk)}
	put := frames(&putMsg{1}, (&item{offer: new(blobtest.NewShare(2, 100_000).Offer(ana))}).message())
	drip := func(b []byte, n int, d time.Duration) act {
		return func(s net.Conn) {
			for ; len(b) > 0; b = b[min(n, len(b)):] {
				if _, err := s.Write(b[:min(n, len(b))]); err != nil {
					return
				}
				<-time.After(d)
			}
		}
	}
	chunks := frames(&chunkMsg{0, maxChunk}, fill(maxChunk, 1), &chunkMsg{0, 100_000 - maxChunk}, fill(100_000-maxChunk, 1))
	for name, do := range map[string]act{
		"mute":             sends(),
		"drips a request":  drip(AppendFrame(nil, get), 1, 4*time.Second),
		"mute in a PUT":    sends(put),
		"mute in a chunk":  sends(put, &chunkMsg{0, maxChunk}, fill(1000, 1)),
		"drips its chunks": drip(append(put, chunks...), 8000, 5*time.Second),
	} {
		synctest.Test(t, func(t *testing.T) {
			s := serveTo(t.Context(), h, do)
			if s.err != ErrTooSlow || s.took < 10*time.Second || s.took > 30*time.Second {
				t.Errorf("%s: %v after %v", name, s.err, s.took)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := serveTo(t.Context(), h, drip(append(put, chunks...), 16_500, 9*time.Second))
		if s.err != nil || s.took < 50*time.Second {
			t.Errorf("just fast enough: %v after %v", s.err, s.took)
		}
	})
}

// An asker that asks and does not read costs one block, for as long as its size is worth at 16 KiB in 10 s.
func TestAskerThatDoesNotRead(t *testing.T) {
	_, h, sh := store(t, 50*maxChunk)
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		defer a.Close()
		var asking sync.WaitGroup
		asking.Go(func() { a.Write(frames(&getMsg{sh.Name, sh.Ranges(maxChunk)})) })
		start := time.Now()
		err := Serve(t.Context(), b, h)
		if took := time.Since(start); err != ErrTooSlow || took > 40*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		asking.Wait()
	})
}

// An asker that reads 16 KiB in 9 s is served, though each block is written in one go.
func TestAskerThatReadsJustFastEnough(t *testing.T) {
	_, h, sh := store(t, 3*maxChunk)
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		var asking sync.WaitGroup
		asking.Go(func() {
			a.Write(frames(&getMsg{sh.Name, sh.Ranges(maxChunk)}))
			for {
				<-time.After(9 * time.Second)
				if _, err := io.ReadFull(a, make([]byte, paceBytes)); err != nil {
					a.Close()
					return
				}
			}
		})
		start := time.Now()
		if err := Serve(t.Context(), b, h); err != nil || time.Since(start) < 100*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		asking.Wait()
	})
}

// A sign of life gives a long write more time, and not less.
func TestSignOfLifeInALongWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan struct{})
		start := time.Now()
		p := pace{window: paceWindow, slow: func() { close(slow) }}
		p.begin(4 * paceBytes)
		<-time.After(time.Second)
		p.touch()
		<-slow
		if took := time.Since(start); took != time.Second+4*paceWindow {
			t.Errorf("too slow after %v", took)
		}
	})
}

// After END nothing is said, also while the holder waits for the asker to close.
func TestEndIsTheEnd(t *testing.T) {
	put := frames(&putMsg{1}, (&item{offer: new(blobtest.NewShare(2, 100_000).Offer(person(0xa0)))}).message())
	synctest.Test(t, func(t *testing.T) {
		s := serveTo(t.Context(), blobtest.Gone(new(blobtest.Memory).For(person(0xa0))), sends(put))
		if s.err != nil || s.took != paceWindow || !bytes.Equal(s.answers, frames(end(CodeInternal))) {
			t.Errorf("%v after %v: %x", s.err, s.took, s.answers)
		}
	})
}

// An asker that was refused and sends on, at its leisure, is cut.
func TestAskerThatSendsOnAfterEnd(t *testing.T) {
	put := frames(&putMsg{1}, (&item{offer: new(blobtest.NewShare(2, 100_000).Offer(person(0xa0)))}).message())
	synctest.Test(t, func(t *testing.T) {
		s := serveTo(t.Context(), blobtest.Gone(new(blobtest.Memory).For(person(0xa0))), func(c net.Conn) {
			for b := put; ; b = make([]byte, paceBytes) {
				if _, err := c.Write(b); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		})
		if s.err != nil || s.took != lingerTime || s.last(t) != CodeInternal {
			t.Errorf("%v after %v, END %v", s.err, s.took, s.last(t))
		}
	})
}

// An asker that does not hear SKIP is heard for as long as the way may be.
func TestAskerThatDoesNotSkip(t *testing.T) {
	put := frames(&putMsg{1}, &offerMsg{name: blobstore.ShareName{}, len: 1 << 40})
	h := putter{put: func(_ context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
		want(offers)
		return make([]blobstore.Outcome, 1), nil
	}}
	sent := 0
	s := serveTo(t.Context(), h, func(c net.Conn) {
		for b := put; ; b = frames(&chunkMsg{0, maxChunk}, make([]byte, maxChunk)) {
			if _, err := c.Write(b); err != nil {
				return
			}
			sent += len(b)
		}
	})
	if !errors.Is(s.err, ErrProtocol) || sent < maxLinger || sent > maxLinger+2*maxChunk {
		t.Errorf("%v after %d bytes", s.err, sent)
	}
}

// none is a Holder that says that it has no manifests in the wrong way.
type none struct{ blobstore.Holder }

func (none) Manifests(context.Context, blobstore.MID) ([][]byte, error) { return nil, nil }

func TestNoManifestsAreAbsence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if s := serveTo(t.Context(), none{}, sends(&manifestMsg{})); s.err != nil || s.last(t) != CodeNotFound {
			t.Errorf("%v, END %v", s.err, s.last(t))
		}
	})
}

// A context that ends while the holder works is what Serve returns, also if the stream cannot be killed.
func TestServeContextThatEndsLate(t *testing.T) {
	for _, m := range []Message{&deleteMsg{}, &putMsg{}} {
		ctx, cancel := context.WithCancel(t.Context())
		h := blobtest.Gated(new(blobtest.Memory).For(person(0xa0)), func(context.Context) error { cancel(); return nil })
		if err := Serve(ctx, feed{bytes.NewReader(frames(m))}, h); err != context.Canceled {
			t.Errorf("%v: %v", m.Kind(), err)
		}
	}
}

// loitering is a stream whose Read returns a second after Close.
type loitering struct {
	net.Conn
	reading atomic.Int32
}

func (l *loitering) Read(p []byte) (int, error) {
	l.reading.Add(1)
	defer l.reading.Add(-1)
	n, err := l.Conn.Read(p)
	if err != nil {
		<-time.After(time.Second)
	}
	return n, err
}

// Serve returns after everything that it started.
func TestNothingOutlivesServe(t *testing.T) {
	_, h, sh := store(t, 1000)
	synctest.Test(t, func(t *testing.T) {
		a, b := net.Pipe()
		l := &loitering{Conn: b}
		go io.Copy(io.Discard, a)
		go a.Write(frames(&getMsg{sh.Name, sh.Ranges(100)}))
		if err := Serve(t.Context(), l, h); err != nil || l.reading.Load() != 0 {
			t.Errorf("%v, %d still read", err, l.reading.Load())
		}
		a.Close()
	})
}

// hasher is a Holder whose Hash takes until its context is done, and says when that was.
type hasher struct {
	blobstore.Holder
	done time.Time
}

func (h *hasher) Hash(ctx context.Context, _ blobstore.ShareName, _ blobstore.Nonce) ([32]byte, error) {
	<-ctx.Done()
	h.done = time.Now()
	return [32]byte{}, ctx.Err()
}

// An asker that goes ends what the holder does for it.
func TestHolderHearsOfCancel(t *testing.T) {
	for name, go1 := range map[string]func(net.Conn){
		"closes":        func(s net.Conn) { s.Close() },
		"says more":     func(s net.Conn) { s.Write([]byte{0}) },
		"stops reading": nil,
	} {
		synctest.Test(t, func(t *testing.T) {
			h, a, b := &hasher{}, net.Conn(nil), net.Conn(nil)
			a, b = net.Pipe()
			defer a.Close()
			start := time.Now()
			var asking sync.WaitGroup
			asking.Go(func() {
				a.Write(frames(&hashMsg{}))
				<-time.After(time.Second)
				if go1 != nil {
					go1(a)
				}
			})
			err := Serve(t.Context(), b, h)
			limit := time.Second
			if go1 == nil {
				limit = 13 * time.Second // the first WAIT, and 10 s
			}
			if took := h.done.Sub(start); err == nil || took != limit {
				t.Errorf("%s: %v, done after %v", name, err, took)
			}
			asking.Wait()
		})
	}
}

// A context that ends ends Serve, with its error, whatever the asker does.
func TestServeContext(t *testing.T) {
	_, h, sh := store(t, 1000)
	ana := blobtest.Person(0).NID().DID()
	put := frames(&putMsg{1}, (&item{offer: new(blobtest.NewShare(2, 100_000).Offer(ana))}).message())
	for name, c := range map[string]struct {
		h  blobstore.Holder
		do act
	}{
		"before the request": {h, sends()},
		"in a PUT":           {h, sends(put)},
		"in a HASH":          {&hasher{}, sends(&hashMsg{})},
		"in a mute GET":      {blobtest.Mute(h), sends(&getMsg{sh.Name, nil})},
	} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if s := serveTo(ctx, c.h, c.do); s.err != context.DeadlineExceeded || s.took != time.Second {
				t.Errorf("%s: %v after %v", name, s.err, s.took)
			}
		})
	}
}

// A holder that needs longer than 10 s for every step is waited for by the asker, and one that the asker makes wait
// waits.
func TestBothWait(t *testing.T) {
	m, _, sh := store(t, 1000)
	ana := blobtest.Person(0).NID().DID()
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, pipe, blobtest.Slow(m.For(ana), time.Minute), func(err error) {
			if err != nil {
				t.Error(err)
			}
		})
		two := []blobtest.Share{blobtest.NewShare(2, 100_000), blobtest.NewShare(3, 10)}
		offers := []blobstore.Offer{two[0].Offer(ana), two[1].Offer(ana)}
		for i := range offers {
			offers[i].Share = func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(lazy{}, bytes.NewReader(two[i].Data[:5]), lazy{}, bytes.NewReader(two[i].Data[5:]), lazy{})), nil
			}
		}
		outcomes, err := r.Put(t.Context(), offers)
		if err != nil || outcomes[0].Err != nil || outcomes[1].Err != nil {
			t.Fatalf("%+v, %v", outcomes, err)
		}
		if sum, err := r.Hash(t.Context(), sh.Name, blobstore.Nonce{}); err != nil || sum == [32]byte{} {
			t.Error(err)
		}
		r.serving.Wait()
	})
}

// lazy is a reader that has nothing for an hour.
type lazy struct{}

func (lazy) Read([]byte) (int, error) {
	<-time.After(time.Hour)
	return 0, io.EOF
}
