package repos

import (
	"context"
	"crypto/rand"
	"slices"
	"time"

	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// moreTime is how long others are waited for once somebody has answered.
const moreTime = 200 * time.Millisecond

// whoHas asks all who are there for a repository that is not in storage. Who does not have it, or may not tell, learns nothing.
func (r *Repos) whoHas(ctx context.Context, rid radicle.RID) ([]radicle.DID, error) {
	q := &question{rid: rid, answers: make(chan radicle.DID, 64)}
	ask := &wire.Has{}
	if _, err := rand.Read(ask.Nonce[:]); err != nil {
		return nil, err
	}
	ask.Hashes = [][32]byte{wire.HasHash(ask.Nonce, rid)}
	asked := r.syncs.ask(ask.Nonce, q)
	defer r.syncs.answered(ask.Nonce)
	waiting := 0
	for _, did := range asked {
		if err := r.People.Tell(ctx, did, ask); err == nil {
			waiting++
		}
	}
	return q.collect(ctx, waiting)
}

// ask remembers a question, and returns who is there to be asked.
func (s *syncs) ask(nonce [32]byte, q *question) (all []radicle.DID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[nonce] = q
	for did := range s.online {
		all = append(all, did)
	}
	slices.SortFunc(all, radicle.DID.Compare)
	return all
}

func (s *syncs) answered(nonce [32]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asked, nonce)
}

// collect waits for answers: for all, or a while.
func (q *question) collect(ctx context.Context, waiting int) (all []radicle.DID, err error) {
	timer := time.NewTimer(hasTime)
	defer timer.Stop()
	for len(all) < waiting {
		select {
		case did := <-q.answers:
			if !slices.Contains(all, did) {
				all = append(all, did)
			}
			timer.Reset(moreTime) // one is enough, more are better
		case <-timer.C:
			return all, nil
		case <-ctx.Done():
			return all, ctx.Err()
		}
	}
	return all, nil
}
