package objects

import (
	"context"
	"io"
	"slices"
	"time"

	"radswarm/blobstore"
)

// observed is a holder of which it is noticed soon that it does nothing, long before swarm gives it up. Owes is called with
// true when the holder has been expected to do something for some time, and with false when it has done it.
type observed struct {
	blobstore.Holder
	notice time.Duration
	owes   func(bool)
}

// Put is that of the holder.
func (h *observed) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	w := newWatch(h.notice, h.owes)
	defer w.stop()
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
	w.waiting()
	outcomes, err := h.Holder.Put(ctx, offers)
	if err == nil {
		w.heard()
	}
	return outcomes, err
}

// watch calls tell when it was waiting too long. Its methods are called by one goroutine at a time.
type watch struct {
	timer *time.Timer
	after time.Duration
	told  chan bool // has one value: whether tell(true) was called last
	tell  func(bool)
}

func newWatch(after time.Duration, tell func(bool)) *watch {
	w := &watch{after: after, told: make(chan bool, 1), tell: tell}
	w.told <- false
	w.timer = time.AfterFunc(time.Hour, func() { <-w.told; tell(true); w.told <- true })
	w.timer.Stop()
	return w
}

func (w *watch) waiting() { w.timer.Reset(w.after) }

func (w *watch) heard() {
	w.timer.Stop()
	if told := <-w.told; told {
		w.tell(false)
	}
	w.told <- false
}

func (w *watch) stop() { w.timer.Stop() }

// watched is a share that a holder reads: it owes us something except while it waits for bytes.
type watched struct {
	io.ReadCloser
	w *watch
}

func (r *watched) Read(b []byte) (int, error) {
	r.w.heard()
	n, err := r.ReadCloser.Read(b)
	r.w.waiting()
	return n, err
}
