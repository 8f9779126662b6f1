package nettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/net"
)

// testEcho has two streams at once, with more in them than any window.
func testEcho(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{Serves: echo})
	data := random(5<<20 + 1)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			s, err := p.Conn.Open(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			go func() {
				_, _ = s.Write(data)
				_ = s.CloseWrite()
			}()
			got, err := io.ReadAll(s)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("%d bytes came back of %d, %v", len(got), len(data), err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	within(t, "echo", both.Wait)
}

func testHalfClose(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{Serves: func(_ context.Context, _ net.Conn, s net.Stream) {
		all, _ := io.ReadAll(s) // returns only with the end
		_, _ = s.Write([]byte("after " + string(all)))
		_ = s.Close()
	}})
	s := open(t, p.Conn)
	if err := s.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("y")); err == nil {
		t.Error("wrote after CloseWrite")
	}
	if got, err := io.ReadAll(s); err != nil || string(got) != "after x" {
		t.Errorf("got %q, %v", got, err)
	}
}

func testCloseFlushes(t *testing.T, b *Backend) {
	data := random(1 << 20)
	p := b.Pair(t, Handler{}, Handler{Serves: func(_ context.Context, _ net.Conn, s net.Stream) {
		_, _ = s.Read(make([]byte, 1))
		_, _ = s.Write(data)
		_ = s.Close()
	}})
	s := open(t, p.Conn)
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
	}
}

func testResetByOpener(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	far := wait(t, "stream", in.streams)
	if err := s.Reset(7); err != nil {
		t.Fatal(err)
	}
	_, err := io.ReadAll(far)
	if got := code(t, err); got != 7 {
		t.Errorf("Read says %d", got)
	}
	if got := code(t, writeUntilError(t, far)); got != 7 {
		t.Errorf("Write says %d", got)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read here says %v", err)
	}
	if _, err := s.Write(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write here says %v", err)
	}
}

func testResetByServer(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{Serves: func(_ context.Context, _ net.Conn, s net.Stream) {
		_, _ = s.Read(make([]byte, 1))
		_ = s.Reset(1<<32 - 300)
	}})
	s := open(t, p.Conn)
	if got := code(t, writeUntilError(t, s)); got != 1<<32-300 {
		t.Errorf("Write says %d", got)
	}
	if _, err := io.ReadAll(s); code(t, err) != 1<<32-300 {
		t.Errorf("Read says %v", err)
	}
}

func testUnserved(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{})
	s, err := p.Conn.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = s.Write([]byte("x")) // the reset may be here first
	if _, err := io.ReadAll(s); code(t, err) != net.CodeUnserved {
		t.Errorf("got %v", err)
	}
}

func testHalfServed(t *testing.T, b *Backend) {
	data := random(1 << 20)
	p := b.Pair(t, Handler{}, Handler{Serves: func(_ context.Context, _ net.Conn, s net.Stream) {
		_, _ = s.Read(make([]byte, 1))
		_, _ = s.Write(data)
		_ = s.CloseWrite()
	}})
	for range 5 {
		got, err := io.ReadAll(open(t, p.Conn))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes of %d, %v", len(got), len(data), err)
		}
	}
}

// writeUntilError writes until that fails: what the other side did has to arrive first.
func writeUntilError(t *testing.T, s net.Stream) error {
	t.Helper()
	_ = s.SetDeadline(time.Now().Add(patience))
	for {
		if _, err := s.Write(make([]byte, 100)); err != nil {
			return err
		}
	}
}

func testDeadlines(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	far := wait(t, "stream", in.streams)

	_ = s.SetDeadline(time.Now().Add(20 * time.Millisecond))
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read until then says %v", err)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read after it says %v", err)
	}
	if _, err := s.Write([]byte("y")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Write after it says %v", err)
	}
	_ = s.SetDeadline(time.Time{})
	if _, err := far.Write([]byte("z")); err != nil {
		t.Fatal(err)
	}
	within(t, "Read without deadline", func() {
		if _, err := s.Read(make([]byte, 1)); err != nil {
			t.Errorf("Read after it was taken back says %v", err)
		}
	})
	unblocked := make(chan error, 1)
	go func() {
		_, err := s.Read(make([]byte, 1))
		unblocked <- err
	}()
	_ = s.SetDeadline(time.Unix(1, 0))
	if err := wait(t, "Read that waits", unblocked); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read that waited says %v", err)
	}
}

func testWriteDeadline(t *testing.T, b *Backend) {
	in := newInbound(t) // reads nothing
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	_ = s.SetDeadline(time.Now().Add(200 * time.Millisecond))
	within(t, "Write", func() {
		if _, err := s.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Write says %v", err)
		}
	})
}

func testCloseUnblocks(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	var blocked sync.WaitGroup
	blocked.Go(func() {
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read says %v", err)
		}
	})
	blocked.Go(func() {
		if _, err := s.Write(make([]byte, 64<<20)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write says %v", err)
		}
	})
	wait(t, "stream", in.streams)
	time.AfterFunc(20*time.Millisecond, func() { _ = s.Close() })
	within(t, "what waits", blocked.Wait)
}

func testThousand(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{Serves: echo})
	var wg sync.WaitGroup
	for w := range 10 {
		wg.Go(func() {
			for i := range 100 {
				if err := ask(t.Context(), p.Conn, byte(w*i)); err != nil {
					t.Errorf("stream %d of %d: %v", i, w, err)
					return
				}
			}
		})
	}
	within(t, "a thousand streams", wg.Wait)
}

// ask sends a byte to an echo.
func ask(ctx context.Context, c net.Conn, want byte) error {
	s, err := c.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Write([]byte{want}); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(s)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, []byte{want}) {
		return errors.New("something else came back")
	}
	return nil
}

func testStreamLimit(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	var streams []net.Stream
	for range net.MaxStreams {
		streams = append(streams, open(t, p.Conn))
		wait(t, "stream", in.streams)
	}
	within(t, "Open beyond the limit", func() {
		_, err := p.Conn.Open(t.Context())
		if e, ok := errors.AsType[*net.LimitError](err); !ok || !errors.Is(err, net.ErrBusy) || e.Limit != net.MaxStreams {
			t.Errorf("got %v", err)
		}
	})
	if err := streams[0].Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Conn.Open(t.Context()); err != nil {
		t.Errorf("after one was closed: %v", err)
	}
}
