package zone

import (
	"maps"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// seal plans all groups: what is to be sealed of the epochs that there are, and the keys for what is to be wrapped.
func (p *planner) seal() error {
	var need []Zone // in the order of pending objects
	for _, t := range p.todo {
		if t.zone.kind != Public && p.wants(t) && !slices.Contains(need, t.zone) {
			need = append(need, t.zone)
		}
	}
	if err := p.group(keyring.Members, Of(Follow), slices.Concat(p.further, p.readers), need); err != nil {
		return err
	}
	if err := p.group(keyring.Mine, Of(Private), p.further, need); err != nil {
		return err
	}
	for i := range p.kept[keyring.Named] {
		p.sealNamed(p.kept[keyring.Named][i])
	}
	for _, z := range need {
		if z.kind == Shared {
			if err := p.named(z); err != nil {
				return err
			}
		}
	}
	return nil
}

// group seals the epochs of members or the owner to their readers, and makes the key of a zone where it is needed.
func (p *planner) group(kind keyring.GroupKind, z Zone, readers []radicle.DID, need []Zone) error {
	kept, needed := p.kept[kind], slices.Contains(need, z)
	if !needed && (len(kept) == 0 || len(readers) == 0) {
		return nil
	}
	last := highest(kept)
	plan, err := p.plan(kind, p.postpone(kept, last, readers), readers, needed)
	if err != nil {
		return err
	}
	if !needed {
		return nil
	}
	p.keys[z] = plan.Key
	p.tellSkipped(plan.Skipped)
	if kind != keyring.Members {
		return nil
	}
	if len(kept) == 0 {
		p.tell(WillRead{p.sealable(p.readers)})
	}
	if lost := without(recipients(kept, last), slices.Concat(p.owner(), p.readers)); len(lost) > 0 {
		p.tell(LostAccess{lost})
	}
	return nil
}

// plan plans epochs of a kind and takes over what is to be sealed; of a new epoch only if it is needed.
func (p *planner) plan(kind keyring.GroupKind, kept []keyring.Kept, readers []radicle.DID, needed bool) (keyring.Plan, error) {
	to := make([]keyring.Recipient, 0, len(readers))
	for _, did := range readers {
		to = append(to, p.recipient(did))
	}
	plan, err := p.Place.Group(kind).Plan(kept, p.next, p.writer, to)
	if err != nil {
		return plan, err
	}
	switch {
	case plan.Started && needed:
		if p.epochs >= maxEpochs {
			return plan, &blobstore.BoundsError{What: "epochs of a branch", Got: int64(p.epochs) + 1, Max: maxEpochs}
		}
		p.epochs, p.next = p.epochs+1, p.next+1
		p.started(kind, plan)
	case plan.Started:
		id := plan.Key.ID()
		plan.Sealings = slices.DeleteFunc(plan.Sealings, func(s keyring.Sealing) bool { return s.ID == id })
	}
	p.add(kind, plan.Sealings)
	return plan, nil
}

func (p *planner) recipient(did radicle.DID) keyring.Recipient {
	return keyring.Recipient{DID: did, Card: p.Cards.Get(did)}
}

// add adds envelopes to the batch, and tells of those to a bare DID, once each.
func (p *planner) add(kind keyring.GroupKind, sealings []keyring.Sealing) {
	p.result.Batch.Seal(kind, sealings)
	for _, s := range sealings {
		if t := (NoCard{s.Recipient}); s.Envelope.KEM() == keyring.KEMX25519 && !slices.Contains(p.result.Truths, Truth(t)) {
			p.tell(t)
		}
	}
}

func (p *planner) tellSkipped(skipped []keyring.SkippedError) {
	for _, s := range skipped {
		p.tell(CannotRead{s.DID, s.Err})
	}
}

// highest returns the highest number of an epoch, -1 where there is none.
func highest(kept []keyring.Kept) int64 {
	last := int64(-1)
	for _, k := range kept {
		last = max(last, int64(k.Number))
	}
	return last
}

// recipients returns who has an envelope of the epochs with a number.
func recipients(kept []keyring.Kept, number int64) (people []radicle.DID) {
	for _, k := range kept {
		if int64(k.Number) == number {
			people = slices.AppendSeq(people, maps.Keys(k.Sealed))
		}
	}
	return distinct(people)
}

// postpone leaves for the next round what is more than the budget: epochs without a key are not sealed. Those of the last number
// always are.
func (p *planner) postpone(kept []keyring.Kept, last int64, readers []radicle.DID) []keyring.Kept {
	kept = slices.Clone(kept)
	for i := range slices.Backward(kept) {
		k := &kept[i]
		missing := 0
		for _, did := range readers {
			if r := p.recipient(did); lacksEnvelope(*k, r) && unsealable(r) == nil {
				missing++
			}
		}
		if missing > p.budget && int64(k.Number) != last {
			k.Key, p.result.More = keyring.GroupKey{}, true
		} else {
			p.budget -= missing
		}
	}
	return kept
}

// lacksEnvelope reports whether somebody has no envelope of an epoch, or one to the bare DID and now a card.
func lacksEnvelope(k keyring.Kept, r keyring.Recipient) bool {
	e := k.Sealed[r.DID]
	return e.IsZero() || e.KEM() == keyring.KEMX25519 && r.Card != nil
}

// unsealable says why somebody cannot be sealed to, nil where they can.
func unsealable(r keyring.Recipient) error {
	if err := r.DID.Validate(); err != nil {
		return err
	}
	if r.Card != nil && r.Card.KEM() != keyring.KEMHybrid {
		return keyring.ErrKEM
	}
	return nil
}

// sealable returns those who can be sealed to.
func (p *planner) sealable(people []radicle.DID) []radicle.DID {
	return slices.DeleteFunc(slices.Clone(people), func(did radicle.DID) bool { return unsealable(p.recipient(did)) != nil })
}

// sealNamed seals an epoch of named people to further DIDs of the owner, and again to those who have it by their bare DID, may
// still read, and have a card. Nobody else ever gets it: it belongs to one list.
func (p *planner) sealNamed(k keyring.Kept) {
	if k.Key.IsZero() {
		return
	}
	had := slices.Collect(maps.Keys(k.Sealed))
	may := without(had, without(had, slices.Concat(p.owner(), p.readers, p.Named)))
	for _, did := range distinct(append(may, p.further...)) {
		r := p.recipient(did)
		if !lacksEnvelope(k, r) || unsealable(r) != nil {
			continue
		}
		if p.budget--; p.budget < 0 {
			p.result.More = true
			return
		}
		if e, err := k.Key.Seal(r); err == nil {
			k.Sealed[did] = e
			p.add(keyring.Named, []keyring.Sealing{{Number: k.Number, ID: k.Key.ID(), Recipient: did, Envelope: e}})
		}
	}
}

// named makes the key of a shared zone: that of the epoch which exactly these people have, or a new one.
func (p *planner) named(z Zone) error {
	for _, did := range z.Named() {
		if err := unsealable(p.recipient(did)); err != nil {
			p.tell(CannotRead{did, err})
		}
	}
	readers := p.sealable(append(z.Named(), p.further...))
	want := distinct(append(readers, p.Place.Writer))
	match := slices.DeleteFunc(slices.Clone(p.kept[keyring.Named]), func(k keyring.Kept) bool {
		return !slices.Equal(distinct(slices.Collect(maps.Keys(k.Sealed))), want)
	})
	plan, err := p.plan(keyring.Named, match, readers, true)
	if err != nil {
		return err
	}
	p.keys[z] = plan.Key
	return nil
}
