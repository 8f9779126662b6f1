package p2p

import (
	"context"
	"fmt"
	stdnet "net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"radswarm/blobstore/net"
)

// needIPv6 skips where there is none.
func needIPv6(t *testing.T) {
	t.Helper()
	l, err := stdnet.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skip("no IPv6 here")
	}
	_ = l.Close()
}

// TestRaceLeavesOne dials two addresses of a device at once, both good: one connection is left on both sides, at once.
func TestRaceLeavesOne(t *testing.T) {
	needIPv6(t)
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0", "[::1]:0")
	for i := range 10 {
		caller := listen(t, Config{Key: key(byte(i + 2)), Handler: everybody{}}, "127.0.0.1:0")
		if _, err := caller.Connect(t.Context(), n.Device(), n.Addrs()); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(5 * time.Second); len(n.Conns()) != 1 || len(caller.Conns()) != 1; runtime.Gosched() {
			if time.Now().After(end) {
				t.Fatalf("%d connections here, %d there", len(caller.Conns()), len(n.Conns()))
			}
		}
		_ = caller.Close()
		for len(n.Conns()) > 0 {
			runtime.Gosched()
		}
	}
}

func TestOnePort(t *testing.T) {
	needIPv6(t)
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0", "[::1]:0")
	addrs := n.Addrs()
	if len(addrs) != 2 || addrs[0].Port() == 0 || addrs[0].Port() != addrs[1].Port() {
		t.Fatalf("listens on %v", addrs)
	}
	seed := byte(2)
	for _, transport := range []net.Transport{net.TCP, net.QUIC} {
		for _, a := range addrs {
			c := Config{Key: key(seed), Handler: everybody{}, Transports: []net.Transport{transport}}
			seed++
			caller := listen(t, c, netip.AddrPortFrom(netip.MustParseAddr(a.Host()), 0).String())
			conn, err := caller.Connect(t.Context(), n.Device(), []net.Addr{a})
			if err != nil {
				t.Errorf("%v by %v: %v", a, transport, err)
			} else if conn.Transport() != transport || conn.RemoteAddr() != a {
				t.Errorf("%v by %v: it is %v by %v", a, transport, conn.RemoteAddr(), conn.Transport())
			}
		}
	}
}

func TestAllAddresses(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "0.0.0.0:0")
	for _, a := range n.Addrs() {
		if ip, ok := a.IP(); !ok || !ip.Is4() || ip.IsUnspecified() || ip.IsLoopback() || a.Port() == 0 {
			t.Errorf("listens on %v", a)
		}
	}
	if len(n.addrs) != 1 {
		t.Fatalf("bound %v", n.addrs)
	}
	here, err := net.ParseAddr(fmt.Sprintf("127.0.0.1:%d", n.addrs[0].Port()))
	if err != nil {
		t.Fatal(err)
	}
	for seed, transport := range map[byte]net.Transport{2: net.TCP, 3: net.QUIC} {
		c := Config{Key: key(seed), Handler: everybody{}, Transports: []net.Transport{transport}}
		caller := listen(t, c, "0.0.0.0:0")
		if _, err := caller.Connect(t.Context(), n.Device(), []net.Addr{here}); err != nil {
			t.Errorf("by %v: %v", transport, err)
		}
	}
}

// TestPathPolicy has TCP preferred on this machine, and QUIC used where TCP is not there.
func TestPathPolicy(t *testing.T) {
	caller := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	for seed, want := range map[byte]net.Transport{2: net.TCP, 3: net.QUIC} {
		c := Config{Key: key(seed), Handler: everybody{}}
		if want == net.QUIC {
			c.Transports = []net.Transport{net.QUIC}
		}
		n := listen(t, c, "127.0.0.1:0")
		conn, err := caller.Connect(t.Context(), n.Device(), n.Addrs())
		if err != nil || conn.Transport() != want {
			t.Errorf("got %v, %v", conn, err)
		}
	}
}

func TestName(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	caller := listen(t, Config{Key: key(2), Handler: everybody{}}, "127.0.0.1:0")
	name, err := net.ParseAddr(fmt.Sprintf("localhost:%d", n.Addrs()[0].Port()))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := caller.Connect(t.Context(), n.Device(), []net.Addr{name})
	if err != nil || conn.RemoteAddr() != name {
		t.Errorf("%v, %v", conn, err)
	}
}

func TestPortInUse(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	taken := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), n.Addrs()[0].Port())
	if other, err := Listen(Config{Key: key(2), Handler: everybody{}, Listen: []netip.AddrPort{taken}}); err == nil {
		_ = other.Close()
		t.Error("two networks have one port")
	}
	caller := listen(t, Config{Key: key(3), Handler: everybody{}}, "127.0.0.1:0")
	if _, err := caller.Connect(t.Context(), n.Device(), n.Addrs()); err != nil {
		t.Errorf("the first one is disturbed: %v", err)
	}
}

// TestIdleCallers has more connections without a handshake than there is room for: the oldest go, and a friend still
// comes in.
func TestIdleCallers(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	const more = 5
	var idle []stdnet.Conn
	for range net.MaxHandshakes + more {
		c, err := stdnet.Dial("tcp", n.Addrs()[0].String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		idle = append(idle, c)
	}
	gone := make(chan struct{}, len(idle))
	for _, c := range idle {
		go func() {
			_, _ = c.Read(make([]byte, 1))
			gone <- struct{}{}
		}()
	}
	for range more {
		select {
		case <-gone:
		case <-time.After(net.HandshakeTime / 2):
			t.Fatal("nobody makes room")
		}
	}
	caller := listen(t, Config{Key: key(2), Handler: everybody{}}, "127.0.0.1:0")
	if _, err := caller.Connect(t.Context(), n.Device(), n.Addrs()); err != nil {
		t.Errorf("the friend: %v", err)
	}
}

// TestNothingIsLeft closes networks in the middle of everything.
func TestNothingIsLeft(t *testing.T) {
	inTheMiddle(t) // what is started once in a program
	before := runtime.NumGoroutine()
	inTheMiddle(t)
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// inTheMiddle has a caller with streams that are full and streams that wait, by TCP and QUIC, another whose handshake goes
// nowhere, and a search that goes nowhere; and closes all networks.
func inTheMiddle(t *testing.T) {
	ctx := context.Background()
	loopback := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}
	var networks []*Network
	for i, c := range []Config{
		{Handler: everybody{}},
		{Handler: stuck{}},
		{Handler: stuck{}, Transports: []net.Transport{net.QUIC}},
	} {
		c.Key, c.Listen = key(byte(i+1)), loopback
		n, err := Listen(c)
		if err != nil {
			t.Fatal(err)
		}
		networks = append(networks, n)
	}
	caller := networks[0]
	for _, to := range networks[1:] {
		c, err := caller.Connect(ctx, to.Device(), to.Addrs())
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			s, err := c.Open(ctx)
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = s.Write(make([]byte, 8<<20)) }()
			go func() { _, _ = s.Read(make([]byte, 1)) }()
		}
	}
	silent, err := stdnet.Dial("tcp", networks[1].Addrs()[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	deaf, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.Close()
	go func() { _, _ = caller.Connect(ctx, key(9).Device(), []net.Addr{addrOf(deaf.Addr())}) }()

	start := time.Now()
	for _, n := range networks {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}
	if d := time.Since(start); d > patience/12 {
		t.Errorf("Close took %v", d)
	}
}

// stuck serves without reading for as long as it may.
type stuck struct{ everybody }

func (stuck) Serve(ctx context.Context, _ net.Conn, _ net.Stream) { <-ctx.Done() }
