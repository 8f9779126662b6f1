package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// maxIdentity bounds the operations between the current and the first one of an identity.
const maxIdentity = 100_000

// ErrNoIdentity is the error for a repository in which no commit begins the identity that its id stands for.
var ErrNoIdentity = errors.New("repository has no identity of its id")

// identityRoot returns the first commit of the repository's identity, which has the document that the id is the hash
// of. It follows first parents from what this node takes for the current identity.
func (r *Repo) identityRoot(ctx context.Context) (radicle.Oid, error) {
	at, err := r.Ref(ctx, identity.RefCanonical)
	if isAbsent(err) || errors.As(err, new(*RefError)) {
		return radicle.Oid{}, fmt.Errorf("%w: %v", ErrNoIdentity, err)
	}
	if err != nil {
		return radicle.Oid{}, err
	}
	return r.IdentityRoot(ctx, at)
}

// IdentityRoot returns the first commit of the repository's identity, which has the document that the id is the hash
// of, by following first parents from an operation on it. Errors are [ErrNoIdentity], or those of gitobj.
func (r *Repo) IdentityRoot(ctx context.Context, at radicle.Oid) (radicle.Oid, error) {
	for range maxIdentity {
		c, err := gitobj.ReadCommit(ctx, r, at)
		if err != nil {
			return radicle.Oid{}, err
		}
		if len(c.Parents) > 0 {
			at = c.Parents[0]
			continue
		}
		doc, err := gitobj.Lookup(ctx, r, c.Tree, identity.DocumentPath)
		if err != nil || doc.ID != r.rid.Oid() {
			return radicle.Oid{}, fmt.Errorf("%w: %v", ErrNoIdentity, at)
		}
		return at, nil
	}
	return radicle.Oid{}, fmt.Errorf("%w: more than %d operations", ErrNoIdentity, maxIdentity)
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// isLocked reports whether somebody holds git's lock on a file.
func isLocked(root *os.Root, name string) bool {
	_, err := root.Lstat(name + ".lock")
	return err == nil
}
