package lfsagent

import (
	"sync/atomic"
	"time"
)

const (
	// progressEvery is the least time between two lines of progress, and quietest the longest.
	progressEvery = 100 * time.Millisecond
	quietest      = time.Second
	// maxStep bounds the bytes of one line: git-lfs reads them into an int, which has 32 bits on some machines.
	maxStep = 1 << 30
)

// meter tells git-lfs how far an object is. Only moved may be called from other goroutines.
type meter struct {
	to    *answers
	oid   string
	size  int64
	sent  int64     // bytes that git-lfs knows of
	told  time.Time // when the last line was written
	start time.Time
	done  atomic.Int64 // bytes that somebody says are done
	heard atomic.Int64 // when that was, in nanoseconds after start
}

func newMeter(to *answers, oid string, size int64) *meter {
	now := time.Now()
	return &meter{to: to, oid: oid, size: size, start: now, told: now}
}

// moved takes note of the bytes that are done. It never waits.
func (m *meter) moved(plain int64) {
	m.done.Store(plain)
	m.rouse()
}

// rouse begins another wait for news.
func (m *meter) rouse() { m.heard.Store(int64(time.Since(m.start))) }

// silence is how long there was none.
func (m *meter) silence() time.Duration { return time.Since(m.start) - time.Duration(m.heard.Load()) }

// first sends the byte with which git-lfs starts its other workers.
func (m *meter) first() {
	m.add(min(1, m.size))
	m.to.flush()
}

// tick sends what there is to say.
func (m *meter) tick() {
	done := min(m.done.Load(), m.size)
	if done <= m.sent && time.Since(m.told) < quietest {
		return
	}
	m.add(max(done, m.sent))
	m.to.flush()
	m.told = time.Now()
}

// add adds lines that bring git-lfs to done bytes, at least one.
func (m *meter) add(done int64) {
	for first := true; first || m.sent < done; first = false {
		step := min(done-m.sent, maxStep)
		m.sent += step
		m.to.add(progressAnswer{"progress", m.oid, m.sent, step})
	}
}
