package disk

import (
	"bytes"
	"cmp"
	"slices"
	"sync"

	"radswarm/blobstore"
)

// locks are held on names while their files change. Whoever holds one takes no other, but several at once.
type locks struct {
	mu   sync.Mutex
	held map[blobstore.ShareName]*nameLock
}

type nameLock struct {
	sync.Mutex
	wanted int // by how many; guarded by locks.mu
}

// lock takes the locks of names, and returns what gives them back. The names are different ones.
func (l *locks) lock(names []blobstore.ShareName) (unlock func()) {
	names = slices.SortedFunc(slices.Values(names), compareNames) // in one order, so that nobody waits in a circle
	for _, name := range names {
		l.want(name).Lock()
	}
	return func() {
		for _, name := range names {
			l.release(name)
		}
	}
}

func (l *locks) want(name blobstore.ShareName) *nameLock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held == nil {
		l.held = map[blobstore.ShareName]*nameLock{}
	}
	n := l.held[name]
	if n == nil {
		n = new(nameLock)
		l.held[name] = n
	}
	n.wanted++
	return n
}

func (l *locks) release(name blobstore.ShareName) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.held[name]
	n.Unlock()
	if n.wanted--; n.wanted == 0 {
		delete(l.held, name)
	}
}

func compareNames(a, b blobstore.ShareName) int {
	return cmp.Or(bytes.Compare(a.SID[:], b.SID[:]), bytes.Compare(a.Root[:], b.Root[:]))
}
