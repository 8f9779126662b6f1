package record

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Index is the branches of all writers of one repository: names in memory, about 40 bytes for a record, or 60 where ids are
// SHA-256.
type Index struct {
	rid     radicle.RID
	objects Objects

	mu       sync.RWMutex // guards branches
	branches map[radicle.DID]*Branch
}

// NewIndex returns an empty index of a repository.
func NewIndex(rid radicle.RID, o Objects) *Index {
	return &Index{rid: rid, objects: o, branches: make(map[radicle.DID]*Branch)}
}

// Update reads what changed in a writer's branch, which is at this commit by its verified signed refs; the null id means that
// there is none. Trusted writers come first: where all branches together would have more than MaxNames records, the branch is
// refused with a *blobstore.BoundsError, as with every error, and the one before stays. Calls for one writer follow each
// other.
func (x *Index) Update(ctx context.Context, writer radicle.DID, commit radicle.Oid) error {
	old := x.Branch(writer)
	if commit.IsZero() {
		x.set(writer, nil)
		return nil
	}
	if old != nil && old.commit == commit && len(old.problems) == 0 {
		return nil
	}
	if old == nil {
		old = &Branch{place: Place{x.rid, writer}, objects: x.objects}
	}
	next, err := old.Next(ctx, commit)
	if err != nil {
		return err
	}
	return x.set(writer, next)
}

// set puts a branch in the place of the one before, nil for none.
func (x *Index) set(writer radicle.DID, b *Branch) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if b == nil {
		delete(x.branches, writer)
		return nil
	}
	n := b.Len()
	for did, other := range x.branches {
		if did != writer {
			n += other.Len()
		}
	}
	if n > MaxNames {
		return tooMany("records of all branches", n, MaxNames)
	}
	x.branches[writer] = b
	return nil
}

// Branch returns a writer's branch as it was read last, nil for none.
func (x *Index) Branch(writer radicle.DID) *Branch {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.branches[writer]
}

// Writers returns whose branches there are, in order.
func (x *Index) Writers() []radicle.DID {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.SortedFunc(maps.Keys(x.branches), radicle.DID.Compare)
}

// having returns the branches with a record of an object, those of the most trusted writers first, and not more than are
// opened.
func (x *Index) having(p blobstore.Pointer, standing Standing) []*Branch {
	type found struct {
		*Branch
		trust Trust
	}
	var all []found
	x.mu.RLock()
	branches := slices.Collect(maps.Values(x.branches))
	x.mu.RUnlock()
	for _, b := range branches {
		if b.Has(p) {
			all = append(all, found{b, standing(b.place.Writer)})
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.trust, a.trust), a.place.Writer.Compare(b.place.Writer))
	})
	var first []*Branch
	for _, f := range all[:min(len(all), maxCandidate)] {
		first = append(first, f.Branch)
	}
	return first
}

// Lookup opens the records that there are of an object and puts them in order. Those that are refused or do not open are in
// failed, and keep nothing from the others. The error is the context's.
func (x *Index) Lookup(ctx context.Context, p blobstore.Pointer, o *Opener, standing Standing, lies *Lies) (
	choices []Choice, failed []*ObjectError, err error,
) {
	var opened []*Object
	for _, b := range x.having(p, standing) {
		obj, err := b.open(ctx, o, p)
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			failed = append(failed, err)
		default:
			opened = append(opened, obj)
		}
	}
	return Rank(opened, standing, lies), failed, nil
}

// open reads and opens the record of an object.
func (b *Branch) open(ctx context.Context, o *Opener, p blobstore.Pointer) (*Object, *ObjectError) {
	r, err := b.Get(ctx, p)
	if err == nil {
		var obj *Object
		if obj, err = o.Open(ctx, b, r); err == nil {
			return obj, nil
		}
	}
	if e, ok := errors.AsType[*ObjectError](err); ok {
		return nil, e
	}
	return nil, &ObjectError{Writer: b.place.Writer, Pointer: p, Err: err}
}

// Find returns the objects with an OID that some branch has a record of, for who does not know the size; in order of the
// size, and usually one. The first call after a change reads every record of the folders that changed. The error is the
// context's.
func (x *Index) Find(ctx context.Context, oid blobstore.OID) ([]blobstore.Pointer, error) {
	var found []blobstore.Pointer
	for _, w := range x.Writers() {
		b := x.Branch(w)
		if b == nil {
			continue
		}
		for _, f := range b.folders {
			if f == nil {
				continue
			}
			pointers, err := f.objects(ctx, x.objects)
			if err != nil {
				return nil, err
			}
			for _, p := range pointers {
				if p.OID == oid && !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b blobstore.Pointer) int { return cmp.Compare(a.Size, b.Size) })
	return found, nil
}

// Others returns the choices of other writers than these: who else keeps an object that we can open. [Object.SameShares] says
// whether by the shares that we know.
func Others(choices []Choice, mine ...radicle.DID) []Choice {
	var others []Choice
	for _, c := range choices {
		if !slices.Contains(mine, c.Place.Writer) {
			others = append(others, c)
		}
	}
	return others
}
