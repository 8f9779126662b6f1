package wire

import (
	"context"
	"fmt"
	"time"
)

// waits counts the WAITs of a peer: 16, and one for each second since the first (PROTOCOL.md §4).
type waits struct {
	first time.Time
	n     int
}

func (w *waits) count() error {
	if w.n == 0 {
		w.first = time.Now()
	}
	if w.n++; w.n > freeWaits+int(time.Since(w.first)/waitGap) {
		return fmt.Errorf("%w: %d WAITs", ErrProtocol, w.n)
	}
	return nil
}

// keepWaiting sends WAITs while this side owes something, until ctx is done or the conn is.
func (c *conn) keepWaiting(ctx context.Context) {
	c.running.Go(func() {
		timer := time.NewTimer(waitEvery)
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
				timer.Reset(c.wait())
			}
		}
	})
}

// wait sends WAIT if this side owes something and said nothing lately. It returns when to look again.
func (c *conn) wait() time.Duration {
	c.writing.take()
	defer c.writing.give()
	if !c.owes {
		return waitEvery
	}
	if silent := time.Since(c.last); silent < waitEvery {
		return waitEvery - silent
	}
	c.out = AppendFrame(c.out[:0], &waitMsg{})
	_ = c.write(c.out) // killed the stream
	return waitEvery
}

// owe says whether WAITs are sent.
func (c *conn) owe(owes bool) {
	c.writing.take()
	defer c.writing.give()
	c.owes, c.last = owes, time.Now()
}
