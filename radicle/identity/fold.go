package identity

import (
	"context"
	"errors"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// folder applies operations to an identity.
type folder struct {
	*Identity
	r gitobj.Reader
}

// Init checks the first operation: its one action proposes the document that the repository is named after, it carries that
// document, and the document's first delegate made it and signed the document.
func (f *folder) Init(ctx context.Context, e *cob.Entry) error {
	actions, err := parseActions(e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInit, err)
	}
	a := actions[0]
	if a.name != actionRevision || a.parent != nil || len(actions) > 1 {
		return fmt.Errorf("%w: want one action that proposes a document on nothing", ErrInit)
	}
	doc, blob, err := ReadDocument(ctx, f.r, e.ID)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrInit, err)
	}
	if blob != a.blob || radicle.NewRID(blob) != f.rid {
		return fmt.Errorf("%w: document %v, proposed %v, repository %v", ErrInit, blob, a.blob, f.rid)
	}
	if founder := doc.draft.Delegates[0]; founder.NID() != e.Author || !founder.Verify(blob.Bytes(), a.signature) {
		return fmt.Errorf("%w: not signed by its first delegate %v", ErrInit, founder)
	}
	revision := newRevision(e, a, doc, Accepted)
	f.root, f.current, f.timeline = e.ID, e.ID, []radicle.Oid{e.ID}
	f.revisions = map[radicle.Oid]*Revision{e.ID: revision}
	return nil
}

func newRevision(e *cob.Entry, a action, doc *Document, state State) *Revision {
	r := &Revision{
		ID: e.ID, Blob: a.blob, Document: doc, Title: a.title, Description: a.description,
		Author: e.Author.DID(), Seconds: e.Seconds, State: state, votes: map[radicle.NID]bool{e.Author: true},
	}
	if a.parent != nil {
		r.Parent = *a.parent
	}
	return r
}

// Apply applies the actions of an operation until one fails. That a revision is not open any more is no failure if that may have
// happened at the same time.
func (f *folder) Apply(ctx context.Context, e *cob.Entry, concurrent func() bool) error {
	actions, err := parseActions(e)
	if err != nil {
		return err
	}
	for _, a := range actions {
		err := f.apply(ctx, e, a)
		if err != nil && (!errors.Is(err, ErrNotActive) || !concurrent()) {
			return err
		}
	}
	return nil
}

func (f *folder) apply(ctx context.Context, e *cob.Entry, a action) error {
	if a.name == actionRevision {
		if err := f.mayPropose(e, a); err != nil { // before the document is read: it may be long, and anyone can name one
			return err
		}
		doc, err := readBlob(ctx, f.r, a.blob)
		if err != nil {
			return err
		}
		return f.propose(e, a, doc)
	}
	r, ok := f.revisions[a.revision]
	if !ok {
		return fmt.Errorf("%v: %w", a.revision, ErrUnknownRevision)
	}
	switch a.name {
	case actionAccept:
		return f.accept(e.Author, r, a.signature)
	case actionReject:
		return f.reject(e.Author, r)
	case actionEdit:
		return f.edit(e.Author, r, a)
	}
	return f.redact(e.Author, r)
}

// mayPropose checks that a delegate proposes something on a known revision, and signed it.
func (i *Identity) mayPropose(e *cob.Entry, a action) error {
	if a.parent == nil {
		return fmt.Errorf("%w: revision on nothing", ErrUnknownRevision)
	}
	parent, ok := i.revisions[*a.parent]
	switch did := e.Author.DID(); {
	case !ok:
		return fmt.Errorf("%v: %w", *a.parent, ErrUnknownRevision)
	case !parent.Document.IsDelegate(did):
		return fmt.Errorf("%v: %w", did, ErrNotDelegate)
	case !did.Verify(a.blob.Bytes(), a.signature):
		return fmt.Errorf("%v: %w", did, ErrSignature)
	}
	return nil
}

// propose adds a revision that its author may propose, with the author's vote, which counts unless that delegate has accepted another
// one beside it.
func (i *Identity) propose(e *cob.Entry, a action, doc *Document) error {
	parent := i.revisions[*a.parent]
	if doc.Equal(parent.Document) {
		return ErrUnchanged
	}
	r := newRevision(e, a, doc, Active)
	r.State, r.Sibling = i.stateOn(parent)
	if r.State == Active && i.acceptedChild(parent, e.Author) != nil {
		delete(r.votes, e.Author)
	}
	if _, twice := i.revisions[e.ID]; !twice {
		i.timeline = append(i.timeline, e.ID)
	}
	i.revisions[e.ID] = r
	parent.children = append(parent.children, e.ID)
	if r.State == Active {
		i.adopt(r)
	}
	return nil
}

// stateOn is the state in which a revision on parent starts.
func (i *Identity) stateOn(parent *Revision) (State, radicle.Oid) {
	switch parent.State {
	case RejectedByVote, RejectedByParent, RejectedBySibling:
		return RejectedByParent, radicle.Oid{}
	case RedactedByAuthor, RedactedByParent:
		return RedactedByParent, radicle.Oid{}
	case Accepted:
		for _, id := range parent.children {
			if i.revisions[id].State == Accepted {
				return RejectedBySibling, id
			}
		}
	}
	return Active, radicle.Oid{}
}

// acceptedChild returns an open revision on parent that a delegate has accepted.
func (i *Identity) acceptedChild(parent *Revision, delegate radicle.NID) *Revision {
	for _, id := range parent.children {
		if child := i.revisions[id]; child.State == Active && child.votes[delegate] {
			return child
		}
	}
	return nil
}

// voter returns what a revision changes if author is one of its delegates.
func (i *Identity) voter(author radicle.NID, r *Revision) (*Revision, error) {
	parent, ok := i.revisions[r.Parent]
	if !ok {
		return nil, fmt.Errorf("%v: %w", r.Parent, ErrUnknownRevision)
	}
	if !parent.Document.IsDelegate(author.DID()) {
		return nil, fmt.Errorf("%v: %w", author, ErrNotDelegate)
	}
	return parent, nil
}

// accept counts a delegate's vote for an open revision. A vote for another one that is not open, or from a delegate who has
// accepted another one beside it, does not count and is no error.
func (i *Identity) accept(author radicle.NID, r *Revision, sig radicle.Signature) error {
	if r.State != Active {
		return nil
	}
	parent, err := i.voter(author, r)
	if err != nil {
		return err
	}
	if i.acceptedChild(parent, author) != nil {
		return nil
	}
	if !author.Verify(r.Blob.Bytes(), sig) {
		return fmt.Errorf("%v: %w", author, ErrSignature)
	}
	_, twice := r.votes[author]
	r.votes[author] = true
	if twice {
		return fmt.Errorf("%v: %w", author, ErrVoted)
	}
	i.adopt(r)
	return nil
}

// reject counts a delegate's vote against an open revision, which is rejected once no majority can accept it.
func (i *Identity) reject(author radicle.NID, r *Revision) error {
	if r.State != Active {
		return nil
	}
	parent, err := i.voter(author, r)
	if err != nil {
		return err
	}
	_, twice := r.votes[author]
	r.votes[author] = false
	if twice {
		return fmt.Errorf("%v: %w", author, ErrVoted)
	}
	_, rejected := r.count()
	if rejected > len(parent.Document.draft.Delegates)-parent.Document.Majority() {
		r.State = RejectedByVote
		i.cascade(r, RejectedByParent)
	}
	return nil
}

func (i *Identity) edit(author radicle.NID, r *Revision, a action) error {
	if r.State != Active {
		return fmt.Errorf("%v: %w", r.ID, ErrNotActive)
	}
	if r.Author.NID() != author {
		return fmt.Errorf("%v: %w", r.ID, ErrNotAuthor)
	}
	r.Title, r.Description = a.title, a.description
	return nil
}

// redact withdraws an open revision. One that is not open stays as it is, which is no error.
func (i *Identity) redact(author radicle.NID, r *Revision) error {
	if r.Author.NID() != author {
		return fmt.Errorf("%v: %w", r.ID, ErrNotAuthor)
	}
	if r.State == Active {
		r.State = RedactedByAuthor
		i.cascade(r, RedactedByParent)
	}
	return nil
}

// count returns the numbers of votes.
func (r *Revision) count() (accepted, rejected int) {
	for _, yes := range r.votes {
		if yes {
			accepted++
		} else {
			rejected++
		}
	}
	return accepted, rejected
}

// adopt makes an open revision the current one if it changes the current one and a majority of the current delegates has accepted
// it. Then the others beside it are rejected, and those on it may follow at once.
func (i *Identity) adopt(r *Revision) {
	if accepted, _ := r.count(); r.State != Active || r.Parent != i.current || accepted < i.Document().Majority() {
		return
	}
	for _, id := range i.Current().children {
		if sibling := i.revisions[id]; id != r.ID && sibling.State == Active {
			sibling.State, sibling.Sibling = RejectedBySibling, r.ID
			i.cascade(sibling, RejectedByParent)
		}
	}
	i.current, r.State = r.ID, Accepted
	var next []*Revision
	for _, id := range r.children {
		if child := i.revisions[id]; child.State == Active && child.acceptedBy(r.Document) >= r.Document.Majority() {
			next = append(next, child)
		}
	}
	for _, child := range next {
		i.adopt(child)
	}
}

// acceptedBy counts the delegates of doc who accepted the revision.
func (r *Revision) acceptedBy(doc *Document) int {
	n := 0
	for nid, yes := range r.votes {
		if yes && doc.IsDelegate(nid.DID()) {
			n++
		}
	}
	return n
}

// cascade gives the state to all open revisions on r, and on those.
func (i *Identity) cascade(r *Revision, state State) {
	for todo := r.children; len(todo) > 0; {
		child := i.revisions[todo[len(todo)-1]]
		todo = todo[:len(todo)-1]
		if child.State == Active {
			child.State = state
			todo = append(todo[:len(todo):len(todo)], child.children...)
		}
	}
}
