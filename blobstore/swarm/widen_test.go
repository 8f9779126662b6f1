package swarm_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// uplink is a line that several holders share, in bytes/s; 64 KiB go at a time, first come, first served.
type uplink struct {
	rate float64

	mu   sync.Mutex
	free time.Time
}

func (l *uplink) carry(n int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.free.Before(now) {
		l.free = now
	}
	l.free = l.free.Add(seconds(float64(n) / l.rate))
	return time.Until(l.free)
}

// behind is a holder behind a line.
type behind struct {
	blobstore.Holder
	line *uplink
}

func (h *behind) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	offers = slices.Clone(offers)
	for i, o := range offers {
		offers[i].Share = func() (io.ReadCloser, error) {
			r, err := o.Share()
			return &carried{r, ctx, h.line}, err
		}
	}
	return h.Holder.Put(ctx, offers)
}

type carried struct {
	io.ReadCloser
	ctx  context.Context
	line *uplink
}

func (r *carried) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b[:min(len(b), 1<<16)])
	if wait := pause(r.ctx, r.line.carry(n)); wait != nil {
		return n, wait
	}
	return n, err
}

// sentBehind sends a film whose shares take 10 s each over a line, and returns when each was placed.
func sentBehind(t *testing.T, line func(i int) *uplink) map[int]time.Duration {
	t.Helper()
	f, crowd := newFilm(t, 24<<20, 3, 9), newCrowd(9)
	for i := range crowd.people {
		crowd.people[i].Holder = &behind{crowd.people[i].Holder, line(i)}
	}
	start, when := time.Now(), map[int]time.Duration{}
	report, err := swarm.Send(t.Context(), f.sending(crowd.people), swarm.SendOptions{
		Told: func(index int, _ radicle.DID) { when[index] = time.Since(start) },
	})
	if err != nil || len(report.Missing) > 0 || len(report.Failed) > 0 {
		t.Fatalf("%v, missing %v, failed %v", err, report.Missing, report.Failed)
	}
	crowd.check(t, f, report)
	return when
}

const tenSeconds = 8 << 20 / 10 // bytes/s, for a share

// Where each friend's line takes the time, those of the later shares do not idle meanwhile.
func TestSendUsesAllLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for index, at := range sentBehind(t, func(int) *uplink { return &uplink{rate: tenSeconds} }) {
			if at > 12*time.Second {
				t.Errorf("share %d after %v", index, at)
			}
		}
	})
}

// Where all go through one line, those that bring the object back come first all the same, then the one that makes it safe.
func TestSendKeepsTheOrderOnOneLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line := &uplink{rate: 3 * tenSeconds}
		for index, at := range sentBehind(t, func(int) *uplink { return line }) {
			switch {
			case index < 3 && at > 12*time.Second, index == 3 && at > 18*time.Second:
				t.Errorf("share %d after %v", index, at)
			case index > 3 && at < 18*time.Second:
				t.Errorf("share %d after %v, before those that come first", index, at)
			case at > 34*time.Second:
				t.Errorf("share %d after %v", index, at)
			}
		}
	})
}
