package objects

import (
	"context"
	"sync"

	"radswarm/blobstore"
)

// locks has a lock for each object, so that one thing is done with it at a time.
type locks struct {
	mu sync.Mutex
	of map[blobstore.OID]*lock
}

type lock struct {
	held  chan struct{} // has room for one
	users int           // guarded by locks
}

// lock waits for an object.
func (l *locks) lock(ctx context.Context, oid blobstore.OID) (unlock func(), err error) {
	l.mu.Lock()
	if l.of == nil {
		l.of = map[blobstore.OID]*lock{}
	}
	one := l.of[oid]
	if one == nil {
		one = &lock{held: make(chan struct{}, 1)}
		l.of[oid] = one
	}
	one.users++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if one.users--; one.users == 0 {
			delete(l.of, oid)
		}
	}
	select {
	case one.held <- struct{}{}:
		return func() { <-one.held; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
