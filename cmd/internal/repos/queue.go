package repos

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// queue is what is stored and not recorded. It lives in memory: the index of objects and our branch, which both are durable, say
// the same after a restart (rebuild.go).
type queue struct {
	mu      sync.Mutex
	pending map[radicle.RID]map[blobstore.Pointer]pending
	batches map[string]*prepared // that pushes have, by id
	opening map[blobstore.Pointer]bool
	written map[radicle.RID]map[blobstore.Pointer][32]byte // hashes of the manifests that our records have
}

// pending is one object to record.
type pending struct {
	record.New
	zone zone.Zone // as it was settled; zero: no path is known yet
	hint bool      // only the holders differ from what is recorded: that has time (RECORD.md §5)
}

// prepared is a batch that was handed out, and not yet said to be signed.
type prepared struct {
	rid  radicle.RID
	plan *plan
	made time.Time
}

// maxPrepared is how many batches are remembered; the oldest go first. What was in them is found out from the branch.
const maxPrepared = 256

func (q *queue) init() {
	q.pending = make(map[radicle.RID]map[blobstore.Pointer]pending)
	q.batches = make(map[string]*prepared)
	q.opening = make(map[blobstore.Pointer]bool)
	q.written = make(map[radicle.RID]map[blobstore.Pointer][32]byte)
}

// put adds an object. What was settled of it stays.
func (q *queue) put(rid radicle.RID, n record.New) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pending[rid] == nil {
		q.pending[rid] = make(map[blobstore.Pointer]pending)
	}
	next := pending{New: n, zone: q.pending[rid][n.Pointer].zone}
	was, recorded := q.written[rid][n.Pointer]
	next.hint = recorded && was == n.Manifest.Hash()
	q.pending[rid][n.Pointer] = next
}

// has reports whether an object is queued.
func (q *queue) has(rid radicle.RID, n record.New) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, ok := q.pending[rid][n.Pointer]
	return ok
}

// wrote notes the manifests that our records have now.
func (q *queue) wrote(rid radicle.RID, p blobstore.Pointer, hash [32]byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.written[rid] == nil {
		q.written[rid] = make(map[blobstore.Pointer][32]byte)
	}
	q.written[rid][p] = hash
}

// settle notes the zones of objects that are pending.
func (q *queue) settle(rid radicle.RID, zones map[blobstore.Pointer]zone.Zone) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for p, z := range zones {
		if n, ok := q.pending[rid][p]; ok {
			n.zone = z
			q.pending[rid][p] = n
		}
	}
}

// of returns what is pending in a repository.
func (q *queue) of(rid radicle.RID) []pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.SortedFunc(maps.Values(q.pending[rid]), func(a, b pending) int { return bytes.Compare(a.Pointer.OID[:], b.Pointer.OID[:]) })
}

// count returns how many objects are pending in a repository that nobody can find yet, or not as they are.
func (q *queue) count(rid radicle.RID) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.pending[rid] {
		if !p.hint {
			n++
		}
	}
	return n
}

// total returns how many objects are pending in all repositories.
func (q *queue) total() (n int) {
	q.mu.Lock()
	rids := slices.Collect(maps.Keys(q.pending))
	q.mu.Unlock()
	for _, rid := range rids {
		n += q.count(rid)
	}
	return n
}

// take removes what was recorded, unless it has changed since.
func (q *queue) take(rid radicle.RID, done []pending) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range done {
		is, ok := q.pending[rid][p.Pointer]
		if ok && is.Manifest == p.Manifest && slices.Equal(is.Holders, p.Holders) {
			delete(q.pending[rid], p.Pointer)
		}
	}
	if len(q.pending[rid]) == 0 {
		delete(q.pending, rid)
	}
}

// prepare remembers a batch.
func (q *queue) prepare(id string, p *prepared) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.batches) >= maxPrepared {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(q.batches)), func(a, b string) int {
			return q.batches[a].made.Compare(q.batches[b].made)
		})
		delete(q.batches, oldest)
	}
	q.batches[id] = p
}

// finish returns a batch once.
func (q *queue) finish(id string) *prepared {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.batches[id]
	delete(q.batches, id)
	return p
}

// open adds objects whose shares are to be marked open.
func (q *queue) open(objects []blobstore.Pointer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range objects {
		q.opening[p] = true
	}
}

func (q *queue) toOpen() []blobstore.Pointer {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Collect(maps.Keys(q.opening))
}

func (q *queue) opened(p blobstore.Pointer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.opening, p)
}

// Stored says that an object was stored for a repository and is to be recorded. It is called again when the shares of an object
// have changed.
func (r *Repos) Stored(_ context.Context, rid radicle.RID, n record.New) {
	r.queue.put(rid, n)
	r.rounds.at(rid, time.Now().Add(storedTime))
}

// storedTime is how long after something was stored the daemon records it at the latest, where no agent says that it has ended.
const storedTime = 5 * time.Minute
