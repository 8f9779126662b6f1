package swarm

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/object"
)

// download is a Fetch that runs. All fields but the channels and the pool belong to the goroutine of run.
type download struct {
	o       *object.Object
	coding  blobstore.Coding
	opt     FetchOptions
	sources []*source
	coming  bool      // more sources may come
	window  []*stripe // from the first that was not written, without gaps
	next    int64     // the first stripe that is not in the window yet
	last    int64     // the last stripe that anybody was asked for
	most    int       // stripes in the window
	moved   time.Time // when something last arrived that was of use
	extra   int64     // bytes that were not

	events chan event // from tasks
	jobs   chan *stripe
	pool   blockPool
	out    *sink
	tasks  sync.WaitGroup
}

// An event changes a download, in its goroutine.
type event func(*download) error

func newFetch(o *object.Object, dst io.Writer, opt FetchOptions) (*download, error) {
	if opt.Workers < 1 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	c := o.Coding()
	stripeSize := int64(c.K()) * int64(c.ChunkSize())
	d := &download{
		o: o, coding: c, opt: opt,
		most:   int(min(max(opt.Window/stripeSize, minStripes), maxStripes)),
		moved:  time.Now(),
		events: make(chan event),
		jobs:   make(chan *stripe, maxStripes),
		out:    newSink(dst, opt),
	}
	done, err := d.out.skip(o, opt.Prefix)
	d.next = done
	return d, err
}

// run is the download. When it returns, nothing new is started; tasks may still run until ctx is done.
func (d *download) run(ctx context.Context, more <-chan Source) error {
	if err := d.start(ctx); err != nil {
		return err
	}
	d.coming = true
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		d.open()
		now := time.Now()
		guess := d.guess()
		d.lateness(now, guess)
		d.ask(ctx, now, guess)
		if len(d.window) == 0 {
			return nil
		}
		if err := d.hopeless(now); err != nil {
			return err
		}
		timer.Reset(d.wake(now))
		var err error
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case s, ok := <-more:
			if !ok {
				more, d.coming = nil, false
				break
			}
			d.join(s)
		case e := <-d.events:
			err = e(d)
		case d.ready() <- d.first():
			d.wrote()
		case <-timer.C:
		}
		if err != nil {
			return err
		}
	}
}

// start starts what decodes and what writes.
func (d *download) start(ctx context.Context) error {
	code, err := erasure.New(d.coding.K(), blobstore.MaxN)
	if err != nil {
		return err
	}
	for range d.opt.Workers {
		memory, err := code.NewStripe(d.coding.ChunkSize())
		if err != nil {
			return err
		}
		d.tasks.Go(func() { d.decode(ctx, memory) })
	}
	d.tasks.Go(func() {
		if err := d.out.run(ctx); err != nil {
			d.tell(ctx, func(*download) error { return err })
		}
	})
	return nil
}

// tell has an event happen. It reports whether it will.
func (d *download) tell(ctx context.Context, e event) bool {
	select {
	case d.events <- e:
		return true
	case <-ctx.Done():
		return false
	}
}

// join takes a source. One that is there already is not taken twice, so that callers may offer what they
// know again; nor is one that sent something false.
func (d *download) join(s Source) {
	if slices.ContainsFunc(d.sources, func(o *source) bool {
		return o.DID == s.DID && o.Index == s.Index && (o.out == nil || errors.Is(o.out, ErrFalse))
	}) {
		return
	}
	d.sources = append(d.sources, &source{Source: s, told: SourceReport{DID: s.DID, Index: s.Index}})
	d.moved = time.Now()
}

// open fills the reorder window, some stripes at a time: where writing is what takes long, one Get would go out for each stripe
// that was written.
func (d *download) open() {
	if len(d.window) > d.most-d.most/8 {
		return
	}
	for len(d.window) < d.most && d.next < d.coding.Stripes() {
		d.window = append(d.window, &stripe{n: d.next, need: d.coding.StripeChunks(d.next)})
		d.next++
	}
}

// lateness lets stripes ask others for what is late, and parks sources that have fallen silent.
func (d *download) lateness(now time.Time, guess time.Duration) {
	for _, s := range d.sources {
		for i, r := range s.queue {
			if s.pace.n == 0 { // by now others may have shown what is usual
				r.expect(min(r.eta.Sub(r.asked), s.pace.expected(i, guess)))
			}
			if r.late || now.Before(r.due) {
				continue
			}
			r.late = true
			s.told.Late++
			if s.usable(now) && now.Sub(s.pace.last) >= r.due.Sub(r.asked) {
				s.silent(now)
			}
		}
	}
}

// wake returns how long there is nothing to do unless something arrives.
func (d *download) wake(now time.Time) time.Duration {
	at := d.moved.Add(d.opt.Patience)
	for _, s := range d.sources {
		if s.out == nil && now.Before(s.parked) && s.parked.Before(at) {
			at = s.parked
		}
		for _, r := range s.queue {
			if !r.late && r.due.Before(at) {
				at = r.due
			}
		}
	}
	return max(0, at.Sub(now))
}

// first returns the stripe that is to be written next.
func (d *download) first() *stripe { return d.window[0] }

// ready returns where the first stripe goes when it is decoded, else nil.
func (d *download) ready() chan<- *stripe {
	if d.first().state != decoded {
		return nil
	}
	return d.out.in
}

// wrote takes the first stripe out of the window.
func (d *download) wrote() {
	d.window = append(d.window[:0], d.window[1:]...)
	d.moved = time.Now()
}

// hopeless says when the object cannot be had, or not now, and who is to blame.
func (d *download) hopeless(now time.Time) error {
	if d.first().state != collecting {
		d.moved = now
		return nil
	}
	if now.Sub(d.moved) < d.opt.Patience && (d.coming || d.enough()) {
		return nil
	}
	e := &blobstore.NotEnoughSharesError{Need: d.coding.K()}
	for _, s := range d.sources {
		if err := s.failure(now, d.opt.Patience); err != nil {
			e.Failed = append(e.Failed, &blobstore.HolderError{Holder: s.DID, Index: s.Index, Err: err})
		}
	}
	e.Got = d.distinct(func(s *source) bool { return s.failure(now, d.opt.Patience) == nil }, nil)
	return e
}

// enough reports whether the sources that are left could bring back every stripe.
func (d *download) enough() bool {
	left := func(s *source) bool { return s.out == nil }
	if d.next < d.coding.Stripes() && d.distinct(left, nil) < d.coding.K() {
		return false
	}
	return !slices.ContainsFunc(d.window, func(st *stripe) bool {
		return st.state == collecting && d.distinct(left, st) < st.need
	})
}

// distinct counts the shares that the sources that pass have, those that a stripe got included. With K = 1 all are the same.
func (d *download) distinct(pass func(*source) bool, st *stripe) int {
	var seen [blobstore.MaxN]bool
	for _, s := range d.sources {
		if pass(s) && (st == nil || d.coding.BlockLen(st.n, s.Index) > 0) {
			seen[s.Index] = true
		}
	}
	if st != nil {
		for _, b := range st.blocks {
			seen[b.src.Index] = true
		}
	}
	n := 0
	for _, there := range seen {
		if there {
			n++
		}
	}
	return n
}
