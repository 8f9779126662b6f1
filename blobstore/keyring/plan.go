package keyring

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Kept is an epoch as the writer finds it in its own tree.
type Kept struct {
	Number uint32
	Key    GroupKey // zero where the writer cannot open its own envelope
	// Sealed has the envelope of everybody who has one.
	Sealed map[radicle.DID]Envelope
}

// Sealing is one envelope to keep.
type Sealing struct {
	Number    uint32
	ID        KeyID
	Recipient radicle.DID
	Envelope  Envelope
}

// Plan is what a writer does so that exactly the readers read from now on.
type Plan struct {
	Key      GroupKey // wraps content keys from now on
	Started  bool     // Key is of a new epoch
	Sealings []Sealing
	Skipped  []SkippedError // readers who get no envelope, in the order of their DIDs
}

// SkippedError is a reader who cannot be sealed to: the key of the DID is weak, or the card's of an unknown kind.
type SkippedError struct {
	DID radicle.DID
	Err error
}

func (e *SkippedError) Error() string { return fmt.Sprintf("no envelope for %v: %v", e.DID, e.Err) }

// Unwrap returns the reason.
func (e *SkippedError) Unwrap() error { return e.Err }

// Plan says what to seal when the readers of a group are these (KEYS.md §10). Kept are the epochs of this group, and next is
// the number after the highest of all groups of this writer in this repository: where a new epoch is started it has that
// number. The writer, with its card, is always a reader; a DID that is named twice counts once, with a card if it has one.
//
// Plan draws random bytes for a new key and asks no signer. Errors are [ErrMismatch] for an epoch of another group or without
// the writer's card, [blobstore.ErrBounds] where next is not above all or the numbers are used up, and those of [GroupKey.Seal]
// for the writer.
func (g Group) Plan(kept []Kept, next int64, writer Recipient, readers []Recipient) (Plan, error) {
	if writer.DID != g.Writer || writer.Card == nil {
		return Plan{}, fmt.Errorf("card of the writer: %w", ErrMismatch)
	}
	if err := g.checkKept(kept, next); err != nil {
		return Plan{}, err
	}
	p := &planner{readers: distinct(append([]Recipient{writer}, readers...)), skip: make(map[radicle.DID]error)}
	for _, k := range kept {
		if !k.Key.IsZero() {
			p.add(k)
		}
	}
	last := latest(kept)
	if last != nil && !p.outdated(*last) {
		p.Key = last.Key
	} else if err := p.start(g, next); err != nil {
		return Plan{}, err
	}
	if err := p.skip[writer.DID]; err != nil {
		return Plan{}, err
	}
	p.report()
	return p.Plan, nil
}

// checkKept refuses epochs of other groups and numbers that next does not follow.
func (g Group) checkKept(kept []Kept, next int64) error {
	low := int64(0)
	for _, k := range kept {
		if !k.Key.IsZero() && k.Key.epoch != (Epoch{Group: g, Number: k.Number}) {
			return fmt.Errorf("%v: %w group", k.Key.epoch, ErrMismatch)
		}
		low = max(low, int64(k.Number)+1)
	}
	if next < low {
		return outOfNumbers(next, low)
	}
	return nil
}

func outOfNumbers(next, low int64) error {
	return &blobstore.BoundsError{What: "number of the next epoch", Got: next, Min: low, Max: math.MaxUint32}
}

// distinct returns each DID once, in order, with the newest card that any entry has.
func distinct(readers []Recipient) []Recipient {
	slices.SortStableFunc(readers, func(a, b Recipient) int {
		return cmp.Or(a.DID.Compare(b.DID), cmp.Compare(b.rank(), a.rank()))
	})
	return slices.CompactFunc(readers, func(a, b Recipient) bool { return a.DID == b.DID })
}

// rank orders the entries of one DID: none has the lowest, the newest card the highest.
func (r Recipient) rank() uint64 {
	if r.Card == nil {
		return 0
	}
	return max(1, r.Card.seq)
}

// latest returns the epoch with the highest number, nil where there is none or where it forks.
func latest(kept []Kept) *Kept {
	var last *Kept
	fork := false
	for i, k := range kept {
		switch {
		case last == nil || k.Number > last.Number:
			last, fork = &kept[i], false
		case k.Number == last.Number:
			fork = true
		}
	}
	if fork {
		return nil
	}
	return last
}

// planner is a plan in the making.
type planner struct {
	Plan
	readers []Recipient // ordered by DID
	skip    map[radicle.DID]error
}

// outdated reports whether content keys must not be wrapped under this epoch any more: it cannot be opened, somebody has it who
// reads no longer, or somebody's secret under which it was sealed was rotated since.
func (p *planner) outdated(k Kept) bool {
	if k.Key.IsZero() {
		return true
	}
	for did, e := range k.Sealed {
		i, found := slices.BinarySearchFunc(p.readers, did, func(r Recipient, did radicle.DID) int { return r.DID.Compare(did) })
		if !found || p.readers[i].rotated(e) {
			return true
		}
	}
	return false
}

// rotated reports whether the card has another current salt than the one an envelope was sealed under.
func (r Recipient) rotated(e Envelope) bool {
	return r.Card != nil && e.KEM() == KEMHybrid && e.Salt() != r.Card.Current()
}

// add seals a kept epoch to readers without an envelope, and again to those who have a card by now.
func (p *planner) add(k Kept) {
	for _, r := range p.readers {
		e := k.Sealed[r.DID]
		if e.IsZero() || e.KEM() == KEMX25519 && r.Card != nil {
			p.seal(k.Key, r)
		}
	}
}

// start makes a new epoch and seals it to all readers.
func (p *planner) start(g Group, next int64) error {
	if next > math.MaxUint32 {
		return outOfNumbers(next, 0)
	}
	key, err := NewGroupKey(Epoch{Group: g, Number: uint32(next)})
	if err != nil {
		return err
	}
	p.Key, p.Started = key, true
	for _, r := range p.readers {
		p.seal(key, r)
	}
	return nil
}

// seal adds one envelope, or the reason why there is none.
func (p *planner) seal(k GroupKey, to Recipient) {
	e, err := k.Seal(to)
	if err != nil {
		p.skip[to.DID] = err
		return
	}
	p.Sealings = append(p.Sealings, Sealing{Number: k.epoch.Number, ID: k.ID(), Recipient: to.DID, Envelope: e})
}

// report lists the readers without envelopes.
func (p *planner) report() {
	for _, r := range p.readers {
		if err := p.skip[r.DID]; err != nil {
			p.Skipped = append(p.Skipped, SkippedError{DID: r.DID, Err: err})
		}
	}
}
