package objects

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// What goes to one holder in one Put, and how many of those there are at once: a holder takes two.
const (
	smallShare = 128 << 10 // bytes of a share that goes with others
	bundleSize = 4 << 20   // bytes of all of them
	bundles    = 2
	gather     = 25 * time.Millisecond // that a bundle waits for more, where many objects are under way
)

// post brings small shares to holders together, those of many objects in one Put: a question costs both sides more than such a
// share does, and the holder makes them durable together. What is alone waits for nobody.
type post struct {
	ctx     context.Context // until Close
	crowded func() bool     // there are so many objects under way that more letters come soon
	running sync.WaitGroup

	mu     sync.Mutex
	queues map[radicle.DID]*queue
}

// queue is what waits for one holder.
type queue struct {
	waiting []*letter
	running int
}

// letter is one offer.
type letter struct {
	ctx   context.Context // of who offers
	offer blobstore.Offer
	done  chan reply // has room
}

type reply struct {
	outcome blobstore.Outcome
	err     error
}

// to returns a holder whose small shares go together.
func (p *post) to(did radicle.DID, h blobstore.Holder) blobstore.Holder { return &posted{h, p, did} }

// posted is a holder that gets letters.
type posted struct {
	blobstore.Holder
	post *post
	did  radicle.DID
}

// Put is that of the holder.
func (h *posted) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if len(offers) != 1 || offers[0].Len > smallShare {
		return h.Holder.Put(ctx, offers)
	}
	l := &letter{ctx, offers[0], make(chan reply, 1)}
	h.post.add(h.did, h.Holder, l)
	select {
	case r := <-l.done:
		return []blobstore.Outcome{r.outcome}, r.err
	case <-ctx.Done():
	}
	if !h.post.remove(h.did, l) {
		<-l.done // it is under way, and its bytes end by now
	}
	return nil, ctx.Err()
}

func (p *post) add(did radicle.DID, h blobstore.Holder, l *letter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.queues == nil {
		p.queues = map[radicle.DID]*queue{}
	}
	q := p.queues[did]
	if q == nil {
		q = &queue{}
		p.queues[did] = q
	}
	if q.waiting = append(q.waiting, l); q.running < bundles {
		q.running++
		p.running.Go(func() { p.run(did, q, h) })
	}
}

func (p *post) remove(did radicle.DID, l *letter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.queues[did]
	if q == nil {
		return false
	}
	i := slices.Index(q.waiting, l)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	return i >= 0
}

func (p *post) run(did radicle.DID, q *queue, h blobstore.Holder) {
	for {
		p.gather()
		bundle := p.next(did, q)
		if bundle == nil {
			return
		}
		p.send(h, bundle)
	}
}

// gather waits for more letters, where more are to be expected.
func (p *post) gather() {
	if !p.crowded() {
		return
	}
	timer := time.NewTimer(gather)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.ctx.Done():
	}
}

// next takes what goes together; nil where there is nothing.
func (p *post) next(did radicle.DID, q *queue) []*letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	n, size := 0, int64(0)
	for n < min(len(q.waiting), blobstore.MaxOffers) && size < bundleSize {
		size += q.waiting[n].offer.Len
		n++
	}
	if n == 0 {
		if q.running--; q.running == 0 {
			delete(p.queues, did)
		}
		return nil
	}
	bundle := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return bundle
}

// send brings letters, until all who wrote them have given up.
func (p *post) send(h blobstore.Holder, bundle []*letter) {
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	var patient atomic.Int64
	patient.Store(int64(len(bundle)))
	offers := make([]blobstore.Offer, len(bundle))
	for i, l := range bundle {
		offers[i] = l.offer
		stop := context.AfterFunc(l.ctx, func() {
			if patient.Add(-1) == 0 {
				cancel()
			}
		})
		defer stop()
	}
	outcomes, err := h.Put(ctx, offers)
	for i, l := range bundle {
		r := reply{err: err}
		if err == nil {
			r.outcome = outcomes[i]
		}
		l.done <- r
	}
}

// close waits for what is under way. Nobody writes letters any more.
func (p *post) close() { p.running.Wait() }
