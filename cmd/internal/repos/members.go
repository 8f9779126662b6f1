package repos

import (
	"context"
	"slices"
	"sync"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/identity"
)

// members knows whom the repositories in storage name, so that the question costs nothing.
type members struct {
	of    map[radicle.RID][]radicle.DID
	count map[radicle.DID]int // in how many repositories
	first *firstSurvey        // nil: not started
}

// surveyTime is how long after the start a question about members waits for the first survey.
const surveyTime = 5 * time.Second

// firstSurvey ends when all repositories in storage were read for the first time.
type firstSurvey struct {
	began time.Time
	done  chan struct{}
	end   func() // may be called again
}

func newFirstSurvey() *firstSurvey {
	f := &firstSurvey{began: time.Now(), done: make(chan struct{})}
	f.end = sync.OnceFunc(func() { close(f.done) })
	return f
}

// surveyed waits for the first survey: until then nobody knows who is no member. In a storage with very many repositories it does
// not wait for the last.
func (r *Repos) surveyed() {
	r.mu.Lock()
	first := r.members.first
	r.mu.Unlock()
	if first == nil {
		return
	}
	select {
	case <-first.done:
		return
	default:
	}
	timer := time.NewTimer(time.Until(first.began.Add(surveyTime)))
	defer timer.Stop()
	select {
	case <-first.done:
	case <-timer.C:
	case <-r.rounds.ctx.Done():
	}
}

// noteMembers remembers whom a document names, and says if that is news.
func (r *Repos) noteMembers(rid radicle.RID, doc *identity.Document) {
	next := doc.Members()
	r.mu.Lock()
	old, known := r.members.of[rid]
	same := known && slices.Equal(old, next)
	if !same {
		r.members.set(rid, next)
	}
	r.mu.Unlock()
	if !same {
		r.wake(rid)
	}
	if known && !same {
		r.tellChanged()
	}
}

// tellChanged says that members have changed. Whoever cuts connections then waits for those who serve them, who may be waiting
// for us.
func (r *Repos) tellChanged() {
	if r.Changed != nil {
		r.rounds.work(r.Changed)
	}
}

func (m *members) set(rid radicle.RID, next []radicle.DID) {
	for _, did := range m.of[rid] {
		if m.count[did]--; m.count[did] == 0 {
			delete(m.count, did)
		}
	}
	if next == nil {
		delete(m.of, rid)
		return
	}
	for _, did := range next {
		m.count[did]++
	}
	m.of[rid] = next
}

// IsMember implements holder.Members: the accepted document of any repository in storage names the DID. In the first moments
// after the start it waits until that is known.
func (r *Repos) IsMember(did radicle.DID) bool {
	is := func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.members.count[did] > 0
	}
	if is() {
		return true
	}
	r.surveyed()
	return is()
}

// isMember reports whether the document of one repository names a DID.
func (r *Repos) isMember(rid radicle.RID, did radicle.DID) bool {
	r.surveyed()
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.members.of[rid], did)
}

// MemberOf returns the repositories in storage whose documents name a DID, in no order.
func (r *Repos) MemberOf(did radicle.DID) (all []radicle.RID) {
	r.surveyed()
	r.mu.Lock()
	defer r.mu.Unlock()
	for rid, people := range r.members.of {
		if slices.Contains(people, did) {
			all = append(all, rid)
		}
	}
	return all
}

// Readers implements [zone.Members].
func (r *Repos) Readers(ctx context.Context, rid radicle.RID) (readers []radicle.DID, err error) {
	err = r.with(ctx, rid, func(_ *repository, v *view) error {
		readers = r.readers(rid, v)
		return nil
	})
	return readers, err
}
