package nettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

func testFacts(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	open(t, p.Conn)
	far := wait(t, "connection", in.conns)
	near := p.Conn
	if near.Device() != p.Listener.Device() || far.Device() != p.Dialer.Device() {
		t.Error("the devices are others")
	}
	if near.Inbound() || !far.Inbound() {
		t.Error("who dialled is wrong")
	}
	if near.Transport() != b.Transport || far.Transport() != b.Transport {
		t.Errorf("transports %v and %v", near.Transport(), far.Transport())
	}
	if !slices.Contains(p.Listener.Addrs(), near.RemoteAddr()) || far.RemoteAddr().IsZero() {
		t.Errorf("addresses %v and %v", near.RemoteAddr(), far.RemoteAddr())
	}
	if near.Err() != nil || far.Err() != nil {
		t.Errorf("ended: %v and %v", near.Err(), far.Err())
	}
	if got := p.Listener.Conns(); len(got) != 1 || got[0] != far {
		t.Errorf("%d connections", len(got))
	}
}

func testConnClose(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	far, farStream := wait(t, "connection", in.conns), wait(t, "stream", in.streams)
	if _, err := farStream.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	blocked := make(chan error, 1)
	go func() {
		_, err := farStream.Read(make([]byte, 1))
		blocked <- err
	}()
	within(t, "Close", func() { _ = p.Conn.Close(77) })
	if e := ended(t, p.Conn); !e.Local || e.Code != 77 || !errors.Is(e, net.ErrClosed) || errors.Is(e, net.ErrCut) {
		t.Errorf("here it ended with %v", e)
	}
	if e := ended(t, far); e.Local || e.Code != 77 || errors.Is(e, net.ErrClosed) || !errors.Is(e, net.ErrCut) {
		t.Errorf("there it ended with %v", e)
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read here says %v", err)
	}
	if err := wait(t, "Read", blocked); err != far.Err() && !errors.Is(err, net.ErrClosed) { // Serve may have gone first
		t.Errorf("Read there says %v", err)
	}
	if _, err := p.Conn.Open(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Open here says %v", err)
	}
	if _, err := far.Open(t.Context()); !errors.Is(err, net.ErrCut) {
		t.Errorf("Open there says %v", err)
	}
	if len(p.Dialer.Conns()) != 0 || len(p.Listener.Conns()) != 0 {
		t.Error("the connection is still listed")
	}
}

func testCutInWrite(t *testing.T, b *Backend) {
	in := newInbound(t)
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	far := wait(t, "connection", in.conns)
	failed := make(chan error, 1)
	go func() {
		_, err := s.Write(make([]byte, 64<<20))
		failed <- err
	}()
	_, _ = io.CopyN(io.Discard, wait(t, "stream", in.streams), 100<<10)
	within(t, "Close", func() { _ = far.Close(3) })
	if err := wait(t, "Write", failed); !errors.Is(err, net.ErrCut) || err != p.Conn.Err() {
		t.Errorf("Write says %v, the connection %v", err, p.Conn.Err())
	}
}

func testReuse(t *testing.T, b *Backend) {
	p := b.Pair(t, Handler{}, Handler{Serves: echo})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			c, err := p.Dialer.Connect(t.Context(), p.Listener.Device(), nil)
			if err != nil || c != p.Conn {
				t.Errorf("another connection, %v", err)
			}
		})
	}
	wg.Wait()
	_ = p.Conn.Close(0)
	conns := make([]net.Conn, 10)
	for i := range conns {
		wg.Go(func() { conns[i], _ = p.Dialer.Connect(t.Context(), p.Listener.Device(), p.Listener.Addrs()) })
	}
	wg.Wait()
	for _, c := range conns {
		if c == nil || c != conns[0] || c == p.Conn {
			t.Fatalf("not one new connection: %v", conns)
		}
	}
	if err := ask(t.Context(), conns[0], 1); err != nil {
		t.Error(err)
	}
}

func testSimultaneous(t *testing.T, b *Backend) {
	for range 10 {
		ana, bo := b.Join(t, 1, Handler{Serves: echo}), b.Join(t, 2, Handler{Serves: echo})
		var wg sync.WaitGroup
		for _, w := range []struct{ from, to net.Network }{{ana, bo}, {bo, ana}} {
			wg.Go(func() {
				for range 3 { // a connection that goes in favour of the other one is no loss
					c, err := w.from.Connect(t.Context(), w.to.Device(), w.to.Addrs())
					if err != nil {
						t.Errorf("Connect: %v", err)
						return
					}
					if err = ask(t.Context(), c, 9); err == nil {
						return
					}
				}
				t.Error("no connection was of use")
			})
		}
		within(t, "both", wg.Wait)
		for _, n := range []net.Network{ana, bo} {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// testRestart has a peer come back whose first process went without a word, a moment after they had met: the new connection
// is the one of use, whoever dialled the old one and whoever has the smaller key.
func testRestart(t *testing.T, b *Backend) {
	for i, who := range []struct{ stays, goes byte }{{1, 2}, {2, 1}} {
		for j, dialled := range []bool{false, true} {
			b := New(b.Transport)
			stays, goes := b.Join(t, who.stays, Handler{Serves: echo}), b.Join(t, who.goes, Handler{Serves: echo})
			from, to := goes, stays
			if dialled {
				from, to = stays, goes
			}
			if err := ask(t.Context(), Connect(t, from, to), 1); err != nil {
				t.Fatal(err)
			}
			in := newInbound(t)
			again := b.joinAt(t, 3, who.goes, in)
			if err := ask(t.Context(), Connect(t, again, stays), 1); err != nil {
				t.Errorf("%d, %d: who came back: %v", i, j, err)
			}
			c, err := stays.Connect(t.Context(), again.Device(), nil)
			if err != nil || !c.Inbound() {
				t.Fatalf("%d, %d: Connect gives the old one, %v", i, j, err)
			}
			open(t, c)
			wait(t, "stream to who came back", in.streams)
		}
	}
}

func testUnreachable(t *testing.T, b *Backend) {
	ana, bo := b.Join(t, 1, Handler{}), b.Join(t, 2, Handler{})
	addrs := bo.Addrs()
	_ = bo.Close()
	within(t, "Connect", func() {
		_, err := ana.Connect(t.Context(), bo.Device(), addrs)
		e, ok := errors.AsType[*net.DialError](err)
		if !ok || !errors.Is(err, net.ErrUnreachable) || len(e.Attempts) != 1 || e.Attempts[0].Addr != addrs[0] {
			t.Errorf("got %v", err)
		}
		if _, err := ana.Connect(t.Context(), bo.Device(), nil); !errors.Is(err, net.ErrUnreachable) {
			t.Errorf("without an address: %v", err)
		}
	})
}

func testWrongDevice(t *testing.T, b *Backend) {
	ana, bo := b.Join(t, 1, Handler{}), b.Join(t, 2, Handler{})
	_, err := ana.Connect(t.Context(), Key(3).Device(), bo.Addrs())
	if !errors.Is(err, net.ErrUnreachable) || !errors.Is(err, net.ErrWrongDevice) {
		t.Errorf("got %v", err)
	}
}

func testConnectCancelled(t *testing.T, b *Backend) {
	ana, bo := b.Join(t, 1, Handler{}), b.Join(t, 2, Handler{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	within(t, "Connect", func() {
		if _, err := ana.Connect(ctx, bo.Device(), bo.Addrs()); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
	if c := Connect(t, ana, bo); c.Err() != nil {
		t.Error("the next one is cancelled too")
	}
}

func testBadDevice(t *testing.T, b *Backend) {
	ana := b.Join(t, 1, Handler{})
	order8 := keyring.Device{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	}
	for _, d := range []keyring.Device{{}, {1}, order8, ana.Device(), keyring.Device(bytes.Repeat([]byte{0xff}, 32))} {
		if _, err := ana.Connect(t.Context(), d, ana.Addrs()); !errors.Is(err, net.ErrDevice) {
			t.Errorf("%v: %v", d, err)
		}
	}
}

func testStrangerStreams(t *testing.T, b *Backend) {
	in := newInbound(t).knowsNobody()
	p := b.Pair(t, Handler{}, in)
	open(t, p.Conn)
	far := wait(t, "connection", in.conns)
	if far.Err() != nil {
		t.Fatalf("one stream is too many: %v", far.Err())
	}
	if s, err := p.Conn.Open(t.Context()); err == nil {
		_, _ = s.Write([]byte("x"))
	}
	if e := ended(t, p.Conn); e.Code != net.CodeStranger || e.Local {
		t.Errorf("the stranger hears %v", e)
	}
	if e := ended(t, far); e.Code != net.CodeStranger || !e.Local {
		t.Errorf("it ended with %v", e)
	}
	if n := len(in.streams); n > 1 {
		t.Errorf("%d streams were served", n)
	}
}

func testStrangerBytes(t *testing.T, b *Backend) {
	in := newInbound(t).knowsNobody()
	p := b.Pair(t, Handler{}, in)
	s, err := p.Conn.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(random(net.StrangerBytes)); err != nil {
		t.Fatal(err)
	}
	far := wait(t, "stream", in.streams)
	if n, err := io.CopyN(io.Discard, far, net.StrangerBytes); err != nil {
		t.Fatalf("64 KiB are too many: %d, %v", n, err)
	}
	_, _ = s.Write([]byte("x"))
	if _, err := far.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read of one more says %v", err)
	}
	if e := ended(t, p.Conn); e.Code != net.CodeStranger {
		t.Errorf("the stranger hears %v", e)
	}
}

func testAdmit(t *testing.T, b *Backend) {
	in := newInbound(t).knowsNobody()
	p := b.Pair(t, Handler{}, in)
	s := open(t, p.Conn)
	far, farStream := wait(t, "connection", in.conns), wait(t, "stream", in.streams)
	far.Admit()
	go func() {
		_, _ = s.Write(random(1 << 20))
		_ = s.CloseWrite()
	}()
	if all, err := io.ReadAll(farStream); err != nil || len(all) != 1<<20+1 {
		t.Errorf("%d bytes, %v", len(all), err)
	}
	for range 3 {
		open(t, p.Conn)
		wait(t, "stream", in.streams)
	}
	p.Listener.Recheck()
	if s, err := far.Open(t.Context()); err != nil {
		t.Errorf("who was admitted is cut by Recheck: %v", err)
	} else {
		_ = s.Close() // who dialled serves nothing, and may have reset it
	}
}

func testRecheck(t *testing.T, b *Backend) {
	in := newInbound(t).knowsNobody()
	in.know(Key(1).Device(), true)
	p := b.Pair(t, Handler{}, in)
	open(t, p.Conn)
	far := wait(t, "connection", in.conns)
	p.Listener.Recheck()
	if far.Err() != nil {
		t.Fatal("cut as long as it is known")
	}
	far.Admit() // changes nothing for who is known
	in.know(Key(1).Device(), false)
	p.Listener.Recheck()
	if e := ended(t, p.Conn); e.Code != net.CodeRemoved {
		t.Errorf("it ended with %v", e)
	}
	if e := ended(t, far); e.Code != net.CodeRemoved || !e.Local {
		t.Errorf("it ended with %v", e)
	}
}

func testNetworkClose(t *testing.T, b *Backend) {
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
	far := wait(t, "connection", in.conns)
	time.AfterFunc(20*time.Millisecond, func() { _ = p.Dialer.Close() })
	within(t, "what waits", blocked.Wait)
	within(t, "Close again", func() { _ = p.Dialer.Close() })
	if _, err := p.Dialer.Connect(t.Context(), p.Listener.Device(), p.Listener.Addrs()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Connect says %v", err)
	}
	if e := ended(t, far); e.Code != net.CodeShutdown {
		t.Errorf("the other side hears %v", e)
	}
}
