package swarm

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/wire"
)

// source is a holder of one share during a download, whose own goroutine alone touches it, or of a Reader, under its lock.
type source struct {
	Source
	pace   pace
	queue  []*request // asked for and not arrived, in the order of asking
	owes   time.Time  // until when its line may be busy with what was cancelled
	open   int        // questions of a Reader that are not answered
	parked time.Time  // no requests before
	pause  time.Duration
	out    error // why it is not asked any more
	told   SourceReport
}

// request is one block that was asked for.
type request struct {
	src    *source
	stripe *stripe
	batch  *batch
	asked  time.Time
	eta    time.Time // when it should be here
	due    time.Time // when it is late
	late   bool      // the stripe does not count on it any more
	free   bool      // of no use any more
}

// expect sets when a block should be here.
func (r *request) expect(wait time.Duration) {
	r.eta, r.due = r.asked.Add(wait), r.asked.Add(2*wait+slack)
}

// batch is the blocks asked for with one Get.
type batch struct {
	requests  []*request // nil where arrived
	left      int        // those that are of use
	cancel    context.CancelFunc
	cancelled bool
}

// release notes that a request is of no use any more. The last one ends the Get.
func (b *batch) release(r *request) {
	if r.free {
		return
	}
	r.free = true
	b.left--
	if b.left > 0 {
		return
	}
	for _, r := range b.requests {
		if r == nil {
			continue
		}
		b.cancelled = true
		if r.eta.After(r.src.owes) {
			r.src.owes = r.eta
		}
	}
	if b.cancelled {
		b.cancel()
	}
}

// pace is how fast a holder is.
type pace struct {
	n     int           // blocks that came
	first time.Duration // least time from asking to a block
	block time.Duration // from one block to the next, as it has been lately
	last  time.Time     // when the last block came
}

// arrived takes the time of a block that was asked for at asked.
func (p *pace) arrived(asked, now time.Time) {
	whole := now.Sub(asked)
	step := whole
	switch {
	case p.n == 0:
		p.first = whole
	case asked.After(p.last): // it was idle: what a block takes beyond the way there and back
		step = max(0, whole-max(0, p.first-p.block))
	default:
		step = now.Sub(p.last)
	}
	p.n++
	p.first = min(p.first, whole)
	p.block += (step - p.block) / time.Duration(min(max(p.n-1, 1), 4)) // the first step has the way in it
	p.last = now
}

// window is how many blocks to have asked for: those under way in one round trip, a third more because several are asked
// for at once, and two.
func (p *pace) window() int {
	if p.n == 0 {
		return minWindow
	}
	ahead := max(p.first, horizon) / max(p.block, time.Microsecond)
	return int(min(max(ahead+ahead/3+2, minWindow), maxWindow))
}

// expected is how long a block takes that is asked for behind queue others.
func (p *pace) expected(queue int, guess time.Duration) time.Duration {
	if p.n == 0 {
		return guess * time.Duration(queue+1)
	}
	return p.first + time.Duration(queue)*p.block
}

// usable reports whether the source may be asked now.
func (s *source) usable(now time.Time) bool {
	return s.out == nil && !now.Before(s.parked)
}

// same reports whether one of two sources is enough. Where K is 1 all have the same bytes, and are asked one beside the
// other all the same if one is late.
func (s *source) same(o *source, k int) bool { return o == s || k > 1 && o.Index == s.Index }

// room returns how many blocks it may be asked for: several, or none yet.
func (s *source) room() int {
	if s.pause > 0 { // it fell silent: one block shows whether it is back
		return 1 - len(s.queue)
	}
	window := s.pace.window()
	if room := window - len(s.queue); room >= window/4 {
		return room
	}
	return 0
}

// take removes a request that arrived or will not.
func (s *source) take(r *request) {
	if i := slices.Index(s.queue, r); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	r.stripe.forget(r)
}

// answered notes that a block of n bytes came that was asked for at asked.
func (s *source) answered(asked, now time.Time, n int) {
	s.pace.arrived(asked, now)
	s.pause, s.parked = 0, time.Time{}
	s.told.Blocks++
	s.told.Bytes += int64(n)
}

// silent parks a source that gave nothing for long: for longer each time. What it was asked for may still come.
func (s *source) silent(now time.Time) {
	s.pause = min(max(2*s.pause, firstParked), lastParked)
	s.parked = now.Add(s.pause)
	s.told.Silent++
}

// distrust takes a source out for good.
func (s *source) distrust(err error) {
	s.out, s.told.Err = err, err
	for _, r := range slices.Clone(s.queue) {
		r.batch.release(r)
	}
}

// failure says what is wrong with the source now, nil for nothing. Nothing is wrong with one that was not asked, or only
// less than patience ago.
func (s *source) failure(now time.Time, patience time.Duration) error {
	switch {
	case s.out != nil:
		return s.out
	case s.pause > 0 && s.told.Err != nil:
		return s.told.Err
	case s.pause > 0, len(s.queue) > 0 && now.Sub(s.queue[0].asked) >= patience:
		return ErrSilent
	}
	return nil
}

// refused notes why a Get failed, and decides whether the source is asked again: never where it says that it has no such
// share or gives us none; later where it is busy or its connection broke.
func (s *source) refused(err error, now time.Time) {
	s.told.Err = err
	busy, isBusy := errors.AsType[*wire.BusyError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, blobstore.ErrDenied), errors.Is(err, blobstore.ErrBounds):
		s.out = err
	case isBusy:
		s.parked = now.Add(max(busy.RetryAfter, firstParked))
	default:
		s.silent(now)
	}
}
