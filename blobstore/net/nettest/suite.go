package nettest

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

// patience is what a test waits for that must happen. It is a safety net, no measure.
const patience = 2 * time.Minute

// TestNetwork is the contract of net.Network, executed.
func TestNetwork(t *testing.T, b *Backend) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *Backend)
	}{
		{"streams carry bytes both ways", testEcho},
		{"a connection tells who and how", testFacts},
		{"one direction ends before the other", testHalfClose},
		{"what was written before Close arrives", testCloseFlushes},
		{"reset by who opened", testResetByOpener},
		{"reset by who serves", testResetByServer},
		{"what Serve leaves open is reset", testUnserved},
		{"what Serve leaves half open arrives", testHalfServed},
		{"deadlines", testDeadlines},
		{"deadline of a write that waits", testWriteDeadline},
		{"Close lets go what waits", testCloseUnblocks},
		{"Close of a connection tells the code", testConnClose},
		{"a connection is cut in the middle of a write", testCutInWrite},
		{"a thousand streams", testThousand},
		{"the limit of streams is an error", testStreamLimit},
		{"Connect uses the open connection", testReuse},
		{"both dial at once", testSimultaneous},
		{"a peer is started again", testRestart},
		{"nobody is there", testUnreachable},
		{"somebody else is there", testWrongDevice},
		{"Connect is cancelled", testConnectCancelled},
		{"devices that cannot be", testBadDevice},
		{"a stranger has one stream", testStrangerStreams},
		{"a stranger has 64 KiB", testStrangerBytes},
		{"admitted", testAdmit},
		{"removed at run time", testRecheck},
		{"Close of the network lets go what waits", testNetworkClose},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, New(b.Transport)) })
	}
}

// echo serves what it reads.
func echo(_ context.Context, _ net.Conn, s net.Stream) {
	_, _ = io.Copy(struct{ io.Writer }{s}, s)
	_ = s.Close()
}

// open begins a stream and says something, so that the other side learns of it.
func open(t *testing.T, c net.Conn) net.Stream {
	t.Helper()
	s, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	return s
}

// within fails the test if f does not return.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s: did not return", what)
	}
}

// wait fails the test if nothing comes.
func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("%s: did not come", what)
		panic("unreachable")
	}
}

// ended waits for the end of a connection.
func ended(t *testing.T, c net.Conn) *net.CutError {
	t.Helper()
	wait(t, "end of the connection", c.Done())
	e, ok := errors.AsType[*net.CutError](c.Err())
	if !ok {
		t.Fatalf("the connection ended with %v", c.Err())
	}
	return e
}

// code is the code of a peer's reset.
func code(t *testing.T, err error) uint32 {
	t.Helper()
	e, ok := errors.AsType[*net.ResetError](err)
	if !ok {
		t.Fatalf("got %v, want a reset", err)
	}
	return e.Code
}

func random(n int) []byte {
	data := make([]byte, n)
	c := rand.NewChaCha8([32]byte{})
	_, _ = c.Read(data)
	return data
}

// inbound hands out the connections and streams that a network serves. Streams stay open until the test ends.
type inbound struct {
	conns   chan net.Conn
	streams chan net.Stream
	release chan struct{}
	mu      sync.Mutex
	known   map[keyring.Device]bool // nil: everybody
}

func newInbound(t *testing.T) *inbound {
	in := &inbound{
		conns: make(chan net.Conn, 2000), streams: make(chan net.Stream, 2000), release: make(chan struct{}),
	}
	t.Cleanup(func() { close(in.release) })
	return in
}

// knowsNobody makes all strangers.
func (in *inbound) knowsNobody() *inbound {
	in.known = map[keyring.Device]bool{}
	return in
}

func (in *inbound) know(d keyring.Device, known bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.known[d] = known
}

func (in *inbound) Known(d keyring.Device) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.known == nil || in.known[d]
}

func (in *inbound) Serve(ctx context.Context, c net.Conn, s net.Stream) {
	in.conns <- c
	in.streams <- s
	select {
	case <-in.release:
	case <-ctx.Done():
	}
}
