package repos

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

const (
	// maxSightings bounds a request.
	maxSightings = 10_000
	// batchBytes is how many bytes of records a push takes along: as JSON they stay below control.MaxBody. The rest is the daemon's.
	batchBytes = 4 << 20
	// recordBytes is what a record costs beside its own bytes.
	recordBytes = 160
	// pushTime is how long after records were handed out they are thought to be lost.
	pushTime = time.Minute
	// unspecified is what git says of a path without the attribute.
	unspecified = "unspecified"
)

// Settle settles the zones of objects by the paths that a push brings, and returns what is to be written with it.
func (r *Repos) Settle(ctx context.Context, rid radicle.RID, in control.Settle) (out control.Batch, err error) {
	if len(in.Sightings) > maxSightings {
		return out, usage("%d sightings, at most %d", len(in.Sightings), maxSightings)
	}
	r.rounds.pushed(rid)
	err = r.writing(ctx, rid, func(e *repository, v *view) error {
		p, err := r.planPush(ctx, e, v, in.Sightings)
		if err != nil {
			return err
		}
		out = r.hand(e, p)
		out.Truths = slices.Concat(out.Truths, r.whoSees(v, p))
		return nil
	})
	return out, r.notThere(rid, err)
}

// hand encodes a plan for the push that writes it.
func (r *Repos) hand(e *repository, p *plan) control.Batch {
	p.cut(batchBytes)
	truths := truths(p.Truths)
	if p.empty() {
		r.finish(r.rounds.context(), e, p)
		return control.Batch{Truths: truths}
	}
	r.willOpen(p)
	e.begun = p.Begun
	out := encode(p.Batch)
	out.ID, out.Truths = rand.Text(), truths
	r.queue.prepare(out.ID, &prepared{rid: e.rid, plan: p, made: r.Now()})
	r.rounds.at(e.rid, time.Now().Add(pushTime)) // pushes fail
	return out
}

// planPush plans a round with what a push has seen.
func (r *Repos) planPush(ctx context.Context, e *repository, v *view, sightings []control.Sighting) (*plan, error) {
	settled, err := r.settle(ctx, e, v, sightings)
	if err != nil {
		return nil, err
	}
	zones := make(map[blobstore.Pointer]zone.Zone)
	var refused []zone.Truth
	for _, s := range settled {
		if s.Known {
			zones[s.Pointer] = s.Zone
		}
		for _, no := range s.Refused {
			refused = append(refused, no)
		}
	}
	r.queue.settle(e.rid, zones)
	p, err := r.planRound(ctx, e, v, r.late(ctx, e, zones)...)
	if err != nil {
		return nil, err
	}
	p.Truths = append(refused, p.Truths...)
	return p, nil
}

// settle settles what is sighted.
func (r *Repos) settle(ctx context.Context, e *repository, v *view, sightings []control.Sighting) ([]zone.Settled, error) {
	asked := make(attributes)
	own, unsettled := e.index.Branch(r.self), r.settings.unsettled(e.rid)
	var all []zone.Sighting
	for _, s := range sightings {
		if len(s.Asked) > 0 && len(s.Asked) != len(s.Paths) {
			return nil, usage("%d attributes of %d paths", len(s.Asked), len(s.Paths))
		}
		for i, value := range s.Asked {
			asked[s.Paths[i]] = value
		}
		next := zone.Sighting{Pointer: blobstore.Pointer{OID: s.OID, Size: s.Size}, Paths: s.Paths}
		if own != nil && own.Has(next.Pointer) && !unsettled[next.Pointer] {
			var err error
			if next.Is, err = r.zoneOf(ctx, own, next.Pointer); err != nil {
				return nil, err
			}
		}
		all = append(all, next)
	}
	if len(asked) == 0 {
		return r.policy(e, v).Settle(ctx, nil, all)
	}
	return r.policy(e, v).Settle(ctx, asked, all)
}

// attributes is what a push said of paths.
type attributes map[string]string

// Zones implements [zone.Attributes].
func (a attributes) Zones(_ context.Context, paths []string) ([]string, error) {
	values := make([]string, len(paths))
	for i, path := range paths {
		if values[i] = a[path]; values[i] == "" {
			values[i] = unspecified
		}
	}
	return values, nil
}

// zoneOf is the zone of an object of our branch. A record that cannot be read is private.
func (r *Repos) zoneOf(ctx context.Context, own *record.Branch, p blobstore.Pointer) (zone.Zone, error) {
	is, err := own.Get(ctx, p)
	if ctx.Err() != nil {
		return zone.Zone{}, ctx.Err()
	}
	if err != nil {
		return zone.Of(zone.Private), nil
	}
	kind := zone.KindOf(is)
	if kind != zone.Shared {
		return zone.Of(kind), nil
	}
	kept, err := own.Kept(ctx, r.openerNow(ctx), keyring.Named)
	if err != nil {
		return zone.Zone{}, err
	}
	return sharedWith(is, kept, append(r.State.Mine(), r.self)), nil
}

// sharedWith is the zone of a record that is shared with people: all who have an envelope for one of its wraps.
func sharedWith(is *record.Record, kept []keyring.Kept, owner []radicle.DID) zone.Zone {
	var people []radicle.DID
	for _, w := range is.Wraps() {
		for _, k := range kept {
			if w.Kind != keyring.Named || w.Epoch != k.Number {
				continue
			}
			for did := range k.Sealed {
				if !slices.Contains(owner, did) && !slices.Contains(people, did) {
					people = append(people, did)
				}
			}
		}
	}
	if z, err := zone.Named(people...); err == nil {
		return z
	}
	return zone.Of(zone.Private)
}

// late returns objects that were recorded before a path was known, and are settled now.
func (r *Repos) late(ctx context.Context, e *repository, zones map[blobstore.Pointer]zone.Zone) (all []zone.Pending) {
	own, opener := e.index.Branch(r.self), r.openerNow(ctx)
	waiting := make(map[blobstore.Pointer]bool)
	for _, n := range r.queue.of(e.rid) {
		waiting[n.Pointer] = true
	}
	for p := range r.settings.unsettled(e.rid) {
		z, ok := zones[p]
		if !ok || waiting[p] || own == nil || !own.Has(p) {
			continue
		}
		is, err := own.Get(ctx, p)
		if err == nil {
			var o *record.Object
			if o, err = opener.Open(ctx, own, is); err == nil {
				all = append(all, zone.Pending{Object: o, Zone: z})
				continue
			}
		}
		r.Log.Warn("own record does not open", "rid", e.rid, "oid", p.OID, "err", err)
	}
	return all
}

// cut leaves records for another time, where there are too many bytes of them.
func (p *plan) cut(most int) {
	bytes, keep := 0, 0
	for _, c := range p.Batch.Records {
		if c.Record != nil {
			bytes += len(c.Record.Bytes())
		}
		if bytes += recordBytes; bytes > most {
			break
		}
		keep++
	}
	out := make(map[blobstore.Pointer]bool)
	for _, c := range p.Batch.Records[keep:] {
		out[c.Pointer] = true
	}
	if len(out) == 0 {
		return
	}
	gone := func(q blobstore.Pointer) bool { return out[q] }
	p.Batch.Records, p.More = p.Batch.Records[:keep], true
	p.done = slices.DeleteFunc(p.done, func(n pending) bool { return out[n.Pointer] })
	p.known, p.unknown = slices.DeleteFunc(p.known, gone), slices.DeleteFunc(p.unknown, gone)
	p.Orders = slices.DeleteFunc(p.Orders, func(o zone.OpenShare) bool { return out[o.Pointer] })
}

// Recorded says that a batch was signed and stored.
func (r *Repos) Recorded(ctx context.Context, rid radicle.RID, in control.Recorded) error {
	p := r.queue.finish(in.ID)
	if p == nil || p.rid != rid {
		return &control.Error{Code: control.CodeNotFound, Message: "no such batch"}
	}
	r.rounds.pushed(rid)
	r.moved(rid)
	return r.writing(ctx, rid, func(e *repository, _ *view) error {
		r.finish(r.rounds.context(), e, p.plan)
		return nil
	})
}

// finish draws the conclusions from what was written.
func (r *Repos) finish(ctx context.Context, e *repository, p *plan) {
	if err := r.settings.settle(e.rid, p.known, p.unknown); err != nil {
		r.Log.Warn("settings cannot be written", "err", err)
	}
	if len(p.done) > 0 {
		e.hinted = r.Now()
	}
	for _, n := range p.done {
		r.queue.wrote(e.rid, n.Pointer, n.Manifest.Hash())
	}
	r.queue.take(e.rid, p.done)
	r.tellObjects(ctx, e.rid, p)
	r.openShares(p)
	if p.More {
		r.wake(e.rid)
	}
}

// tellObjects has the index remember what is recorded.
func (r *Repos) tellObjects(ctx context.Context, rid radicle.RID, p *plan) {
	if r.Objects == nil || len(p.done) == 0 {
		return
	}
	var all []blobstore.Pointer
	for _, n := range p.done {
		all = append(all, n.Pointer)
	}
	if err := r.Objects.Recorded(ctx, rid, all); err != nil && ctx.Err() == nil {
		r.Log.Warn("index does not know what is recorded", "rid", rid, "err", err)
	}
}

// published are the objects that the batch makes public.
func (p *plan) published() (all []blobstore.Pointer) {
	for _, c := range p.Batch.Records {
		if c.Record != nil && c.Record.Reach() == record.Public {
			all = append(all, c.Pointer)
		}
	}
	return all
}

// whoSees says who will not find what we record: nodes that follow delegates only do not fetch our namespace.
func (r *Repos) whoSees(v *view, p *plan) []control.Warning {
	if len(p.Batch.Records) == 0 || v.doc.IsDelegate(r.self) || len(v.doc.Members()) < 2 {
		return nil
	}
	return []control.Warning{{
		Text: "you are no delegate: others whose radicle node follows delegates only do not fetch what you record until they follow you",
		Hint: "rad follow " + r.self.NID().String(),
	}}
}

// truths are what a person must be told.
func truths(all []zone.Truth) []control.Warning {
	out := []control.Warning{}
	for _, t := range all {
		w := control.Warning{Text: t.String()}
		if no, ok := t.(zone.Refusal); ok {
			w.Hint = no.Command()
			w.Text = strings.TrimSuffix(w.Text, ": "+w.Hint)
		}
		out = append(out, w)
	}
	return out
}

func usage(format string, args ...any) error {
	return &control.Error{Code: control.CodeUsage, Message: fmt.Sprintf(format, args...)}
}

// encode puts changes into the form in which a push gets them.
func encode(b record.Batch) control.Batch {
	out := control.Batch{Records: []control.BatchRecord{}, Envelopes: []control.BatchEnvelope{}, Cards: [][]byte{}}
	for _, c := range b.Records {
		next := control.BatchRecord{Pointer: control.Pointer{OID: c.Pointer.OID, Size: c.Pointer.Size}, Base: c.Base[:]}
		if c.Record != nil {
			next.Record = c.Record.Bytes()
		}
		out.Records = append(out.Records, next)
	}
	for _, e := range b.Envelopes {
		out.Envelopes = append(out.Envelopes, control.BatchEnvelope{
			Kind: uint8(e.Kind), Number: e.Number, ID: e.ID[:], To: e.Recipient, Envelope: e.Envelope.Bytes(),
		})
	}
	for _, c := range b.Cards {
		out.Cards = append(out.Cards, c.Bytes())
	}
	if b.Certificate != nil {
		out.Certificate = b.Certificate.Bytes()
	}
	return out
}
