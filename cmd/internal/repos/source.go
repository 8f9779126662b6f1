package repos

import (
	"context"

	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// treeEntry is more than an entry of a tree takes: mode, name and id.
const treeEntry = 128

// source reads the objects of a repository in storage for package record. Who reads is a user of the repository.
type source struct{ *repository }

// Tree implements [record.Objects].
func (s source) Tree(ctx context.Context, id radicle.Oid, most int) ([]record.Entry, error) {
	kind, data, err := s.repo.Read(ctx, id, int64(treeEntry*most))
	if err == nil && kind == gitobj.KindCommit {
		var c gitobj.Commit
		if c, err = gitobj.ParseCommit(data); err == nil {
			_, data, err = s.repo.Read(ctx, c.Tree, int64(treeEntry*most))
		}
	}
	if err != nil {
		return nil, err
	}
	tree, err := gitobj.ParseTree(data, id.Len())
	if err != nil {
		return nil, err
	}
	entries := make([]record.Entry, 0, len(tree))
	for _, e := range tree {
		entries = append(entries, record.Entry{Mode: uint32(e.Mode), Name: e.Name, ID: e.ID})
	}
	return entries, nil
}

// Blob implements [record.Objects].
func (s source) Blob(ctx context.Context, id radicle.Oid, most int64) ([]byte, error) {
	return gitobj.ReadBlob(ctx, s.repo, id, most)
}
