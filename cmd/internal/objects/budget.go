package objects

import (
	"context"
	"sync"
)

// budget is memory, in bytes, that some things share at once. Who comes first gets it first.
type budget struct {
	most int64

	mu    sync.Mutex
	left  int64
	queue []*claim
}

type claim struct {
	n     int64
	given chan struct{}
}

func newBudget(most int64) *budget { return &budget{most: most, left: most} }

// take waits for n bytes, or for all there are if that is less. Back returns them.
func (b *budget) take(ctx context.Context, n int64) (back func(), err error) {
	c := &claim{n: min(n, b.most), given: make(chan struct{})}
	b.mu.Lock()
	b.queue = append(b.queue, c)
	b.giveLocked()
	b.mu.Unlock()
	select {
	case <-c.given:
		return func() { b.back(c) }, nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, one := range b.queue {
		if one == c {
			b.queue = append(b.queue[:i:i], b.queue[i+1:]...)
			b.giveLocked()
			return nil, ctx.Err()
		}
	}
	b.left += c.n // given just now
	b.giveLocked()
	return nil, ctx.Err()
}

func (b *budget) back(c *claim) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left += c.n
	b.giveLocked()
}

func (b *budget) giveLocked() {
	for len(b.queue) > 0 && b.queue[0].n <= b.left {
		b.left -= b.queue[0].n
		close(b.queue[0].given)
		b.queue = b.queue[1:]
	}
}
