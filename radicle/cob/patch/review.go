package patch

import "radswarm/radicle/cob"

// addReview adds a review of a revision, unless its author has made one, or the revision is not there.
func (p *Patch) addReview(e *cob.Entry, a Action) {
	r := p.Revisions[a.Revision]
	if r == nil || r.Reviews[e.Author] != nil {
		return
	}
	summary := ""
	if a.Summary != nil {
		summary = *a.Summary
	}
	r.Reviews[e.Author] = &Review{
		ID: e.ID, Author: e.Author.DID(), Verdict: a.Verdict, Summary: []Edit{editOf(e, summary, nil)}, Labels: a.Labels, Seconds: e.Seconds,
	}
	p.Reviews[e.ID] = &ReviewRef{a.Revision, e.Author}
}

// redactReview withdraws a review. One of a redacted revision stays as it is.
func (p *Patch) redactReview(a Action) error {
	ref, ok := p.Reviews[a.Review]
	if !ok {
		return missing(a.Review)
	}
	if ref == nil {
		return nil
	}
	r, err := p.revision(ref.Revision)
	if err != nil || r == nil {
		return err
	}
	delete(r.Reviews, ref.Author)
	p.Reviews[a.Review] = nil
	return nil
}

// applyToReview does nothing to a review that is redacted.
func (p *Patch) applyToReview(e *cob.Entry, a Action) error {
	if a.Kind == KindReviewEdit || a.Kind == KindReviewEditV1 {
		if a.Verdict == "" && (a.Summary == nil || a.Kind == KindReviewEdit && *a.Summary == "") {
			return ErrEmpty
		}
	}
	_, review, err := p.review(a.Review)
	if err != nil || review == nil {
		return err
	}
	switch a.Kind {
	case KindReviewEdit, KindReviewEditV1:
		review.edit(e, a)
	case KindReviewReact:
		review.Reactions = react(review.Reactions, e, a)
	case KindReviewComment:
		return review.Comments.comment(e, a)
	case KindReviewCommentEdit:
		return review.Comments.edit(e, a)
	case KindReviewCommentRedact:
		return review.Comments.redact(e, a)
	case KindReviewCommentReact:
		return review.Comments.react(e, a)
	case KindReviewCommentResolve, KindReviewCommentUnresolve:
		return review.Comments.resolve(e, a, a.Kind == KindReviewCommentResolve)
	}
	return nil
}

// edit replaces verdict and labels, and the summary if there is a new one.
func (r *Review) edit(e *cob.Entry, a Action) {
	if a.Summary != nil {
		r.Summary = append(r.Summary, editOf(e, *a.Summary, a.Embeds))
	}
	r.Verdict, r.Labels = a.Verdict, a.Labels
}
