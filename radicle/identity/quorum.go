package identity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"

	"radswarm/radicle"
)

// The reasons why there is no quorum, wrapped by a [*QuorumError].
var (
	ErrNoCandidates   = errors.New("not enough votes for any object")
	ErrDiverging      = errors.New("commits with enough votes diverge")
	ErrDivergingTags  = errors.New("several tags have enough votes")
	ErrDifferentTypes = errors.New("a commit and a tag have enough votes")
	ErrUnrelated      = errors.New("two commits have no common ancestor")
	ErrMixedTypes     = errors.New("others have an object of another type")
)

// An Object is what a ref of a namespace names: a commit, or the object of an annotated tag.
type Object struct {
	ID  radicle.Oid
	Tag bool
}

// Votes has what the ref of each of those who are allowed names; who does not have the ref, or not the object, is not in it.
type Votes map[radicle.DID]Object

// Ancestry knows the graph of commits. It is called in the caller's goroutine, once for each pair of different commits.
type Ancestry interface {
	// MergeBase returns a best common ancestor of two commits, which is one of the two if that is an ancestor of the other. An
	// error that wraps [fs.ErrNotExist] says that there is none.
	MergeBase(ctx context.Context, a, b radicle.Oid) (radicle.Oid, error)
}

// QuorumError says why a ref has no canonical object.
type QuorumError struct {
	Ref       string
	Threshold int
	Objects   []radicle.Oid // those that stand against each other; none if there are no candidates
	Err       error
}

func (e *QuorumError) Error() string {
	return fmt.Sprintf("%s: no quorum of %d: %v %v", e.Ref, e.Threshold, e.Err, e.Objects)
}

// Unwrap returns the reason, one of the sentinels of this package.
func (e *QuorumError) Unwrap() error { return e.Err }

// Quorum returns the object that a ref which the rule matches has in the canonical view. Of commits that somebody names, each
// gets a vote from everyone who names it, and one from each pair of voters of whom one names it and the other a descendant; of
// those with enough votes, the one that descends from all others counts. Of tags, the same object must have enough votes. Errors
// are [*QuorumError], or those of anc.
//
// The count by pairs is Radicle's: a commit that two name, while two more name one descendant of it, has six votes. All nodes must
// come to the same result, so it stays.
func (r Rule) Quorum(ctx context.Context, ref string, votes Votes, anc Ancestry) (Object, error) {
	q := quorum{ref: ref, threshold: r.Threshold, bases: make(map[pair]radicle.Oid)}
	tag, tagErr := q.tag(votes)
	commit, commitErr := q.commit(ctx, votes, anc)
	_, failed := errors.AsType[*QuorumError](commitErr)
	switch {
	case commitErr != nil && (!failed || errors.Is(commitErr, ErrUnrelated)):
		return Object{}, commitErr
	case commitErr == nil && tagErr == nil:
		return Object{}, q.error(ErrDifferentTypes, commit, tag)
	case commitErr == nil:
		return Object{ID: commit}, nil
	case tagErr == nil:
		return Object{ID: tag, Tag: true}, nil
	case errors.Is(commitErr, ErrNoCandidates):
		return Object{}, tagErr
	}
	return Object{}, commitErr
}

// quorum is one count of votes.
type quorum struct {
	ref       string
	threshold int
	bases     map[pair]radicle.Oid
}

// pair is two different commits, the smaller id first.
type pair struct{ a, b radicle.Oid }

func pairOf(a, b radicle.Oid) pair {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

func (q *quorum) error(err error, objects ...radicle.Oid) error {
	return &QuorumError{Ref: q.ref, Threshold: q.threshold, Objects: objects, Err: err}
}

func (q *quorum) tag(votes Votes) (radicle.Oid, error) {
	passed := q.passed(count(votes, true))
	switch len(passed) {
	case 0:
		return radicle.Oid{}, q.error(ErrNoCandidates)
	case 1:
		return passed[0], nil
	}
	return radicle.Oid{}, q.error(ErrDivergingTags, passed...)
}

func (q *quorum) commit(ctx context.Context, votes Votes, anc Ancestry) (radicle.Oid, error) {
	tips := count(votes, false)
	total, err := q.addAncestors(ctx, tips, anc)
	if err != nil {
		return radicle.Oid{}, err
	}
	passed := q.passed(total)
	if len(passed) == 0 {
		return radicle.Oid{}, q.error(ErrNoCandidates)
	}
	longest := passed[0]
	for _, candidate := range passed[1:] {
		switch q.bases[pairOf(candidate, longest)] {
		case longest:
			longest = candidate
		case candidate:
		default:
			return radicle.Oid{}, q.error(ErrDiverging, longest, candidate)
		}
	}
	return longest, nil
}

// addAncestors returns tips plus a vote for the ancestor of each pair of voters in which one commit descends from the other.
func (q *quorum) addAncestors(ctx context.Context, tips map[radicle.Oid]int, anc Ancestry) (map[radicle.Oid]int, error) {
	total := maps.Clone(tips)
	sorted := slices.SortedFunc(maps.Keys(tips), radicle.Oid.Compare)
	for i, a := range sorted {
		for _, b := range sorted[i+1:] {
			base, err := anc.MergeBase(ctx, a, b)
			if errors.Is(err, fs.ErrNotExist) {
				return nil, q.error(ErrUnrelated, a, b)
			}
			if err != nil {
				return nil, err
			}
			q.bases[pair{a, b}] = base
			if base == a || base == b {
				total[base] += tips[a] * tips[b]
			}
		}
	}
	return total, nil
}

// count returns how many name each object of one kind.
func count(votes Votes, tags bool) map[radicle.Oid]int {
	counts := make(map[radicle.Oid]int)
	for _, o := range votes {
		if o.Tag == tags {
			counts[o.ID]++
		}
	}
	return counts
}

// passed returns the objects with enough votes, ordered by id. (Radicle counts in a byte that stops at 255, the highest threshold.)
func (q *quorum) passed(counts map[radicle.Oid]int) []radicle.Oid {
	var list []radicle.Oid
	for id, n := range counts {
		if n >= q.threshold {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, radicle.Oid.Compare)
	return list
}

// Converges reports whether a candidate's new object goes along with what somebody else who is allowed has: a commit on the same
// line as another's, before or after it, or any tag where there is another's tag. A commit where others have a tag, or the other
// way round, is an error that wraps [ErrMixedTypes].
func (r Rule) Converges(ctx context.Context, ref string, votes Votes, candidate radicle.DID, o Object, anc Ancestry) (bool, error) {
	converges := false
	for _, did := range slices.SortedFunc(maps.Keys(votes), radicle.DID.Compare) {
		other := votes[did]
		switch {
		case did == candidate:
		case other.Tag != o.Tag:
			objects := []radicle.Oid{o.ID, other.ID}
			return false, &QuorumError{Ref: ref, Threshold: r.Threshold, Objects: objects, Err: ErrMixedTypes}
		case o.Tag || other.ID == o.ID:
			converges = true
		default:
			base, err := anc.MergeBase(ctx, o.ID, other.ID)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return false, err
			}
			converges = converges || err == nil && (base == o.ID || base == other.ID)
		}
	}
	return converges, nil
}
