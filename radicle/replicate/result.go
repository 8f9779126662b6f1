package replicate

import (
	"errors"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// Result says what a [Fetch] did.
type Result struct {
	RID        radicle.RID
	Cloned     bool                // the repository was not in storage before
	Identity   radicle.Oid         // the operation that made the current identity, as it is now; null if nothing was fetched
	Namespaces []Namespace         // that were moved in, sorted by NID; none if nothing is new
	Refused    []Refusal           // namespaces that have something new and were not moved in
	Canonical  []storage.Canonical // what became of the refs that stand for all; where Err is set the ref stayed
	Objects    int64               // that came
	Bytes      int64               // of packs that came
}

// Namespace says what was moved in a namespace.
type Namespace struct {
	NID      radicle.NID
	Old, New radicle.Oid    // heads of the signed refs; Old is null for a namespace that was not here
	Refs     []storage.Move // by name below the namespace, the signed refs not among them
}

// Refusal says why a namespace was not moved in.
type Refusal struct {
	Peer
	Err error
}

func (r *Result) clone() *Result {
	other := *r
	other.Refused = slices.Clone(r.Refused)
	return &other
}

// take makes r the result of a plan that went through.
func (r *Result) take(of *Result) {
	slices.SortFunc(of.Refused, func(a, b Refusal) int { return a.NID.Compare(b.NID) })
	*r = *of
}

func (r *Result) refuse(c *candidate, err error) {
	r.Refused = append(r.Refused, Refusal{Peer: c.Peer, Err: err})
}

// why returns why a namespace was refused, nil if it was not.
func (r *Result) why(nid radicle.NID) error {
	for _, refusal := range r.Refused {
		if refusal.NID == nid {
			return refusal.Err
		}
	}
	return nil
}

// faulty reports whether a namespace was refused for a fault, not for being older or one too many.
func (r *Result) faulty(nid radicle.NID) bool {
	err := r.why(nid)
	return err != nil && !errors.Is(err, ErrBehind)
}
