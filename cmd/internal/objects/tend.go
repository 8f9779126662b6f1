package objects

import (
	"context"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

// tendEvery is how often work that waits is looked at, while there is some: whom there was trouble with may be asked again.
const tendEvery = 10 * time.Second

// tend has work done when somebody came, when friends have been as many as now for some time, and after a while.
func (o *Objects) tend(ctx context.Context) {
	changes, stop := o.opt.People.Changes()
	defer stop()
	settle, again, retry := time.NewTimer(o.opt.Settle), time.NewTimer(tendEvery), time.NewTicker(o.opt.Retry)
	defer settle.Stop()
	defer retry.Stop()
	defer again.Stop()
	friends, online := newCrowd(o.opt.People).friends, o.online(nil)
	for {
		select {
		case <-changes:
			online = o.online(online)
			if now := newCrowd(o.opt.People).friends; now != friends {
				friends = now
				o.settled.Store(false)
				settle.Reset(o.opt.Settle)
			}
			o.wakeAll()
			o.partings.wake()
		case <-settle.C:
			o.settled.Store(true)
			o.improve()
		case <-retry.C:
			o.dropLinks()
			o.resume()
		case <-again.C:
			o.wakeAll()
			if shares, _, _ := o.partings.waiting(); shares > 0 {
				o.partings.wake()
			}
			again.Reset(tendEvery)
		case <-ctx.Done():
			return
		}
	}
}

// online returns who can be reached, and forgives those who could not be before.
func (o *Objects) online(before map[radicle.DID]bool) map[radicle.DID]bool {
	now := map[radicle.DID]bool{}
	for _, did := range o.opt.People.Friends() {
		if !o.opt.People.Person(did).Online {
			continue
		}
		if now[did] = true; before != nil && !before[did] {
			o.troubles.forgive(did)
		}
	}
	return now
}

// wakeAll has work go on that waits and for which there is somebody new to ask.
func (o *Objects) wakeAll() {
	works := o.works.list()
	if len(works) == 0 {
		return
	}
	crowd, now := newCrowd(o.opt.People), time.Now()
	for _, w := range works {
		if s := w.see(); s.state == waiting && !now.Before(s.rest) && o.useful(w.Pointer, crowd) {
			o.works.start(w.Pointer, false)
		}
	}
}

// useful reports whether a run of an object's work would find somebody to ask.
func (o *Objects) useful(p blobstore.Pointer, crowd *crowd) bool {
	useful := false
	known := o.index.look(p, func(r *row) {
		if r.Coding.K == 0 {
			useful = crowd.friends > 0
			return
		}
		for _, of := range []friend.ObjectCoding{r.Coding, r.Next} {
			if of.K > 0 && len(r.of(of.K)) < of.N && o.someone(r, of.K, crowd) {
				useful = true
			}
		}
	})
	return useful || !known
}

// someone reports whether somebody can be reached who has no share of a coding.
func (o *Objects) someone(r *row, k int, crowd *crowd) bool {
	has := r.of(k)
	for _, one := range crowd.candidates {
		if !one.Online || one.Free <= 0 || o.troubles.with(one.DID) != nil {
			continue
		}
		taken := false
		for _, did := range has {
			taken = taken || did == one.DID
		}
		if !taken {
			return true
		}
	}
	return false
}

// improve has objects coded again, or more shares of them placed, for which there are more friends by now.
func (o *Objects) improve() {
	crowd := newCrowd(o.opt.People)
	for _, p := range o.index.all(func(r *row) bool {
		_, better := o.better(r, crowd, true)
		_, grows := o.grows(r, crowd, true)
		return better || grows
	}) {
		o.works.start(p, false)
	}
}

// dropLinks removes links to files whose shares are not all placed after a day, if the shares that are bring the object back.
func (o *Objects) dropLinks() {
	now := time.Now()
	for _, p := range o.index.all(func(r *row) bool {
		return r.Source.Link != "" && !r.Pending.IsZero() && now.Sub(r.Pending) > o.opt.Link && r.Coding.K > 0 && len(r.of(r.Coding.K)) >= r.Coding.K
	}) {
		o.index.edit(p.OID, func(row *friend.Object) {
			dropLink(row.Source)
			row.Source.Link = ""
		})
	}
}

// Wake has everything go on that waits, because what it waited for may be there: the Radicle key was unlocked.
func (o *Objects) Wake() {
	for _, w := range o.works.list() {
		if w.see().state == waiting {
			w.postpone(0)
			o.works.start(w.Pointer, false)
		}
	}
}
