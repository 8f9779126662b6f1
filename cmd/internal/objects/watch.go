package objects

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// observed is a holder of which it is noticed soon that it does nothing, long before swarm gives it up.
type observed struct {
	blobstore.Holder
	notice  time.Duration
	suspect func()       // it did nothing of what was expected of it for half that time
	owes    func(bool)   // for that time; or, with false, it did it then
	alive   func()       // it did something
	trouble func() error // that it had meanwhile with somebody else's share
}

// observe returns somebody's holder, whose silence is noticed.
func (o *Objects) observe(did radicle.DID) blobstore.Holder {
	return &observed{
		Holder: o.post.to(did, o.opt.People.Holder(did)), notice: o.opt.Notice,
		suspect: func() { o.begin(o.probe) },
		owes:    func(yes bool) { o.troubles.owes(did, yes) },
		alive:   func() { o.troubles.alive(did) },
		trouble: func() error { return o.troubles.before(did) },
	}
}

// Put is that of the holder.
func (h *observed) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if err := h.trouble(); err != nil {
		return nil, err
	}
	w := newWatch(h)
	defer w.rest()
	offers = slices.Clone(offers)
	for i := range offers {
		decided, share := offers[i].Decided, offers[i].Share
		offers[i].Decided = func(o blobstore.Outcome) {
			w.heard()
			if decided != nil {
				decided(o)
			}
		}
		offers[i].Share = func() (io.ReadCloser, error) {
			w.heard()
			r, err := share()
			if err != nil {
				return nil, err
			}
			return &watched{r, w}, nil
		}
	}
	w.wait()
	outcomes, err := h.Holder.Put(ctx, offers)
	if err == nil {
		w.heard()
	}
	return outcomes, err
}

// watch waits for a holder to do something.
type watch struct {
	h     *observed
	timer *time.Timer

	mu    sync.Mutex // guards what follows
	waits bool
	stage int // 1: it is suspected; 2: it owes us
}

func newWatch(h *observed) *watch {
	w := &watch{h: h}
	w.timer = time.AfterFunc(time.Hour, w.late)
	w.timer.Stop()
	return w
}

// late is called at half the time, and at all of it.
func (w *watch) late() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waits || w.stage == 2 {
		return
	}
	if w.stage++; w.stage == 1 {
		w.timer.Reset(w.h.notice / 2)
		w.h.suspect()
		return
	}
	w.h.owes(true)
}

// wait says that it is the holder's turn.
func (w *watch) wait() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = true
	w.timer.Reset(w.h.notice / 2)
}

// heard says that the holder did something.
func (w *watch) heard() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = false
	w.timer.Stop()
	if w.stage == 2 {
		w.h.owes(false)
	}
	w.stage = 0
	w.h.alive()
}

// rest ends the watch.
func (w *watch) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waits = false
	w.timer.Stop()
}

// watched is a share that a holder reads: it owes us something except while it waits for bytes.
type watched struct {
	io.ReadCloser
	w *watch
}

func (r *watched) Read(b []byte) (int, error) {
	r.w.heard()
	n, err := r.ReadCloser.Read(b)
	r.w.wait()
	return n, err
}
