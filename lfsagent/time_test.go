package lfsagent

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
)

// carrier is a Daemon whose objects take their time.
type carrier func(ctx context.Context, moved func(int64)) error

func (c carrier) Begin(context.Context, Repository, Operation) (Session, error) { return c, nil }
func (c carrier) End(context.Context) error                                     { return nil }

func (c carrier) Store(ctx context.Context, _ blobstore.Pointer, _ string, moved func(int64)) error {
	return c(ctx, moved)
}

func (c carrier) Fetch(ctx context.Context, _ blobstore.Pointer, _ string, moved func(int64)) error {
	return c(ctx, moved)
}

// every calls moved with a growing number, n times.
func every(d time.Duration, n, step int64) carrier {
	return func(_ context.Context, moved func(int64)) error {
		for i := range n {
			time.Sleep(d) // of the bubble
			moved((i + 1) * step)
		}
		return nil
	}
}

// timed runs an upload of size bytes in a bubble and returns its answers with their times.
func timed(t *testing.T, c carrier, size int, check func(*testing.T, []reply, []time.Duration)) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, func(config *Config) { config.Daemon = c }).init(Upload)
		p, path := k.object(strings.Repeat("x", size))
		start := time.Now()
		k.send(`{"event":"upload","oid":"%v","size":%d,"path":%q}`, p.OID, p.Size, path)
		var replies []reply
		var times []time.Duration
		for len(replies) == 0 || replies[len(replies)-1].Event == "progress" {
			replies, times = append(replies, k.reply()), append(times, time.Since(start))
		}
		check(t, replies, times)
		if err := k.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestProgressIsThrottled(t *testing.T) {
	timed(t, every(time.Millisecond, 10_000, 1), 10_000, func(t *testing.T, replies []reply, times []time.Duration) {
		sum := int64(0)
		for _, r := range replies {
			sum += r.BytesSinceLast
		}
		if n := len(replies); n < 90 || n > 103 || sum != 10_000 {
			t.Errorf("%d lines, %d bytes", n, sum)
		}
		if times[0] != 0 || replies[0].BytesSoFar != 1 {
			t.Errorf("the first byte comes after %v", times[0])
		}
		for i := 1; i < len(times)-3; i++ { // the last two come with the end
			if gap := times[i+1] - times[i]; gap < progressEvery {
				t.Errorf("line %d follows after %v", i+1, gap)
			}
		}
	})
}

// A daemon that counts down, or beyond the size, cannot make git-lfs do so.
func TestProgressIsHonest(t *testing.T) {
	wild := carrier(func(_ context.Context, moved func(int64)) error {
		for _, n := range []int64{500, 20, -7, 1 << 62, 0} {
			moved(n)
			time.Sleep(2 * quietest)
		}
		return nil
	})
	timed(t, wild, 1000, func(t *testing.T, replies []reply, _ []time.Duration) {
		sum := int64(0)
		for _, r := range replies {
			if r.BytesSinceLast < 0 || r.BytesSoFar > 1000 {
				t.Errorf("%+v", r)
			}
			sum += r.BytesSinceLast
		}
		if sum != 1000 {
			t.Errorf("%d bytes of 1000", sum)
		}
	})
}

// While nothing moves there is a line a second, and a daemon that says so may take as long as it likes.
func TestWaitingIsShown(t *testing.T) {
	timed(t, every(time.Minute, 20, 0), 1000, func(t *testing.T, replies []reply, times []time.Duration) {
		if last := replies[len(replies)-1]; last.Error != nil {
			t.Errorf("%+v", last.Error)
		}
		for i := range len(times) - 1 {
			if gap := times[i+1] - times[i]; gap > quietest+progressEvery {
				t.Errorf("line %d follows after %v", i+1, gap)
			}
		}
		if n := len(times); n < 1000 || n > 1250 {
			t.Errorf("%d lines in 20 minutes", n)
		}
	})
}

func TestSilence(t *testing.T) {
	deaf := carrier(func(context.Context, func(int64)) error { <-time.After(time.Hour); return nil })
	polite := carrier(func(ctx context.Context, _ func(int64)) error { <-ctx.Done(); return ctx.Err() })
	for name, c := range map[string]carrier{"polite": polite, "deaf": deaf} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := newTalk(t, func(config *Config) { config.Daemon = c }).init(Upload)
				p, path := k.object("a film")
				start := time.Now()
				r, _ := k.upload(p, path)
				wantError(t, r, CodeSilent, "two minutes; hint: rad swarm daemon --restart")
				if took := time.Since(start); took < patience || took > patience+grace+time.Second {
					t.Errorf("answered after %v", took)
				}
				time.Sleep(time.Hour)
				start = time.Now()
				r, _ = k.upload(p, path)
				wantError(t, r, CodeSilent, "two minutes")
				if took := time.Since(start); took != 0 {
					t.Errorf("the next one after %v", took)
				}
				if err := k.end(); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Hour) // until what was left behind ends too
			})
		})
	}
}

// late is a carrier that takes its time to begin.
type late struct{ carrier }

func (l late) Begin(context.Context, Repository, Operation) (Session, error) {
	time.Sleep(patience - time.Second)
	return l.carrier, nil
}

// What took long before does not count as silence.
func TestPatienceBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := late{every(patience-time.Second, 2, 3)}
		k := newTalk(t, func(config *Config) { config.Daemon = c }).init(Upload)
		p, path := k.object("a film")
		if r, sum := k.upload(p, path); r.Error != nil || sum != p.Size {
			t.Errorf("%+v, %d bytes", r.Error, sum)
		}
		if err := k.end(); err != nil {
			t.Error(err)
		}
	})
}

// What succeeds although it was told to stop has succeeded.
func TestJustInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := carrier(func(ctx context.Context, _ func(int64)) error { <-ctx.Done(); return nil })
		k := newTalk(t, func(config *Config) { config.Daemon = c }).init(Upload)
		p, path := k.object("a film")
		if r, sum := k.upload(p, path); r.Error != nil || sum != p.Size {
			t.Errorf("%+v, %d bytes", r.Error, sum)
		}
		if err := k.end(); err != nil {
			t.Error(err)
		}
	})
}

// git-lfs waits 30 s for an agent that it has told to end, then leaves it behind.
func TestEndDoesNotWaitForTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, nil).init(Upload)
		p, path := k.object("a film")
		k.shelf.fault(t, p.OID.String(), faultStuck)
		k.send(`{"event":"upload","oid":"%v","size":6,"path":%q}`, p.OID, path)
		k.reply()
		synctest.Wait()
		start := time.Now()
		if err := k.end(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 2*grace {
			t.Errorf("ends after %v", took)
		}
		if got := k.shelf.lines(t); got[len(got)-1] != "stuck" {
			t.Errorf("what never returned was asked again: %q", got)
		}
		time.Sleep(2 * time.Hour) // until what was left behind ends too
	})
}

// A daemon that is not there is not asked again for each of a thousand objects, but it is asked again.
func TestFailedBeginIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newTalk(t, nil).init(Upload)
		k.shelf.fault(t, "begin", faultMissing)
		p, path := k.object("a film")
		for range 10 {
			r, _ := k.upload(p, path)
			wantError(t, r, 503, "2 friends reachable")
		}
		if got := k.shelf.lines(t); len(got) != 1 {
			t.Errorf("asked %d times", len(got))
		}
		k.shelf.fault(t, "begin", "")
		time.Sleep(againAfter)
		if r, _ := k.upload(p, path); r.Error != nil {
			t.Errorf("%+v", r.Error)
		}
		if err := k.end(); err != nil {
			t.Error(err)
		}
	})
}

// A machine with 32 bits cannot read more at once.
func TestLargeStepsAreSplit(t *testing.T) {
	m := newMeter(&answers{}, "x", 5<<30)
	m.add(5 << 30)
	if got := strings.Count(string(m.to.line), "\n"); got != 5 || m.sent != 5<<30 {
		t.Errorf("%d lines, %d bytes", got, m.sent)
	}
}
