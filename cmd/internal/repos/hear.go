package repos

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// maxCommit bounds a commit that is looked for, in bytes.
const maxCommit = 1 << 20

// Met is told of everybody who is there. Members hear what we have of the repositories that we have in common.
func (r *Repos) Met(s *holder.Session) {
	r.syncs.mu.Lock()
	r.syncs.online[s.DID] = s
	r.syncs.mu.Unlock()
	r.openSoon()
	r.rounds.work(func() {
		for _, rid := range r.MemberOf(s.DID) {
			r.look(r.rounds.ctx, rid)
			r.answer(r.rounds.ctx, s.DID, rid)
		}
	})
}

// Left is told of who is gone.
func (r *Repos) Left(s *holder.Session) {
	r.syncs.mu.Lock()
	defer r.syncs.mu.Unlock()
	if r.syncs.online[s.DID] == s {
		delete(r.syncs.online, s.DID)
	}
}

// Heard is told of REFS, HAS and HOLDS. Strangers to a repository are not answered, as if it were not there.
func (r *Repos) Heard(ctx context.Context, s *holder.Session, m wire.Message) error {
	switch m := m.(type) {
	case *wire.Refs:
		r.heardRefs(ctx, s, m)
	case *wire.Has:
		if m := r.holds(s.DID, m); len(m.Indexes) > 0 {
			return r.tell(ctx, s.DID, m)
		}
	case *wire.Holds:
		r.syncs.heard(s.DID, m)
	}
	return nil
}

// heardRefs fetches where a member has something that is not here.
func (r *Repos) heardRefs(_ context.Context, s *holder.Session, m *wire.Refs) {
	if !r.isMember(m.RID, s.DID) {
		return
	}
	r.syncs.said(m.RID, s.DID, r.self, m.Refs)
	n := news{rid: m.RID, from: s.DID}
	if !r.syncs.want(n) {
		return // and what is fetched then has this, too
	}
	r.rounds.work(func() {
		ctx := r.rounds.ctx
		defer r.syncs.wantNoMore(n)
		if m.Want {
			r.answer(ctx, s.DID, m.RID)
		}
		select {
		case r.syncs.places <- struct{}{}:
			defer func() { <-r.syncs.places }()
		case <-ctx.Done():
			return
		}
		if !r.isNews(ctx, m) {
			return
		}
		if _, err := r.fetch(ctx, n.rid, n.from); err != nil && ctx.Err() == nil {
			r.Log.Debug("news were not fetched", "rid", n.rid, "from", n.from, "err", err)
		}
	})
}

// answer tells somebody where the namespaces of a repository are here.
func (r *Repos) answer(ctx context.Context, did radicle.DID, rid radicle.RID) {
	mine, err := r.refs(ctx, rid)
	if err == nil {
		err = r.tell(ctx, did, mine)
	}
	if err != nil {
		r.Log.Debug("member was not told", "rid", rid, "did", did, "err", err)
	}
}

// tell sends a message to somebody; nobody hears where there are no people.
func (r *Repos) tell(ctx context.Context, did radicle.DID, m wire.Message) error {
	if r.People == nil {
		return nil
	}
	return r.People.Tell(ctx, did, m)
}

func (s *syncs) want(n news) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted[n] {
		return false
	}
	s.wanted[n] = true
	return true
}

func (s *syncs) wantNoMore(n news) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.wanted, n)
}

// isNews reports whether a commit of signed refs is not here, of somebody else's namespace.
func (r *Repos) isNews(ctx context.Context, m *wire.Refs) (news bool) {
	err := r.with(ctx, m.RID, func(e *repository, v *view) error {
		for _, ref := range m.Refs {
			if ref.NID.DID() == r.self || v.heads[ref.NID] == ref.OID {
				continue
			}
			if kind, _, err := e.repo.Read(ctx, ref.OID, maxCommit); err != nil || kind != gitobj.KindCommit {
				news = true
			}
		}
		return nil
	})
	return err == nil && news
}

// refs says where the namespaces of a repository are: ours, those of members, and some others.
func (r *Repos) refs(ctx context.Context, rid radicle.RID) (*wire.Refs, error) {
	m := &wire.Refs{RID: rid}
	err := r.with(ctx, rid, func(_ *repository, v *view) error {
		order := []radicle.NID{r.self.NID()}
		for _, did := range v.doc.Members() {
			order = append(order, did.NID())
		}
		for nid := range v.heads {
			order = append(order, nid)
		}
		told := make(map[radicle.NID]bool)
		for _, nid := range order {
			if at := v.heads[nid]; !at.IsZero() && !told[nid] && len(m.Refs) < wire.MaxRefs {
				m.Refs = append(m.Refs, wire.Ref{NID: nid, OID: at})
				told[nid] = true
			}
		}
		return nil
	})
	return m, err
}

// tellMembers tells members who are there what we have of a repository.
func (r *Repos) tellMembers(ctx context.Context, rid radicle.RID) error {
	if r.People == nil {
		return nil
	}
	m, err := r.refs(ctx, rid)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, ref := range m.Refs {
		if ref.NID.DID() == r.self {
			r.syncs.news(rid, ref.OID)
		}
	}
	r.mu.Lock()
	people := slices.Clone(r.members.of[rid])
	r.mu.Unlock()
	for _, did := range people {
		if did == r.self || !r.People.Online(did) {
			continue
		}
		if err := r.tell(ctx, did, m); err != nil {
			r.Log.Debug("member was not told", "rid", rid, "did", did, "err", err)
		}
	}
	return ctx.Err()
}

// holds answers which of the repositories that are meant are here, of those that the asker is a member of.
func (r *Repos) holds(asker radicle.DID, m *wire.Has) *wire.Holds {
	out := &wire.Holds{Nonce: m.Nonce}
	for _, rid := range r.MemberOf(asker) {
		hash := wire.HasHash(m.Nonce, rid)
		for i, is := range m.Hashes {
			if is == hash && len(out.Indexes) < wire.MaxRefs {
				out.Indexes = append(out.Indexes, uint32(i))
			}
		}
	}
	return out
}

// heard passes an answer on to who has asked.
func (s *syncs) heard(from radicle.DID, m *wire.Holds) {
	s.mu.Lock()
	q := s.asked[m.Nonce]
	s.mu.Unlock()
	if q == nil || !slices.Contains(m.Indexes, 0) {
		return
	}
	select {
	case q.answers <- from:
	default: // enough have answered
	}
}

// Reads reports whether somebody reads a repository now.
func (r *Repos) Reads(guest radicle.DID, rid radicle.RID) bool {
	return r.isMember(rid, guest) && !slices.Contains(r.settings.noRead(rid), guest) ||
		slices.Contains(r.settings.named(rid), guest)
}

// Published returns the device certificates of somebody that repositories here carry.
func (r *Repos) Published(ctx context.Context, did radicle.DID) (all []*keyring.Certificate, err error) {
	for _, rid := range r.MemberOf(did) {
		err := r.with(ctx, rid, func(e *repository, _ *view) error {
			b := e.index.Branch(did)
			if b == nil {
				return nil
			}
			cert, err := b.Certificate(ctx)
			if err == nil && cert.DID() == did {
				all = append(all, cert)
			}
			return nil // one that is not there, or cannot be read, is none
		})
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.Log.Debug("repository passed over", "rid", rid, "err", err)
		}
	}
	return all, nil
}

// Joined is told of a member's line that was accepted: the repository is fetched from whoever wrote it.
func (r *Repos) Joined(_ context.Context, line friend.MemberLine) error {
	rid, from := line.Introduction.RID(), line.Introduction.DID()
	r.rounds.work(func() {
		ctx := r.rounds.ctx
		if _, err := r.fetch(ctx, rid, from); err != nil && ctx.Err() == nil {
			r.Log.Info("repository was not fetched yet", "rid", rid, "from", from, "err", err)
		}
	})
	return nil
}

// Holders implements [holder.Where]: who agreed to be named and has shares of an open object.
func (r *Repos) Holders(ctx context.Context, rid radicle.RID, oid blobstore.OID) ([][]byte, error) {
	if r.Objects == nil {
		return nil, nil
	}
	choices, err := r.findIn(ctx, rid, control.From{}, oid, -1)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for _, c := range choices {
		if c.Place.Writer != r.self || c.Record.Reach() != record.Public {
			continue
		}
		for _, did := range r.Objects.Holders(c.Pointer()) {
			if a, err := r.State.Address(ctx, did); err == nil && a.Named() && len(all) < wire.MaxList {
				all = append(all, a.Bytes())
			}
		}
	}
	return all, ctx.Err()
}
