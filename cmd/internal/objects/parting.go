package objects

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// partings are the shares that holders are to delete. Who is away is told when they are back, also after a restart.
type partings struct {
	journal *journal
	people  People
	log     *slog.Logger
	call    chan struct{} // has room for one: there is something to tell

	mu sync.Mutex
	at map[radicle.DID]*parting
}

// parting is what one holder is to delete.
type parting struct {
	names  map[blobstore.ShareName]time.Time
	asking chan struct{} // has room for one: it is being told
}

// partingTime is how long a holder may take to delete shares.
const partingTime = 10 * time.Second

func newPartings(ctx context.Context, opt Options, j *journal) (*partings, error) {
	p := &partings{journal: j, people: opt.People, log: opt.Log, call: make(chan struct{}, 1), at: map[radicle.DID]*parting{}}
	all, err := opt.State.Farewells(ctx)
	for _, f := range all {
		p.of(f.DID).names[f.Name] = f.Since
	}
	return p, err
}

func (p *partings) of(did radicle.DID) *parting {
	one := p.at[did]
	if one == nil {
		one = &parting{names: map[blobstore.ShareName]time.Time{}, asking: make(chan struct{}, 1)}
		p.at[did] = one
	}
	return one
}

// say has a share deleted at somebody.
func (p *partings) say(at radicle.DID, name blobstore.ShareName) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(at).names[name] = now
	p.journal.add(func(c *friend.ObjectChange) error {
		return c.Farewell(friend.Farewell{DID: at, Name: name, Since: now})
	})
}

// drop takes that back, or says that it was done.
func (p *partings) drop(at radicle.DID, names ...blobstore.ShareName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := p.at[at]
	if one == nil {
		return
	}
	for _, name := range names {
		if _, ok := one.names[name]; ok {
			delete(one.names, name)
			p.journal.add(func(c *friend.ObjectChange) error { return c.Parted(at, name) })
		}
	}
}

// waiting returns how many shares are to be deleted, at how many people, and since when the first is.
func (p *partings) waiting() (shares, people int, since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.at {
		if len(one.names) > 0 {
			shares, people = shares+len(one.names), people+1
		}
		for _, said := range one.names {
			if since.IsZero() || said.Before(since) {
				since = said
			}
		}
	}
	return shares, people, since
}

// unsay takes back what concerns the shares of an object, before they are offered to people again. Where somebody is being told
// just now, it waits for that.
func (p *partings) unsay(ctx context.Context, c *coded, people []swarm.Person) error {
	for _, one := range people {
		p.mu.Lock()
		told := p.at[one.DID]
		busy := told != nil && len(told.names) > 0
		p.mu.Unlock()
		if !busy {
			continue
		}
		var names []blobstore.ShareName
		for index := range max(c.n, c.roots()) {
			name, err := c.name(one.DID, index)
			if err != nil {
				return err
			}
			names = append(names, name)
		}
		select {
		case told.asking <- struct{}{}:
			p.drop(one.DID, names...)
			<-told.asking
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// wake has everybody told who can be reached.
func (p *partings) wake() { nudge(p.call) }

// run tells people until ctx ends.
func (p *partings) run(ctx context.Context) {
	for {
		select {
		case <-p.call:
			var telling sync.WaitGroup
			for _, did := range p.due() {
				telling.Go(func() { _, _ = p.tell(ctx, did) }) // again at the next change
			}
			telling.Wait()
		case <-ctx.Done():
			return
		}
	}
}

// due returns who is to be told something and can be reached.
func (p *partings) due() []radicle.DID {
	p.mu.Lock()
	var all []radicle.DID
	for did, one := range p.at {
		if len(one.names) > 0 {
			all = append(all, did)
		}
	}
	p.mu.Unlock()
	return slices.DeleteFunc(all, func(did radicle.DID) bool { return !p.people.Person(did).Online })
}

// tell has somebody delete what is due there, and returns how much that was.
func (p *partings) tell(ctx context.Context, did radicle.DID) (int, error) {
	p.mu.Lock()
	one := p.of(did)
	p.mu.Unlock()
	select {
	case one.asking <- struct{}{}:
		defer func() { <-one.asking }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	p.mu.Lock()
	names := slices.Collect(maps.Keys(one.names))
	p.mu.Unlock()
	deleted := 0
	for some := range slices.Chunk(names, blobstore.MaxNames) {
		asking, cancel := context.WithTimeout(ctx, partingTime)
		err := p.people.Holder(did).Delete(asking, some)
		cancel()
		if err != nil {
			p.log.Info("shares are not deleted yet", "at", did, "shares", len(some), "err", err)
			return deleted, err
		}
		p.drop(did, some...)
		deleted += len(some)
	}
	return deleted, nil
}
