package storage

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// maxTreeDepth bounds the directories of a path in a [Tree].
const maxTreeDepth = 32

// Tree is the files of a commit in the making. Directories are read when they are needed, and written only where
// something changed. Paths are separated by slashes. Not safe for concurrent use.
type Tree struct {
	store interface {
		gitobj.Reader
		gitobj.Writer
	}
	root *dirNode
}

// dirNode is a directory: as it is stored until it is loaded, then as it will be.
type dirNode struct {
	id      radicle.Oid // null for a new one
	loaded  bool
	changed bool // since it was loaded, here or below
	entries map[string]gitobj.TreeEntry
	dirs    map[string]*dirNode // those of entries that were visited; their entries have old ids until encode
}

// Read returns a file of at most max bytes. No such file is an error that wraps [fs.ErrNotExist].
func (t *Tree) Read(ctx context.Context, path string, max int64) ([]byte, error) {
	dir, base, err := t.find(ctx, path, false)
	if err != nil {
		return nil, err
	}
	e, ok := dir.entries[base]
	if !ok || e.Mode == gitobj.ModeTree {
		return nil, notInTree(path)
	}
	return gitobj.ReadBlob(ctx, t.store, e.ID, max)
}

// List returns the names in a directory, "" for the topmost, sorted; those of directories end in a slash. No such
// directory is an error that wraps [fs.ErrNotExist].
func (t *Tree) List(ctx context.Context, dir string) ([]string, error) {
	d, err := t.root, t.load(ctx, t.root)
	if err == nil && dir != "" {
		d, _, err = t.find(ctx, dir+"/x", false)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for name, e := range d.entries {
		if e.Mode == gitobj.ModeTree {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Write makes data the content of a file, new or not, and makes the directories above it.
func (t *Tree) Write(ctx context.Context, path string, data []byte) error {
	dir, base, err := t.find(ctx, path, true)
	if err != nil {
		return err
	}
	if e, ok := dir.entries[base]; ok && e.Mode == gitobj.ModeTree {
		return fmt.Errorf("%s: %w: it is a directory", path, fs.ErrExist)
	}
	id, err := t.store.Write(ctx, gitobj.KindBlob, data)
	if err != nil {
		return err
	}
	if e := dir.entries[base]; e.ID != id {
		dir.entries[base] = gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: base, ID: id}
		t.touch(path)
	}
	return nil
}

// Remove deletes a file and the directories that it leaves empty. No such file is an error that wraps
// [fs.ErrNotExist].
func (t *Tree) Remove(ctx context.Context, path string) error {
	dir, base, err := t.find(ctx, path, false)
	if err != nil {
		return err
	}
	if e, ok := dir.entries[base]; !ok || e.Mode == gitobj.ModeTree {
		return notInTree(path)
	}
	delete(dir.entries, base)
	t.touch(path)
	return nil
}

func notInTree(path string) error { return fmt.Errorf("%s: %w", path, fs.ErrNotExist) }

// find loads the directory of a path; with create, it makes those that are missing.
func (t *Tree) find(ctx context.Context, path string, create bool) (dir *dirNode, base string, err error) {
	parts := strings.Split(path, "/")
	if len(parts) > maxTreeDepth || slices.Contains(parts, "") {
		return nil, "", fmt.Errorf("%q is no path: %w", path, fs.ErrInvalid)
	}
	dir = t.root
	for i, name := range parts {
		if err := t.load(ctx, dir); err != nil {
			return nil, "", err
		}
		if i == len(parts)-1 {
			return dir, name, nil
		}
		next, err := dir.child(name, create)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
		dir = next
	}
	return nil, "", notInTree(path)
}

// child returns a directory in d, which is loaded.
func (d *dirNode) child(name string, create bool) (*dirNode, error) {
	if sub := d.dirs[name]; sub != nil {
		return sub, nil
	}
	e, ok := d.entries[name]
	switch {
	case ok && e.Mode == gitobj.ModeTree:
	case ok:
		return nil, fmt.Errorf("%s is no directory: %w", name, fs.ErrNotExist)
	case !create:
		return nil, fs.ErrNotExist
	default:
		d.entries[name] = gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: name}
	}
	sub := &dirNode{id: e.ID}
	d.dirs[name] = sub
	return sub, nil
}

func (t *Tree) load(ctx context.Context, d *dirNode) error {
	if d.loaded {
		return nil
	}
	d.entries, d.dirs = make(map[string]gitobj.TreeEntry), make(map[string]*dirNode)
	if !d.id.IsZero() {
		tree, err := gitobj.ReadTree(ctx, t.store, d.id)
		if err != nil {
			return err
		}
		for _, e := range tree {
			d.entries[e.Name] = e
		}
	}
	d.loaded = true
	return nil
}

// touch marks the directories above a path, which find has loaded, as changed.
func (t *Tree) touch(path string) {
	d := t.root
	for name := range strings.SplitSeq(path, "/") {
		d.changed = true
		if d = d.dirs[name]; d == nil {
			return // name is the file
		}
	}
}

// encode writes what changed and returns the tree's id; the null id if nothing is left.
func (t *Tree) encode(ctx context.Context, d *dirNode) (radicle.Oid, error) {
	if !d.changed {
		return d.id, nil
	}
	for name, sub := range d.dirs {
		id, err := t.encode(ctx, sub)
		if err != nil {
			return radicle.Oid{}, err
		}
		if id.IsZero() {
			delete(d.entries, name)
			continue
		}
		d.entries[name] = gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: name, ID: id}
	}
	if len(d.entries) == 0 {
		return radicle.Oid{}, nil
	}
	tree := gitobj.Tree(slices.Collect(maps.Values(d.entries)))
	tree.Sort()
	data, err := tree.Encode()
	if err != nil {
		return radicle.Oid{}, err
	}
	return t.store.Write(ctx, gitobj.KindTree, data)
}
