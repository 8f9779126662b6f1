package repos

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
)

// message is that of the commits with records.
const message = "Update records of the swarm"

// maxAgain is how many rounds follow each other in one repository without a pause.
const maxAgain = 64

// rounds is what the daemon does without being asked.
type rounds struct {
	mu    sync.Mutex
	due   map[radicle.RID]time.Time // when a round is to be done at the latest
	kick  chan struct{}
	ctx   context.Context
	stop  context.CancelFunc
	group sync.WaitGroup
}

func (o *rounds) init() {
	o.due, o.kick = make(map[radicle.RID]time.Time), make(chan struct{}, 1)
	o.ctx, o.stop = context.WithCancel(context.Background())
}

// work runs something that Close waits for, unless it has begun.
func (o *rounds) work(do func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ctx.Err() == nil {
		o.group.Go(do)
	}
}

// end ends all work and waits for it.
func (o *rounds) end() {
	o.mu.Lock()
	o.stop()
	o.mu.Unlock()
	o.group.Wait()
}

// context lasts until Close.
func (o *rounds) context() context.Context { return o.ctx }

// at wants a round at a time, or earlier where one was wanted earlier.
func (o *rounds) at(rid radicle.RID, t time.Time) {
	o.mu.Lock()
	if old, ok := o.due[rid]; !ok || t.Before(old) {
		o.due[rid] = t
	}
	o.mu.Unlock()
	select {
	case o.kick <- struct{}{}:
	default:
	}
}

// pushed takes a round back: a push does what it would do.
func (o *rounds) pushed(rid radicle.RID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.due, rid)
}

// next takes a repository whose round is due, or says how long there is nothing to do.
func (o *rounds) next(now time.Time) (rid radicle.RID, wait time.Duration, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	wait = every
	for id, t := range o.due {
		if !t.After(now) {
			delete(o.due, id)
			return id, 0, true
		}
		wait = min(wait, t.Sub(now))
	}
	return rid, wait, false
}

// Start begins to do rounds: in all repositories now and every hour, and in one when something there has changed.
func (r *Repos) Start() {
	first := newFirstSurvey()
	r.mu.Lock()
	r.members.first = first
	r.mu.Unlock()
	r.rounds.work(r.loop)
	r.rounds.work(func() { r.survey(first) })
	r.rounds.work(r.watch)
	if r.Node != nil {
		r.rounds.work(r.listen)
	}
}

// Close ends everything and waits for it.
func (r *Repos) Close() error {
	r.rounds.end()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.trim(0)
	return nil
}

// loop does what is due.
func (r *Repos) loop() {
	ctx := r.rounds.ctx
	for ctx.Err() == nil {
		rid, wait, ok := r.rounds.next(time.Now())
		if ok {
			r.tend(ctx, rid)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-r.rounds.kick:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// survey looks at all repositories, now and every hour.
func (r *Repos) survey(first *firstSurvey) {
	ctx := r.rounds.ctx
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	for {
		r.surveyAll(ctx, first.end)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Survey reads whom the repositories in storage name, queues what is stored and not recorded, and wants a round of each.
func (r *Repos) Survey(ctx context.Context) { r.surveyAll(ctx, func() {}) }

// surveyAll is Survey. It says when all repositories were read, or cannot be.
func (r *Repos) surveyAll(ctx context.Context, read func()) {
	defer read()
	all, err := r.Storage.Repositories(ctx)
	if err != nil {
		r.Log.Warn("storage cannot be read", "err", err)
		return
	}
	for _, rid := range all {
		err := r.with(ctx, rid, func(*repository, *view) error { return nil })
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.Log.Debug("repository passed over", "rid", rid, "err", err)
		}
	}
	read()
	r.forgetGone(all)
	if err := r.rebuild(ctx); err != nil && ctx.Err() == nil {
		r.Log.Warn("queue of records cannot be rebuilt", "err", err)
	}
	r.openSoon()
	for _, rid := range all {
		r.wake(rid)
	}
}

// wake wants a round of a repository now.
func (r *Repos) wake(rid radicle.RID) { r.rounds.at(rid, time.Time{}) }

// Ended says that a program which stores objects for a repository has ended. If no push follows, the daemon writes the records.
func (r *Repos) Ended(rid radicle.RID) {
	if r.queue.count(rid) > 0 {
		r.rounds.at(rid, time.Now().Add(r.Patience))
	}
}

// tend does a round, and says what went wrong.
func (r *Repos) tend(ctx context.Context, rid radicle.RID) {
	err := r.Round(ctx, rid)
	switch {
	case err == nil, ctx.Err() != nil, errors.Is(err, fs.ErrNotExist):
	case errors.Is(err, profile.ErrLocked):
		r.Log.Info("records are written when the radicle key is at hand", "rid", rid)
	default:
		r.Log.Warn("round of a repository", "rid", rid, "err", err)
	}
}

// Round brings our branch of a repository up to its readers and to what is pending, signs it, and tells others.
func (r *Repos) Round(ctx context.Context, rid radicle.RID) error {
	for range maxAgain {
		again, err := r.roundOnce(ctx, rid)
		if err != nil || !again {
			return err
		}
	}
	return nil
}

func (r *Repos) roundOnce(ctx context.Context, rid radicle.RID) (again bool, err error) {
	err = r.writing(ctx, rid, func(e *repository, v *view) error {
		if !r.concerns(e, v) {
			return nil
		}
		p, err := r.planRound(ctx, e, v)
		if err != nil {
			return err
		}
		if again = p.More; p.empty() {
			e.seen = p.Seen
			r.finish(ctx, e, p)
		} else if err := r.commit(ctx, e, p); err != nil {
			return err
		}
		if e.index.Branch(r.self) != nil {
			r.introduce(ctx, rid, r.readers(rid, v))
		}
		return nil
	})
	return again && err == nil, err
}

// concerns reports whether there may be something of ours in a repository: something to record, a branch, or other members, who
// find our card there.
func (r *Repos) concerns(e *repository, v *view) bool {
	if r.queue.count(e.rid) > 0 || e.index.Branch(r.self) != nil {
		return true
	}
	return v.names(r.self) && len(v.doc.Members()) > 1
}

// commit writes a plan into our namespace and signs it.
func (r *Repos) commit(ctx context.Context, e *repository, p *plan) error {
	signer, err := r.Keys.Signer(ctx)
	if err != nil {
		return err
	}
	r.willOpen(p)
	place := record.Place{RID: e.rid, Writer: r.self}
	_, err = e.repo.Update(ctx, signer, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, record.Ref, message, func(ctx context.Context, tree *storage.Tree) error {
			_, err := place.Apply(ctx, tree, p.Batch)
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	r.finish(ctx, e, p)
	r.spread(e.rid, true)
	_, err = r.fresh(ctx, e)
	return err
}

// spread tells members, and the Radicle node unless whoever wrote has done so.
func (r *Repos) spread(rid radicle.RID, announce bool) {
	ctx := r.rounds.ctx
	r.rounds.work(func() {
		if announce {
			r.announce(ctx, rid)
		}
		if err := r.tellMembers(ctx, rid); err != nil && ctx.Err() == nil {
			r.Log.Debug("members were not told", "rid", rid, "err", err)
		}
	})
}

// announce makes a running node tell of namespaces, ours if none are named, where the person's policy has it spread the
// repository.
func (r *Repos) announce(ctx context.Context, rid radicle.RID, namespaces ...radicle.NID) {
	if r.Node == nil {
		return
	}
	if seeds, err := r.seeds(ctx, rid); err != nil || !seeds {
		return
	}
	_, err := r.Node.AnnounceRefs(ctx, rid, namespaces...)
	if err != nil && !errors.Is(err, node.ErrNotRunning) && ctx.Err() == nil {
		r.Log.Debug("node does not announce", "rid", rid, "err", err)
	}
}

// Unlocked says that the Radicle key is at hand: what has waited for it is done.
func (r *Repos) Unlocked() { r.rounds.work(func() { r.Survey(r.rounds.ctx) }) }
