package repos

import (
	"context"
	"errors"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/node"
)

// What moves in storage without anybody telling us.

// watchEvery is how often repositories of which a member is there are looked at: a push without big files, and Radicle's own
// tools, tell us nothing.
const watchEvery = 5 * time.Second

// watch tells members who are there what was written here by others than us.
func (r *Repos) watch() {
	ctx := r.rounds.ctx
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, rid := range r.shared() {
			r.look(ctx, rid)
		}
	}
}

// shared are the repositories of which a member is there.
func (r *Repos) shared() (all []radicle.RID) {
	seen := make(map[radicle.RID]bool)
	for _, did := range r.syncs.there() {
		for _, rid := range r.MemberOf(did) {
			if !seen[rid] {
				seen[rid] = true
				all = append(all, rid)
			}
		}
	}
	return all
}

// there are those who are there.
func (s *syncs) there() (all []radicle.DID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for did := range s.online {
		all = append(all, did)
	}
	return all
}

// look tells members where our namespace has moved.
func (r *Repos) look(ctx context.Context, rid radicle.RID) {
	err := r.with(ctx, rid, func(_ *repository, v *view) error {
		if r.syncs.news(rid, v.heads[r.self.NID()]) {
			r.spread(rid, false)
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		r.Log.Debug("repository cannot be read", "rid", rid, "err", err)
	}
}

// news reports whether the head of our signed refs was not told yet. The first that is seen was: at the meeting.
func (s *syncs) news(rid radicle.RID, head radicle.Oid) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.told[rid]
	s.told[rid] = head
	return known && old != head
}

// listen hears from the Radicle node what it has fetched, and looks again when it was away.
func (r *Repos) listen() {
	ctx := r.rounds.ctx
	for ctx.Err() == nil {
		if err := r.hear(ctx); err != nil && !errors.Is(err, node.ErrNotRunning) && ctx.Err() == nil {
			r.Log.Debug("node is not heard", "err", err)
		}
		timer := time.NewTimer(nodeAgain)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// nodeAgain is how long after a node was not there it is looked for again.
const nodeAgain = 30 * time.Second

func (r *Repos) hear(ctx context.Context) error {
	sub, err := r.Node.Subscribe(ctx)
	if err != nil {
		return err
	}
	defer sub.Close()
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	for {
		event, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		switch event := event.(type) {
		case *node.RefsFetched:
			if len(event.Updated) > 0 {
				r.fetched(ctx, event.RID)
			}
		case *node.LocalRefsAnnounced:
			r.moved(event.RID)
			r.spread(event.RID, false)
		}
	}
}

// fetched looks at what came from elsewhere, and does a round where it names other members.
func (r *Repos) fetched(ctx context.Context, rid radicle.RID) {
	r.moved(rid)
	if err := r.with(ctx, rid, func(*repository, *view) error { return nil }); err != nil && ctx.Err() == nil {
		r.Log.Debug("repository cannot be read", "rid", rid, "err", err)
	}
	r.wake(rid)
}
