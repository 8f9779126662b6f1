package storage

import (
	"context"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/identity"
)

// Identity reads the identity of the repository: the operations on it in the namespaces of all peers, folded. Errors are
// [ErrNoIdentity], or those of [identity.Read].
func (r *Repo) Identity(ctx context.Context) (*identity.Identity, error) {
	root, err := r.identityRoot(ctx)
	if err != nil {
		return nil, err
	}
	snapshot, err := r.Refs(ctx)
	if err != nil {
		return nil, err
	}
	var tips []radicle.Oid
	for _, peer := range snapshot.Peers() {
		if at, ok := snapshot.Get(NamespacePrefix(peer) + identity.Ref(root)); ok {
			tips = append(tips, at)
		}
	}
	return identity.Read(ctx, r, r.rid, root, tips, cob.Limits{})
}

// SetIdentity makes refs/rad/id what the delegates accepted, as Radicle does after each change of the identity: call it when
// an operation was written or fetched. What the operations say may not be readable; then Err says why, and the ref
// stays.
func (r *Repo) SetIdentity(ctx context.Context) (Canonical, error) {
	return r.setTop(ctx, identity.RefCanonical, func(ctx context.Context) (identity.Object, error) {
		i, err := r.Identity(ctx)
		if err != nil {
			return identity.Object{}, err
		}
		return identity.Object{ID: i.Head()}, nil
	})
}
