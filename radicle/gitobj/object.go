package gitobj

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"radswarm/radicle"
)

// Reader reads objects by id.
type Reader interface {
	// Read returns the kind and the bytes of the object id. An absent object is an error that wraps
	// [fs.ErrNotExist]; one longer than max bytes is a [*TooLargeError], found before anything is buffered.
	// The caller owns the returned slice. Safe for concurrent use.
	Read(ctx context.Context, id radicle.Oid, max int64) (Kind, []byte, error)
}

// Writer stores objects.
type Writer interface {
	// Write stores an object and returns its id. Storing an object that is already there is not an error.
	// data is not retained.
	Write(ctx context.Context, kind Kind, data []byte) (radicle.Oid, error)
}

// ReadCommit reads and parses a commit of at most [MaxCommit] bytes.
func ReadCommit(ctx context.Context, r Reader, id radicle.Oid) (Commit, error) {
	data, err := read(ctx, r, id, KindCommit, MaxCommit)
	if err != nil {
		return Commit{}, err
	}
	c, err := ParseCommit(data)
	if err != nil {
		return Commit{}, fmt.Errorf("object %v: %w", id, err)
	}
	return c, nil
}

// ReadTree reads and parses a tree of at most [MaxTree] bytes.
func ReadTree(ctx context.Context, r Reader, id radicle.Oid) (Tree, error) {
	data, err := read(ctx, r, id, KindTree, MaxTree)
	if err != nil {
		return nil, err
	}
	t, err := ParseTree(data, id.Len())
	if err != nil {
		return nil, fmt.Errorf("object %v: %w", id, err)
	}
	return t, nil
}

// ReadBlob reads a blob of at most max bytes.
func ReadBlob(ctx context.Context, r Reader, id radicle.Oid, max int64) ([]byte, error) {
	return read(ctx, r, id, KindBlob, max)
}

func read(ctx context.Context, r Reader, id radicle.Oid, want Kind, max int64) ([]byte, error) {
	kind, data, err := r.Read(ctx, id, max)
	if err != nil {
		return nil, err
	}
	if kind != want {
		return nil, &KindError{ID: id, Want: want, Got: kind}
	}
	return data, nil
}

// Lookup walks from tree down a slash-separated path and returns the entry at its end.
// A name that is missing on the way is an error that wraps [fs.ErrNotExist] and names the path.
func Lookup(ctx context.Context, r Reader, tree radicle.Oid, path string) (TreeEntry, error) {
	entry := TreeEntry{Mode: ModeTree, ID: tree}
	for name := range strings.SplitSeq(path, "/") {
		if entry.Mode != ModeTree {
			return TreeEntry{}, fmt.Errorf("%q below %q in tree %v: %w", name, entry.Name, tree, fs.ErrNotExist)
		}
		t, err := ReadTree(ctx, r, entry.ID)
		if err != nil {
			return TreeEntry{}, err
		}
		found, ok := t.Find(name)
		if !ok {
			return TreeEntry{}, fmt.Errorf("%q in tree %v: %w", path, tree, fs.ErrNotExist)
		}
		entry = found
	}
	return entry, nil
}
