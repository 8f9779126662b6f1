package zone

import (
	"maps"
	"slices"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Begun is an epoch that a round has started and that is not in the branch yet (ZONE.md §6). It is of no use in another process's
// memory.
type Begun struct {
	Kind keyring.GroupKind
	keyring.Kept
}

// maxBegun bounds the epochs that a round remembers. Whoever hands out more batches than that without one of them being written
// starts epochs anew.
const maxBegun = 16

// begin takes over the epochs that were begun, as if they were in the branch, without those that are.
func (p *planner) begin() {
	for _, b := range p.Begun {
		there := slices.ContainsFunc(p.kept[b.Kind], func(k keyring.Kept) bool {
			return k.Number == b.Number && !k.Key.IsZero() && k.Key.ID() == b.Key.ID()
		})
		if there {
			continue
		}
		b.Sealed = maps.Clone(b.Sealed)
		p.kept[b.Kind] = append(p.kept[b.Kind], b.Kept)
		p.result.Begun = append(p.result.Begun, b)
		p.next = max(p.next, int64(b.Number)+1)
		p.epochs++
	}
}

// started remembers an epoch that the batch starts.
func (p *planner) started(kind keyring.GroupKind, plan keyring.Plan) {
	k := keyring.Kept{Number: plan.Key.Epoch().Number, Key: plan.Key, Sealed: make(map[radicle.DID]keyring.Envelope)}
	for _, s := range plan.Sealings {
		if s.ID == plan.Key.ID() {
			k.Sealed[s.Recipient] = s.Envelope
		}
	}
	p.result.Begun = append(p.result.Begun, Begun{kind, k})
	p.result.Begun = p.result.Begun[max(0, len(p.result.Begun)-maxBegun):]
}

// complete adds all envelopes of the epochs begun that the batch uses: the batch that started them may never be written. Those that
// are in the branch by then are the same.
func (p *planner) complete(begun []Begun) {
	used := make(map[keyring.KeyID]bool)
	for _, key := range p.keys {
		used[key.ID()] = true
	}
	for _, e := range p.result.Batch.Envelopes {
		used[e.ID] = true
	}
	for _, b := range begun {
		if !used[b.Key.ID()] {
			continue
		}
		for _, to := range slices.SortedFunc(maps.Keys(b.Sealed), radicle.DID.Compare) {
			p.result.Batch.Seal(b.Kind, []keyring.Sealing{{Number: b.Number, ID: b.Key.ID(), Recipient: to, Envelope: b.Sealed[to]}})
		}
	}
}
