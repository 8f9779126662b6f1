package repos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// plan is what a round wants done in a repository, and what is done with it.
type plan struct {
	*zone.Result
	done    []pending           // what the batch records
	known   []blobstore.Pointer // of these, and of those recorded before, that are settled now
	unknown []blobstore.Pointer // recorded before any path was known
}

// empty reports whether nothing is to be written.
func (p *plan) empty() bool { return p.Empty() && p.Batch.Certificate == nil }

// cards knows the cards that the state database knows, and our own.
type cards struct{ r *Repos }

// Get implements [zone.Cards].
func (c cards) Get(did radicle.DID) *keyring.Card {
	if did == c.r.self && c.r.Card != nil {
		if card := c.r.Card(); card != nil {
			return card
		}
	}
	return c.r.State.Card(did)
}

// given are readers that were asked for already.
type given []radicle.DID

// Readers implements [zone.Members].
func (g given) Readers(context.Context, radicle.RID) ([]radicle.DID, error) {
	return slices.Clone(g), nil
}

// round returns the round of our branch, with nothing pending. The keyring must be at hand.
func (r *Repos) round(ctx context.Context, e *repository, v *view) (zone.Round, error) {
	ring, err := r.Keys.Keyring(ctx)
	if err != nil {
		return zone.Round{}, err
	}
	if ring.DID() != r.self {
		return zone.Round{}, fmt.Errorf("keyring of %v: %w", ring.DID(), keyring.ErrMismatch)
	}
	return zone.Round{
		Place: record.Place{RID: e.rid, Writer: r.self}, Branch: e.index.Branch(r.self), Opener: r.openerNow(ctx),
		Members: given(r.readers(e.rid, v)), Cards: cards{r}, Further: r.State.Mine(), Named: r.settings.named(e.rid),
		Public: !v.doc.Visibility().Private, Seen: e.seen, Begun: e.begun,
	}, nil
}

// policy is what zones are settled by.
func (r *Repos) policy(e *repository, v *view) zone.Policy {
	return zone.Policy{
		Consent: r.settings.consent(e.rid), Public: !v.doc.Visibility().Private,
		Readers: r.readers(e.rid, v), Owner: append([]radicle.DID{r.self}, r.State.Mine()...),
	}
}

// planRound plans a round with what is pending, and more. Who calls it holds the lock of writing.
func (r *Repos) planRound(ctx context.Context, e *repository, v *view, more ...zone.Pending) (*plan, error) {
	round, err := r.round(ctx, e, v)
	if err != nil {
		return nil, err
	}
	p := &plan{}
	unsettled := r.settings.unsettled(e.rid)
	for _, n := range r.due(e) {
		next, err := r.pend(ctx, e, v, round.Branch, n, unsettled)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			r.Log.Warn("object cannot be recorded", "rid", e.rid, "oid", n.Pointer.OID, "err", err)
			continue
		}
		round.Pending = append(round.Pending, next)
		p.add(n, next.Zone)
	}
	for _, next := range more {
		round.Pending = append(round.Pending, next)
		p.known = append(p.known, next.Object.Pointer())
	}
	if p.Result, err = round.Plan(ctx); err != nil {
		return nil, err
	}
	p.Batch.Certificate = r.newCertificate(ctx, round.Branch, v)
	p.leave(r)
	return p, nil
}

// maxHint is how old the holders in records may be while nothing else is written.
const maxHint = 24 * time.Hour

// due returns what is to be recorded now: where only holders have changed, nothing before a day is over.
func (r *Repos) due(e *repository) []pending {
	all := r.queue.of(e.rid)
	if r.queue.count(e.rid) == 0 && r.Now().Sub(e.hinted) < maxHint {
		return nil
	}
	return all
}

// add notes an object that the plan records.
func (p *plan) add(n pending, z zone.Zone) {
	p.done = append(p.done, n)
	if z.IsZero() {
		p.unknown = append(p.unknown, n.Pointer)
	} else {
		p.known = append(p.known, n.Pointer)
	}
}

// leave takes out what the round had a problem with: it stays pending.
func (p *plan) leave(r *Repos) {
	for _, problem := range p.Problems {
		r.Log.Warn("object left as it is", "err", problem)
		same := func(q blobstore.Pointer) bool { return q == problem.Pointer }
		if errors.Is(problem.Err, record.ErrInward) {
			continue // it will not get better
		}
		p.done = slices.DeleteFunc(p.done, func(n pending) bool { return same(n.Pointer) })
		p.known, p.unknown = slices.DeleteFunc(p.known, same), slices.DeleteFunc(p.unknown, same)
	}
}

// pend makes the record of an object. Its zone is what was settled, now or when it was recorded before.
func (r *Repos) pend(
	ctx context.Context, e *repository, v *view, own *record.Branch, n pending, unsettled map[blobstore.Pointer]bool,
) (zone.Pending, error) {
	z := n.zone
	if z.IsZero() && own != nil && own.Has(n.Pointer) && !unsettled[n.Pointer] {
		z = zone.Of(zone.Private) // it was settled: the round leaves it as wide as it is
	}
	o, err := r.object(ctx, e, v, n.New)
	return zone.Pending{Object: o, Zone: z}, err
}

// object is what the record of something stored is made from: its own key, or that of a collaborator whose shares are used again.
func (r *Repos) object(ctx context.Context, e *repository, v *view, n record.New) (*record.Object, error) {
	if r.derives(ctx, n) {
		return record.Place{RID: e.rid, Writer: r.self}.New(n)
	}
	choices, err := r.lookup(ctx, e, v, n.Pointer.OID, n.Pointer.Size)
	if err != nil {
		return nil, err
	}
	same := func(own bool) int {
		return slices.IndexFunc(choices, func(c record.Choice) bool { return c.Key.Equal(n.Key) && (c.Place.Writer == r.self) == own })
	}
	for _, i := range []int{same(true), same(false)} {
		if i >= 0 {
			return asStored(choices[i].Object, n)
		}
	}
	return record.Place{RID: e.rid, Writer: r.self}.New(n)
}

// asStored is an object of a record with the manifest and the holders that we have.
func asStored(o *record.Object, n record.New) (*record.Object, error) {
	if o.Manifest.Extends(n.Manifest) {
		return o.Hold(n.Holders)
	}
	return o.Recode(n.Manifest, n.Holders)
}

// derives reports whether a content key comes from our own key, or is everybody's.
func (r *Repos) derives(ctx context.Context, n record.New) bool {
	domain := blobstore.PublicDomain()
	if !n.Salt.IsZero() {
		ring, err := r.Keys.Keyring(ctx)
		if err != nil {
			return false
		}
		if domain, err = ring.Domain(n.Salt); err != nil {
			return false
		}
	}
	pad := blobstore.PadPadme
	if n.Salt.IsZero() {
		pad = blobstore.PadNone
	}
	key, err := domain.ContentKey(blobstore.Params{OID: n.Pointer.OID, Size: n.Pointer.Size, Pad: pad, Gen: n.Gen})
	return err == nil && key.Equal(n.Key)
}

// newCertificate returns our certificate where members do not have it yet.
func (r *Repos) newCertificate(ctx context.Context, own *record.Branch, v *view) *keyring.Certificate {
	if r.Certificate == nil || !v.names(r.self) {
		return nil
	}
	cert := r.Certificate()
	if cert == nil || own == nil {
		return cert
	}
	if is, err := own.Certificate(ctx); err == nil && is.Seq() >= cert.Seq() {
		return nil
	}
	return cert
}
