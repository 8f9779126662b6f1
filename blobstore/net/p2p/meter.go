package p2p

import (
	"encoding/binary"
	stdnet "net"
	"sync"
	"time"
)

// A meter is the connection under a yamux session. Yamux bounds what a stream may hold, and by its specification that is
// 256 KiB at least; it does not bound what they hold together. The meter does: it follows the frames in both directions,
// counts for each stream what came and was not read, and reads no further while that is more than the connection may hold.
// The sender then waits as for any full TCP window.
//
// All streams of the connection wait with it. So a stream whose reader has paused for [pausedTime] meanwhile is reset, and
// the others go on; one whose reader is slow makes them as slow.
type meter struct {
	stdnet.Conn             // TLS
	raw         stdnet.Conn // TCP
	allowance   *allowance

	drop func(stream uint32) // resets one whose reader has paused; set before the first Read

	in parser // used by the one goroutine that reads

	mu      sync.Mutex
	eased   *sync.Cond
	closed  bool
	paused  time.Duration    // pausedTime, but in tests
	held    int              // of all streams
	streams map[uint32]*held // those that are open here
}

// held is what a stream holds, and since when nobody has read it.
type held struct {
	bytes  int
	frames int // that they came in; an estimate once some were read
	since  time.Time
}

// frameCost is what a frame takes beside its bytes, so that a peer gains nothing by sending them one by one.
const frameCost = 64

func (h *held) cost() int { return h.bytes + h.frames*frameCost }

// pausedTime is how long a reader may leave bytes unread that hold up others: as long as PROTOCOL.md §4 lets it, since a
// disk that stalls is no reason to lose a share, and shorter than the silence that ends ctl/1.
const pausedTime = 10 * time.Second

func newMeter(conn, raw stdnet.Conn, p *pool) *meter {
	m := &meter{
		Conn: conn, raw: raw, allowance: &allowance{pool: p, base: tcpBase, most: tcpUnread},
		paused: pausedTime, streams: map[uint32]*held{},
	}
	m.eased = sync.NewCond(&m.mu)
	return m
}

// Read waits for room before it reads.
func (m *meter) Read(p []byte) (int, error) {
	if !m.room() {
		return 0, stdnet.ErrClosed
	}
	n, err := m.Conn.Read(p)
	m.follow(p[:n])
	return n, err
}

func (m *meter) room() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || !m.isFull() {
		return !m.closed
	}
	look := time.AfterFunc(m.paused, m.dropPaused)
	defer look.Stop()
	for !m.closed && m.isFull() {
		m.eased.Wait()
		look.Reset(m.paused)
	}
	return !m.closed
}

// isFull says whether there is no room, also not in the pool.
func (m *meter) isFull() bool { return m.held >= m.allowance.limit() && !m.allowance.draw(poolStep) }

// dropPaused resets the stream that has been left unread for longest, if that is long.
func (m *meter) dropPaused() {
	m.mu.Lock()
	var victim uint32
	oldest := time.Now().Add(-m.paused)
	for stream, h := range m.streams {
		if h.bytes > 0 && !h.since.After(oldest) {
			victim, oldest = stream, h.since
		}
	}
	m.eased.Signal() // also without a victim: the clock starts anew
	m.mu.Unlock()
	if victim != 0 {
		m.drop(victim)
	}
}

// follow counts what has come.
func (m *meter) follow(p []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(p) > 0 {
		if m.in.body > 0 {
			n := min(len(p), int(m.in.body))
			m.in.body -= uint32(n)
			m.count(m.in.of, n)
			p = p[n:]
			continue
		}
		n := copy(m.in.head[m.in.have:], p)
		m.in.have += n
		p = p[n:]
		if m.in.have == headerSize {
			m.begin(m.in.head)
		}
	}
}

func (m *meter) begin(h header) {
	m.in.have = 0
	if h.begins() && m.streams[h.stream()] == nil { // a second beginning is for yamux to refuse
		m.streams[h.stream()] = &held{}
	}
	if !h.isData() {
		return
	}
	m.in.body, m.in.of = h.length(), h.stream()
	if h := m.streams[m.in.of]; h != nil && m.in.body > 0 {
		h.frames++
		m.held += frameCost
	}
}

// count adds to what a stream holds. What comes for one that is not open, yamux throws away.
func (m *meter) count(stream uint32, n int) {
	h := m.streams[stream]
	if h == nil {
		return
	}
	if h.bytes == 0 {
		h.since = time.Now()
	}
	h.bytes += n
	m.held += n
}

// Write is called with one whole frame at a time.
func (m *meter) Write(p []byte) (int, error) {
	if len(p) >= headerSize {
		m.said(header(p[:headerSize]))
	}
	return m.Conn.Write(p)
}

func (m *meter) said(h header) {
	switch {
	case h.begins():
		m.mu.Lock()
		defer m.mu.Unlock()
		m.streams[h.stream()] = &held{}
	case h.breaks():
		m.forget(h.stream())
	}
}

// read says that a stream's reader took n bytes.
func (m *meter) read(stream uint32, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := m.streams[stream]
	if h == nil {
		return
	}
	before := h.cost()
	if h.bytes > 0 {
		h.frames -= int(int64(h.frames) * int64(n) / int64(h.bytes))
	}
	h.bytes -= n
	h.since = time.Now()
	m.ease(before - h.cost())
}

func (m *meter) ease(n int) {
	if m.held -= n; m.held == 0 {
		m.allowance.ease()
	}
	m.eased.Signal()
}

// forget says that nobody will read a stream any more.
func (m *meter) forget(stream uint32) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.streams[stream]; h != nil {
		delete(m.streams, stream)
		m.ease(h.cost())
	}
}

// hurry makes writes that are under way end soon.
func (m *meter) hurry(d time.Duration) { _ = m.raw.SetWriteDeadline(time.Now().Add(d)) }

// Close closes without TLS's goodbye, which would wait for a peer that does not read: that a stream was cut short shows by
// its missing end.
func (m *meter) Close() error {
	m.mu.Lock()
	m.closed = true
	m.eased.Broadcast()
	m.mu.Unlock()
	m.allowance.close()
	return m.raw.Close()
}

const headerSize = 12

// A header is that of a yamux frame: version, type, flags (2), stream (4), length (4).
type header [headerSize]byte

func (h header) isData() bool   { return h[1] == 0 }
func (h header) stream() uint32 { return binary.BigEndian.Uint32(h[4:8]) }
func (h header) length() uint32 { return binary.BigEndian.Uint32(h[8:12]) }
func (h header) begins() bool   { return h[1] <= 1 && h[3]&1 != 0 }
func (h header) breaks() bool   { return h[1] <= 1 && h[3]&8 != 0 }

// A parser finds the frames in what is read.
type parser struct {
	head header
	have int    // bytes of head
	body uint32 // bytes of data that are still to come
	of   uint32 // whose they are
}
