package p2p

import "sync"

const (
	// streamWindow is what one stream may have under way and unread together: 2 MiB fill 100 Mbit/s at 160 ms.
	streamWindow = 2 << 20
	// quicWindow is the same for all streams of a connection, over QUIC. Over TCP there is no such window, and unread bytes
	// alone are bounded, by tcpUnread: two streams' windows and their frames, so that a peer that answers what it reads does
	// not wait for itself.
	quicWindow = 3 << 20
	tcpUnread  = 2*streamWindow + 256<<10
	// tcpBase and quicBase are what every connection has, of strangers too; what is more comes out of the pool.
	tcpBase  = 128 << 10
	quicBase = 512 << 10
	// quicStreamBase is what a stream has at first. It is less than the connection has, so that one that nobody reads does
	// not hold up the others.
	quicStreamBase = 64 << 10
	// tcpPool and quicPool are what all connections share beyond that.
	tcpPool  = 8 << 20
	quicPool = 24 << 20
	// poolStep is how much is drawn at once for unread bytes.
	poolStep = 128 << 10
)

// A pool is memory that connections draw receive buffers from.
type pool struct {
	mu   sync.Mutex
	free int
}

func (p *pool) take(n int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.free < n {
		return false
	}
	p.free -= n
	return true
}

func (p *pool) give(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free += n
}

// An allowance is what one connection has drawn.
type allowance struct {
	pool *pool
	base int // what it has without drawing
	most int // with the base

	mu       sync.Mutex
	admitted bool
	drawn    int
	closed   bool
}

// draw takes n more bytes, if the connection may have them.
func (a *allowance) draw(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.admitted || a.closed || a.base+a.drawn+n > a.most || !a.pool.take(n) {
		return false
	}
	a.drawn += n
	return true
}

func (a *allowance) admit() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.admitted = true
}

// limit is what the connection may hold.
func (a *allowance) limit() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.base + a.drawn
}

// ease gives back what was drawn.
func (a *allowance) ease() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.pool.give(a.drawn)
		a.drawn = 0
	}
}

// close gives it back for good.
func (a *allowance) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed = true
		a.pool.give(a.drawn)
	}
}
