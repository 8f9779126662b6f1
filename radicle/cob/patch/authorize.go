package patch

import (
	"errors"
	"fmt"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/identity"
)

// errUnknown says that it cannot be told whether an action is allowed, since what it is about was redacted. The action then does
// nothing.
var errUnknown = errors.New("redacted")

// authorize returns nil if actor may do the action under the identity document doc.
func (p *Patch) authorize(a Action, actor radicle.NID, doc *identity.Document) error {
	if doc.IsDelegate(actor.DID()) {
		return nil
	}
	switch a.Kind {
	case KindEdit, KindLifecycle:
		return allow(actor.DID() == p.Author, a, actor)
	case KindLabel:
		return allow(slices.Equal(a.Labels, p.Labels), a, actor)
	case KindAssign:
		return allow(false, a, actor)
	case KindMerge:
		return p.authorizeMerge(a, actor, doc)
	case KindRevisionEdit, KindRevisionRedact:
		r, err := p.revision(a.Revision)
		if err != nil || r == nil {
			return orUnknown(err)
		}
		return allow(actor.DID() == r.Author, a, actor)
	case KindCommentEdit, KindCommentRedact:
		r, err := p.revision(a.Revision)
		if err != nil || r == nil || r.Discussion.Comments[a.Comment] == nil {
			return orUnknown(err)
		}
		return allow(actor == r.Discussion.Comments[a.Comment].Author, a, actor)
	case KindReviewRedact, KindReviewEdit, KindReviewEditV1, KindReviewCommentEdit, KindReviewCommentRedact,
		KindReviewCommentResolve, KindReviewCommentUnresolve:
		return p.authorizeReview(a, actor)
	}
	return nil // anyone may propose, comment, review and react
}

func allow(ok bool, a Action, actor radicle.NID) error {
	if !ok {
		return fmt.Errorf("%w: %s by %v", ErrNotAllowed, a.Kind, actor)
	}
	return nil
}

func orUnknown(err error) error {
	if err != nil {
		return err
	}
	return errUnknown
}

// authorizeMerge: besides the delegates, whoever the rule for the target branch allows.
func (p *Patch) authorizeMerge(a Action, actor radicle.NID, doc *identity.Document) error {
	branch, err := p.Target.resolve(doc)
	if err != nil {
		return err
	}
	if crefs, err := doc.CanonicalRefs(); err == nil {
		if rule, ok := crefs.Match(branch); ok {
			return allow(slices.Contains(rule.Allowed, actor.DID()), a, actor)
		}
	}
	return allow(false, a, actor)
}

// resolve returns the full name of the target branch.
func (t Target) resolve(doc *identity.Document) (string, error) {
	if t.Branch != "" {
		return t.Branch, nil
	}
	return doc.DefaultBranch()
}

// authorizeReview: a review is its author's, a comment on it the commenter's; to settle a comment, either and the revision's author
// may.
func (p *Patch) authorizeReview(a Action, actor radicle.NID) error {
	revision, review, err := p.review(a.Review)
	if err != nil || review == nil {
		return orUnknown(err)
	}
	if a.Kind == KindReviewRedact || a.Kind == KindReviewEdit || a.Kind == KindReviewEditV1 {
		return allow(actor.DID() == review.Author, a, actor)
	}
	comment := review.Comments.Comments[a.Comment]
	if comment == nil {
		return errUnknown
	}
	settle := a.Kind == KindReviewCommentResolve || a.Kind == KindReviewCommentUnresolve
	return allow(actor == comment.Author || settle && (actor.DID() == review.Author || actor.DID() == revision.Author), a, actor)
}

// revision returns a revision, nil if it is redacted.
func (p *Patch) revision(id radicle.Oid) (*Revision, error) {
	r, ok := p.Revisions[id]
	if !ok {
		return nil, missing(id)
	}
	return r, nil
}

// review returns a review and the revision that it is of, nil if either is redacted.
func (p *Patch) review(id radicle.Oid) (*Revision, *Review, error) {
	ref, ok := p.Reviews[id]
	if !ok {
		return nil, nil, missing(id)
	}
	if ref == nil {
		return nil, nil, nil
	}
	r, err := p.revision(ref.Revision)
	if err != nil || r == nil {
		return nil, nil, err
	}
	if r.Reviews[ref.Author] == nil {
		return nil, nil, missing(id)
	}
	return r, r.Reviews[ref.Author], nil
}
