package holder

import (
	"context"
	"sync"
	"testing"

	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// recorder is a Control that remembers.
type recorder struct {
	mu    sync.Mutex
	met   []*Session
	left  []error
	heard []wire.Message
	twins []Twins

	total  int // messages
	change chan struct{}
}

func (r *recorder) Met(s *Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.met = append(r.met, s)
	r.note()
}

func (r *recorder) Heard(_ context.Context, _ *Session, m wire.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.heard = append(r.heard, m)
	r.total++
	r.note()
	return nil
}

func (r *recorder) Left(_ *Session, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = append(r.left, err)
	r.note()
}

func (r *recorder) Twins(t Twins) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.twins = append(r.twins, t)
	r.note()
}

func (r *recorder) reported() []Twins {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Twins(nil), r.twins...)
}

// await waits for the next message of a kind.
func (r *recorder) await(t testing.TB, kind wire.Kind) wire.Message {
	t.Helper()
	for {
		r.mu.Lock()
		changed := r.changed()
		for i, m := range r.heard {
			if m.Kind() == kind {
				r.heard = append(r.heard[:i:i], r.heard[i+1:]...)
				r.mu.Unlock()
				return m
			}
		}
		r.mu.Unlock()
		<-changed
	}
}

// session returns the last session with somebody, when there is one.
func (r *recorder) session(t testing.TB, did radicle.DID) *Session {
	t.Helper()
	for {
		r.mu.Lock()
		changed := r.changed()
		for i := len(r.met) - 1; i >= 0; i-- {
			if s := r.met[i]; s.DID == did {
				r.mu.Unlock()
				return s
			}
		}
		r.mu.Unlock()
		<-changed
	}
}

// sessions returns all sessions, when there are so many.
func (r *recorder) sessions(t testing.TB, n int) []*Session {
	t.Helper()
	for {
		r.mu.Lock()
		changed, all := r.changed(), r.met
		r.mu.Unlock()
		if len(all) >= n {
			return all
		}
		<-changed
	}
}

// ending returns why the last session that was met ended, when it has.
func (r *recorder) ending(t testing.TB) error {
	t.Helper()
	for {
		r.mu.Lock()
		changed, all := r.changed(), r.left
		r.mu.Unlock()
		if len(all) > 0 {
			return all[len(all)-1]
		}
		<-changed
	}
}

// noticed returns the twins that were reported, when there are some.
func (r *recorder) noticed(t testing.TB) []Twins {
	t.Helper()
	for {
		r.mu.Lock()
		changed, all := r.changed(), r.twins
		r.mu.Unlock()
		if len(all) > 0 {
			return all
		}
		<-changed
	}
}

// count returns how many messages were heard.
func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total
}

// changed returns what is closed when something is noted. The caller holds mu.
func (r *recorder) changed() <-chan struct{} {
	if r.change == nil {
		r.change = make(chan struct{})
	}
	return r.change
}

// note says that something was. The caller holds mu.
func (r *recorder) note() {
	if r.change != nil {
		close(r.change)
		r.change = nil
	}
}
