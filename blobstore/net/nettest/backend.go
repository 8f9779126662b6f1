package nettest

import (
	"bytes"
	"context"
	"net/netip"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/p2p"
)

// A Backend makes networks that reach each other.
type Backend struct {
	Name      string
	Transport net.Transport
	Memory    *net.MemoryNet // of the backend in memory; else nil
}

// Each runs a test over memory, TCP and QUIC.
func Each(t *testing.T, test func(t *testing.T, b *Backend)) {
	for _, transport := range []net.Transport{net.Memory, net.TCP, net.QUIC} {
		t.Run(transport.String(), func(t *testing.T) { test(t, New(transport)) })
	}
}

// New makes one backend.
func New(transport net.Transport) *Backend {
	b := &Backend{Name: transport.String(), Transport: transport}
	if transport == net.Memory {
		b.Memory = net.NewMemory(1)
	}
	return b
}

// Key is a device key that follows from a number.
func Key(seed byte) *keyring.DeviceKey {
	return keyring.NewDeviceKey([32]byte(bytes.Repeat([]byte{seed}, 32)))
}

// Join makes a network, with the key of a number that no other network of this backend has, and closes it at the end of
// the test.
func (b *Backend) Join(t testing.TB, seed byte, h net.Handler) net.Network {
	t.Helper()
	return b.joinAt(t, seed, seed, h)
}

// joinAt is Join at the place of another number: where the network of that key is still there, this is its next process.
func (b *Backend) joinAt(t testing.TB, place, seed byte, h net.Handler) net.Network {
	t.Helper()
	n, err := b.join(place, seed, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func (b *Backend) join(place, seed byte, h net.Handler) (net.Network, error) {
	if b.Memory == nil {
		return p2p.Listen(p2p.Config{
			Key: Key(seed), Handler: h, Transports: []net.Transport{b.Transport},
			Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
		})
	}
	addr, err := net.ParseAddr("device-" + string('a'+rune(place%26)) + string('a'+rune(place/26)) + ":1")
	if err != nil {
		return nil, err
	}
	return b.Memory.Join(Key(seed), addr, h)
}

// Connect connects two networks.
func Connect(t testing.TB, from, to net.Network) net.Conn {
	t.Helper()
	c, err := from.Connect(t.Context(), to.Device(), to.Addrs())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A Pair is two networks, of which one has dialled the other.
type Pair struct {
	Dialer, Listener net.Network
	Conn             net.Conn // the Dialer's
}

// Pair makes two networks and connects them. The keys are those of 1 and 2.
func (b *Backend) Pair(t testing.TB, dialer, listener net.Handler) Pair {
	t.Helper()
	p := Pair{Dialer: b.Join(t, 1, dialer), Listener: b.Join(t, 2, listener)}
	p.Conn = Connect(t, p.Dialer, p.Listener)
	return p
}

// Handler is a [net.Handler] of two functions.
type Handler struct {
	Knows  func(keyring.Device) bool                                   // nil: everybody is known
	Serves func(ctx context.Context, conn net.Conn, stream net.Stream) // nil: streams are left unserved
}

// Known is [net.Handler.Known].
func (h Handler) Known(d keyring.Device) bool { return h.Knows == nil || h.Knows(d) }

// Serve is [net.Handler.Serve].
func (h Handler) Serve(ctx context.Context, conn net.Conn, stream net.Stream) {
	if h.Serves != nil {
		h.Serves(ctx, conn, stream)
	}
}
