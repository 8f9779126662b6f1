package patch

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob"
)

// ErrTitle is the error for a title that is empty or has more than one line.
var ErrTitle = errors.New("title must be one line of text")

// A Pen writes operations on patches in somebody's name.
type Pen struct {
	cob.Pen
	Identity radicle.Oid // head of the repository's identity, which says what the signer may do
}

// A Proposal is what a new patch starts with.
type Proposal struct {
	Title       string // one line
	Description string
	Target      Target
	Base, Head  radicle.Oid // commits in the repository
	Labels      []string
	Draft       bool
}

// Create writes the first operation of a new patch. The caller sets the signer's [cob.Ref] to the patch's id.
func Create(ctx context.Context, repo Repo, pen Pen, proposal Proposal) (*Patch, error) {
	subject, err := title(proposal.Title)
	if err != nil {
		return nil, err
	}
	actions := []Action{
		{Kind: KindRevision, Description: proposal.Description, Base: proposal.Base, Head: proposal.Head},
		{Kind: KindEdit, Title: subject, Target: proposal.Target},
	}
	if len(proposal.Labels) > 0 {
		actions = append(actions, Action{Kind: KindLabel, Labels: proposal.Labels})
	}
	if proposal.Draft {
		actions = append(actions, Action{Kind: KindLifecycle, Status: Draft})
	}
	e, err := write(ctx, pen, nil, "Create patch", actions)
	if err != nil {
		return nil, err
	}
	p := &Patch{ID: e.ID, repo: repo, documents: repo, history: cob.NewHistory(e)}
	if err := (folder{p}).Init(ctx, e); err != nil {
		return nil, err
	}
	return p, nil
}

func title(s string) (string, error) {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || strings.ContainsAny(s, "\r\n") {
		return "", ErrTitle
	}
	return trimmed, nil
}

// write writes an operation with the actions. The commits that they speak of, and the files in their texts, travel with it.
func write(ctx context.Context, pen Pen, tips []radicle.Oid, message string, actions []Action) (*cob.Entry, error) {
	c := cob.Change{Type: Type, Tips: tips, Resource: pen.Identity, Message: message}
	for _, a := range actions {
		data, err := a.Encode()
		if err != nil {
			return nil, err
		}
		embeds, err := embedded(a)
		if err != nil {
			return nil, err
		}
		c.Actions, c.Embeds, c.Related = append(c.Actions, data), append(c.Embeds, embeds...), append(c.Related, a.parents()...)
	}
	return c.Write(ctx, pen.Pen)
}

// embedded are the files in an action's text. Each must be a blob: git:<oid>.
func embedded(a Action) ([]cob.Embed, error) {
	var list []cob.Embed
	for _, e := range a.Embeds {
		id, ok := strings.CutPrefix(e.Content, "git:")
		blob, err := radicle.ParseOid(id)
		if !ok || err != nil {
			return nil, fmt.Errorf("%w: embedded file %.80q is not git:<oid>", ErrAction, e.Content)
		}
		list = append(list, cob.Embed{Name: e.Name, Blob: blob})
	}
	return list, nil
}

// Do writes an operation with the actions, applies it, and returns its id, which is also that of a revision, comment or review that
// it makes: what the caller sets the signer's [cob.Ref] to. message is the commit's title. Of the actions, at most one may make
// something that has an id. After an error the patch is to be read again.
func (p *Patch) Do(ctx context.Context, pen Pen, message string, actions ...Action) (radicle.Oid, error) {
	makers := 0
	for _, a := range actions {
		if a.Kind == KindRevision || a.Kind == KindComment || a.Kind == KindReview || a.Kind == KindReviewComment {
			makers++
		}
	}
	if makers > 1 {
		return radicle.Oid{}, fmt.Errorf("%w: %d of one operation would have its id", ErrAction, makers)
	}
	e, err := write(ctx, pen, p.Tips(), message, actions)
	if err != nil {
		return radicle.Oid{}, err
	}
	written, err := parseActions(e)
	if err != nil {
		return radicle.Oid{}, err
	}
	if err := p.applyAll(ctx, e, written); err != nil {
		return radicle.Oid{}, err
	}
	p.history.Append(e)
	return e.ID, nil
}

// Update adds a revision.
func (p *Patch) Update(ctx context.Context, pen Pen, description string, base, head radicle.Oid) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Add revision", Action{Kind: KindRevision, Description: description, Base: base, Head: head})
}

// Merge says that the signer has merged a revision: commit is in the signer's branch.
func (p *Patch) Merge(ctx context.Context, pen Pen, revision, commit radicle.Oid) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Merge revision", Action{Kind: KindMerge, Revision: revision, Commit: commit})
}

// Lifecycle opens or archives the patch, or makes it a draft.
func (p *Patch) Lifecycle(ctx context.Context, pen Pen, status Status) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Lifecycle", Action{Kind: KindLifecycle, Status: status})
}

// Edit changes title and target.
func (p *Patch) Edit(ctx context.Context, pen Pen, subject string, target Target) (radicle.Oid, error) {
	subject, err := title(subject)
	if err != nil {
		return radicle.Oid{}, err
	}
	return p.Do(ctx, pen, "Edit", Action{Kind: KindEdit, Title: subject, Target: target})
}

// EditRevision changes the description of a revision.
func (p *Patch) EditRevision(ctx context.Context, pen Pen, revision radicle.Oid, description string) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Edit revision", Action{Kind: KindRevisionEdit, Revision: revision, Description: description})
}

// Redact withdraws a revision, not the first one.
func (p *Patch) Redact(ctx context.Context, pen Pen, revision radicle.Oid) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Redact revision", Action{Kind: KindRevisionRedact, Revision: revision})
}

// Label replaces the labels.
func (p *Patch) Label(ctx context.Context, pen Pen, labels []string) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Label", Action{Kind: KindLabel, Labels: labels})
}

// Assign replaces the assignees.
func (p *Patch) Assign(ctx context.Context, pen Pen, assignees []radicle.DID) (radicle.Oid, error) {
	return p.Do(ctx, pen, "Assign", Action{Kind: KindAssign, Assignees: assignees})
}
