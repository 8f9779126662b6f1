package net_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
)

const ms = time.Millisecond

// world is Ana and Bo in memory, inside of a bubble; Bo echoes.
type world struct {
	*nettest.Backend
	ana, bo net.Network
}

func inWorld(t *testing.T, c net.Conditions, test func(t *testing.T, w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := world{Backend: nettest.New(net.Memory)}
		w.Memory.SetAll(c)
		h := nettest.Handler{Serves: func(_ context.Context, _ net.Conn, s net.Stream) {
			_, _ = io.Copy(struct{ io.Writer }{s}, s)
			_ = s.Close()
		}}
		w.ana, w.bo = w.Join(t, 1, h), w.Join(t, 2, h)
		test(t, w)
	})
}

// echo sends and waits until it has come back, and says how long that took.
func (w world) echo(t *testing.T, c net.Conn, data []byte) time.Duration {
	t.Helper()
	start := time.Now()
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	go func() {
		_, _ = s.Write(data)
		_ = s.CloseWrite()
	}()
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes of %d came back, %v", len(got), len(data), err)
	}
	return time.Since(start)
}

func TestMemoryDelay(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 50 * ms}, func(t *testing.T, w world) {
		w.Memory.Set(w.bo.Device(), w.ana.Device(), net.Conditions{Delay: 30 * ms})
		start := time.Now()
		c := nettest.Connect(t, w.ana, w.bo)
		if got := time.Since(start); got != 80*ms {
			t.Errorf("Connect took %v", got)
		}
		if got := w.echo(t, c, []byte("x")); got != 80*ms {
			t.Errorf("the first echo took %v", got)
		}
		if got := w.echo(t, c, []byte("x")); got != 80*ms {
			t.Errorf("the second echo took %v", got)
		}
	})
}

func TestMemoryRate(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		c := nettest.Connect(t, w.ana, w.bo)
		w.Memory.Set(w.ana.Device(), w.bo.Device(), net.Conditions{Delay: 10 * ms, Rate: 1 << 20})
		const n = 4 << 20
		if got := w.echo(t, c, make([]byte, n)); got < 4*time.Second || got > 4*time.Second+100*ms {
			t.Errorf("4 MiB at 1 MiB/s took %v", got)
		}
		if got := w.Memory.Carried(w.ana.Device(), w.bo.Device()); got != n {
			t.Errorf("%d bytes were carried", got)
		}
		start := time.Now()
		done := make(chan time.Duration, 2)
		for range 2 {
			go func() { done <- w.echo(t, c, make([]byte, n)) }()
		}
		<-done
		<-done
		if got := time.Since(start); got < 8*time.Second || got > 8*time.Second+100*ms {
			t.Errorf("two times 4 MiB on one line took %v", got)
		}
	})
}

func TestMemoryTrace(t *testing.T) {
	inWorld(t, net.Conditions{Rate: 100}, func(t *testing.T, w world) {
		start := time.Now()
		w.Memory.Set(w.ana.Device(), w.bo.Device(), net.Conditions{Rate: 200})
		time.Sleep(time.Minute)
		w.Memory.Set(w.ana.Device(), w.bo.Device(), net.Conditions{Rate: 300})
		w.Memory.Set(w.ana.Device(), w.bo.Device(), net.Conditions{Rate: 300})
		got := w.Memory.Trace(w.ana.Device(), w.bo.Device())
		want := []net.Step{
			{At: start, Conditions: net.Conditions{Rate: 100}},
			{At: start, Conditions: net.Conditions{Rate: 200}},
			{At: start.Add(time.Minute), Conditions: net.Conditions{Rate: 300}},
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %v", got)
		}
	})
}

// TestMemoryLoss has everything arrive, later, and as late in every run.
func TestMemoryLoss(t *testing.T) {
	took := func(c net.Conditions) (d time.Duration) {
		inWorld(t, c, func(t *testing.T, w world) {
			conn := nettest.Connect(t, w.ana, w.bo)
			d = w.echo(t, conn, bytes.Repeat([]byte("0123456789abcdef"), 64<<10))
		})
		return d
	}
	quiet := took(net.Conditions{Delay: 10 * ms, Rate: 10 << 20})
	lossy := net.Conditions{Delay: 10 * ms, Rate: 10 << 20, Loss: 0.2, Jitter: 5 * ms}
	first, second := took(lossy), took(lossy)
	if first <= quiet+200*ms {
		t.Errorf("without loss %v, with loss %v", quiet, first)
	}
	if first != second {
		t.Errorf("one run took %v, the next %v", first, second)
	}
}

func TestMemoryPartition(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		c := nettest.Connect(t, w.ana, w.bo)
		w.Memory.Partition(w.ana.Device(), w.bo.Device(), true)
		time.AfterFunc(30*time.Second, func() { w.Memory.Partition(w.ana.Device(), w.bo.Device(), false) })
		if got := w.echo(t, c, []byte("x")); got < 30*time.Second || got > 31*time.Second {
			t.Errorf("an echo over a partition of 30 s took %v", got)
		}

		w.Memory.Partition(w.ana.Device(), w.bo.Device(), true)
		start := time.Now()
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrCut) {
			t.Errorf("Read says %v", err)
		}
		if got := time.Since(start); got != net.MemoryIdle {
			t.Errorf("noticed after %v", got)
		}
		synctest.Wait()
		if n := len(w.bo.Conns()); n != 0 {
			t.Errorf("the other side has %d connections", n)
		}

		start = time.Now()
		if _, err := w.ana.Connect(t.Context(), w.bo.Device(), w.bo.Addrs()); !errors.Is(err, net.ErrUnreachable) {
			t.Errorf("Connect says %v", err)
		}
		if got := time.Since(start); got > net.ConnectTimeout {
			t.Errorf("after %v", got)
		}
	})
}

func TestMemoryMute(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		w.Memory.Set(w.bo.Device(), w.ana.Device(), net.Conditions{Delay: 10 * ms, Mute: true})
		c := nettest.Connect(t, w.ana, w.bo)
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(time.Hour))
		if _, err := s.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read says %v", err)
		}
		if c.Err() != nil {
			t.Errorf("the connection ended: %v", c.Err())
		}
	})
}

func TestMemoryLiar(t *testing.T) {
	inWorld(t, net.Conditions{}, func(t *testing.T, w world) {
		c := nettest.Connect(t, w.ana, w.bo)
		w.Memory.Set(w.bo.Device(), w.ana.Device(), net.Conditions{Lie: true})
		s, err := c.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		data := []byte("what was sent")
		_, _ = s.Write(data)
		got := make([]byte, len(data))
		if _, err := io.ReadFull(s, got); err != nil || bytes.Equal(got, data) {
			t.Errorf("got %q, %v", got, err)
		}
		if string(data) != "what was sent" {
			t.Error("the writer's own bytes were changed")
		}
	})
}

func TestMemoryCut(t *testing.T) {
	inWorld(t, net.Conditions{Delay: 10 * ms}, func(t *testing.T, w world) {
		c := nettest.Connect(t, w.ana, w.bo)
		_ = w.echo(t, c, []byte("x"))
		far := w.bo.Conns()[0]
		w.Memory.Cut(w.bo.Device(), w.ana.Device())
		synctest.Wait()
		for _, c := range []net.Conn{c, far} {
			if !errors.Is(c.Err(), net.ErrCut) {
				t.Errorf("it ended with %v", c.Err())
			}
		}
	})
}
