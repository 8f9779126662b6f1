package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// Type is the type of the object that holds a repository's identity.
const Type cob.TypeName = "xyz.radicle.id"

// DocumentPath is where the tree of an operation that proposes a document has it.
const DocumentPath = "embeds/radicle.json"

// documentName is the last part of DocumentPath.
const documentName = "radicle.json"

// What can be wrong with a change of an identity. In the operations of others it is what [Identity.Skipped] tells.
var (
	ErrInit            = errors.New("not the first operation of this repository's identity")
	ErrUnknownRevision = errors.New("no such revision")
	ErrNotDelegate     = errors.New("not a delegate")
	ErrNotAuthor       = errors.New("revision is by somebody else")
	ErrUnchanged       = errors.New("document is the same as before")
	ErrSignature       = errors.New("signature does not match the document")
	ErrVoted           = errors.New("delegate has voted already")
	ErrNotActive       = errors.New("revision is not open any more")
	ErrSiblingAccepted = errors.New("delegate has accepted another open revision")
)

// State is what has become of a revision.
type State uint8

// The states. A revision starts open, unless what it builds on was rejected, withdrawn or replaced, and leaves that state once.
// A majority of delegates accepts it, which rejects the others beside it, or so many reject it that no majority is left, or its
// author withdraws it. What was built on one that is rejected or withdrawn goes with it.
const (
	Active            State = iota // open: delegates may vote
	Accepted                       // by a majority; the latest accepted one is the current one
	RejectedByVote                 // by delegates
	RejectedByParent               // because what it builds on was
	RejectedBySibling              // because another one beside it was accepted
	RedactedByAuthor               // withdrawn by its author
	RedactedByParent               // because what it builds on was
)

// String returns the state without its reason: active, accepted, rejected or redacted.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case Accepted:
		return "accepted"
	case RejectedByVote, RejectedByParent, RejectedBySibling:
		return "rejected"
	}
	return "redacted"
}

// A Revision is a document that a delegate proposed, and the votes on it.
type Revision struct {
	ID          radicle.Oid // of the operation that proposed it
	Parent      radicle.Oid // the revision that it changes; zero for the first
	Blob        radicle.Oid // of the document
	Document    *Document
	Title       string
	Description string
	Author      radicle.DID
	Seconds     uint64 // when it was proposed, by its author's clock: Unix time
	State       State
	Sibling     radicle.Oid // the accepted one, if State is RejectedBySibling

	votes    map[radicle.NID]bool // true: accepted
	children []radicle.Oid        // in the order in which they were proposed
}

// Votes returns the delegates who accepted and who rejected the revision, each sorted.
func (r *Revision) Votes() (accepted, rejected []radicle.DID) {
	for nid, yes := range r.votes {
		if yes {
			accepted = append(accepted, nid.DID())
		} else {
			rejected = append(rejected, nid.DID())
		}
	}
	slices.SortFunc(accepted, radicle.DID.Compare)
	slices.SortFunc(rejected, radicle.DID.Compare)
	return accepted, rejected
}

// An Identity is the object by which the delegates of a repository change its document: all revisions, and which is current.
// The methods that change it are not safe for concurrent use. After an error of one of them read it again.
type Identity struct {
	rid       radicle.RID
	root      radicle.Oid
	current   radicle.Oid
	revisions map[radicle.Oid]*Revision
	timeline  []radicle.Oid
	history   *cob.History
}

// Read reads the identity of a repository: root is its first operation, tips are where the refs of all namespaces for it point;
// see [Ref]. Operations that do not count are left out, as in Radicle, and told by Skipped. Errors wrap [ErrInit] or
// [cob.ErrNoRoot], or are those of [cob.ReadHistory].
func Read(ctx context.Context, r gitobj.Reader, rid radicle.RID, root radicle.Oid, tips []radicle.Oid, limits cob.Limits) (*Identity, error) {
	history, err := cob.ReadHistory(ctx, r, tips, limits)
	if err != nil {
		return nil, err
	}
	id := &Identity{rid: rid, history: history}
	if err := history.Fold(ctx, root, &folder{id, limits.Documents(r)}); err != nil {
		return nil, err
	}
	return id, nil
}

// RID is the repository.
func (i *Identity) RID() radicle.RID { return i.rid }

// Root is the id of the object: its first operation, which is also the first revision.
func (i *Identity) Root() radicle.Oid { return i.root }

// Head is the id of the current revision: where the repository's refs/rad/id points.
func (i *Identity) Head() radicle.Oid { return i.current }

// Current is the revision that holds. Do not change it.
func (i *Identity) Current() *Revision { return i.revisions[i.current] }

// Document is the document that holds.
func (i *Identity) Document() *Document { return i.Current().Document }

// Revision returns a revision, a redacted one too. Do not change it.
func (i *Identity) Revision(id radicle.Oid) (*Revision, bool) {
	r, ok := i.revisions[id]
	return r, ok
}

// Revisions returns all revisions that are not redacted, in the order in which they were proposed. Do not change them.
func (i *Identity) Revisions() []*Revision {
	var list []*Revision
	for _, id := range i.timeline {
		r := i.revisions[id]
		if r.State != RedactedByAuthor && r.State != RedactedByParent {
			list = append(list, r)
		}
	}
	return list
}

// Tips returns the operations that none comes after, sorted.
func (i *Identity) Tips() []radicle.Oid { return i.history.Tips() }

// Skipped says which operations do not count, and why.
func (i *Identity) Skipped() []error { return i.history.Skipped() }

// ReadDocument reads the document that the operation head proposed, and returns its blob's id. It says nothing about whether the
// delegates accepted it. Errors wrap [fs.ErrNotExist], [ErrDocument] or an error of package gitobj; those of the reader are
// [*cob.FatalError].
func ReadDocument(ctx context.Context, r gitobj.Reader, head radicle.Oid) (*Document, radicle.Oid, error) {
	commit, err := gitobj.ReadCommit(ctx, r, head)
	if err != nil {
		return nil, radicle.Oid{}, cob.ReadError(err)
	}
	entry, err := gitobj.Lookup(ctx, r, commit.Tree, DocumentPath)
	if err != nil {
		return nil, radicle.Oid{}, fmt.Errorf("identity at %v: %w", head, cob.ReadError(err))
	}
	doc, err := readBlob(ctx, r, entry.ID)
	return doc, entry.ID, err
}

func readBlob(ctx context.Context, r gitobj.Reader, blob radicle.Oid) (*Document, error) {
	data, err := gitobj.ReadBlob(ctx, r, blob, MaxDocument)
	if err != nil {
		return nil, cob.ReadError(err)
	}
	return Parse(data)
}
