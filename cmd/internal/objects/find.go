package objects

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// askTime is how long somebody may take to say what they have.
const askTime = 5 * time.Second

// byIndex returns the codings of an object of ours.
func (d *download) byIndex(ctx context.Context) ([]*coded, error) {
	r := d.o.index.get(d.ask.OID, sizeOr(d.ask.Size))
	if r == nil || r.Coding.K == 0 {
		return nil, nil
	}
	c, err := d.o.coded(ctx, r, false)
	if err != nil {
		return nil, err
	}
	codings := []*coded{c}
	if r.Next.K > 0 && len(r.of(r.Next.K)) >= r.Next.K {
		if next, err := d.o.coded(ctx, r, true); err == nil {
			codings = append(codings, next)
		}
	}
	return codings, nil
}

func sizeOr(size *int64) int64 {
	if size == nil {
		return -1
	}
	return *size
}

// byRecords returns what repositories know of an object.
func (d *download) byRecords(ctx context.Context) ([]*coded, error) {
	records := d.o.records.Load()
	if records == nil || d.own {
		return nil, nil
	}
	choices, err := (*records).FindFrom(ctx, d.rid, d.ask.From, d.ask.OID, sizeOr(d.ask.Size))
	if err != nil {
		return nil, err
	}
	var all []*coded
	for _, choice := range choices {
		c, err := foreign(choice)
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// foreign is an object as a record has it.
func foreign(choice record.Choice) (*coded, error) {
	params := choice.Record.Params()
	r := &row{Object: friend.Object{Pointer: choice.Pointer(), Gen: params.Gen, Salt: choice.Record.Salt()}}
	r.shares = placedBy(choice)
	r.Public = choice.Reach() == record.Public
	c := &coded{row: r, key: choice.Key, repair: choice.Key.Repair(), manifest: choice.Manifest, owner: choice.Place.Writer}
	c.rid = choice.Place.RID
	c.n = max(len(choice.Holders), choice.Manifest.Roots())
	var err error
	if c.object, err = object.FromManifest(choice.Key, params, choice.Manifest); err != nil {
		return nil, err
	}
	c.locator, err = c.repair.Locator(c.k())
	return c, err
}

// byKey finds an object of ours of which nothing is known here but its name and size: friends keep its sealed manifests, under
// names that the key gives.
func (d *download) byKey(ctx context.Context) ([]*coded, error) {
	if d.ask.Size == nil || d.own || d.o.index.get(d.ask.OID, *d.ask.Size) != nil {
		return nil, nil
	}
	ring, err := d.o.opt.Keys.Keyring()
	if err != nil {
		return nil, err
	}
	for _, salt := range slices.Backward(ring.Salts()) {
		c, err := d.o.bootstrap(ctx, ring, salt.ID(), blobstore.Pointer{OID: d.ask.OID, Size: *d.ask.Size})
		switch {
		case err != nil:
			return nil, err
		case c != nil:
			return []*coded{c}, nil
		}
	}
	return nil, nil
}

// bootstrap asks friends for the manifest of an object under one salt; nil where nobody has one.
func (o *Objects) bootstrap(ctx context.Context, ring *keyring.Keyring, salt keyring.SaltID, p blobstore.Pointer) (*coded, error) {
	r := &row{Object: friend.Object{Pointer: p, Salt: salt}}
	key, err := o.key(r)
	if err != nil {
		return nil, err
	}
	layout, err := r.params().Layout()
	if err != nil {
		return nil, err
	}
	people := o.reachable(ctx, o.opt.People.Friends(), func(radicle.DID) bool { return true })
	for _, k := range likelyK(int(min(layout.Chunks(), blobstore.MaxK))) {
		if m := o.askManifest(ctx, key.Repair(), k, people); m != nil {
			c, err := newCoded(r, key, m, m.Roots())
			if err != nil {
				continue
			}
			if k == 1 {
				c.n = manyK
			}
			c.found = true
			return c, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return nil, nil
}

// likelyK returns the Ks that an object with so many chunks may have, the likely ones first (FORMAT.md §3.4).
func likelyK(most int) []int {
	all := []int{1, 2, 3, 10}
	for k := 4; k <= most; k++ {
		if k != 10 {
			all = append(all, k)
		}
	}
	return slices.DeleteFunc(all, func(k int) bool { return k > most })
}

// askManifest asks people for the manifest of an object in the coding of one K, all at once.
func (o *Objects) askManifest(ctx context.Context, rk blobstore.RepairKey, k int, people []swarm.Person) *manifest.Manifest {
	l, err := rk.Locator(k)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var (
		asking sync.WaitGroup
		mu     sync.Mutex
		best   *manifest.Manifest
	)
	for _, one := range people {
		asking.Go(func() {
			sealed, err := one.Holder.Manifests(ctx, l.MID(one.DID))
			if err != nil {
				return // who does not say has none
			}
			for _, s := range sealed {
				m, err := manifest.Open(rk, k, one.DID, s)
				mu.Lock()
				if err == nil && (best == nil || m.Extends(best)) {
					best = m
				}
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	return best
}

// reachable returns those that are wanted and can be reached, also those who must be dialled for it.
func (o *Objects) reachable(ctx context.Context, who []radicle.DID, want func(radicle.DID) bool) []swarm.Person {
	var (
		reaching sync.WaitGroup
		mu       sync.Mutex
		people   []swarm.Person
	)
	for _, did := range who {
		if !want(did) {
			continue
		}
		reaching.Go(func() {
			if !o.opt.People.Person(did).Online && o.opt.People.Reach(ctx, did) != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			people = append(people, swarm.Person{DID: did, Holder: o.opt.People.Holder(did)})
		})
	}
	reaching.Wait()
	return people
}

// there returns how many of those who are said to have shares can be reached.
func (o *Objects) there(c *coded) (n int) {
	for _, did := range c.row.of(c.k()) {
		if o.opt.People.Person(did).Online && o.troubles.before(did) == nil {
			n++
		}
	}
	return n
}

// gather returns what brings together the sources of a download: those who are said to have shares, dialled where they are
// away; with everybody, also whoever says that they have one; with only, nobody whose word was not asked.
func (o *Objects) gather(c *coded, everybody, only bool) func(context.Context, chan<- swarm.Source) {
	return func(ctx context.Context, more chan<- swarm.Source) {
		var gathering sync.WaitGroup
		defer gathering.Wait()
		has := c.row.of(c.k())
		if everybody {
			gathering.Go(func() { o.ask(ctx, c, has, only, more) })
		}
		if everybody && !only && c.foreign() && c.row.Public {
			gathering.Go(func() { o.askStrangers(ctx, c, more) })
		}
		if only {
			return
		}
		for index, did := range has {
			name, err := c.name(did, index)
			if err != nil {
				continue
			}
			s := swarm.Source{DID: did, Holder: o.opt.People.Holder(did), Index: index, Name: name}
			if o.opt.People.Person(did).Online {
				more <- s // has room for all
				continue
			}
			gathering.Go(func() {
				if o.opt.People.Reach(ctx, did) == nil {
					more <- s
				}
			})
		}
	}
}

// ask asks friends for shares of an object, and those who keep shares of whose it is: all of them, or those who are not said to
// have one. A record may be older than the placing of the last shares.
func (o *Objects) ask(ctx context.Context, c *coded, has map[int]radicle.DID, all bool, more chan<- swarm.Source) {
	known := map[radicle.DID]bool{}
	for _, did := range has {
		known[did] = !all
	}
	who := o.opt.People.Friends()
	if c.foreign() {
		who = append(who, o.opt.People.Keepers(c.owner)...)
		slices.SortFunc(who, func(a, b radicle.DID) int { return bytes.Compare(a[:], b[:]) })
		who = slices.Compact(who)
	}
	people := o.reachable(ctx, who, func(did radicle.DID) bool { return !known[did] })
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	sent := 0
	swarm.Find(ctx, c.repair, c.manifest, c.n, people, func(s swarm.Source) {
		if sent++; sent <= blobstore.MaxN/2 { // there is room for so many
			more <- s
		}
		if !c.foreign() {
			o.found(c, s)
		}
	})
}

// askStrangers finds an open object at those who agreed to be named as its holders, by the word of who stored it. They are asked for a
// byte of each share: what they have they do not tell who is unknown to them.
func (o *Objects) askStrangers(ctx context.Context, c *coded, more chan<- swarm.Source) {
	people, err := o.opt.People.Where(ctx, c.owner, c.rid, c.row.OID)
	if err != nil {
		o.log.Debug("holders of an open object are not known", "object", c.row.OID, "of", c.owner, "err", err)
		return
	}
	friends := o.opt.People.Friends()
	var asking sync.WaitGroup
	for _, one := range people {
		if slices.Contains(friends, one.DID) {
			continue // was asked
		}
		asking.Go(func() {
			if s, ok := o.tryShares(ctx, c, one); ok {
				more <- s // there is room: they are few
			}
		})
	}
	asking.Wait()
}

// tryShares finds which share of an open object somebody has.
func (o *Objects) tryShares(ctx context.Context, c *coded, one swarm.Person) (s swarm.Source, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	for index := range max(c.n, manifest.MinRoots) {
		name, err := c.name(one.DID, index)
		if err != nil {
			return s, false
		}
		err = one.Holder.Get(ctx, name, []blobstore.Range{{Len: 1}}, func(int, []byte) error { return nil })
		if err == nil {
			return swarm.Source{DID: one.DID, Holder: one.Holder, Index: index, Name: name}, true
		}
		if !errors.Is(err, fs.ErrNotExist) {
			o.log.Debug("open share is not to be had", "object", c.row.OID, "at", one.DID, "err", err)
			return s, false
		}
	}
	return s, false
}

// found notes that somebody has a share of ours that was not known to be there. What is open may be there for somebody else.
func (o *Objects) found(c *coded, s swarm.Source) {
	if c.found {
		o.adopt(c)
	}
	if r := o.index.get(c.row.OID, c.row.Size); r != nil && !r.Public && r.at(c.k(), s.Index) == nil && slices.Contains([]int{r.Coding.K, r.Next.K}, c.k()) {
		o.index.share(c.row.OID, c.k(), s.Index, s.DID, true)
	}
}

// adopt takes an object of ours into the index that only friends knew of.
func (o *Objects) adopt(c *coded) {
	bytes, err := c.manifest.MarshalBinary()
	if err != nil {
		return
	}
	n := c.n
	if scheme := newCrowd(o.opt.People).scheme(); scheme.K == c.k() {
		n = min(n, scheme.N)
	}
	o.index.add(friend.Object{
		Pointer: c.row.Pointer, Gen: c.row.Gen, Salt: c.row.Salt, Added: time.Now(),
		Coding: friend.ObjectCoding{K: c.k(), N: n, Manifest: bytes},
	})
}

// tooFew says why an object cannot be brought back now.
func (o *Objects) tooFew(c *coded, few *blobstore.NotEnoughSharesError) string {
	text := fmt.Sprintf("%s of %d needed, %d reachable", counted(few.Need, "share"), max(c.n, few.Need), few.Got)
	return o.withMissing(text, c, func(did radicle.DID) error { return cmp.Or(blamed(few, did), o.troubles.with(did)) })
}

// scarce says who is waited for while nothing of an object comes.
func (o *Objects) scarce(c *coded) string {
	text := fmt.Sprintf("%s of %d needed, %d reachable", counted(c.k(), "share"), max(c.n, c.k()), o.there(c))
	return o.withMissing(text, c, o.troubles.with)
}

// withMissing adds to a sentence who of the holders of an object is away, or has done wrong.
func (o *Objects) withMissing(text string, c *coded, wrong func(radicle.DID) error) string {
	var missing []string
	has := c.row.of(c.k())
	for _, index := range slices.Sorted(maps.Keys(has)) {
		did := has[index]
		if p := o.opt.People.Person(did); !p.Online {
			missing = append(missing, o.called(did)+" ("+away(p)+")")
		} else if err := wrong(did); err != nil {
			missing = append(missing, o.called(did)+" ("+inWords(err)+")")
		}
	}
	if len(missing) > 0 {
		text += "; missing: " + list(missing)
	}
	return text
}

// blamed returns what somebody failed of.
func blamed(few *blobstore.NotEnoughSharesError, did radicle.DID) error {
	for _, err := range few.Failed {
		if h, ok := errors.AsType[*blobstore.HolderError](err); ok && h.Holder == did {
			if errors.Is(h.Err, fs.ErrNotExist) {
				return fs.ErrNotExist
			}
			return h.Err
		}
	}
	return nil
}
