package sigrefs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// Store is where a history is read and written.
type Store interface {
	gitobj.Reader
	gitobj.Writer
}

// ErrUnsignable is the error for refs that cannot be signed: one without refs/rad/root, or with a name or an id that
// a list cannot have.
var ErrUnsignable = errors.New("refs cannot be signed")

// Result is what [Sign] did.
type Result struct {
	List    *List // at the head of the history now
	Changed bool  // whether List is a new commit: move refs/rad/sigrefs from the head to List.At
	Mended  error // why others refused the old head, now the parent of a good one; nil if they did not
}

// Sign makes the next commit of a namespace's history: refs, all that is in the namespace now (from [Select]), signed
// by the namespace's key, on top of head, which is null for a first commit. Nothing is written if head already says
// the same at level [Parent]. The commit is read back through [Read] before it is returned; moving the ref is the
// caller's part.
//
// A head below level Parent is built upon, and so is one that nobody else accepts, as Radicle does: there is no other way
// forward. Then Mended says what was wrong. A head that cannot be read is an error.
func Sign(ctx context.Context, store Store, rid radicle.RID, key radicle.Signer, head radicle.Oid, refs Refs,
	now time.Time,
) (Result, error) {
	if err := signable(refs, rid); err != nil {
		return Result{}, err
	}
	v := newVerifier(store, rid, key.NID())
	var mended error
	if !head.IsZero() {
		old, err := v.head(ctx, head)
		if err != nil && !mendable(err) {
			return Result{}, err
		}
		if err == nil && old.Level == Parent && slices.Equal(old.Refs, refs) {
			return Result{List: old}, nil
		}
		if err == nil && old.Level < Parent {
			_, err = Read(ctx, store, rid, key.NID(), head) // what others say of it
		}
		mended = err
	}
	at, err := write(ctx, store, key, head, refs, now)
	if err != nil {
		return Result{}, err
	}
	list, err := Read(ctx, store, rid, key.NID(), at)
	if err != nil {
		return Result{}, fmt.Errorf("what was just signed: %w", err)
	}
	return Result{List: list, Changed: true, Mended: mended}, nil
}

// signable refuses what a reader would refuse, before a signature is asked for.
func signable(refs Refs, rid radicle.RID) error {
	if root, ok := refs.Get(RefRoot); !ok || root.IsZero() {
		return fmt.Errorf("%w: no %s", ErrUnsignable, RefRoot)
	}
	for i, ref := range refs {
		if err := gitobj.CheckQualified(ref.Name); err != nil {
			return fmt.Errorf("%w: %w", ErrUnsignable, err)
		}
		if !Signed(ref.Name) || ref.ID.IsZero() || ref.ID.Len() != rid.Oid().Len() {
			return fmt.Errorf("%w: %s at %v", ErrUnsignable, ref.Name, ref.ID)
		}
		if i > 0 && refs[i-1].Name >= ref.Name {
			return fmt.Errorf("%w: %s: %w", ErrUnsignable, ref.Name, ErrOrder)
		}
	}
	return nil
}

// head reads the head alone. An error that leaves it readable is mendable.
func (v *verifier) head(ctx context.Context, head radicle.Oid) (*List, error) {
	e, err := v.read(ctx, head)
	if err != nil {
		return nil, err
	}
	list, err := v.verify(e)
	if err == nil && list.Level == Root && e.parent.IsZero() {
		list.Level = Parent
	}
	return list, err
}

// mendable reports whether a commit is whole but says something wrong.
func mendable(err error) bool {
	if errors.As(err, new(*IdentityError)) || errors.As(err, new(*ParentError)) {
		return true
	}
	return errors.Is(err, ErrSignature) || errors.Is(err, ErrNoRoot)
}

// write stores blobs, tree and commit, in this order.
func write(ctx context.Context, store gitobj.Writer, key radicle.Signer, parent radicle.Oid, refs Refs, now time.Time) (
	radicle.Oid, error,
) {
	text := refs.encode(parent)
	if len(text) > MaxText {
		return radicle.Oid{}, &gitobj.TooLargeError{Size: int64(len(text)), Max: MaxText}
	}
	sig, err := key.Sign(ctx, text)
	if err != nil {
		return radicle.Oid{}, err
	}
	tree := make(gitobj.Tree, 0, 2)
	for _, blob := range []struct {
		name string
		data []byte
	}{{refsBlob, text}, {signatureBlob, sig[:]}} {
		id, err := store.Write(ctx, gitobj.KindBlob, blob.data)
		if err != nil {
			return radicle.Oid{}, err
		}
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: blob.name, ID: id})
	}
	return writeCommit(ctx, store, tree, parent, committer(key.NID(), now))
}

func writeCommit(ctx context.Context, store gitobj.Writer, tree gitobj.Tree, parent radicle.Oid, by gitobj.Signature) (
	radicle.Oid, error,
) {
	data, err := tree.Encode()
	if err != nil {
		return radicle.Oid{}, err
	}
	c := gitobj.Commit{Author: by, Committer: by, Message: "Update signed refs\n"}
	if c.Tree, err = store.Write(ctx, gitobj.KindTree, data); err != nil {
		return radicle.Oid{}, err
	}
	if !parent.IsZero() {
		c.Parents = []radicle.Oid{parent}
	}
	if data, err = c.Encode(); err != nil {
		return radicle.Oid{}, err
	}
	return store.Write(ctx, gitobj.KindCommit, data)
}

// committer is the name that signed refs are committed under: not the person's alias, which may change.
func committer(nid radicle.NID, now time.Time) gitobj.Signature {
	return gitobj.Signature{Name: "radicle", Email: nid.String(), Seconds: now.Unix(), Zone: gitobj.UTC}
}
