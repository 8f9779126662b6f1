package wire

import (
	"bytes"
	"context"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
)

// heap returns the bytes that are in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse)
}

// allocated returns the bytes that do allocates, in all.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// A thousand askers that make the holder wait, each as costly as it can, cost what PROTOCOL.md §9 says and no more.
func TestMemoryOfServe(t *testing.T) {
	_, h, sh := store(t, 100*maxChunk)
	longest := offerSample("offer-long")
	for _, c := range []struct {
		name  string
		parts []any
		limit int64 // bytes a stream
	}{
		{"nothing", nil, 32 << 10},
		{"the head of a HAVE", []any{appendHead(nil, kindHave, 72<<10)}, 112 << 10},
		{"a HAVE but its last byte", []any{appendHead(nil, kindHave, 72<<10), make([]byte, 72<<10-1)}, 112 << 10},
		{"a GET that is not read", []any{&getMsg{sh.Name, sh.Ranges(maxChunk)}}, 112 << 10},
		{"a HAVE that is not read", []any{&haveMsg{names: many(blobstore.MaxNames, sh.Name)}}, 512 << 10},
		{"an AUDIT that is not read", []any{&auditMsg{name: sh.Name, leaves: blobstore.MaxLeaves}}, 2 << 20},
		{"a PUT but its last offer", []any{&putMsg{64}, many2(63, longest)}, 640 << 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			const streams = 200
			ctx, cancel := context.WithCancel(t.Context())
			var serving sync.WaitGroup
			before := heap()
			for range streams {
				a, b := net.Pipe()
				serving.Go(func() { _ = Serve(ctx, b, h) })
				if _, err := a.Write(frames(c.parts...)); err != nil {
					t.Fatal(err)
				}
			}
			if each := (heap() - before) / streams; each > c.limit {
				t.Errorf("%d KiB a stream, more than %d", each>>10, c.limit>>10)
			} else {
				t.Logf("%d KiB a stream", each>>10)
			}
			cancel()
			serving.Wait()
		})
	}
}

func offerSample(name string) Message {
	for _, s := range putSamples() {
		if s.name == name {
			return s.m
		}
	}
	return nil
}

// feed is a stream whose other side says something and reads everything.
type feed struct{ io.Reader }

func (feed) Write(p []byte) (int, error) { return len(p), nil }
func (feed) Close() error                { return nil }

// again is the same bytes, n times.
type again struct {
	unit []byte
	off  int
	n    int
}

func (a *again) Read(p []byte) (int, error) {
	if a.n == 0 {
		return 0, io.EOF
	}
	n := copy(p, a.unit[a.off:])
	if a.off += n; a.off == len(a.unit) {
		a.off, a.n = 0, a.n-1
	}
	return n, nil
}

// A thousand frames that nobody wants cost no more than one: nobody keeps them.
func TestMemoryUnderHostileFrames(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool, that of io.Discard included, drops at random under the race detector")
	}
	_, h, _ := store(t, 1000)
	for _, r := range append(frameRefusals(), append(shapeRefusals(), askerBounds()...)...) {
		n := allocated(func() { _ = Serve(t.Context(), feed{&again{unit: r.frame, n: 1000}}, h) })
		if n > 400<<10 {
			t.Errorf("%s, a thousand times: %d KiB", r.name, n>>10)
		}
	}
	for name, c := range map[string]struct {
		frame []byte
		want  int64 // messages that are handed on
	}{
		"unknown":   {frameOf(79, fill(80_000, 1)), 1},
		"ADDRESSES": {AppendFrame(nil, &Addresses{many(MaxList, fill(MaxRecord, 1))}), 1001},
		"PING":      {AppendFrame(nil, &pingMsg{1 << 63}), 1},
	} {
		var got int64
		n := allocated(func() {
			r := io.MultiReader(bytes.NewReader(AppendFrame(nil, hello("bo"))), &again{unit: c.frame, n: 1000})
			_ = NewCtl(feed{r}).Run(t.Context(), hello("ana"), func(Message) error { got++; return nil })
		})
		if limit := int64(256<<10) + (c.want-1)*40<<10; n > limit || got != c.want {
			t.Errorf("%s, a thousand times: %d messages, %d KiB", name, got, n>>10)
		}
	}
}

// A Get holds one block, whatever is got: what it allocates does not grow with what it moves.
func TestMemoryOfGet(t *testing.T) {
	m, ana := new(blobtest.Memory), blobtest.Person(0).NID().DID()
	sh := blobtest.NewShare(1, 64<<20)
	blobtest.MustPut(t, m.For(ana), ana, sh)
	r := newRemote(t, loopback(t), lean{m.For(ana), sh}, nil)
	get := func() {
		if err := r.Get(t.Context(), sh.Name, sh.Ranges(maxChunk), func(int, []byte) error { return nil }); err != nil {
			t.Error(err)
		}
	}
	get()
	if n := allocated(get); n > 1<<20 {
		t.Errorf("%d KiB for 1,024 blocks on both sides", n>>10)
	}
}

// lean is a Holder that hands over blocks without making copies.
type lean struct {
	blobstore.Holder
	share blobtest.Share
}

func (l lean) Get(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	for i, r := range ranges {
		if err := visit(i, l.share.At(r)); err != nil {
			return err
		}
	}
	return ctx.Err()
}
