package swarm_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/swarm"
)

// narrow is a holder that has to do with two Puts at a time, and lets others wait before it decides.
type narrow struct {
	blobstore.Holder
	room chan struct{}
}

func (h *narrow) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	way := time.Duration(offers[0].Name.SID[0]) * 20 * time.Microsecond // whose offer arrives first, differs
	if err := pause(ctx, way); err != nil {
		return nil, err
	}
	select {
	case h.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.room }()
	return h.Holder.Put(ctx, offers)
}

// Many objects at once, each of which has the holders in another order, do not wait for each other with places taken.
func TestManySendsAtNarrowHolders(t *testing.T) {
	const objects, holders = 16, 10
	var films []*film
	for range objects {
		films = append(films, newFilm(t, 300_000+len(films), 3, holders))
	}
	synctest.Test(t, func(t *testing.T) {
		var people []swarm.Person
		for i := range holders {
			h := &narrow{(&blobtest.Memory{}).For(owner()), make(chan struct{}, 2)}
			people = append(people, swarm.Person{DID: did(i), Holder: h})
		}
		start := time.Now()
		var sending sync.WaitGroup
		for i, f := range films {
			turned := slices.Concat(people[i%holders:], people[:i%holders])
			sending.Go(func() {
				r, err := swarm.Send(t.Context(), f.sending(turned), swarm.SendOptions{})
				if err != nil || len(r.Missing) > 0 || len(r.Failed) > 0 {
					t.Error(err, r.Missing, r.Failed)
				}
			})
		}
		sending.Wait()
		if took := time.Since(start); took > time.Second {
			t.Errorf("%v", took)
		}
	})
}
