package p2p

import "sync"

const (
	// maxStreamWindow is what one stream may have under way or unread: 2 MiB fill 100 Mbit/s at 160 ms.
	maxStreamWindow = 2 << 20
	// maxConnWindow is the same for a connection.
	maxConnWindow = 4 << 20
	// baseWindow is what every connection has, of strangers too; more comes out of the pool.
	baseWindow = 128 << 10
	// poolSize is what all connections share beyond that.
	poolSize = 32 << 20
	// poolStep is how much is drawn at once.
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

// An allowance is what one connection has drawn. The zero value may draw nothing.
type allowance struct {
	pool *pool

	mu       sync.Mutex
	admitted bool
	drawn    int
	closed   bool
}

// draw takes n more bytes, up to maxConnWindow with the base.
func (a *allowance) draw(n int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.admitted || a.closed || baseWindow+a.drawn+n > maxConnWindow || !a.pool.take(n) {
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
	return baseWindow + a.drawn
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
