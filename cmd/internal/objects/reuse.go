package objects

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// errNoKey is an object that was stored by a collaborator's key, of which no record is here any more.
var errNoKey = errors.New("no record has its key any more")

// recordsOf returns the records of an object in its repositories that open, ours among them.
func (o *Objects) recordsOf(ctx context.Context, r *row) (all []record.Choice, err error) {
	records := o.records.Load()
	if records == nil {
		return nil, nil
	}
	for _, m := range r.Repositories {
		choices, err := (*records).Find(ctx, m.RID, r.OID, r.Size)
		if err != nil {
			return nil, err
		}
		all = append(all, choices...)
	}
	return all, nil
}

// keyOf returns the content key by which an object of ours is coded: one that our own gives, or a collaborator's, which is then
// in a record.
func (o *Objects) keyOf(ctx context.Context, r *row, m *manifest.Manifest) (key blobstore.ContentKey, reused bool, err error) {
	key, err = o.key(r)
	if err == nil && m.CheckObject(key, r.params()) == nil {
		return key, false, nil
	}
	choices, findErr := o.recordsOf(ctx, r)
	for _, c := range choices {
		if c.Record.Params() == r.params() && m.CheckObject(c.Key, r.params()) == nil {
			return c.Key, true, nil
		}
	}
	if err == nil {
		err = errors.Join(errNoKey, findErr)
	}
	return key, false, err
}

// reuse returns the coding in which a collaborator stored an object, where that is to be ours as well (DESIGN.md §6, Dedup): its
// shares need not be made again at friends that we have in common. Nil: there is none.
//
// The file is coded by the collaborator's key first: roots that are not those of the record are a lie, and cost one reading.
func (o *Objects) reuse(ctx context.Context, w *work, r *row, scheme swarm.Scheme) (*coded, error) {
	choices, err := o.recordsOf(ctx, r)
	if err != nil {
		o.log.Debug("records of others cannot be read", "object", r.OID, "err", err)
		return nil, nil
	}
	for _, choice := range record.Others(choices, o.opt.Self) {
		if !o.suits(ctx, choice, scheme) {
			continue
		}
		as := r.copied()
		as.Salt, as.Gen, as.Public = choice.Record.Salt(), choice.Record.Gen(), choice.Reach() == record.Public
		c, err := o.commit(ctx, w, as, choice.Key, swarm.Scheme{K: scheme.K, N: max(scheme.N, choice.Manifest.Roots())})
		if err != nil {
			return nil, err
		}
		if !c.manifest.Extends(choice.Manifest) {
			o.log.Warn("a record has other shares than its object", "object", r.OID, "writer", choice.Place.Writer)
			continue
		}
		c.n, c.reused = scheme.N, true
		r.Salt, r.Gen, r.Public = as.Salt, as.Gen, as.Public
		o.index.edit(r.OID, func(row *friend.Object) { row.Salt, row.Gen, row.Public = as.Salt, as.Gen, as.Public })
		return c, nil
	}
	return nil, nil
}

// suits reports whether we would store an object as its record says: in the coding that is right for our friends, whole as far as
// its writer knew, and public only where that is our word, too.
func (o *Objects) suits(ctx context.Context, choice record.Choice, scheme swarm.Scheme) bool {
	layout, err := choice.Record.Params().Layout()
	if err != nil || choice.Manifest.Coding().K() != int(min(int64(scheme.K), layout.Chunks())) {
		return false
	}
	if choice.Reach() == record.Public {
		return (*o.records.Load()).Public(ctx, choice.Place.RID)
	}
	people := map[radicle.DID]bool{}
	for _, did := range choice.Holders {
		people[did] = !did.IsZero()
	}
	delete(people, radicle.DID{})
	return len(people) >= choice.Manifest.Coding().K()
}

// claim has friends keep the shares of a reused object for us as well which they keep for others: those that records name, and,
// of a public one, those that show a share. They answer that they have it, and no bytes travel. Each is asked once in its work.
func (o *Objects) claim(ctx context.Context, w *work, c *coded, people []swarm.Person) error {
	if !c.reused {
		return nil
	}
	said, err := o.saidToHave(ctx, c)
	if err != nil {
		return err
	}
	var all []swarm.Source
	for _, p := range people {
		index, ok := said[p.DID]
		if !ok || w.claimed[p.DID] {
			continue
		}
		if name, err := c.name(p.DID, index); err == nil {
			all = append(all, swarm.Source{DID: p.DID, Holder: p.Holder, Index: index, Name: name})
		}
	}
	return o.claimAll(ctx, w, c, all)
}

// saidToHave returns which share of a coding somebody has by the records of others.
func (o *Objects) saidToHave(ctx context.Context, c *coded) (map[radicle.DID]int, error) {
	choices, err := o.recordsOf(ctx, c.row)
	if err != nil {
		return nil, err
	}
	said := map[radicle.DID]int{}
	for _, choice := range record.Others(choices, o.opt.Self) {
		if choice.Manifest.Key() != c.manifest.Key() || choice.Manifest.Coding().K() != c.k() {
			continue
		}
		for index, did := range choice.Holders {
			if _, ok := said[did]; !ok && !did.IsZero() && index < c.roots() {
				said[did] = index
			}
		}
	}
	return said, nil
}

// roots is how many shares there can be.
func (c *coded) roots() int {
	if c.k() == 1 {
		return blobstore.MaxN
	}
	return c.manifest.Roots()
}

// claimAll offers shares to those who have them. Who says so has to show it.
func (o *Objects) claimAll(ctx context.Context, w *work, c *coded, all []swarm.Source) error {
	taken := c.row.of(c.k())
	all = slices.DeleteFunc(all, func(s swarm.Source) bool {
		_, placed := taken[s.Index]
		if !placed {
			taken[s.Index] = s.DID // and nobody else's of the same index is of use
		}
		return placed
	})
	if len(all) == 0 {
		return nil
	}
	if w.claimed == nil {
		w.claimed = map[radicle.DID]bool{}
	}
	var (
		offering sync.WaitGroup
		mu       sync.Mutex
		had      = map[int]radicle.DID{}
		people   []swarm.Person
	)
	for _, s := range all {
		w.claimed[s.DID] = true
		people = append(people, swarm.Person{DID: s.DID, Holder: s.Holder})
		offering.Go(func() {
			if err := o.offerAgain(ctx, c, s, c.row.Public); err != nil {
				o.log.Debug("share is not there to be reused", "object", c.row.OID, "share", s.Index, "at", s.DID, "err", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			had[s.Index] = s.DID
		})
	}
	offering.Wait()
	sending := o.sending(c, people, nil)
	sending.Placed = had
	checks, err := swarm.Verify(ctx, sending, swarm.VerifyOptions{Patience: decision})
	if err != nil {
		return err
	}
	for _, check := range checks {
		if check.State == swarm.Held {
			o.index.share(c.row.OID, c.k(), check.Index, check.DID, true)
			o.partings.drop(check.DID, check.Name)
		}
	}
	o.reread(ctx, c)
	w.tell()
	return nil
}

// reread brings a coding up to what the index has by now, and tells repositories where it has more.
func (o *Objects) reread(ctx context.Context, c *coded) {
	before := len(c.row.of(c.k()))
	fresh := o.index.get(c.row.OID, c.row.Size)
	if fresh == nil {
		return
	}
	*c.row = *fresh
	if len(fresh.of(c.k())) > before && c.k() == fresh.Coding.K {
		o.tellRecords(ctx, c)
	}
}

// offerAgain offers a share to somebody who has it: no bytes travel, and where they are wanted it is an error.
func (o *Objects) offerAgain(ctx context.Context, c *coded, s swarm.Source, open bool) error {
	sealed, err := manifest.Seal(c.repair, s.DID, c.manifest)
	if err != nil {
		return err
	}
	offer := blobstore.Offer{
		Name: s.Name, Len: c.manifest.Coding().ShareLen(s.Index), Owner: o.opt.Self, Open: open,
		MID: c.locator.MID(s.DID), Sealed: sealed,
		Share: func() (io.ReadCloser, error) { return nil, errBytes },
	}
	asking, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	outcomes, err := s.Holder.Put(asking, []blobstore.Offer{offer})
	switch {
	case err != nil:
	case len(outcomes) != 1:
		err = io.ErrUnexpectedEOF
	default:
		err = outcomes[0].Err
	}
	if err != nil {
		return &blobstore.HolderError{Holder: s.DID, Index: s.Index, Err: err}
	}
	return nil
}
