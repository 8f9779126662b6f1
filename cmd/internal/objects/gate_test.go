package objects_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
)

// crowded is a holder that notes how many Puts it has at once.
type crowded struct {
	blobstore.Holder
	now, most atomic.Int64
}

func (h *crowded) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	n := h.now.Add(1)
	defer h.now.Add(-1)
	for most := h.most.Load(); n > most && !h.most.CompareAndSwap(most, n); most = h.most.Load() {
	}
	return h.Holder.Put(ctx, offers)
}

// Many objects at once are offered to nobody more at once than they take, and none waits for another for long.
func TestFriendsAreNotCrowded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, newTown(10))
		var friends []*crowded
		for _, n := range h.town.all {
			c := &crowded{Holder: blobtest.Slow(n.view(), 20*time.Millisecond)}
			friends = append(friends, c)
			n.holder.Set(c)
		}
		var together sync.WaitGroup
		start := time.Now()
		for i := range 32 {
			f := newFile(t, 50_000+500_000*(i%2)+i, uint64(i)) // small ones go together, and others do not
			together.Go(func() {
				if out, err := h.put(f, control.Full); err != nil || len(out.Failed) > 0 {
					t.Errorf("%+v, %v", out, err)
				}
			})
		}
		together.Wait()
		for i, c := range friends {
			if c.most.Load() > 2 {
				t.Errorf("friend %d: %d at once", i, c.most.Load())
			}
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		h.close()
	})
}
