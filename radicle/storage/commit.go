package storage

import (
	"context"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// Commit lets edit change the files of the commit that a ref of our namespace points to, none if there is no such
// ref, and makes a commit of the result on top of it, unless nothing changed. The author is the key, under the name
// that signed refs have. It returns where the ref points then.
func (tx *Tx) Commit(ctx context.Context, name, message string, edit func(context.Context, *Tree) error) (radicle.Oid, error) {
	parent := tx.Get(name)
	var old gitobj.Commit
	if !parent.IsZero() {
		var err error
		if old, err = gitobj.ReadCommit(ctx, tx, parent); err != nil {
			return radicle.Oid{}, err
		}
	}
	t := &Tree{store: tx, root: &dirNode{id: old.Tree}}
	if err := edit(ctx, t); err != nil {
		return radicle.Oid{}, err
	}
	tree, err := t.encode(ctx, t.root)
	if err != nil {
		return radicle.Oid{}, err
	}
	if tree.IsZero() && parent.IsZero() {
		return parent, nil
	}
	if tree.IsZero() { // nothing is left
		if tree, err = tx.Write(ctx, gitobj.KindTree, nil); err != nil {
			return radicle.Oid{}, err
		}
	}
	if tree == old.Tree {
		return parent, nil
	}
	return tx.commit(ctx, name, tree, parent, message)
}

func (tx *Tx) commit(ctx context.Context, name string, tree, parent radicle.Oid, message string) (radicle.Oid, error) {
	by := gitobj.Signature{
		Name: "radicle", Email: tx.nid.String(), Seconds: tx.objects.repo.storage.now().Unix(), Zone: gitobj.UTC,
	}
	c := gitobj.Commit{Tree: tree, Author: by, Committer: by, Message: message + "\n"}
	if !parent.IsZero() {
		c.Parents = []radicle.Oid{parent}
	}
	data, err := c.Encode()
	if err != nil {
		return radicle.Oid{}, err
	}
	id, err := tx.Write(ctx, gitobj.KindCommit, data)
	if err != nil {
		return radicle.Oid{}, err
	}
	return id, tx.Set(ctx, name, id)
}
