package net

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Conditions are what one direction between two devices of a [MemoryNet] is like.
type Conditions struct {
	Delay      time.Duration // how long a byte travels
	Jitter     time.Duration // how much longer it may travel; nothing overtakes
	Rate       int64         // bytes a second; 0: no limit
	Queue      int           // bytes of each connection that wait for the line, before writers wait; 0: 256 KiB
	Loss       float64       // how many packets of 16 KiB are lost, from 0 to 1
	Retransmit time.Duration // how much later a lost packet arrives, and all behind it; 0: 200 ms and two delays

	Down bool // nothing arrives, and nobody is told; together with the other direction, a partition
	Mute bool // connections come to be, and not a byte arrives on them
	Lie  bool // of every packet one byte is another
}

// A Step is conditions and since when they hold.
type Step struct {
	At time.Time
	Conditions
}

const (
	defaultQueue      = 256 << 10
	defaultRetransmit = 200 * time.Millisecond
)

// A line is one direction between two devices, shared by all their connections.
type line struct {
	mu      sync.Mutex
	now     Conditions
	steps   []Step
	changed chan struct{} // closed when now changes
	chance  *rand.Rand
	free    time.Time // when the line has sent what it has taken
	sent    int64
}

func (l *line) set(c Conditions) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now == c && len(l.steps) > 0 {
		return
	}
	l.now = c
	l.steps = append(l.steps, Step{time.Now(), c})
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *line) conditions() Conditions {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *line) history() []Step {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.steps)
}

func (l *line) carried() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent
}

// queue is how many bytes of one connection wait before writers do.
func (l *line) queue() int {
	if q := l.conditions().Queue; q > 0 {
		return q
	}
	return defaultQueue
}

// open waits until the line is neither down nor, for bytes of streams, mute.
func (l *line) open(stop <-chan struct{}, bytes bool) bool {
	for {
		l.mu.Lock()
		shut, changed := l.now.Down || bytes && l.now.Mute, l.changed
		l.mu.Unlock()
		if !shut {
			return true
		}
		select {
		case <-changed:
		case <-stop:
			return false
		}
	}
}

// take puts a packet on the line: when the line has sent it, when it arrives, and whether it is changed on the way.
func (l *line) take(n int) (sent, arrives time.Time, lie int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if l.free.Before(now) {
		l.free = now
	}
	if l.now.Rate > 0 {
		l.free = l.free.Add(time.Duration(float64(n) / float64(l.now.Rate) * float64(time.Second)))
	}
	l.sent += int64(n)
	arrives = l.free.Add(l.now.Delay)
	if l.now.Jitter > 0 {
		arrives = arrives.Add(time.Duration(l.chance.Int64N(int64(l.now.Jitter))))
	}
	if n > 0 && l.now.Loss > 0 && l.chance.Float64() < l.now.Loss {
		again := l.now.Retransmit
		if again == 0 {
			again = defaultRetransmit + 2*l.now.Delay
		}
		arrives = arrives.Add(again)
	}
	lie = -1
	if n > 0 && l.now.Lie {
		lie = l.chance.IntN(n)
	}
	return l.free, arrives, lie
}

// travel is the way of a packet of a handshake.
func (l *line) travel(ctx context.Context) error {
	if !l.open(ctx.Done(), false) {
		return ctx.Err()
	}
	_, arrives, _ := l.take(0)
	if !until(arrives, ctx.Done()) || !l.open(ctx.Done(), false) {
		return ctx.Err()
	}
	return ctx.Err()
}

// until waits for a moment, unless something is stopped before.
func until(t time.Time, stop <-chan struct{}) bool {
	d := time.Until(t)
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}
