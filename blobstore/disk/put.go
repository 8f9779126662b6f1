package disk

import (
	"context"

	"radswarm/blobstore"
)

// flushSize is how many bytes of shares are made durable together. Small shares so share the cost of reaching the disk.
const flushSize = 8 << 20

// put is a Put under way.
type put struct {
	*View
	offers   []blobstore.Offer
	outcomes []blobstore.Outcome
	arrivals []*arrival // of offers whose share is wanted; nil for others
	lends    []*lending
}

// arrival is a share that was promised room.
type arrival struct {
	step
	part *part
	had  bool
	done bool // the step was applied
}

// lending is an offer of a share that is there.
type lending struct {
	step
	i int // of the offer
}

// Put implements [blobstore.Putter]. An owner that is not the peer is [blobstore.ErrDenied].
func (v *View) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	if err := checkCount("number of offers", len(offers), blobstore.MaxOffers); err != nil {
		return nil, err
	}
	leave, err := v.store.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	p := &put{
		View: v, offers: offers,
		outcomes: make([]blobstore.Outcome, len(offers)), arrivals: make([]*arrival, len(offers)),
	}
	if err := p.decide(); err != nil {
		return nil, err
	}
	p.receive(ctx)
	p.giveUp()
	return p.outcomes, ctx.Err()
}

// decide finds an outcome or room for each offer, and tells.
func (p *put) decide() error {
	for i := range p.offers {
		p.outcomes[i] = p.judge(i)
	}
	if err := p.touch(); err != nil {
		return err
	}
	p.lend()
	for i, a := range p.arrivals {
		if a == nil {
			continue
		}
		a.part, p.outcomes[i].Err = p.store.newPart(p.offers[i], a.claim)
	}
	for i, o := range p.offers {
		if o.Decided != nil {
			o.Decided(p.outcomes[i])
		}
	}
	return nil
}

// judge returns the outcome of an offer that is refused or that nothing is to be done for; else it makes it an arrival or a
// lending, with room promised.
func (p *put) judge(i int) blobstore.Outcome {
	o := p.offers[i]
	if err := p.checkOffer(o); err != nil {
		return blobstore.Outcome{Err: err}
	}
	r, err := p.store.peek(o.Name)
	if err != nil {
		return blobstore.Outcome{Err: err}
	}
	there := r.state == held || r.state == trashed
	if there && r.length != o.Len {
		return blobstore.Outcome{Err: blobstore.ErrRoot} // whatever comes, a root names one length
	}
	l := newLease(o)
	if old, ok := leaseOf(r.leases, p.peer); ok && r.state == held && old.equal(l) {
		return blobstore.Outcome{Had: true, Err: p.store.fs.SyncDir(folder(o.Name.SID))}
	}
	c := p.claim(o, &r)
	if err := p.store.account.reserve(c, p.store.fs.Free); err != nil {
		return blobstore.Outcome{Err: err}
	}
	if there {
		p.lends = append(p.lends, &lending{step{name: o.Name, do: p.store.revive(l), claim: c}, i})
	} else {
		p.arrivals[i] = &arrival{step: step{name: o.Name, claim: c}}
	}
	return blobstore.Outcome{}
}

// claim returns the room that an offer needs, of which there is this.
func (p *put) claim(o blobstore.Offer, r *record) *claim {
	after, l := *r, newLease(o)
	switch r.state {
	case held:
		after.leases = withLease(r.leases, l)
	case trashed: // it comes back to who asks alone
		after.leases = []lease{l}
	default:
		after = record{base: blobstore.Charge(o.Len, 0), leases: []lease{l}}
	}
	c := &claim{owner: p.peer, pledge: p.pledge}
	c.toOwner = max(0, after.chargeTo(p.peer)-r.chargeTo(p.peer))
	c.total = max(int64(len(o.Sealed)), after.size()-r.size())
	if r.state == bad { // it stays until the new one is whole
		c.total = after.size()
	}
	return c
}

// touch marks all names that are to change. If that cannot be done, nothing stays promised.
func (p *put) touch() error {
	var steps []*step
	for _, l := range p.lends {
		steps = append(steps, &l.step)
	}
	for _, a := range p.arrivals {
		if a != nil {
			steps = append(steps, &a.step)
		}
	}
	err := p.store.touch(steps)
	if err == nil {
		return nil
	}
	for _, st := range steps {
		p.store.account.settle(charges{}, st.claim)
	}
	if !isIndexFull(err) {
		return err
	}
	for _, l := range p.lends {
		p.outcomes[l.i].Err = &FullError{Bound: BoundDisk, Need: l.claim.total}
	}
	for i, a := range p.arrivals {
		if a != nil {
			p.outcomes[i].Err = &FullError{Bound: BoundDisk, Need: a.claim.total}
		}
	}
	p.lends = nil
	clear(p.arrivals)
	return nil
}

// lend gives shares that are there to one more owner.
func (p *put) lend() {
	steps := make([]*step, len(p.lends))
	for i, l := range p.lends {
		steps[i] = &l.step
	}
	_ = p.store.apply(steps) // what was done is durable, and what is marked in the index is looked at
	for _, l := range p.lends {
		p.outcomes[l.i] = blobstore.Outcome{Had: l.err == nil, Err: l.err}
	}
}

// receive takes in the shares that arrive, one after the other, and makes some at a time durable.
func (p *put) receive(ctx context.Context) {
	var some []int
	var bytes int64
	for i, a := range p.arrivals {
		if a == nil || a.part == nil {
			continue
		}
		if err := p.store.receive(ctx, p.offers[i], a.part); err != nil {
			p.outcomes[i].Err = err
			continue
		}
		some = append(some, i)
		if bytes += p.offers[i].Len; bytes >= flushSize {
			p.flush(some)
			some, bytes = nil, 0
		}
	}
	p.flush(some) // also of a Put that is cancelled: what came whole need not come again
}

// flush makes shares durable whose parts are complete.
func (p *put) flush(some []int) {
	var steps []*step
	var whole []int
	finished := together(some, func(i int) error { return p.arrivals[i].part.finish() })
	p.makeFolders(some)
	for n, i := range some {
		a := p.arrivals[i]
		if err := finished[n]; err != nil {
			p.outcomes[i].Err = fullOr(err, a.claim.total)
			continue
		}
		a.do = p.store.install(a.part, &a.had)
		steps, whole = append(steps, &a.step), append(whole, i)
	}
	_ = p.store.apply(steps)
	for _, i := range whole {
		a := p.arrivals[i]
		a.done = true
		p.outcomes[i] = blobstore.Outcome{Had: a.had && a.err == nil, Err: a.err}
	}
}

// makeFolders makes the folders of some shares, together. What goes wrong shows again where one of them is moved there.
func (p *put) makeFolders(some []int) {
	dirs := make([]string, len(some))
	for n, i := range some {
		dirs[n] = folder(p.offers[i].Name.SID)
	}
	_ = p.store.makeFolders(dirs...)
}

// giveUp ends what did not become a share: parts are removed, and room is given back.
func (p *put) giveUp() {
	var steps []*step
	for _, a := range p.arrivals {
		if a == nil {
			continue
		}
		if a.part != nil && (!a.done || a.had || a.err != nil) {
			if err := p.store.drop(a.part); err != nil {
				p.store.log.Warn("part stays until the store is opened again", "error", err)
			}
		}
		if !a.done {
			a.do = func(*record) error { return nil }
			steps = append(steps, &a.step)
		}
	}
	_ = p.store.apply(steps)
}
