package wire

import (
	"sync"
	"time"
)

// pace sees to it that a peer who is waited for moves at least 16 KiB in a window (PROTOCOL.md §4). One goroutine
// begins and ends operations, any may touch.
type pace struct {
	slow   func()        // called once, when the peer was too slow
	window time.Duration // 0 for any time; does not change during an operation

	mu    sync.Mutex
	timer *time.Timer
	fired chan struct{} // closed when slow has returned
	over  bool          // slow was called
	since time.Time     // when the operation under way began; zero where there is none
	left  time.Duration // of the window, at since
	spare time.Duration // that the operation under way has beyond the window, for its length
	moved int           // bytes in the window
}

// begin begins an operation that moves n bytes in one go; 0 where it returns after fewer.
func (p *pace) begin(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.window == 0 {
		return
	}
	if p.left <= 0 {
		p.left = p.window
	}
	p.since, p.spare = time.Now(), 0
	if n > paceBytes {
		p.left = p.window
		p.spare = time.Duration((n-1)/paceBytes) * p.window
	}
	p.arm(p.left + p.spare)
}

func (p *pace) arm(d time.Duration) {
	if p.timer != nil {
		p.timer.Reset(d)
		return
	}
	p.fired = make(chan struct{})
	p.timer = time.AfterFunc(d, func() {
		defer close(p.fired)
		p.slow()
	})
}

// end ends it, after n bytes. When it returns, slow has returned or will not be called.
func (p *pace) end(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		return
	}
	if !p.timer.Stop() {
		<-p.fired
		p.over = true
	}
	p.left -= time.Since(p.since)
	p.since = time.Time{}
	if p.moved += n; p.moved >= paceBytes {
		p.left, p.moved = p.window, 0
	}
}

// within sets the window. There is no operation under way.
func (p *pace) within(window time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.window, p.left, p.moved = window, window, 0
}

// touch begins a new window: the peer gave a sign of life.
func (p *pace) touch() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left, p.moved = p.window, 0
	if !p.since.IsZero() && p.timer.Stop() {
		p.since = time.Now()
		p.timer.Reset(p.left + p.spare)
	}
}
