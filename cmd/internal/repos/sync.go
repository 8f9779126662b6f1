package repos

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore/holder"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/replicate"
)

const (
	// hasTime is how long an answer to HAS is waited for; silence is no.
	hasTime = 2 * time.Second
	// maxFetches is how many repositories are fetched at a time because somebody told of news.
	maxFetches = 4
)

// syncs is what is under way with others.
type syncs struct {
	mu     sync.Mutex
	busy   map[radicle.RID]chan struct{} // one fetch of a repository at a time
	wanted map[news]bool                 // that are to be fetched
	asked  map[[32]byte]*question        // by nonce
	online map[radicle.DID]*holder.Session
	told   map[radicle.RID]radicle.Oid // heads of our signed refs
	places chan struct{}               // for fetches of news
	replicas
}

// news is a repository that somebody has something new of.
type news struct {
	rid  radicle.RID
	from radicle.DID
}

func (s *syncs) init() {
	s.busy, s.wanted = make(map[radicle.RID]chan struct{}), make(map[news]bool)
	s.asked, s.online = make(map[[32]byte]*question), make(map[radicle.DID]*holder.Session)
	s.replicas.init()
	s.told = make(map[radicle.RID]radicle.Oid)
	s.places = make(chan struct{}, maxFetches)
}

// question is a HAS that waits for answers.
type question struct {
	rid     radicle.RID
	answers chan radicle.DID
}

// ServeGit implements [holder.Git].
func (r *Repos) ServeGit(ctx context.Context, p holder.Peer, s net.Stream) error {
	return r.server.Serve(ctx, s, p.DID)
}

// seeds reports whether the person lets a repository be given to others: their policy for it, else the default.
func (r *Repos) seeds(ctx context.Context, rid radicle.RID) (bool, error) {
	policy, err := nodedb.OpenPolicies(r.Profile.Home.Node()).Seeding(ctx, rid)
	if errors.Is(err, fs.ErrNotExist) {
		return r.Profile.Config.Seeding.Default == "allow" || r.ours(ctx, rid), nil
	}
	return policy.Allowed, err
}

// ours reports whether the document of a repository names us: who never ran a Radicle node has no policies, and works with
// others all the same.
func (r *Repos) ours(ctx context.Context, rid radicle.RID) (yes bool) {
	err := r.with(ctx, rid, func(_ *repository, v *view) error {
		yes = v.names(r.self)
		return nil
	})
	return err == nil && yes
}

// wants says what a fetch takes: by the person's policy, as Radicle's node would.
func (r *Repos) wants(ctx context.Context, rid radicle.RID) (o replicate.Options, err error) {
	o = replicate.Options{Storage: r.Storage, RID: rid, Local: r.Profile.NID, Alias: r.Profile.Config.Alias}
	policies := nodedb.OpenPolicies(r.Profile.Home.Node())
	scope := r.Profile.Config.Seeding.Scope
	switch seeding, err := policies.Seeding(ctx, rid); {
	case err == nil && seeding.Allowed:
		scope = seeding.Scope
	case err == nil:
		return o, &BlockedError{RID: rid}
	case !errors.Is(err, fs.ErrNotExist):
		return o, err
	}
	follows, err := policies.Follows(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return o, err
	}
	follow, block := make(map[radicle.NID]bool), make(map[radicle.NID]bool)
	for _, f := range follows {
		if f.Allowed {
			follow[f.NID] = true
		} else {
			block[f.NID] = true
		}
	}
	if scope == "followed" {
		o.Follows = func(nid radicle.NID) bool { return follow[nid] }
	}
	o.Blocks = func(nid radicle.NID) bool { return block[nid] }
	return o, nil
}

// BlockedError is a repository that the person has blocked.
type BlockedError struct{ RID radicle.RID }

func (e *BlockedError) Error() string { return e.RID.String() + " is blocked by your seeding policy" }

// Sync fetches a repository from members who are there. One that is not in storage is asked for among all who are there.
func (r *Repos) Sync(ctx context.Context, rid radicle.RID, tell func(control.Line)) (control.Synced, error) {
	out := control.Synced{From: []radicle.DID{}, Failed: []control.PersonError{}}
	there, away, err := r.sources(ctx, rid)
	if err != nil {
		return out, err
	}
	for _, did := range there {
		if err := r.syncFrom(ctx, rid, did, tell, &out); err != nil {
			return out, err
		}
	}
	for _, did := range away {
		if len(out.From) > 0 {
			break
		}
		if err := r.syncFrom(ctx, rid, did, tell, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// syncFrom fetches from one person. The error is what concerns all of them.
func (r *Repos) syncFrom(
	ctx context.Context, rid radicle.RID, from radicle.DID, tell func(control.Line), out *control.Synced,
) error {
	note(tell, "fetching from "+r.name(from))
	result, err := r.fetch(ctx, rid, from)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, blocked := errors.AsType[*BlockedError](err); blocked {
		return &control.Error{Code: control.CodeConflict, Message: err.Error(), Hint: "rad seed " + rid.String()}
	}
	if err != nil {
		out.Failed = append(out.Failed, control.PersonError{DID: from, Name: r.name(from), Error: err.Error()})
		return nil
	}
	out.From = append(out.From, from)
	for _, n := range result.Namespaces {
		out.Changed += len(n.Refs)
	}
	return nil
}

func note(tell func(control.Line), text string) {
	if tell != nil {
		tell(control.Line{Note: text})
	}
}

// name is what we call somebody.
func (r *Repos) name(did radicle.DID) string {
	if name := r.friendName(did); name != "" {
		return name
	}
	return did.Short()
}

// friendName is what we call a friend; empty for others.
func (r *Repos) friendName(did radicle.DID) string {
	f, _ := r.State.Friend(did)
	return f.Name
}

// sources are those to fetch a repository from: members who are there, delegates first; and those who may be found, to be dialled
// if that leads nowhere: who has introduced us, then other members.
func (r *Repos) sources(ctx context.Context, rid radicle.RID) (there, away []radicle.DID, err error) {
	if r.People == nil {
		return nil, nil, nil
	}
	var people []radicle.DID
	err = r.with(ctx, rid, func(_ *repository, v *view) error {
		people = v.doc.Members()
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		people, err = r.whoHas(ctx, rid)
	}
	if err != nil {
		return nil, nil, err
	}
	if away, err = r.introducers(ctx, rid); err != nil {
		return nil, nil, err
	}
	for _, did := range people {
		switch {
		case did == r.self:
		case r.People.Online(did):
			there = append(there, did)
		case !slices.Contains(away, did):
			away = append(away, did)
		}
	}
	return there, slices.DeleteFunc(away, func(did radicle.DID) bool { return slices.Contains(there, did) }), nil
}

// introducers are those who have introduced us as a reader of a repository: they can be dialled.
func (r *Repos) introducers(ctx context.Context, rid radicle.RID) (people []radicle.DID, err error) {
	all, err := r.State.Received(ctx, radicle.DID{})
	for _, i := range all {
		if i.RID() == rid && !slices.Contains(people, i.DID()) {
			people = append(people, i.DID())
		}
	}
	return people, err
}

// fetch fetches a repository from somebody, and does what follows.
func (r *Repos) fetch(ctx context.Context, rid radicle.RID, from radicle.DID) (*replicate.Result, error) {
	unlock, err := r.syncs.lock(ctx, rid)
	if err != nil {
		return nil, err
	}
	defer unlock()
	o, err := r.wants(ctx, rid)
	if err != nil {
		return nil, err
	}
	stream, err := r.People.Open(ctx, from, wire.ProtocolGit)
	if err != nil {
		return nil, err
	}
	result, err := replicate.Fetch(ctx, stream, o)
	if err != nil || len(result.Namespaces) == 0 {
		return result, err
	}
	r.fetched(ctx, rid)
	r.refresh(ctx, result)
	r.spread(rid, false)
	return result, nil
}

// lock waits until nobody fetches a repository, and returns what lets the next one.
func (s *syncs) lock(ctx context.Context, rid radicle.RID) (unlock func(), err error) {
	s.mu.Lock()
	place := s.busy[rid]
	if place == nil {
		place = make(chan struct{}, 1)
		s.busy[rid] = place
	}
	s.mu.Unlock()
	select {
	case place <- struct{}{}:
		return func() { <-place }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// refresh brings Radicle's cache up to date after a fetch, tells its node, and lets git collect garbage.
func (r *Repos) refresh(ctx context.Context, result *replicate.Result) {
	var nids []radicle.NID
	for _, n := range result.Namespaces {
		nids = append(nids, n.NID)
	}
	r.announce(ctx, result.RID, nids...)
	err := r.with(ctx, result.RID, func(e *repository, _ *view) error {
		return errors.Join(r.refreshPatches(ctx, e, result), e.repo.Collect(ctx))
	})
	if err != nil && ctx.Err() == nil {
		r.Log.Debug("after a fetch", "rid", result.RID, "err", err)
	}
}
