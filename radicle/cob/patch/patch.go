package patch

import (
	"context"
	"iter"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// A Patch is what the operations on it add up to. Its fields are to be read, not changed.
type Patch struct {
	ID        radicle.Oid // of its first operation, which is also its first revision
	Title     string
	Author    radicle.DID
	State     State
	Target    Target
	Labels    []string      // sorted
	Assignees []radicle.DID // sorted
	Merges    map[radicle.NID]Merge
	Revisions map[radicle.Oid]*Revision  // nil: redacted
	Reviews   map[radicle.Oid]*ReviewRef // where a review is; nil: redacted
	Timeline  []radicle.Oid              // operations as they were applied, some that failed included

	repo      Repo
	documents gitobj.Reader // bounded, for identity documents
	history   *cob.History
	resource  radicle.Oid        // of the operation that was applied last
	document  *identity.Document // at resource
}

// A Revision is a range of commits that somebody proposes.
type Revision struct {
	ID          radicle.Oid // of the operation that made it
	Author      radicle.DID
	Description []Edit // versions of it, at least one; the last one counts
	Base, Head  radicle.Oid
	Discussion  Thread
	Reviews     map[radicle.NID]*Review // one a person
	Resolves    []Resolved              // comments that it settles; sorted
	Reactions   []PlacedReaction        // sorted by place, author, emoji
	Seconds     uint64                  // when it was made, by its author's clock: Unix time
}

// A Merge says that somebody merged a revision.
type Merge struct {
	Revision radicle.Oid
	Commit   radicle.Oid
	Seconds  uint64
}

// A ReviewRef says where a review is: of which revision, by whom.
type ReviewRef struct {
	Revision radicle.Oid
	Author   radicle.NID
}

// A Review is what somebody thinks of a revision.
type Review struct {
	ID        radicle.Oid
	Author    radicle.DID
	Verdict   Verdict // empty for none
	Summary   []Edit  // versions of it, at least one; the last one counts
	Comments  Thread
	Labels    []string
	Reactions []Reaction // sorted
	Seconds   uint64
}

// A Thread is a discussion.
type Thread struct {
	Comments map[radicle.Oid]*Comment // by the operation that made it; nil: redacted
	Timeline []radicle.Oid            // operations that touched it
}

// A Comment is a remark in a discussion.
type Comment struct {
	Author    radicle.NID
	Edits     []Edit // versions of its text, at least one; the last one counts
	Reactions []Reaction
	ReplyTo   radicle.Oid // zero: to nothing
	Location  *Location   // nil: no place
	Resolved  bool
}

// An Edit is one version of a text.
type Edit struct {
	Author  radicle.NID
	Seconds uint64
	Body    string
	Embeds  []Embed
}

// An Embed is a file in a text.
type Embed struct {
	Name    string
	Content string // a URI, git:<oid> where Radicle wrote it
}

// A Reaction is a sign that somebody made.
type Reaction struct {
	Author radicle.NID
	Emoji  string // one character
}

// A PlacedReaction is a reaction to a place of a revision.
type PlacedReaction struct {
	Location *Location // nil: the revision as a whole
	Reaction
}

// A Resolved is a comment that a revision settles, and the review or revision it belongs to.
type Resolved struct{ Entry, Comment radicle.Oid }

// Repo is what patches need of a repository. It is called in the caller's goroutine.
type Repo interface {
	gitobj.Reader
	// Head returns the commit that a ref of a namespace names, such as refs/heads/main. An error that wraps [fs.ErrNotExist] says
	// that there is none.
	Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error)
	// IsAncestor reports whether a commit is an ancestor of another, different one. An error that wraps [fs.ErrNotExist] says that
	// one of the two is not there.
	IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error)
}

// Read reads a patch: id is its first operation, tips are where the refs of all namespaces for it point; see [cob.Ref]. Operations
// that do not count are left out, as in Radicle, and told by Skipped. Errors wrap [ErrInit], [ErrIdentity] or [cob.ErrNoRoot], or
// are those of [cob.ReadHistory] and of the repository.
func Read(ctx context.Context, repo Repo, id radicle.Oid, tips []radicle.Oid, limits cob.Limits) (*Patch, error) {
	history, err := cob.ReadHistory(ctx, repo, tips, limits)
	if err != nil {
		return nil, err
	}
	p := &Patch{ID: id, repo: repo, documents: limits.Documents(repo), history: history}
	if err := history.Fold(ctx, id, folder{p}); err != nil {
		return nil, err
	}
	return p, nil
}

// Tips returns the operations that none comes after, sorted.
func (p *Patch) Tips() []radicle.Oid { return p.history.Tips() }

// Skipped says which operations do not count, and why.
func (p *Patch) Skipped() []error { return p.history.Skipped() }

// AllRevisions yields the revisions that are not redacted, in the order in which they were made.
func (p *Patch) AllRevisions() iter.Seq[*Revision] {
	return func(yield func(*Revision) bool) {
		for _, id := range p.Timeline {
			if r := p.Revisions[id]; r != nil && !yield(r) {
				return
			}
		}
	}
}

// LatestBy returns the last revision by somebody, nil if there is none.
func (p *Patch) LatestBy(author radicle.DID) *Revision {
	var latest *Revision
	for r := range p.AllRevisions() {
		if r.Author == author {
			latest = r
		}
	}
	return latest
}

// Latest is the last revision by the patch's author: what the patch proposes now.
func (p *Patch) Latest() *Revision { return p.LatestBy(p.Author) }

// Base and Head are those of the latest revision.
func (p *Patch) Base() radicle.Oid { return p.Latest().Base }

// Head is what the patch proposes.
func (p *Patch) Head() radicle.Oid { return p.Latest().Head }

// Description is that of the first revision.
func (p *Patch) Description() string { return last(p.Revisions[p.ID].Description) }

// Text is the description of the revision.
func (r *Revision) Text() string { return last(r.Description) }

// last is the version of a text that counts.
func last(edits []Edit) string { return edits[len(edits)-1].Body }

// insert puts v into a sorted list unless it is there.
func insert[T any](list []T, v T, compare func(a, b T) int) []T {
	i, found := slices.BinarySearchFunc(list, v, compare)
	if found {
		return list
	}
	return slices.Insert(list, i, v)
}

// remove takes v out of a sorted list.
func remove[T any](list []T, v T, compare func(a, b T) int) []T {
	i, found := slices.BinarySearchFunc(list, v, compare)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}
