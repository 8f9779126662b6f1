package repos

import (
	"context"
	"slices"
	"strconv"
	"time"

	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// wroteTime is how long a push waits until members have what it wrote.
const wroteTime = 2 * time.Second

// replicas remembers what members have of our namespace, by their own word. Under syncs.mu.
type replicas struct {
	heads   map[radicle.RID]map[radicle.DID]radicle.Oid
	changed chan struct{} // closed when somebody has said something
}

func (p *replicas) init() {
	p.heads, p.changed = make(map[radicle.RID]map[radicle.DID]radicle.Oid), make(chan struct{})
}

// said notes what a member has of our namespace.
func (s *syncs) said(rid radicle.RID, who, self radicle.DID, refs []wire.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		if ref.NID.DID() != self {
			continue
		}
		if s.replicas.heads[rid] == nil {
			s.replicas.heads[rid] = make(map[radicle.DID]radicle.Oid)
		}
		s.replicas.heads[rid][who] = ref.OID
		close(s.replicas.changed)
		s.replicas.changed = make(chan struct{})
	}
}

// having returns who has a state of our namespace, and what tells that it may be more by now.
func (s *syncs) having(rid radicle.RID, head radicle.Oid) (who []radicle.DID, changed <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for did, at := range s.replicas.heads[rid] {
		if at == head {
			who = append(who, did)
		}
	}
	slices.SortFunc(who, radicle.DID.Compare)
	return who, s.replicas.changed
}

// Wrote says that refs of ours in a repository have moved: others are told. It returns who has all of them.
func (r *Repos) Wrote(ctx context.Context, rid radicle.RID, in control.Wrote) (control.Replicas, error) {
	out := control.Replicas{People: []control.Replica{}}
	r.moved(rid)
	r.spread(rid, false)
	var head radicle.Oid
	var there []radicle.DID
	err := r.with(ctx, rid, func(_ *repository, v *view) error {
		head = v.heads[r.self.NID()]
		for _, did := range v.doc.Members() {
			if did != r.self && r.People != nil && r.People.Online(did) {
				there = append(there, did)
			}
		}
		return nil
	})
	if err != nil {
		return out, r.notThere(rid, err)
	}
	if !in.Wait {
		there = nil
	}
	for _, did := range r.await(ctx, rid, head, there) {
		out.People = append(out.People, control.Replica{DID: did, Name: r.friendName(did)})
	}
	return out, nil
}

// await waits until some have a state of our namespace, or a while, and returns all who have it.
func (r *Repos) await(ctx context.Context, rid radicle.RID, head radicle.Oid, these []radicle.DID) []radicle.DID {
	timer := time.NewTimer(wroteTime)
	defer timer.Stop()
	for {
		who, changed := r.syncs.having(rid, head)
		if !slices.ContainsFunc(these, func(did radicle.DID) bool { return !slices.Contains(who, did) }) {
			return who
		}
		select {
		case <-changed:
		case <-timer.C:
			return who
		case <-ctx.Done():
			return who
		}
	}
}

// Warnings are what a person should know of all repositories.
func (r *Repos) Warnings() []control.Warning {
	n := r.queue.total()
	if n == 0 {
		return nil
	}
	w := control.Warning{Text: "1 object is stored, not yet findable by others"}
	if n > 1 {
		w.Text = strconv.Itoa(n) + " objects are stored, not yet findable by others"
	}
	if _, err := r.Keys.Signer(r.rounds.ctx); err != nil {
		w.Hint = "rad swarm unlock"
	}
	return []control.Warning{w}
}
