package holder

import (
	"context"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore/wire"
)

// class is who goes first where there is not enough for all.
type class int

const (
	classFriend class = iota
	classGuest
	classOpen // who reads open shares
	classes
)

// gate lets bytes through at a rate: those of a better class first, of one class in their order. What passes may be more
// than there is at the moment: then the gate is in debt, and the next ones wait. So a single run of bytes of any length
// passes, and the rate holds in the mean. The zero value lets everything through.
type gate struct {
	mu      sync.Mutex
	rate    int64         // bytes a second; 0 for no bound
	burst   time.Duration // for how long bytes are saved up that nobody wants
	have    float64       // bytes that may pass now; negative is debt
	since   time.Time     // of have
	waiting [classes][]*ticket
	timer   *time.Timer // runs while somebody waits
}

// ticket is somebody who waits.
type ticket struct {
	bytes int64
	ready chan struct{} // closed when they may pass
}

// newGate returns a gate that has been open for as long as it saves.
func newGate(rate int64, burst time.Duration) *gate {
	return &gate{rate: rate, burst: burst, have: float64(rate) * burst.Seconds(), since: time.Now()}
}

// setRate changes the rate for those who wait, too.
func (g *gate) setRate(rate int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if rate == g.rate {
		return
	}
	g.save()
	g.rate = rate
	g.save()
	g.serve()
}

// pass waits until n bytes may pass, or ctx is done; then its error is bare. Who has waited and leaves gives nothing back.
func (g *gate) pass(ctx context.Context, c class, n int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	t := g.ask(c, n)
	g.mu.Unlock()
	return g.wait(ctx, c, t)
}

// wait waits for a ticket; nil is none.
func (g *gate) wait(ctx context.Context, c class, t *ticket) error {
	if t == nil {
		return nil
	}
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		g.leave(c, t)
		return ctx.Err()
	}
}

// passWithin is pass for who does not wait longer than patience: a *[wire.BusyError] says when to come again.
func (g *gate) passWithin(ctx context.Context, patience time.Duration, n int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	g.mu.Lock()
	delay := g.delay()
	if delay > patience {
		g.mu.Unlock()
		return &wire.BusyError{RetryAfter: delay}
	}
	t := g.ask(classFriend, n) // under the same lock: of many at once each counts those before it
	g.mu.Unlock()
	return g.wait(ctx, classFriend, t)
}

// delay is how long a newcomer waits at most, if all who wait are before it. The caller has the lock.
func (g *gate) delay() time.Duration {
	if g.rate == 0 {
		return 0
	}
	g.save()
	owed := -g.have
	for _, queue := range g.waiting {
		for _, t := range queue {
			owed += float64(t.bytes)
		}
	}
	return g.time(owed)
}

// time is how long it takes to pay bytes.
func (g *gate) time(owed float64) time.Duration {
	return time.Duration(max(0, owed) / float64(g.rate) * float64(time.Second))
}

// ask lets n bytes through, or returns the ticket to wait with. The caller has the lock.
func (g *gate) ask(c class, n int64) *ticket {
	if g.rate == 0 {
		return nil
	}
	g.save()
	if g.have > 0 && !g.busy(c) {
		g.have -= float64(n)
		return nil
	}
	t := &ticket{n, make(chan struct{})}
	g.waiting[c] = append(g.waiting[c], t)
	g.serve()
	return t
}

// busy reports whether somebody of class c or a better one waits.
func (g *gate) busy(c class) bool {
	return slices.ContainsFunc(g.waiting[:c+1], func(queue []*ticket) bool { return len(queue) > 0 })
}

// save adds what the time since has brought.
func (g *gate) save() {
	now := time.Now()
	rate := float64(g.rate)
	g.have = min(g.have+rate*now.Sub(g.since).Seconds(), max(1, rate*g.burst.Seconds()))
	g.since = now
}

// serve lets through who may pass now, and comes again when the next one may.
func (g *gate) serve() {
	for c := range g.waiting {
		for len(g.waiting[c]) > 0 && (g.rate == 0 || g.have > 0) {
			t := g.waiting[c][0]
			g.waiting[c] = g.waiting[c][1:]
			if g.rate != 0 {
				g.have -= float64(t.bytes)
			}
			close(t.ready)
		}
	}
	if !g.busy(classes - 1) {
		return
	}
	wait := g.time(1-g.have) + time.Microsecond
	if g.timer == nil {
		g.timer = time.AfterFunc(wait, g.tick)
	} else {
		g.timer.Reset(wait)
	}
}

func (g *gate) tick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.save()
	g.serve()
}

// leave takes a ticket back that nobody waits with any more.
func (g *gate) leave(c class, t *ticket) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting[c] = slices.DeleteFunc(g.waiting[c], func(other *ticket) bool { return other == t })
	if g.timer != nil && !g.busy(classes-1) {
		g.timer.Stop()
	}
}
