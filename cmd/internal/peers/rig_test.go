package peers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/p2p"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// world is where homes meet.
type world interface {
	// join makes the network of a device, at a port that it has not had before.
	join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network
}

// memory is the backend in memory.
type memoryWorld struct {
	*net.MemoryNet
	port atomic.Int64
}

func newMemory() *memoryWorld { return &memoryWorld{MemoryNet: net.NewMemory(1)} }

func (m *memoryWorld) join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network {
	t.Helper()
	addr := must[net.Addr](t)(net.ParseAddr(fmt.Sprintf("home.example:%d", m.port.Add(1))))
	return must[net.Network](t)(m.Join(key, addr, h))
}

// sockets is the backend with sockets. By TCP alone a closed port is known to be one at once.
type sockets struct{}

func (sockets) join(t testing.TB, key *keyring.DeviceKey, h net.Handler) net.Network {
	t.Helper()
	return must[*p2p.Network](t)(p2p.Listen(p2p.Config{
		Key: key, Handler: h, Transports: []net.Transport{net.TCP}, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
	}))
}

// inMemory runs a test in the memory network, where days pass in no time.
func inMemory(t *testing.T, test func(t *testing.T, w *memoryWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newMemory()) })
}

// everywhere runs a test in the memory network and over sockets.
func everywhere(t *testing.T, test func(t *testing.T, w world)) {
	t.Run("memory", func(t *testing.T) { inMemory(t, func(t *testing.T, w *memoryWorld) { test(t, w) }) })
	t.Run("sockets", func(t *testing.T) { test(t, sockets{}) })
}

// home is a machine of somebody.
type home struct {
	*Peers
	t       testing.TB
	w       world
	alias   string
	signer  radicle.Signer
	did     radicle.DID
	key     *keyring.DeviceKey
	cert    atomic.Pointer[keyring.Certificate]
	state   *friend.State
	store   *disk.Store
	service *holder.Service
	network net.Network
	repos   *repositories
	mover   *mover
	ahead   atomic.Int64 // of its clock
	edit    func(*Options)
	up      bool
}

// The people of the tests, by number.
const (
	ana = iota + 1
	bo
	cy
)

func names(person int) string { return []string{"", "ana", "bo", "cy"}[person] }

// newHome makes the home of a person, which is up until the end of the test.
func newHome(t testing.TB, w world, person int, edit ...func(*Options)) *home {
	t.Helper()
	h := &home{
		t: t, w: w, alias: names(person), signer: radicle.NewMemorySigner([32]byte{byte(person), 1}),
		key: keyring.NewDeviceKey([32]byte{byte(person), 2}), repos: &repositories{}, mover: &mover{},
		edit: func(o *Options) {
			for _, f := range edit {
				f(o)
			}
		},
	}
	h.did = h.signer.NID().DID()
	h.certify(0)
	dir := t.TempDir()
	h.state = must[*friend.State](t)(friend.Open(context.Background(), filepath.Join(dir, friend.FileName), friend.Options{Self: h.did, Now: h.now}))
	t.Cleanup(func() { h.state.Close() })
	h.store = must[*disk.Store](t)(disk.Create(context.Background(), filepath.Join(dir, "shares"), disk.Options{Limits: noFloor(), Now: h.now}))
	t.Cleanup(func() { h.store.Close() })
	h.start()
	t.Cleanup(h.stop)
	return h
}

func noFloor() disk.Limits { return disk.Limits{Floor: -1} }

func (h *home) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

// certify makes a certificate of the device, dated later than now.
func (h *home) certify(later time.Duration) {
	h.t.Helper()
	h.cert.Store(must[*keyring.Certificate](h.t)(keyring.IssueCertificate(context.Background(), h.signer, keyring.CertificateRequest{
		Device: h.key.Device(), Now: h.now().Add(later),
	})))
}

// start puts the home on the network.
func (h *home) start() {
	h.t.Helper()
	o := Options{
		Self: h.did, Alias: func() string { return h.alias }, State: h.state, Store: OnDisk(h.store, noFloor), Key: h.key,
		Certificate: h.cert.Load, Now: h.now, Log: slog.New(slog.NewTextHandler(quiet(h), &slog.HandlerOptions{Level: slog.LevelDebug})).With("home", h.alias),
	}
	h.edit(&o)
	h.Peers = New(o)
	h.SetRepositories(h.repos)
	h.SetMover(h.mover)
	h.service = holder.New(holder.Options{
		Self: h.did, Store: holder.OnDisk(h.store), Friends: h.state, Certificate: h.cert.Load, Members: h.repos,
		Instance: [16]byte{h.did[0], h.did[1], 1}, Control: h.Peers, Now: h.now, Software: "test",
	})
	h.network = h.w.join(h.t, h.key, h.service)
	h.service.Attach(h.network)
	h.Start(h.network, h.service)
	h.up = true
}

// stop takes the home off the network.
func (h *home) stop() {
	if !h.up {
		return
	}
	h.up = false
	h.Close()
	_ = h.network.Close()
	h.service.Close()
}

// quiet is where a home's log goes: to the test, while it runs.
func quiet(h *home) io.Writer { return testLog{h} }

type testLog struct{ h *home }

func (l testLog) Write(b []byte) (int, error) {
	if testing.Verbose() {
		l.h.t.Logf("%s", b)
	}
	return len(b), nil
}

// repositories is Repositories and holder.Members.
type repositories struct {
	mu        sync.Mutex
	members   map[radicle.DID]bool
	published []*keyring.Certificate
	unread    bool
	heard     []wire.Message
	joined    []friend.MemberLine
	met       func(*holder.Session)
}

func (r *repositories) Met(s *holder.Session) {
	r.mu.Lock()
	met := r.met
	r.mu.Unlock()
	if met != nil {
		met(s)
	}
}

func (r *repositories) Left(*holder.Session) {}

func (r *repositories) Heard(_ context.Context, _ *holder.Session, m wire.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, m)
	return nil
}

func (r *repositories) Reads(radicle.DID, radicle.RID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.unread
}

func (r *repositories) Published(context.Context, radicle.DID) ([]*keyring.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.published, nil
}

func (r *repositories) Joined(_ context.Context, l friend.MemberLine) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined = append(r.joined, l)
	return nil
}

func (r *repositories) IsMember(did radicle.DID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.members[did]
}

func (r *repositories) admit(did radicle.DID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = map[radicle.DID]bool{}
	}
	r.members[did] = true
}

// mover is a Mover that moves as many shares as are left, some a call.
type mover struct {
	mu         sync.Mutex
	left, some int
	calls      int
	held       map[radicle.DID]int
}

func (m *mover) Held(did radicle.DID) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[did]
}

func (m *mover) holds(did radicle.DID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = map[radicle.DID]int{did: 1}
}

func (m *mover) Drain(context.Context, radicle.DID) (moved, left int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	moved = min(m.left, m.some)
	m.left -= moved
	return moved, m.left, nil
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func silent(control.Line) {}

// until waits until something holds, which somebody's changes bring about.
func (h *home) until(what string, holds func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	h.untilIn(ctx, what, holds)
}

func (h *home) untilIn(ctx context.Context, what string, holds func() bool) {
	h.t.Helper()
	changed, stop := h.Changes()
	defer stop()
	// What is not announced, such as a record that was written, is looked for now and then.
	deadline, _ := ctx.Deadline()
	tick := time.NewTicker(time.Until(deadline) / 1000)
	defer tick.Stop()
	for !holds() {
		select {
		case <-changed:
		case <-tick.C:
		case <-ctx.Done():
			h.t.Fatalf("%s: not so: %s\n%s", h.alias, what, h.describe())
		}
	}
}

// friends makes two homes friends by an invitation of the first.
func friends(a, b *home, give int64) {
	a.t.Helper()
	accept(b, invite(a, give), give)
	a.until("friend is there", func() bool { return a.hears(b) && a.knows(b) })
	b.until("friend is there", func() bool { return b.hears(a) && b.knows(a) })
}

// knows reports whether somebody's addresses are known.
func (h *home) knows(other *home) bool {
	r, err := h.state.Address(h.t.Context(), other.did)
	return err == nil && slices.Equal(r.Addresses(), other.Addresses())
}

// hears reports whether a friend has said what it pledges, after it met us as a friend.
func (h *home) hears(other *home) bool {
	f, _ := h.state.Friend(other.did)
	l := h.lineWith(other.did)
	return f.Given.Room > 0 && l != nil && l.Access&l.Granted&wire.AccessFriend != 0
}

func invite(h *home, give int64) string {
	h.t.Helper()
	return must[control.Invitation](h.t)(h.Invite(h.t.Context(), control.Invite{Give: give})).Line
}

func accept(h *home, line string, give int64) control.Accepted {
	h.t.Helper()
	return must[control.Accepted](h.t)(h.Accept(h.t.Context(), control.Accept{Line: line, Give: give}, silent))
}

// describe is what a home sees of others.
func (h *home) describe() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var text strings.Builder
	for did, c := range h.contacts {
		text.WriteString(fmt.Sprintf("%v: failures %d, problem %v, attempt %v, keeper %v, next %v\n", did, c.failures, c.problem, c.attempt != nil, c.keeper != nil, c.next))
		for _, l := range c.lines {
			text.WriteString(fmt.Sprintf("  line since %v, replaced %v, inbound %v, error %v, access %v, granted %v\n", l.since, l.replaced, l.Conn.Inbound(), l.Conn.Err(), l.Access, l.Granted))
		}
	}
	for _, f := range h.state.Friends() {
		text.WriteString(fmt.Sprintf("friend %+v\n", f))
	}
	return text.String()
}
