package record

import (
	"context"
	"encoding/hex"
	"fmt"
	"io/fs"
	"iter"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Branch is what one writer says about the objects of a repository, at one commit: the names of its files. Records, cards and
// envelopes are read when they are asked for.
type Branch struct {
	place    Place
	commit   radicle.Oid
	objects  Objects
	folders  [fanOut]*folder
	keys     keyFolder
	problems []*PathError
}

// ReadBranch reads the names of a branch: at most 260 trees. The commit comes from the verified text of the writer's signed
// refs. What it refuses below the topmost tree is left out and told by [Branch.Problems]; errors are those of reading that
// tree, a *blobstore.BoundsError where it has too many entries, and the context's.
func ReadBranch(ctx context.Context, o Objects, p Place, commit radicle.Oid) (*Branch, error) {
	return (&Branch{place: p, objects: o}).Next(ctx, commit)
}

// Next reads the branch at another commit, and only the trees that differ.
func (b *Branch) Next(ctx context.Context, commit radicle.Oid) (*Branch, error) {
	next := &Branch{place: b.place, commit: commit, objects: b.objects}
	top, err := readTree(ctx, b.objects, commit, maxTop)
	if err != nil {
		return nil, err
	}
	for _, e := range top {
		var first [1]byte
		switch {
		case e.Mode != ModeTree:
		case lowerHex(first[:], e.Name):
			next.readFolder(ctx, b.folders[first[0]], first[0], e.ID)
		case e.Name == dirKeys:
			next.keys = next.readKeys(ctx, e.ID)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return next, nil
}

// readTree reads a tree of at most most entries.
func readTree(ctx context.Context, o Objects, id radicle.Oid, most int) ([]Entry, error) {
	entries, err := o.Tree(ctx, id, most)
	if err == nil && len(entries) > most {
		err = tooMany("entries of a tree", len(entries), most)
	}
	return entries, err
}

// readFolder takes over an unchanged folder, or reads it.
func (b *Branch) readFolder(ctx context.Context, old *folder, first byte, tree radicle.Oid) {
	if old != nil && old.tree == tree {
		b.folders[first] = old
		return
	}
	entries, err := readTree(ctx, b.objects, tree, MaxInFolder)
	if err != nil {
		b.problem(hex.EncodeToString([]byte{first}), err)
		return
	}
	b.folders[first] = newFolder(tree, first, entries)
}

// problem remembers what was refused, of a hostile branch not all.
func (b *Branch) problem(path string, err error) {
	if len(b.problems) < maxProblems {
		b.problems = append(b.problems, &PathError{Writer: b.place.Writer, Path: path, Err: err})
	}
}

// Place is whose branch it is.
func (b *Branch) Place() Place { return b.place }

// Commit is the commit that was read.
func (b *Branch) Commit() radicle.Oid { return b.commit }

// Problems are the folders that were refused; not more than a few dozen.
func (b *Branch) Problems() []*PathError { return b.problems }

// Len returns how many records there are by their names.
func (b *Branch) Len() int {
	n := 0
	for _, f := range b.folders {
		if f != nil {
			n += f.len()
		}
	}
	return n
}

// names returns what the branch counts for in an [Index]: its names, and what comes with them in memory, in units of a name.
func (b *Branch) names() int {
	n := 64 + len(b.keys.cards) + 2*len(b.keys.epochs)
	for _, f := range b.folders {
		if f != nil {
			n += 4 + f.len()
		}
	}
	return n
}

// Has reports whether there is a record of an object, by its name.
func (b *Branch) Has(p blobstore.Pointer) bool {
	_, _, err := b.find(p)
	return err == nil
}

// find returns the key of an object and the blob of its record.
func (b *Branch) find(p blobstore.Pointer) (key, blob radicle.Oid, err error) {
	if key, err = Key(b.place.RID, p); err != nil {
		return key, blob, err
	}
	if f := b.folders[key.Bytes()[0]]; f != nil && f.size == key.Len() {
		if blob, ok := f.find(key); ok {
			return key, blob, nil
		}
	}
	return key, blob, fmt.Errorf("record of %v by %v: %w", p.OID, b.place.Writer, fs.ErrNotExist)
}

// Get reads the record of an object. None is [fs.ErrNotExist]; other errors are those of [ParseNamed] and of reading.
func (b *Branch) Get(ctx context.Context, p blobstore.Pointer) (*Record, error) {
	key, blob, err := b.find(p)
	if err != nil {
		return nil, err
	}
	return readNamed(ctx, b.objects, key, blob)
}

// All reads all records, in the order of their keys. With each comes either the record or an error: a *PathError for one that
// was refused, or the context's, which is the last.
func (b *Branch) All(ctx context.Context) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for _, f := range b.folders {
			for i := range f.all() {
				r, err := readRecord(ctx, b.objects, f, i)
				if ctx.Err() != nil {
					yield(nil, ctx.Err())
					return
				}
				if err != nil {
					key, _ := f.at(i)
					r, err = nil, &PathError{Writer: b.place.Writer, Path: recordPath(key), Err: err}
				}
				if !yield(r, err) {
					return
				}
			}
		}
	}
}

// all returns the number of entries, none for a folder that is not there.
func (f *folder) all() int {
	if f == nil {
		return 0
	}
	return f.len()
}
