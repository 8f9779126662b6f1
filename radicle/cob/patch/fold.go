package patch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/identity"
)

// folder applies operations to a patch.
type folder struct{ *Patch }

// Init starts the patch: the first operation makes a revision, gives the patch a title and a target, and may do more.
func (f folder) Init(ctx context.Context, e *cob.Entry) error {
	p := f.Patch
	actions, err := parseActions(e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInit, err)
	}
	doc, err := p.identity(ctx, e)
	if err != nil {
		return err
	}
	if len(actions) < 2 || actions[0].Kind != KindRevision || actions[1].Kind != KindEdit {
		return fmt.Errorf("%w: want a revision and an edit", ErrInit)
	}
	p.Author, p.Title, p.Target, p.State = e.Author.DID(), actions[1].Title, actions[1].Target, State{Status: Open}
	p.Timeline = []radicle.Oid{e.ID}
	p.Revisions = map[radicle.Oid]*Revision{e.ID: newRevision(e, actions[0])}
	p.Merges, p.Reviews = make(map[radicle.NID]Merge), make(map[radicle.Oid]*ReviewRef)
	for _, a := range actions[2:] {
		if err := p.act(ctx, e, a, doc); err != nil {
			return fmt.Errorf("%w: %w", ErrInit, err)
		}
	}
	return nil
}

// identity reads the document that the operation names. Most operations of a patch name the same one as the operation before.
func (p *Patch) identity(ctx context.Context, e *cob.Entry) (*identity.Document, error) {
	if e.Resource.IsZero() {
		return nil, ErrIdentity
	}
	if e.Resource == p.resource {
		return p.document, nil
	}
	doc, _, err := identity.ReadDocument(ctx, p.documents, e.Resource)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIdentity, err)
	}
	p.resource, p.document = e.Resource, doc
	return doc, nil
}

// Apply applies the actions of an operation until one fails.
func (f folder) Apply(ctx context.Context, e *cob.Entry, _ func() bool) error {
	actions, err := parseActions(e)
	if err != nil {
		return err
	}
	return f.applyAll(ctx, e, actions)
}

func (p *Patch) applyAll(ctx context.Context, e *cob.Entry, actions []Action) error {
	p.Timeline = append(p.Timeline, e.ID)
	doc, err := p.identity(ctx, e)
	if err != nil {
		return err
	}
	for _, a := range actions {
		if err := p.act(ctx, e, a, doc); err != nil {
			return err
		}
	}
	return nil
}

// act applies an action if its author may do it.
func (p *Patch) act(ctx context.Context, e *cob.Entry, a Action, doc *identity.Document) error {
	err := p.authorize(a, e.Author, doc)
	if errors.Is(err, errUnknown) {
		return nil
	}
	if err != nil {
		return err
	}
	return p.apply(ctx, e, a, doc)
}

func (p *Patch) apply(ctx context.Context, e *cob.Entry, a Action, doc *identity.Document) error {
	switch a.Kind {
	case KindEdit:
		p.Title, p.Target = a.Title, a.Target
	case KindLabel:
		p.Labels = a.Labels
	case KindAssign:
		p.Assignees = a.Assignees
	case KindLifecycle:
		if p.State.Status != Merged && len(p.State.Conflicts) == 0 {
			p.State.Status = a.Status
		}
	case KindMerge:
		return p.merge(ctx, e, a, doc)
	case KindRevision:
		p.Revisions[e.ID] = newRevision(e, a)
	case KindRevisionRedact:
		return p.redactRevision(a)
	case KindReview:
		p.addReview(e, a)
	case KindReviewRedact:
		return p.redactReview(a)
	case KindRevisionEdit, KindRevisionReact, KindComment, KindCommentEdit, KindCommentRedact, KindCommentReact:
		return p.applyToRevision(e, a)
	default:
		return p.applyToReview(e, a)
	}
	return nil
}

func newRevision(e *cob.Entry, a Action) *Revision {
	return &Revision{
		ID: e.ID, Author: e.Author.DID(), Description: []Edit{editOf(e, a.Description, nil)}, Base: a.Base, Head: a.Head,
		Reviews: make(map[radicle.NID]*Review), Resolves: a.Resolves, Seconds: e.Seconds,
	}
}

// applyToRevision does nothing to a revision that is redacted.
func (p *Patch) applyToRevision(e *cob.Entry, a Action) error {
	r, err := p.revision(a.Revision)
	if err != nil || r == nil {
		return err
	}
	switch a.Kind {
	case KindRevisionEdit:
		r.Description = append(r.Description, editOf(e, a.Description, a.Embeds))
	case KindRevisionReact:
		placed := PlacedReaction{a.Location, Reaction{e.Author, a.Emoji}}
		if a.Active {
			r.Reactions = insert(r.Reactions, placed, comparePlaced)
		} else {
			r.Reactions = remove(r.Reactions, placed, comparePlaced)
		}
	case KindComment:
		return r.Discussion.comment(e, a)
	case KindCommentEdit:
		return r.Discussion.edit(e, a)
	case KindCommentRedact:
		return r.Discussion.redact(e, a)
	case KindCommentReact:
		return r.Discussion.react(e, a)
	}
	return nil
}

// redactRevision withdraws a revision, but not the first one, and not one that somebody has merged.
func (p *Patch) redactRevision(a Action) error {
	if a.Revision == p.ID {
		return fmt.Errorf("%w: the first revision stays", ErrNotAllowed)
	}
	if _, err := p.revision(a.Revision); err != nil {
		return err
	}
	for _, m := range p.Merges {
		if m.Revision == a.Revision {
			return nil
		}
	}
	p.Revisions[a.Revision] = nil
	return nil
}

// merge notes that somebody merged a revision, if the commit is in that person's target branch now, and counts.
func (p *Patch) merge(ctx context.Context, e *cob.Entry, a Action, doc *identity.Document) error {
	r, err := p.revision(a.Revision)
	if err != nil || r == nil {
		return err
	}
	branch, err := p.Target.resolve(doc)
	if err != nil {
		return err
	}
	head, err := p.repo.Head(ctx, e.Author, branch)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &cob.FatalError{Err: err}
	}
	if a.Commit != head {
		merged, err := p.repo.IsAncestor(ctx, a.Commit, head)
		if err != nil || !merged {
			return cob.ReadError(err)
		}
	}
	p.Merges[e.Author] = Merge{a.Revision, a.Commit, e.Seconds}
	p.countMerges(doc.Threshold())
	return nil
}

// countMerges settles the state by what the threshold of people merged. Where fewer did it stays.
func (p *Patch) countMerges(threshold int) {
	counts := make(map[Conflict]int)
	for _, m := range p.Merges {
		counts[Conflict{m.Revision, m.Commit}]++
	}
	var enough []Conflict
	for c, n := range counts {
		if n >= threshold {
			enough = append(enough, c)
		}
	}
	switch len(enough) {
	case 0:
	case 1:
		p.State = State{Status: Merged, Revision: enough[0].Revision, Commit: enough[0].Commit}
	default:
		slices.SortFunc(enough, func(a, b Conflict) int {
			return compareResolved(Resolved{a.Revision, a.Commit}, Resolved{b.Revision, b.Commit})
		})
		p.State = State{Status: Open, Conflicts: enough}
	}
}
