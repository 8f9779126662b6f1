package sigrefs

import (
	"context"
	"fmt"
	"unicode/utf8"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

const (
	refsBlob      = "refs"
	signatureBlob = "signature"

	documentPath = "embeds/radicle.json" // of the identity document, in the commit that refs/rad/root names
)

// List is the signed list of one commit, verified.
type List struct {
	NID       radicle.NID
	At        radicle.Oid // the commit
	Parent    radicle.Oid // of the commit; null for a first one
	Level     Level
	Refs      Refs
	Signature radicle.Signature
}

// entry is one commit of the history, read but not verified.
type entry struct {
	at, parent radicle.Oid
	text       Text
	size       int // of the text as it was found, in bytes
	signature  radicle.Signature
	root       radicle.Oid // null if the list has no refs/rad/root
	rid        radicle.RID // of the identity document under root
}

// verifier reads and verifies commits of one namespace.
type verifier struct {
	store gitobj.Reader
	rid   radicle.RID
	nid   radicle.NID
	roots map[radicle.Oid]radicle.RID // identity roots seen; a history has one

	maxCommits int   // of a walk
	maxText    int64 // in bytes, of a walk
}

func newVerifier(store gitobj.Reader, rid radicle.RID, nid radicle.NID) *verifier {
	return &verifier{
		store: store, rid: rid, nid: nid, roots: make(map[radicle.Oid]radicle.RID),
		maxCommits: MaxHistory, maxText: MaxHistoryText,
	}
}

// read loads one commit. Errors name it, but for the context's.
func (v *verifier) read(ctx context.Context, id radicle.Oid) (entry, error) {
	e, err := v.load(ctx, id)
	if err != nil && ctx.Err() != nil {
		return entry{}, ctx.Err()
	}
	if err != nil {
		return entry{}, &CommitError{Commit: id, Err: err}
	}
	return e, nil
}

func (v *verifier) load(ctx context.Context, id radicle.Oid) (entry, error) {
	parent, tree, err := v.commit(ctx, id)
	if err != nil {
		return entry{}, err
	}
	text, err := v.blob(ctx, tree, refsBlob, MaxText)
	if err != nil {
		return entry{}, err
	}
	sig, err := v.blob(ctx, tree, signatureBlob, radicle.SignatureSize)
	if err != nil || len(sig) != radicle.SignatureSize {
		return entry{}, signatureError(err)
	}
	e := entry{at: id, parent: parent, size: len(text), signature: radicle.Signature(sig)}
	if e.text, err = Parse(text); err != nil {
		return entry{}, err
	}
	for _, ref := range e.text.Refs {
		if ref.ID.Len() != id.Len() {
			return entry{}, ErrObjectFormat
		}
	}
	e.root, _ = e.text.Refs.Get(RefRoot)
	e.rid, err = v.identity(ctx, e.root)
	return e, err
}

// commit returns the parent and the tree.
func (v *verifier) commit(ctx context.Context, id radicle.Oid) (parent radicle.Oid, tree gitobj.Tree, err error) {
	kind, data, err := v.store.Read(ctx, id, gitobj.MaxCommit)
	if err != nil {
		return parent, nil, err
	}
	if kind != gitobj.KindCommit {
		return parent, nil, &gitobj.KindError{ID: id, Want: gitobj.KindCommit, Got: kind}
	}
	if !utf8.Valid(data) {
		return parent, nil, ErrText
	}
	c, err := gitobj.ParseCommit(data)
	if err != nil {
		return parent, nil, err
	}
	if len(c.Parents) > 1 {
		return parent, nil, ErrParents
	}
	if len(c.Parents) == 1 {
		parent = c.Parents[0]
	}
	tree, err = gitobj.ReadTree(ctx, v.store, c.Tree)
	return parent, tree, err
}

func (v *verifier) blob(ctx context.Context, tree gitobj.Tree, name string, max int64) ([]byte, error) {
	e, ok := tree.Find(name)
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrMissingBlob, name)
	}
	return gitobj.ReadBlob(ctx, v.store, e.ID, max)
}

// signatureError is err, or the error of a signature of the wrong length.
func signatureError(err error) error {
	if _, large := asTooLarge(err); err == nil || large {
		return ErrSignatureSize
	}
	return err
}

// identity returns the repository whose identity starts at root: its document's blob names it. The document itself
// is not read, however large it says it is.
func (v *verifier) identity(ctx context.Context, root radicle.Oid) (radicle.RID, error) {
	if root.IsZero() {
		return radicle.RID{}, nil
	}
	if rid, ok := v.roots[root]; ok {
		return rid, nil
	}
	c, err := gitobj.ReadCommit(ctx, v.store, root)
	if err != nil {
		return radicle.RID{}, err
	}
	doc, err := gitobj.Lookup(ctx, v.store, c.Tree, documentPath)
	if isNotExist(err) || err == nil && (doc.Mode == gitobj.ModeTree || doc.Mode == gitobj.ModeCommit) {
		return radicle.RID{}, fmt.Errorf("%w: %v", ErrNoIdentity, root)
	}
	if err != nil {
		return radicle.RID{}, err
	}
	rid := radicle.NewRID(doc.ID)
	v.roots[root] = rid
	return rid, nil
}

// verify checks signature, repository and place of one commit, in Radicle's order, and finds its level.
func (v *verifier) verify(e entry) (*List, error) {
	level, err := v.level(e)
	if err != nil {
		return nil, &CommitError{Commit: e.at, Err: err}
	}
	return &List{
		NID: v.nid, At: e.at, Parent: e.parent, Level: level, Refs: e.text.Refs, Signature: e.signature,
	}, nil
}

func (v *verifier) level(e entry) (Level, error) {
	line := e.text.Parent
	switch {
	case !v.nid.Verify(e.text.Encode(), e.signature):
		return None, ErrSignature
	case !e.root.IsZero() && e.rid != v.rid:
		return None, &IdentityError{Root: e.root, Want: v.rid, Got: e.rid}
	case !line.IsZero() && line != e.parent:
		return None, &ParentError{Parent: e.parent, Line: line}
	case !line.IsZero() && e.root.IsZero():
		return None, ErrNoRoot
	case !line.IsZero():
		return Parent, nil
	case !e.root.IsZero():
		return Root, nil
	}
	return None, nil
}
