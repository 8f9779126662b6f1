package gitlfs

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"radswarm/blobstore"
)

// Stored lists the objects in the LFS storage, by their names: nothing is read.
func (c *Copy) Stored(ctx context.Context) ([]blobstore.Pointer, error) {
	top := filepath.Join(c.Storage(), "objects")
	var all []blobstore.Pointer
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		oid, err := blobstore.ParseOID(d.Name())
		if err != nil || !d.Type().IsRegular() || !inPlace(top, path) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil // gone meanwhile
		}
		all = append(all, blobstore.Pointer{OID: oid, Size: info.Size()})
		return nil
	})
	return all, err
}

// inPlace reports whether a file lies where an object of its name does.
func inPlace(top, path string) bool {
	name := filepath.Base(path)
	return len(name) > 4 && path == filepath.Join(top, name[:2], name[2:4], name)
}

// Worktrees lists the worktrees of the repository that are there, this one among them.
func (c *Copy) Worktrees(ctx context.Context) ([]*Copy, error) {
	list, err := c.git(ctx, nil, "worktree", "list", "--porcelain")
	if err != nil {
		return nil, err
	}
	all := []*Copy{c}
	for line := range bytes.Lines(list) {
		dir, ok := bytes.CutPrefix(bytes.TrimRight(line, "\n"), []byte("worktree "))
		if !ok || string(dir) == c.Top || !isTop(string(dir)) {
			continue
		}
		tree, err := Open(ctx, string(dir), elsewhere(c.env))
		if err != nil {
			return nil, err
		}
		if tree.Top != "" && tree.Top != c.Top {
			all = append(all, tree)
		}
	}
	return slices.DeleteFunc(all, func(t *Copy) bool { return t.Top == "" }), nil
}

// Remove deletes an object from the LFS storage. One that is not there is no error.
func (c *Copy) Remove(o blobstore.Pointer) error {
	name := o.OID.String()
	err := os.Remove(filepath.Join(c.Storage(), "objects", name[:2], name[2:4], name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
