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

// Index is the branches of all writers of one repository: names in memory, about 45 bytes for a record, or 70 where ids are
// SHA-256.
type Index struct {
	rid     radicle.RID
	objects Objects

	mu       sync.RWMutex // guards branches
	branches map[radicle.DID]indexed
}

// indexed is a branch and how far its writer was trusted when it was read.
type indexed struct {
	*Branch
	trust Trust
}

// NewIndex returns an empty index of a repository.
func NewIndex(rid radicle.RID, o Objects) *Index {
	return &Index{rid: rid, objects: o, branches: make(map[radicle.DID]indexed)}
}

// Update reads what changed in a writer's branch, which is at this commit by its verified signed refs; the null id means that
// there is none. Where all branches together would have more than MaxNames names, those of writers who are trusted less go,
// and if that is not enough the branch is refused with a *blobstore.BoundsError. After an error the branch is as it was. Calls
// for one writer follow each other.
func (x *Index) Update(ctx context.Context, writer radicle.DID, trust Trust, commit radicle.Oid) error {
	old := x.Branch(writer)
	if commit.IsZero() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.branches, writer)
		return nil
	}
	next, err := old, error(nil)
	switch {
	case old == nil:
		next, err = ReadBranch(ctx, x.objects, Place{x.rid, writer}, commit)
	case old.commit != commit || len(old.problems) > 0:
		next, err = old.Next(ctx, commit)
	}
	if err != nil {
		return err
	}
	return x.set(writer, indexed{next, trust})
}

// set puts a branch in the place of the one before.
func (x *Index) set(writer radicle.DID, b indexed) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	need := b.names()
	var less []radicle.DID
	for did, other := range x.branches {
		switch {
		case did == writer:
		case other.trust < b.trust:
			less = append(less, did)
		default:
			need += other.names()
		}
	}
	if need > MaxNames {
		return tooMany("names of all branches", need, MaxNames)
	}
	x.makeRoom(less, MaxNames-need)
	x.branches[writer] = b
	return nil
}

// makeRoom drops branches until the others of them have at most room names: the least trusted first, and the largest of those.
func (x *Index) makeRoom(from []radicle.DID, room int) {
	slices.SortFunc(from, func(a, b radicle.DID) int {
		p, q := x.branches[a], x.branches[b]
		return cmp.Or(cmp.Compare(q.trust, p.trust), cmp.Compare(p.names(), q.names()), a.Compare(b))
	})
	for _, did := range from {
		if room -= x.branches[did].names(); room < 0 {
			delete(x.branches, did)
		}
	}
}

// Branch returns a writer's branch as it was read last, nil for none.
func (x *Index) Branch(writer radicle.DID) *Branch {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.branches[writer].Branch
}

// Writers returns whose branches there are, in order.
func (x *Index) Writers() []radicle.DID {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.SortedFunc(maps.Keys(x.branches), radicle.DID.Compare)
}

// having returns the branches with a record of an object, those of the most trusted writers first, and not more than are
// opened.
func (x *Index) having(p blobstore.Pointer, standing Standing) []indexed {
	var all []indexed
	for _, b := range x.all() {
		if b.Has(p) {
			all = append(all, indexed{b.Branch, standing(b.place.Writer)})
		}
	}
	slices.SortFunc(all, compareTrusted)
	return all[:min(len(all), maxCandidate)]
}

// all returns all branches, those of the most trusted writers first.
func (x *Index) all() []indexed {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.SortedFunc(maps.Values(x.branches), compareTrusted)
}

func compareTrusted(a, b indexed) int {
	return cmp.Or(cmp.Compare(b.trust, a.trust), a.place.Writer.Compare(b.place.Writer))
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

// Find returns the objects with an OID that some branch has a record of, for who does not know the size; in order of the size,
// and usually one. Who is trusted less is asked only where nobody who is trusted more has one. The first call after a change
// reads every record of the folders that changed. The error is the context's.
func (x *Index) Find(ctx context.Context, oid blobstore.OID) ([]blobstore.Pointer, error) {
	var found []blobstore.Pointer
	last := Own
	for _, b := range x.all() {
		if b.trust < last && len(found) > 0 {
			break
		}
		last = b.trust
		sizes, err := b.sizes(ctx, oid)
		if err != nil {
			return nil, err
		}
		found = append(found, sizes...)
	}
	slices.SortFunc(found, func(a, b blobstore.Pointer) int { return cmp.Compare(a.Size, b.Size) })
	return slices.Compact(found), nil
}

// sizes returns the objects with an OID.
func (b *Branch) sizes(ctx context.Context, oid blobstore.OID) (found []blobstore.Pointer, err error) {
	for _, f := range b.folders {
		if f == nil {
			continue
		}
		pointers, err := f.objects(ctx, b.objects)
		if err != nil {
			return nil, err
		}
		for _, p := range pointers {
			if p.OID == oid {
				found = append(found, p)
			}
		}
	}
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
