package swarm

import (
	"context"
	"errors"
	"slices"
	"time"

	"radswarm/blobstore"
)

// errShort is a holder that ended its answer early.
var errShort = errors.New("answer ends early")

// ask gives every source that has room the earliest blocks that are wanted.
func (d *download) ask(ctx context.Context, now time.Time, guess time.Duration) {
	rest := d.rest()
	for _, s := range d.sources {
		if room := s.room(); s.usable(now) && room > 0 {
			if picked := d.pick(s, room, now, guess, &rest); len(picked) > 0 {
				d.get(ctx, s, picked, now, guess)
			}
		}
	}
}

// guess is how long a block takes at a holder that nothing is known of.
func (d *download) guess() time.Duration {
	var known []time.Duration
	for _, s := range d.sources {
		if s.pace.n > 0 {
			known = append(known, s.pace.first)
		}
	}
	if len(known) == 0 {
		return firstGuess
	}
	slices.Sort(known)
	return 2 * known[len(known)/2]
}

// rest returns how many blocks nobody has been asked for, or -1 where they are so many that it does not matter.
func (d *download) rest() int {
	open := 0
	for _, s := range d.sources {
		open += s.pace.window()
	}
	n := int(min(d.coding.Stripes()-d.next, 1<<20)) * d.coding.K()
	for _, st := range d.window {
		if n > 4*open {
			return -1
		}
		n += max(0, st.wants())
	}
	return n
}

// pick chooses up to room stripes for a source: the earliest that want a block, and those for which somebody is merely late
// after them. Where there is none, one that might wait longer for somebody else than for this source.
func (d *download) pick(s *source, room int, now time.Time, guess time.Duration, rest *int) []*stripe {
	var picked []*stripe
	for _, late := range []bool{false, true} {
		for _, st := range d.window {
			if len(picked) == room {
				return picked
			}
			if d.pressing(st) == late || st.wants() <= 0 || !d.takes(st, s) || slices.Contains(picked, st) {
				continue
			}
			if *rest < 0 || d.worth(s, st, len(s.queue)+len(picked), *rest, now, guess) {
				picked = append(picked, st)
				d.last = max(d.last, st.n)
				if *rest > 0 {
					*rest--
				}
			}
		}
	}
	if len(picked) > 0 || s.pace.n == 0 || now.Before(s.owes) {
		return picked
	}
	eta := now.Add(s.pace.expected(len(s.queue), guess))
	for _, st := range d.window {
		if st.state == collecting && d.takes(st, s) && st.hopes(now, eta) {
			return []*stripe{st}
		}
	}
	return nil
}

// pressing reports whether a stripe that wants a block should have it before later ones: nobody may still bring it, or
// half the window waits for it.
func (d *download) pressing(st *stripe) bool { return st.fresh() > 0 || d.last-st.n > int64(d.most/2) }

func (d *download) takes(st *stripe, s *source) bool {
	return d.coding.BlockLen(st.n, s.Index) > 0 && st.takes(s, d.coding.K())
}

// worth reports whether a source should take a block of st now that the end is near: not if others will have sent all of the
// rest before this one sends its block.
func (d *download) worth(s *source, st *stripe, queue, rest int, now time.Time, guess time.Duration) bool {
	mine := s.pace.expected(queue, guess)
	blocks, others := 0, 0
	for _, o := range d.sources {
		if o == s || o.pace.n == 0 || !o.usable(now) {
			continue
		}
		way := max(0, o.pace.first-o.pace.block)
		blocks += max(0, int((mine-way)/max(o.pace.block, time.Microsecond))-len(o.queue))
		if o.pace.expected(len(o.queue), guess) < mine && d.takes(st, o) {
			others++
		}
	}
	return others < st.wants() || blocks < rest
}

// get asks a source for a block of each stripe.
func (d *download) get(ctx context.Context, s *source, stripes []*stripe, now time.Time, guess time.Duration) {
	asking, cancel := context.WithCancel(ctx)
	b := &batch{requests: make([]*request, len(stripes)), left: len(stripes), cancel: cancel}
	ranges := make([]blobstore.Range, len(stripes))
	for i, st := range stripes {
		r := &request{src: s, stripe: st, batch: b, asked: now}
		r.expect(s.pace.expected(len(s.queue), guess))
		b.requests[i] = r
		s.queue = append(s.queue, r)
		st.asked = append(st.asked, r)
		ranges[i] = blobstore.Range{Off: d.coding.BlockOffset(st.n), Len: d.coding.BlockLen(st.n, s.Index)}
	}
	d.tasks.Go(func() {
		defer cancel()
		err := s.Holder.Get(asking, s.Name, ranges, func(i int, data []byte) error {
			bl := d.pool.get(s, data)
			if !d.tell(asking, func(d *download) error { return d.arrived(b, i, bl) }) {
				return asking.Err()
			}
			return nil
		})
		d.tell(ctx, func(d *download) error { return d.ended(s, b, err) })
	})
}

// arrived takes a block.
func (d *download) arrived(b *batch, i int, bl *block) error {
	now, s := time.Now(), bl.src
	if i < 0 || i >= len(b.requests) || b.requests[i] == nil {
		d.waste(bl)
		return nil
	}
	r := b.requests[i]
	st := r.stripe
	b.requests[i] = nil
	s.take(r)
	b.release(r)
	s.answered(r.asked, now, len(bl.buf))
	if len(bl.buf) != d.coding.BlockLen(st.n, s.Index) { // asking again would bring the same
		s.distrust(ErrFalse)
	}
	if s.out != nil || st.state != collecting || st.has(s, d.coding.K()) {
		d.waste(bl)
		return nil
	}
	d.moved = now
	st.blocks = append(st.blocks, bl)
	if len(st.blocks) == st.need {
		d.complete(st)
	}
	return nil
}

// waste takes a block that is of no use.
func (d *download) waste(bl *block) {
	d.extra += int64(len(bl.buf))
	d.pool.put(bl)
}

// complete has a stripe decoded that has all its blocks. What else was asked for is cancelled where that is possible.
func (d *download) complete(st *stripe) {
	st.state = decoding
	for _, r := range st.asked {
		if now := time.Now(); !r.late && now.After(r.eta.Add(slack)) {
			r.src.told.Late++
		}
		r.batch.release(r)
	}
	d.jobs <- st // there is room for the whole window
}

// ended takes the end of a Get.
func (d *download) ended(s *source, b *batch, err error) error {
	missing := false
	for _, r := range b.requests {
		if r != nil {
			missing = true
			s.take(r)
		}
	}
	if missing && !b.cancelled && s.out == nil {
		if err == nil {
			err = errShort
		}
		s.refused(err, time.Now())
	}
	return nil
}
