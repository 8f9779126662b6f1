package zone

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// InwardError is a change that would take back what somebody could open already.
type InwardError struct {
	Pointer blobstore.Pointer
	Is      Kind          // what it is
	Asked   Zone          // what was asked for
	Readers []radicle.DID // who has a key for it, without the owner; with Public it is everyone
	Gen     uint32        // of the object
}

func (e *InwardError) Error() string {
	who := list(e.Readers)
	switch {
	case e.Is == Public:
		who = "everyone"
	case len(e.Readers) == 0:
		who = "whoever was named"
	}
	return fmt.Sprintf("%v is %v and cannot become %v: could read it so far: %s", e.Pointer.OID, e.Is, e.Asked.kind, who)
}

// Reencryption is an order: the object is to be made anew under a gen, which nobody has a key for, and recorded in a zone. Who
// could read the old one still can while its shares are there.
type Reencryption struct {
	Pointer blobstore.Pointer
	Gen     uint32
	Zone    Zone
}

// Reencrypt returns what is left where a change was refused. The error is a *blobstore.BoundsError where the gens are used up.
func (e *InwardError) Reencrypt() (Reencryption, error) {
	if e.Gen == math.MaxUint32 {
		return Reencryption{}, &blobstore.BoundsError{What: "gen", Got: math.MaxUint32 + 1, Max: math.MaxUint32}
	}
	return Reencryption{Pointer: e.Pointer, Gen: e.Gen + 1, Zone: e.Asked}, nil
}

// Change returns the round that moves objects of the branch outward, by the owner's own word: people whom the zone names need
// be no readers. It is all of them or none. Errors are an *InwardError, a *record.ObjectError for an object that is not there
// ([fs.ErrNotExist]) or does not open, and those of [Round.Plan]. It panics if the zone is not set.
func (r Round) Change(ctx context.Context, to Zone, objects ...blobstore.Pointer) (*Result, error) {
	if to.IsZero() {
		panic("zone: change to no zone")
	}
	r.Named = append(slices.Clone(r.Named), to.Named()...)
	r.Pending = slices.Clone(r.Pending)
	r.Seen = Seen{}
	for _, ptr := range objects {
		o, err := r.open(ctx, ptr)
		if err != nil {
			return nil, err
		}
		if err := r.checkOutward(ctx, o, to); err != nil {
			return nil, err
		}
		r.Pending = append(r.Pending, Pending{Object: o, Zone: to})
	}
	return r.Plan(ctx)
}

// open opens an object of the branch.
func (r Round) open(ctx context.Context, ptr blobstore.Pointer) (*record.Object, error) {
	if r.Branch == nil || !r.Branch.Has(ptr) {
		return nil, &record.ObjectError{Writer: r.Place.Writer, Pointer: ptr, Err: fs.ErrNotExist}
	}
	rec, err := r.Branch.Get(ctx, ptr)
	if err != nil {
		return nil, err
	}
	return r.Opener.Open(ctx, r.Branch, rec)
}

// checkOutward refuses a zone that takes something back.
func (r Round) checkOutward(ctx context.Context, o *record.Object, to Zone) error {
	is := KindOf(o.Record)
	if is < to.kind || is == to.kind && is != Shared {
		return nil
	}
	readers, err := r.readersOf(ctx, o.Record)
	if err != nil {
		return err
	}
	if is == Shared && to.kind == Shared && len(without(readers, to.Named())) == 0 {
		return nil
	}
	return &InwardError{Pointer: o.Pointer(), Is: is, Asked: to, Readers: readers, Gen: o.Record.Gen()}
}

// readersOf returns who has an envelope of the epochs that a record has wraps of, without the owner.
func (r Round) readersOf(ctx context.Context, rec *record.Record) ([]radicle.DID, error) {
	var people []radicle.DID
	for kind := keyring.Members; kind <= keyring.Named; kind++ {
		kept, err := r.Branch.Kept(ctx, r.Opener, kind)
		if err != nil {
			return nil, err
		}
		for _, w := range rec.Wraps() {
			if w.Kind == kind {
				people = append(people, recipients(kept, int64(w.Epoch))...)
			}
		}
	}
	return without(distinct(people), append(slices.Clone(r.Further), r.Place.Writer)), nil
}
