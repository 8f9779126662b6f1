package p2p

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

// links runs a test with a link that no hub holds back, to a network with this handler.
func links(t *testing.T, h net.Handler, test func(t *testing.T, n *Network, l net.Link)) {
	for _, transport := range []net.Transport{net.TCP, net.QUIC} {
		t.Run(transport.String(), func(t *testing.T) {
			n := listen(t, Config{Key: key(1), Handler: h}, "127.0.0.1:0")
			caller := listen(t, Config{Key: key(2), Handler: everybody{}}, "127.0.0.1:0")
			l, err := caller.Dial(t.Context(), n.Device(), n.Addrs()[0], transport)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close(0)
			test(t, n, l)
		})
	}
}

// waiting serves until the connection ends.
type waiting struct{ everybody }

func (waiting) Serve(ctx context.Context, _ net.Conn, _ net.Stream) { <-ctx.Done() }

// TestTooManyStreams has a peer open more than it may.
func TestTooManyStreams(t *testing.T) {
	links(t, waiting{}, func(t *testing.T, n *Network, l net.Link) {
		var last net.Stream
		for i := range net.MaxStreams + 1 {
			s, err := l.Open(t.Context())
			if err != nil {
				t.Fatalf("stream %d: %v", i, err)
			}
			if _, err := s.Write([]byte("x")); err != nil && i < net.MaxStreams {
				t.Fatalf("stream %d: %v", i, err)
			}
			last = s
		}
		_ = last.SetDeadline(time.Now().Add(patience))
		_, err := last.Read(make([]byte, 1))
		if e, ok := errors.AsType[*net.ResetError](err); !ok || e.Code != net.CodeBusy {
			t.Errorf("one too many: %v", err)
		}
		if len(n.Conns()) != 1 {
			t.Error("the connection has ended")
		}
	})
}

// TestStreamsWithoutEnd has a peer open as many as the transport lets it: opening more is an error, and does not hang.
func TestStreamsWithoutEnd(t *testing.T) {
	links(t, waiting{}, func(t *testing.T, _ *Network, l net.Link) {
		done := make(chan error, 1)
		go func() {
			for range 10 * net.MaxStreams {
				s, err := l.Open(t.Context())
				if err == nil {
					_, err = s.Write([]byte("x"))
				}
				if err != nil && !errors.Is(err, net.ErrBusy) && !isReset(err) {
					done <- err
					return
				}
			}
			done <- nil
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(patience):
			t.Error("it hangs")
		}
	})
}

func isReset(err error) bool {
	_, ok := errors.AsType[*net.ResetError](err)
	return ok
}

// nobody knows no device, and serves as waiting does.
type nobody struct{ waiting }

func (nobody) Known(keyring.Device) bool { return false }

// TestStrangerFloods has a stranger open streams and fill them as fast as it can: it is cut, and told why.
func TestStrangerFloods(t *testing.T) {
	links(t, nobody{}, func(t *testing.T, n *Network, l net.Link) {
		for range 20 {
			s, err := l.Open(t.Context())
			if err != nil {
				break
			}
			go func() { _, _ = s.Write(make([]byte, 1<<20)) }()
		}
		_, err := l.Accept()
		if e, ok := errors.AsType[*net.CutError](err); !ok || e.Local || e.Code != net.CodeStranger && e.Reason == "" {
			t.Errorf("it hears %v", err)
		}
		for end := time.Now().Add(patience); len(n.Conns()) > 0; {
			if time.Now().After(end) {
				t.Fatal("the connection stays")
			}
		}
	})
}

// TestStrangerHolds has a stranger send what is not read: no more is taken than anybody may have.
func TestStrangerHolds(t *testing.T) {
	links(t, nobody{}, func(t *testing.T, n *Network, l net.Link) {
		s, err := l.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(300 * time.Millisecond))
		sent, _ := s.Write(make([]byte, 64<<20))
		if tcp, quic := n.tcpPool.left(), n.quicPool.left(); tcp != tcpPool || quic != quicPool {
			t.Errorf("of the pools, %d and %d are gone", tcpPool-tcp, quicPool-quic)
		}
		if l.Transport() == net.QUIC && sent > quicStreamBase+64<<10 {
			t.Errorf("%d bytes were taken", sent)
		}
	})
}

// TestCloseIsPrompt closes connections whose other end reads nothing, with everything full.
func TestCloseIsPrompt(t *testing.T) {
	links(t, waiting{}, func(t *testing.T, n *Network, l net.Link) {
		for range 20 {
			s, err := l.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = s.Write(make([]byte, 16<<20)) }()
		}
		<-time.After(100 * time.Millisecond) // for it to be full
		start := time.Now()
		l.Close(1)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("here it took %v", d)
		}
		for _, c := range n.Conns() {
			start := time.Now()
			_ = c.Close(1)
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("there it took %v", d)
			}
		}
	})
}

// TestCodesOfTransports has codes arrive as they were, whatever they are.
func TestCodesOfTransports(t *testing.T) {
	for _, code := range []uint32{0, 1, 2, 14, net.CodeReserved, net.CodeShutdown, 1<<32 - 1} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			links(t, waiting{}, func(t *testing.T, n *Network, l net.Link) {
				s, err := l.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				_, _ = s.Write([]byte("x"))
				for end := time.Now().Add(patience); len(n.Conns()) == 0; {
					if time.Now().After(end) {
						t.Fatal("no connection")
					}
				}
				c := n.Conns()[0]
				l.Close(code)
				<-c.Done()
				if e, ok := errors.AsType[*net.CutError](c.Err()); !ok || e.Code != code || e.Local {
					t.Errorf("the other side hears %v", c.Err())
				}
			})
		})
	}
}
