package holder

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/p2p"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// noFloor is a disk that may be filled.
const noFloor = -1

// counting is a Radicle key that counts what it signs.
type counting struct {
	radicle.Signer
	n atomic.Int64
}

func (c *counting) Sign(ctx context.Context, msg []byte) ([radicle.SignatureSize]byte, error) {
	c.n.Add(1)
	return c.Signer.Sign(ctx, msg)
}

// world is where homes meet: one of the backends of package net.
type world interface {
	join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network
}

// memory is the backend in memory.
type memory struct {
	*net.MemoryNet
	port atomic.Int64
}

func newMemory() *memory { return &memory{MemoryNet: net.NewMemory(1)} }

func (m *memory) join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network {
	t.Helper()
	addr, err := net.ParseAddr("home:" + itoa(m.port.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	n, err := m.Join(key, addr, h)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// sockets is the backend with sockets, by one transport.
type sockets struct{ transport net.Transport }

func (s sockets) join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network {
	t.Helper()
	n, err := p2p.Listen(p2p.Config{
		Key: key, Handler: h, Transports: []net.Transport{s.transport}, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// home is a machine with all that a Service needs.
type home struct {
	t       testing.TB
	signer  *counting
	did     radicle.DID
	key     *keyring.DeviceKey
	cert    atomic.Pointer[keyring.Certificate]
	state   *friend.State
	store   *disk.Store
	service *Service
	network net.Network
	world   world
	control *recorder
	members *memberSet
	clock   *clock
}

// clock is a time that can be moved.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) move(d time.Duration)     { c.ahead.Add(int64(d)) }
func (h *home) device() keyring.Device    { return h.key.Device() }
func (h *home) certify(seq time.Duration) { h.cert.Store(h.issue(h.key.Device(), seq)) }

// issue makes a certificate, dated later than now.
func (h *home) issue(d keyring.Device, later time.Duration) *keyring.Certificate {
	h.t.Helper()
	cert, err := keyring.IssueCertificate(context.Background(), h.signer, keyring.CertificateRequest{Device: d, Now: h.clock.now().Add(later)})
	if err != nil {
		h.t.Fatal(err)
	}
	return cert
}

// seed gives every device of the tests its own key.
func seed(person, device int) (b [32]byte) {
	b[0], b[1], b[2] = byte(person), byte(device), 0xde
	return b
}

// signer is the key of a person; those of blobtest first.
func signer(person int) radicle.Signer {
	if person < blobtest.People {
		return blobtest.Person(person)
	}
	return radicle.NewMemorySigner(seed(person, 0))
}

// newHome makes the home of a person in a world, closed at the end of the test.
func newHome(t testing.TB, w world, person int, edit ...func(*Options)) *home {
	t.Helper()
	h := newApart(t, person, edit...)
	h.join(w)
	return h
}

// newApart makes a home that is on no network yet.
func newApart(t testing.TB, person int, edit ...func(*Options)) *home {
	t.Helper()
	h := &home{
		t: t, signer: &counting{Signer: signer(person)}, key: keyring.NewDeviceKey(seed(person, 1)),
		control: &recorder{}, members: &memberSet{}, clock: &clock{},
	}
	h.did = h.signer.NID().DID()
	h.certify(0)
	dir := t.TempDir()
	var err error
	if h.state, err = friend.Open(context.Background(), filepath.Join(dir, friend.FileName), friend.Options{Self: h.did, Now: h.clock.now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.state.Close() })
	h.store, err = disk.Create(context.Background(), filepath.Join(dir, "shares"), disk.Options{Limits: disk.Limits{Floor: noFloor}, Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	o := Options{
		Self: h.did, Store: OnDisk(h.store), Friends: h.state, Certificate: h.cert.Load, Instance: [16]byte{byte(person), 1},
		Members: h.members, Control: h.control, Now: h.clock.now, Software: "test",
	}
	for _, f := range edit {
		f(&o)
	}
	h.service = New(o)
	t.Cleanup(h.service.Close)
	return h
}

func (h *home) join(w world) {
	h.t.Helper()
	n := w.join(h.t, h.key, h.service)
	h.network, h.world = n, w
	h.service.Attach(n)
	h.t.Cleanup(func() { n.Close() })
}

// befriend makes two homes friends, each with a pledge of so many bytes.
func befriend(a, b *home, give int64) {
	a.t.Helper()
	for _, pair := range [][2]*home{{a, b}, {b, a}} {
		pair[0].know(pair[1])
		pair[0].give(pair[1].did, give)
	}
}

// know remembers the other's certificate, as from a repository.
func (h *home) know(other *home) {
	h.t.Helper()
	if _, err := h.state.AddCertificate(context.Background(), other.cert.Load()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) give(did radicle.DID, bytes int64) {
	h.t.Helper()
	if err := h.state.AddFriend(context.Background(), friend.Friend{DID: did, Give: bytes}); err != nil {
		h.t.Fatal(err)
	}
}

// remove ends a friendship, as the daemon does.
func (h *home) remove(did radicle.DID) {
	h.t.Helper()
	if err := h.state.RemoveFriend(context.Background(), did); err != nil {
		h.t.Fatal(err)
	}
	h.service.Recheck()
}

// dial connects, and says nothing yet.
func (h *home) dial(other *home) net.Conn {
	h.t.Helper()
	conn, err := h.network.Connect(h.t.Context(), other.device(), other.network.Addrs())
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// meet connects and says HELLO.
func (h *home) meet(other *home) *Session {
	h.t.Helper()
	s, err := h.service.Meet(h.t.Context(), h.dial(other))
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// at is the holder that another home is to this one.
func (h *home) at(other *home) *wire.Client { return client(h.meet(other).Conn) }

func client(conn net.Conn) *wire.Client {
	return &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) { return conn.Open(ctx) }}
}

// memberSet is Members.
type memberSet struct {
	mu  sync.Mutex
	all map[radicle.DID]bool
}

func (m *memberSet) IsMember(did radicle.DID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.all[did]
}

func (m *memberSet) set(did radicle.DID, member bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[radicle.DID]bool{}
	}
	m.all[did] = member
}

// mustHold fails the test unless a holder has a share and gives all of it.
func mustHold(t testing.TB, h blobstore.Holder, sh blobtest.Share) {
	t.Helper()
	if err := fetch(t, h, sh); err != nil {
		t.Errorf("share of %d bytes: %v", sh.Len(), err)
	}
}

// revoke takes an introduction back.
func (h *home) revoke(i *friend.Introduction) []byte {
	h.t.Helper()
	r, err := friend.RevokeOne(h.key, h.cert.Load(), i, h.clock.now())
	if err != nil {
		h.t.Fatal(err)
	}
	return r.Bytes()
}

// newDevice is one of many devices.
func newDevice(i int) *keyring.DeviceKey { return keyring.NewDeviceKey(seed(250, i)) }
