package identity

import (
	"context"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// The refs of an identity. The first three lie in a namespace, the last at the top of the repository.
const (
	RefIdentity  = "refs/rad/id"   // symbolic: to [Ref]; only in the namespace that made the repository
	RefRoot      = "refs/rad/root" // the first operation
	RefCanonical = "refs/rad/id"   // the operation that made the current revision
)

// Ref is the ref, in each namespace, to the latest operation that its owner made on the identity.
func Ref(root radicle.Oid) string { return cob.Ref(Type, root) }

// A RefUpdate is a ref that has to be set.
type RefUpdate struct {
	Name     string
	ID       radicle.Oid // zero if Symbolic is set
	Symbolic string      // the ref that Name is another name for
}

// Init writes the first operation of a new repository's identity: its objects, no refs. It returns the identity, and the refs that
// make the objects a repository, all of which name the same commit: in the namespace refs/cobs/…, refs/rad/id, which is symbolic,
// and refs/rad/root; at the top refs/rad/id. The signer must be the document's first delegate.
func Init(ctx context.Context, pen cob.Pen, doc *Document) (*Identity, []RefUpdate, error) {
	blob, sig, err := writeDocument(ctx, pen, doc)
	if err != nil {
		return nil, nil, err
	}
	if founder := doc.draft.Delegates[0]; founder.NID() != pen.Signer.NID() {
		return nil, nil, fmt.Errorf("%w: first delegate is %v, signer %v", ErrInit, founder, pen.Signer.NID())
	}
	a := action{name: actionRevision, title: "Initial revision", blob: blob, signature: sig}
	e, err := write(ctx, pen, nil, "Initialize identity", a)
	if err != nil {
		return nil, nil, err
	}
	history := cob.NewHistory(e)
	id := &Identity{
		rid: radicle.NewRID(blob), root: e.ID, current: e.ID, timeline: []radicle.Oid{e.ID}, history: history,
		revisions: map[radicle.Oid]*Revision{e.ID: newRevision(e, a, doc, Accepted)},
	}
	return id, initRefs(pen.Signer.NID(), e.ID), nil
}

func initRefs(nid radicle.NID, root radicle.Oid) []RefUpdate {
	namespace := "refs/namespaces/" + nid.String() + "/"
	return []RefUpdate{
		{Name: namespace + Ref(root), ID: root},
		{Name: namespace + RefIdentity, Symbolic: namespace + Ref(root)},
		{Name: namespace + RefRoot, ID: root},
		{Name: RefCanonical, ID: root},
	}
}

// writeDocument stores a document and signs its blob's id.
func writeDocument(ctx context.Context, pen cob.Pen, doc *Document) (radicle.Oid, radicle.Signature, error) {
	data, err := doc.Encode()
	if err != nil {
		return radicle.Oid{}, radicle.Signature{}, err
	}
	blob, err := pen.Objects.Write(ctx, gitobj.KindBlob, data)
	if err != nil {
		return radicle.Oid{}, radicle.Signature{}, err
	}
	sig, err := pen.Signer.Sign(ctx, blob.Bytes())
	return blob, sig, err
}

func write(ctx context.Context, pen cob.Pen, tips []radicle.Oid, message string, a action) (*cob.Entry, error) {
	data, err := a.encode()
	if err != nil {
		return nil, err
	}
	c := cob.Change{Type: Type, Tips: tips, Message: message, Actions: [][]byte{data}}
	if a.name == actionRevision {
		c.Embeds = []cob.Embed{{Name: documentName, Blob: a.blob}}
	}
	return c.Write(ctx, pen)
}

// Each of the following methods writes an operation by the signer, applies it, and returns its id: what the signer's [Ref] must be
// set to, by the caller, who then also sets [RefCanonical] to Head if that has moved.

// Propose proposes a document that changes the current one. With one delegate it is accepted at once. A delegate who has accepted
// an open revision must withdraw or see it decided first: [ErrSiblingAccepted]. See [Document.CheckProposal] for what should not be
// proposed.
func (i *Identity) Propose(ctx context.Context, pen cob.Pen, doc *Document, text Text) (radicle.Oid, error) {
	subject, err := title(text.Title)
	if err != nil {
		return radicle.Oid{}, err
	}
	if err := i.checkPropose(pen.Signer.NID(), doc); err != nil {
		return radicle.Oid{}, err
	}
	blob, sig, err := writeDocument(ctx, pen, doc)
	if err != nil {
		return radicle.Oid{}, err
	}
	parent := i.current
	a := action{name: actionRevision, title: subject, description: text.Description, blob: blob, parent: &parent, signature: sig}
	e, err := write(ctx, pen, i.Tips(), "Propose revision", a)
	if err != nil {
		return radicle.Oid{}, err
	}
	if err := i.mayPropose(e, a); err != nil {
		return radicle.Oid{}, err
	}
	return i.append(e, i.propose(e, a, doc))
}

// Text is what people read of a revision: a title of one line, and more if need be.
type Text struct{ Title, Description string }

func (i *Identity) checkPropose(author radicle.NID, doc *Document) error {
	switch current := i.Current(); {
	case !current.Document.IsDelegate(author.DID()):
		return fmt.Errorf("%v: %w", author, ErrNotDelegate)
	case doc.Equal(current.Document):
		return ErrUnchanged
	case i.acceptedChild(current, author) != nil:
		return fmt.Errorf("%w: %v", ErrSiblingAccepted, i.acceptedChild(current, author).ID)
	}
	return nil
}

// Accept votes for an open revision.
func (i *Identity) Accept(ctx context.Context, pen cob.Pen, revision radicle.Oid) (radicle.Oid, error) {
	r, err := i.votable(pen.Signer.NID(), revision)
	if err != nil {
		return radicle.Oid{}, err
	}
	if accepted := i.acceptedChild(i.revisions[r.Parent], pen.Signer.NID()); accepted != nil && accepted != r {
		return radicle.Oid{}, fmt.Errorf("%w: %v", ErrSiblingAccepted, accepted.ID)
	}
	sig, err := pen.Signer.Sign(ctx, r.Blob.Bytes())
	if err != nil {
		return radicle.Oid{}, err
	}
	e, err := write(ctx, pen, i.Tips(), "Accept revision", action{name: actionAccept, revision: revision, signature: sig})
	if err != nil {
		return radicle.Oid{}, err
	}
	return i.append(e, i.accept(e.Author, r, sig))
}

// Reject votes against an open revision.
func (i *Identity) Reject(ctx context.Context, pen cob.Pen, revision radicle.Oid) (radicle.Oid, error) {
	r, err := i.votable(pen.Signer.NID(), revision)
	if err != nil {
		return radicle.Oid{}, err
	}
	e, err := write(ctx, pen, i.Tips(), "Reject revision", action{name: actionReject, revision: revision})
	if err != nil {
		return radicle.Oid{}, err
	}
	return i.append(e, i.reject(e.Author, r))
}

// votable returns an open revision that a delegate has not voted on yet.
func (i *Identity) votable(author radicle.NID, revision radicle.Oid) (*Revision, error) {
	r, err := i.open(revision)
	if err != nil {
		return nil, err
	}
	if _, err := i.voter(author, r); err != nil {
		return nil, err
	}
	if _, voted := r.votes[author]; voted {
		return nil, fmt.Errorf("%v: %w", author, ErrVoted)
	}
	return r, nil
}

func (i *Identity) open(revision radicle.Oid) (*Revision, error) {
	r, ok := i.revisions[revision]
	if !ok {
		return nil, fmt.Errorf("%v: %w", revision, ErrUnknownRevision)
	}
	if r.State != Active {
		return nil, fmt.Errorf("%v: %w: %v", revision, ErrNotActive, r.State)
	}
	return r, nil
}

// Edit changes the text of an open revision of the signer's.
func (i *Identity) Edit(ctx context.Context, pen cob.Pen, revision radicle.Oid, text Text) (radicle.Oid, error) {
	subject, err := title(text.Title)
	if err != nil {
		return radicle.Oid{}, err
	}
	r, err := i.own(pen.Signer.NID(), revision)
	if err != nil {
		return radicle.Oid{}, err
	}
	a := action{name: actionEdit, revision: revision, title: subject, description: text.Description}
	e, err := write(ctx, pen, i.Tips(), "Edit revision", a)
	if err != nil {
		return radicle.Oid{}, err
	}
	return i.append(e, i.edit(e.Author, r, a))
}

// Redact withdraws an open revision of the signer's.
func (i *Identity) Redact(ctx context.Context, pen cob.Pen, revision radicle.Oid) (radicle.Oid, error) {
	r, err := i.own(pen.Signer.NID(), revision)
	if err != nil {
		return radicle.Oid{}, err
	}
	e, err := write(ctx, pen, i.Tips(), "Redact revision", action{name: actionRedact, revision: revision})
	if err != nil {
		return radicle.Oid{}, err
	}
	return i.append(e, i.redact(e.Author, r))
}

// own returns an open revision by author.
func (i *Identity) own(author radicle.NID, revision radicle.Oid) (*Revision, error) {
	r, err := i.open(revision)
	if err != nil {
		return nil, err
	}
	if r.Author.NID() != author {
		return nil, fmt.Errorf("%v: %w", revision, ErrNotAuthor)
	}
	return r, nil
}

// append adds an operation that was applied to the history.
func (i *Identity) append(e *cob.Entry, err error) (radicle.Oid, error) {
	if err != nil {
		return radicle.Oid{}, err
	}
	i.history.Append(e)
	return e.ID, nil
}
