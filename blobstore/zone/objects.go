package zone

import (
	"context"
	"errors"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// todo is an object whose record may change.
type todo struct {
	object *record.Object
	base   *record.Record // what the branch has of it; nil: none
	zone   Zone
	adopts bool // its key may not derive: it needs a wrap
}

// KindOf returns the kind of zone that a record is in (ZONE.md §5).
func KindOf(r *record.Record) Kind {
	if r.Reach() == record.Public {
		return Public
	}
	kind := Private
	for _, w := range r.Wraps() {
		switch w.Kind {
		case keyring.Mine:
		case keyring.Members:
			return Follow
		default:
			kind = Shared
		}
	}
	return kind
}

// pend takes a pending object in, or says why it stays out. The error is the context's.
func (p *planner) pend(ctx context.Context, n Pending) error {
	t := todo{zone: p.limit(n), adopts: n.Object.Place.Writer != p.Place.Writer}
	err := p.resolve(ctx, &t, n.Object)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil && t.object != nil && !t.adopts && t.object.Reach() == record.Public && t.zone.kind != Public && !isOpen(t.base) {
		err = &InwardError{Pointer: n.Object.Pointer(), Is: Public, Asked: t.zone, Gen: t.object.Record.Gen()}
	}
	if err != nil {
		p.problem(&record.ObjectError{Writer: p.Place.Writer, Pointer: n.Object.Pointer(), Err: err})
		return nil
	}
	if t.object != nil {
		p.todo = append(p.todo, t)
	}
	return nil
}

func isOpen(r *record.Record) bool { return r != nil && r.Reach() == record.Public }

// limit returns the zone of a pending object without people who may not be named, and not beyond where it was opened.
func (p *planner) limit(n Pending) Zone {
	z := n.Zone
	if z.IsZero() {
		z = Of(Private)
	}
	z = z.only(without(slices.Concat(p.readers, p.Named), p.owner()))
	if n.Object.Place.Writer == p.Place.Writer {
		return z
	}
	reach := KindOf(n.Object.Record)
	if reach == Shared {
		reach = Private
	}
	return Meet(z, Of(reach))
}

// owner returns all DIDs of the writer's person.
func (p *planner) owner() []radicle.DID { return append([]radicle.DID{p.Place.Writer}, p.further...) }

// resolve finds what becomes of a pending object and the record that there is: no object where that stays.
func (p *planner) resolve(ctx context.Context, t *todo, o *record.Object) error {
	if o.Place.RID != p.Place.RID {
		return keyring.ErrMismatch
	}
	is, base, err := p.own(ctx, o.Pointer())
	if err != nil {
		return err
	}
	t.base = base
	switch {
	case is == nil || o.Record.Gen() > is.Record.Gen():
		t.object, err = o, nil
		if t.adopts {
			t.object, err = adopt(o, p.Place.Writer)
		}
	case o.Record.Gen() < is.Record.Gen(): // made before it was made anew, and settled then
	case t.adopts:
		t.object, t.adopts = is, false
	case o.Record.Salt() != is.Record.Salt():
		err = keyring.ErrMismatch
	default:
		t.object, err = renew(is, o)
	}
	return err
}

// adopt returns the object of somebody else as ours, with the holders that it came with: who keeps its shares for us.
func adopt(o *record.Object, writer radicle.DID) (*record.Object, error) {
	ours, err := o.Adopt(writer)
	if err != nil {
		return nil, err
	}
	return ours.Hold(o.Holders)
}

// renew returns the object with the manifest and holders of o, if they are newer.
func renew(is, o *record.Object) (*record.Object, error) {
	switch {
	case o.Manifest.Hash() != is.Manifest.Hash() && !is.Manifest.Extends(o.Manifest):
		return is.Recode(o.Manifest, o.Holders)
	case o.Manifest.Hash() != is.Manifest.Hash() || len(o.Holders) == 0 || slices.Equal(o.Holders, is.Holders):
		return is, nil
	}
	return is.Hold(o.Holders)
}

// own opens the record that the branch has of an object; nil for none. One that no key can ever open here was made by somebody
// else, or damaged: it is returned as the base alone, to be replaced.
func (p *planner) own(ctx context.Context, ptr blobstore.Pointer) (*record.Object, *record.Record, error) {
	if p.Branch == nil || !p.Branch.Has(ptr) {
		return nil, nil, nil
	}
	r, err := p.Branch.Get(ctx, ptr)
	if errors.Is(err, blobstore.ErrEncoding) || errors.Is(err, blobstore.ErrMismatch) {
		return nil, nil, nil // malformed: in nobody's way
	}
	if err != nil {
		return nil, nil, err
	}
	o, err := p.Opener.Open(ctx, p.Branch, r)
	if err != nil && neverOpens(err) {
		return nil, r, nil
	}
	return o, r, err
}

// neverOpens reports whether all keys were there, and none was the one.
func neverOpens(err error) bool {
	return slices.ContainsFunc([]error{
		keyring.ErrSealed, blobstore.ErrSealed, blobstore.ErrSignature, blobstore.ErrMismatch, blobstore.ErrEncoding,
		record.ErrUnreadable,
	}, func(class error) bool { return errors.Is(err, class) })
}

// scan looks for records that need a wrap though nothing happened to their objects: private ones, where the owner has further
// DIDs, and those of follow that no new member could open. It reads records only where there may be some.
func (p *planner) scan(ctx context.Context) error {
	lost := slices.ContainsFunc(p.kept[keyring.Members], func(k keyring.Kept) bool { return k.Key.IsZero() })
	if p.Branch == nil || len(p.further) == 0 && !lost {
		return nil
	}
	pending := make(map[blobstore.Pointer]bool)
	for _, t := range p.todo {
		pending[t.object.Pointer()] = true
	}
	found := 0
	for r, err := range p.Branch.All(ctx) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || pending[r.Pointer()] || !p.lacks(r) {
			continue
		}
		if found == MaxRecords {
			p.result.More = true
			return nil
		}
		if p.take(ctx, r) {
			found++
		}
	}
	return ctx.Err()
}

// lacks reports whether a record needs another wrap to be what it is.
func (p *planner) lacks(r *record.Record) bool {
	kind := KindOf(r)
	return (kind == Private && len(p.further) > 0 || kind == Follow) && !p.covered(r, Of(kind))
}

// take opens a record of the branch, to be wrapped again.
func (p *planner) take(ctx context.Context, r *record.Record) bool {
	o, err := p.Opener.Open(ctx, p.Branch, r)
	if err == nil {
		p.todo = append(p.todo, todo{object: o, base: r, zone: Of(KindOf(r))})
		return true
	}
	if failed, ok := errors.AsType[*record.ObjectError](err); ok && len(p.result.Problems) < maxProblems {
		p.problem(failed)
	}
	return false
}

// covered reports whether a record needs no wrap to be in a zone.
func (p *planner) covered(r *record.Record, z Zone) bool {
	switch kind := KindOf(r); {
	case kind > z.kind:
		return true
	case z.kind == Public:
		return kind == Public
	case z.kind == Follow:
		return p.under(r, keyring.Members, nil)
	case z.kind == Shared:
		return p.under(r, keyring.Named, append(z.Named(), p.further...))
	}
	return p.under(r, keyring.Mine, nil)
}

// under reports whether a record has a wrap under an epoch of a kind that opens, and that all the people have.
func (p *planner) under(r *record.Record, kind keyring.GroupKind, people []radicle.DID) bool {
	ptr := r.Pointer()
	at := keyring.Object{OID: ptr.OID, Size: ptr.Size, Gen: r.Gen(), Salt: r.Salt()}
	for _, w := range r.Wraps() {
		for _, k := range p.kept[kind] {
			if w.Kind != kind || w.Epoch != k.Number || k.Key.IsZero() || !hasAll(k, people) {
				continue
			}
			if _, err := k.Key.Unwrap(at, w.Wrap); err == nil {
				return true
			}
		}
	}
	return false
}

// hasAll reports whether all people who can be sealed to have an envelope of an epoch.
func hasAll(k keyring.Kept, people []radicle.DID) bool {
	return !slices.ContainsFunc(people, func(did radicle.DID) bool { return k.Sealed[did].IsZero() })
}

// widenAll puts the records of all objects into the batch.
func (p *planner) widenAll() error {
	public, visible := 0, 0
	for _, t := range p.todo {
		o, err := p.widen(t)
		switch {
		case err != nil:
			return err
		case o.Reach() == record.Public && !isOpen(t.base):
			public++
		case o.Reach() != record.Public && p.Public && t.base == nil:
			visible++
		}
	}
	if public > 0 {
		p.tell(Forever{public})
	}
	if visible > 0 {
		p.tell(Confirmable{visible})
	}
	return nil
}

// widen puts the record of an object into the batch, if it changes.
func (p *planner) widen(t todo) (*record.Object, error) {
	o, err := t.object, error(nil)
	switch {
	case !p.wants(t):
	case t.zone.kind == Public:
		if err = p.order(o); err == nil {
			o, err = o.Publish()
		}
	default:
		o, err = o.Wrap(p.keys[t.zone])
	}
	if err != nil {
		return nil, err
	}
	if t.base == nil || t.base.Base() != o.Record.Base() {
		p.result.Batch.Put(o, t.base)
	}
	return o, nil
}

// wants reports whether an object needs a wrap, or is to be opened.
func (p *planner) wants(t todo) bool {
	if t.zone.kind == Private && len(p.further) == 0 && !t.adopts {
		return false // derived from the owner's key alone
	}
	return !p.covered(t.object.Record, t.zone)
}

// OpenShare is an order: a share of an object that becomes public is to be offered again to its holder, marked open. Its bytes
// are there.
type OpenShare struct {
	Pointer blobstore.Pointer
	Holder  radicle.DID
	Index   int
	Name    blobstore.ShareName
}

// order adds the orders for the shares of an object, as far as the record knows where they are.
func (p *planner) order(o *record.Object) error {
	locator, err := o.Key.Repair().Locator(o.Manifest.Coding().K())
	if err != nil {
		return err
	}
	for i, holder := range o.Holders {
		root, ok := o.Manifest.Root(i)
		if holder.IsZero() || !ok {
			continue
		}
		sid, err := locator.SID(holder, i)
		if err != nil {
			return err
		}
		p.result.Orders = append(p.result.Orders, OpenShare{
			Pointer: o.Pointer(), Holder: holder, Index: i, Name: blobstore.ShareName{SID: sid, Root: root},
		})
	}
	return nil
}
