package net

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore/keyring"
)

// MemoryNet is a world of networks in one program: streams over lines with delay, jitter, loss and a rate, between devices
// that may be partitioned, mute or lying. It uses channels, mutexes and package time only, so that inside testing/synctest
// hours pass in no time. Chance follows from the seed and, on each line, from the order in which bytes are offered to it.
//
// It behaves as the real thing does where tests depend on that: connections that hear nothing end after [MemoryIdle];
// what is lost arrives later, and what was sent after it waits; a window of [MemoryWindow] holds a sender back.
//
// It is safe for concurrent use.
type MemoryNet struct {
	seed uint64

	mu        sync.Mutex
	listening map[Addr]*memoryNetwork
	lines     map[way]*line
	others    Conditions // of lines that were not set
	links     map[*memoryLink]struct{}
	joined    uint64 // networks, ever
}

const (
	// MemoryWindow is how many bytes a stream takes that nobody has read.
	MemoryWindow = 2 << 20
	// MemoryIdle is how long a connection of a [MemoryNet] lives without hearing anything.
	MemoryIdle = 45 * time.Second
)

// A way is one direction between two devices.
type way struct{ from, to keyring.Device }

// NewMemory makes a world without anybody. Its lines take no time and lose nothing until they are set.
func NewMemory(seed uint64) *MemoryNet {
	return &MemoryNet{
		seed: seed, listening: map[Addr]*memoryNetwork{}, lines: map[way]*line{}, links: map[*memoryLink]struct{}{},
	}
}

// Join makes the network of a device. It listens at an address such as "ana:1", which no other network of this world has,
// or nowhere with the zero Addr. There is no proof of the key: a device is who it says.
func (m *MemoryNet) Join(key *keyring.DeviceKey, addr Addr, handler Handler) (Network, error) {
	device := key.Device()
	n := &memoryNetwork{world: m, addr: addr}
	n.Hub = NewHub(device, handler, n)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.joined++
	binary.BigEndian.PutUint64(n.process[:], m.joined)
	if addr.IsZero() {
		return n, nil
	}
	if m.listening[addr] != nil {
		return nil, fmt.Errorf("%v: somebody listens there", addr)
	}
	m.listening[addr] = n
	return n, nil
}

// Set changes what one direction between two devices is like from now on. Bytes that are on their way arrive as they would
// have, unless the line is Down.
func (m *MemoryNet) Set(from, to keyring.Device, c Conditions) {
	m.line(from, to).set(c)
	m.watch(from, to, c.Down)
}

// SetAll changes all lines, and those of devices to come.
func (m *MemoryNet) SetAll(c Conditions) {
	m.mu.Lock()
	m.others = c
	ways := slices.Collect(maps.Keys(m.lines))
	m.mu.Unlock()
	for _, w := range ways {
		m.Set(w.from, w.to, c)
	}
}

// Partition parts two devices, both ways, or joins them again. Nothing else of their lines changes.
func (m *MemoryNet) Partition(a, b keyring.Device, parted bool) {
	for _, w := range []way{{a, b}, {b, a}} {
		c := m.line(w.from, w.to).conditions()
		c.Down = parted
		m.Set(w.from, w.to, c)
	}
}

// Cut breaks all connections between two devices at once, as if the path had been reset.
func (m *MemoryNet) Cut(a, b keyring.Device) {
	for _, l := range m.between(a, b) {
		l.fail(&CutError{Device: l.device, Reason: "connection reset"})
	}
}

// Trace is what the line was like since it was first used or set, oldest first. Bounds on what a transfer can reach follow
// from it.
func (m *MemoryNet) Trace(from, to keyring.Device) []Step { return m.line(from, to).history() }

// Carried is how many bytes of streams have left on a line.
func (m *MemoryNet) Carried(from, to keyring.Device) int64 { return m.line(from, to).carried() }

func (m *MemoryNet) line(from, to keyring.Device) *line {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := way{from, to}
	l := m.lines[w]
	if l == nil {
		var seed [32]byte
		for i := range seed {
			seed[i] = from[i] ^ to[(i+1)%32] ^ byte(m.seed>>(8*(i%8)))
		}
		l = &line{chance: rand.New(rand.NewChaCha8(seed)), changed: make(chan struct{})}
		l.set(m.others)
		m.lines[w] = l
	}
	return l
}

func (m *MemoryNet) between(a, b keyring.Device) []*memoryLink {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []*memoryLink
	for l := range m.links {
		if l.self == a && l.device == b || l.self == b && l.device == a {
			found = append(found, l)
		}
	}
	return found
}

// watch ends the connections that hear nothing for too long.
func (m *MemoryNet) watch(from, to keyring.Device, down bool) {
	for _, l := range m.between(from, to) {
		if l.self == to {
			l.deaf(down)
		}
	}
}

// memoryNetwork is a Hub with an address in a world.
type memoryNetwork struct {
	*Hub
	world   *MemoryNet
	addr    Addr
	process Process
}

func (n *memoryNetwork) Addrs() []Addr {
	if n.addr.IsZero() {
		return nil
	}
	return []Addr{n.addr}
}

func (n *memoryNetwork) Close() error {
	n.world.mu.Lock()
	if n.world.listening[n.addr] == n {
		delete(n.world.listening, n.addr)
	}
	n.world.mu.Unlock()
	return n.Hub.Close()
}

// seenAs is the address that the other side sees.
func (n *memoryNetwork) seenAs() Addr {
	if !n.addr.IsZero() {
		return n.addr
	}
	return Addr{host: "device-" + hex.EncodeToString(n.device[:4]), port: 1}
}

// Transports is [Dialer.Transports].
func (n *memoryNetwork) Transports() []Transport { return []Transport{Memory} }

// errRefused is what the real thing says where nobody listens.
var errRefused = errors.New("connection refused")

// Dial is [Dialer.Dial]: one round trip, and half of one more until the other side knows.
func (n *memoryNetwork) Dial(ctx context.Context, device keyring.Device, addr Addr, _ Transport) (Link, error) {
	n.world.mu.Lock()
	other := n.world.listening[addr]
	n.world.mu.Unlock()
	if other == nil {
		return nil, errRefused
	}
	there, back := n.world.line(n.device, other.device), n.world.line(other.device, n.device)
	if err := there.travel(ctx); err != nil {
		return nil, err
	}
	ticket := other.Arrive(n.seenAs(), func() {})
	if err := back.travel(ctx); err != nil {
		ticket.Release()
		return nil, err
	}
	if other.device != device {
		ticket.Release()
		return nil, ErrWrongDevice
	}
	near, far := n.world.connect(n, other)
	near.start()
	far.start()
	n.wg.Go(func() { // the last flight of the handshake
		_ = there.travel(context.Background())
		other.Accept(far, ticket)
	})
	return near, nil
}
