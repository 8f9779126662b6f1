package repos

import (
	"context"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/identity"
)

// members knows whom the repositories in storage name, so that the question costs nothing.
type members struct {
	of    map[radicle.RID][]radicle.DID
	count map[radicle.DID]int // in how many repositories
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

// IsMember implements holder.Members: the accepted document of any repository in storage names the DID.
func (r *Repos) IsMember(did radicle.DID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.members.count[did] > 0
}

// isMember reports whether the document of one repository names a DID.
func (r *Repos) isMember(rid radicle.RID, did radicle.DID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.members.of[rid], did)
}

// MemberOf returns the repositories in storage whose documents name a DID, in no order.
func (r *Repos) MemberOf(did radicle.DID) (all []radicle.RID) {
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
