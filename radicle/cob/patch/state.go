package patch

import (
	"errors"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// Type is the type of patches.
const Type cob.TypeName = "xyz.radicle.patch"

// What can be wrong with an operation on a patch. In the operations of others it is what [Patch.Skipped] tells.
var (
	ErrAction     = errors.New("invalid action")
	ErrInit       = errors.New("not the first operation of a patch")
	ErrIdentity   = errors.New("operation names no identity")
	ErrMissing    = errors.New("no such revision, review or comment")
	ErrNotAllowed = errors.New("not allowed")
	ErrEmpty      = errors.New("empty comment or review")
	ErrTarget     = errors.New("target is not a branch")
)

// A Target is where a patch is to be merged.
type Target struct {
	Branch string // refs/heads/…; empty: the repository's default branch
}

// ParseTarget reads the name of a branch, with or without refs/heads/. The error wraps [ErrTarget].
func ParseTarget(name string) (Target, error) {
	if err := gitobj.CheckRefName(name); err != nil {
		return Target{}, fmt.Errorf("%w: %w", ErrTarget, err)
	}
	if gitobj.CheckQualified(name) != nil {
		name = "refs/heads/" + name
	}
	if !isBranch(name) {
		return Target{}, fmt.Errorf("%w: %.80q", ErrTarget, name)
	}
	return Target{name}, nil
}

// Status is the first word of a state.
type Status string

// The states of a patch.
const (
	Open     Status = "open"
	Draft    Status = "draft"
	Archived Status = "archived"
	Merged   Status = "merged"
)

// A State is what has become of a patch.
type State struct {
	Status    Status
	Conflicts []Conflict  // when open: merged by enough delegates, but differently; sorted
	Revision  radicle.Oid // when merged
	Commit    radicle.Oid // when merged: in the target branch
}

// A Conflict is a revision that was merged, and the commit that it was merged in.
type Conflict struct{ Revision, Commit radicle.Oid }

// Verdict is what a review comes to.
type Verdict string

// The verdicts; a review may have none.
const (
	Accept Verdict = "accept"
	Reject Verdict = "reject"
)
