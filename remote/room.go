package remote

import (
	"context"
	"path"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// room knows which names of refs are folders of others: git has no ref of such a name.
type room struct{ folders map[string]int } // how many refs lie below; nil until it is needed

// fill counts the refs that are there.
func (r *room) fill(tx *storage.Tx) {
	if r.folders != nil {
		return
	}
	r.folders = make(map[string]int)
	for name := range tx.All() {
		r.count(name, 1)
	}
}

// add notes that a ref is set, which was at old.
func (r *room) add(name string, old radicle.Oid) {
	if old.IsZero() {
		r.count(name, 1)
	}
}

func (r *room) remove(name string) { r.count(name, -1) }

func (r *room) count(name string, by int) {
	if r.folders == nil {
		return
	}
	for dir := path.Dir(name); strings.HasPrefix(dir, "refs/"); dir = path.Dir(dir) {
		r.folders[dir] += by
	}
}

// checkRoom refuses a new name below which there are refs, or that lies below one.
func (a *attempt) checkRoom(name string) error {
	if !a.tx.Get(name).IsZero() {
		return nil
	}
	a.room.fill(a.tx)
	if a.room.folders[name] > 0 {
		return refuse("there are refs below that name")
	}
	for dir := path.Dir(name); strings.HasPrefix(dir, "refs/"); dir = path.Dir(dir) {
		if !a.tx.Get(dir).IsZero() {
			return refuse("'%s' exists", dir)
		}
	}
	return nil
}

// update does all actions and signs. That is one transaction, unless a ref is deleted to make room for another: git can do that
// in two only.
func (s *session) update(ctx context.Context, key radicle.Signer, actions []action) (*outcome, error) {
	var first, rest []int
	for i, act := range actions {
		if act.kind == deleteRef && slices.ContainsFunc(actions, act.inTheWayOf) {
			first = append(first, i)
		} else {
			rest = append(rest, i)
		}
	}
	if len(first) == 0 {
		return s.transact(ctx, key, actions)
	}
	done, err := s.transact(ctx, key, pick(actions, first))
	if err != nil {
		return nil, err
	}
	then, err := s.transact(ctx, key, pick(actions, rest))
	if err != nil { // too late to fail as a whole
		then = &outcome{}
		for _, act := range pick(actions, rest) {
			then.results = append(then.results, result{dst: act.dst, err: refuse("%v", err)})
		}
	}
	return join(done, then, first, rest), nil
}

// inTheWayOf reports whether a ref has to go before another can be there: one is a folder of the other.
func (a action) inTheWayOf(b action) bool {
	return b.kind != deleteRef && (strings.HasPrefix(a.dst, b.dst+"/") || strings.HasPrefix(b.dst, a.dst+"/"))
}

func pick(actions []action, at []int) []action {
	var some []action
	for _, i := range at {
		some = append(some, actions[i])
	}
	return some
}

// join makes one outcome of two; the lists say which actions each was about.
func join(a, b *outcome, ofA, ofB []int) *outcome {
	all := &outcome{
		results: make([]result, len(ofA)+len(ofB)), after: append(a.after, b.after...),
		canonical: append(a.canonical, b.canonical...), later: append(a.later, b.later...),
		signed: a.signed, looked: a.looked || b.looked, touched: append(a.touched, b.touched...),
	}
	if b.signed != nil {
		all.signed = b.signed
	}
	for n, i := range ofA {
		all.results[i] = a.results[n]
	}
	for n, i := range ofB {
		all.results[i] = b.results[n]
	}
	return all
}
