package storage

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

// Tx is an update of our namespace in the making: the refs as they are, those that will be, and new objects that are
// stored together. Not safe for concurrent use, and of no use after the function that got it has returned.
type Tx struct {
	objects *buffer
	nid     radicle.NID
	before  map[string]Ref         // by name below the namespace
	changes map[string]radicle.Oid // by name below the namespace; null for a ref to delete
	top     map[string]change      // by whole name
}

var (
	_ gitobj.Reader = (*Tx)(nil)
	_ gitobj.Writer = (*Tx)(nil)
)

// newTx takes the refs of a namespace.
func newTx(r *Repo, nid radicle.NID, refs []Ref) *Tx {
	tx := &Tx{
		objects: newBuffer(r), nid: nid, before: make(map[string]Ref, len(refs)), changes: make(map[string]radicle.Oid),
		top: make(map[string]change),
	}
	prefix := NamespacePrefix(nid)
	for _, ref := range refs {
		tx.before[strings.TrimPrefix(ref.Name, prefix)] = ref
	}
	return tx
}

// Read implements [gitobj.Reader] over the repository and what was written to tx.
func (tx *Tx) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	return tx.objects.Read(ctx, id, max)
}

// Write implements [gitobj.Writer]: the object is stored, with all others of the update in one go, just before a ref
// moves. It is lost if the update fails.
func (tx *Tx) Write(ctx context.Context, kind gitobj.Kind, data []byte) (radicle.Oid, error) {
	return tx.objects.Write(ctx, kind, data)
}

// Get returns where a ref of our namespace points, changes included; the null id if there is none. Names are below
// the namespace: "refs/heads/main".
func (tx *Tx) Get(name string) radicle.Oid {
	if id, ok := tx.changes[name]; ok {
		return id
	}
	ref := tx.before[name]
	if target, ok := strings.CutPrefix(ref.Target, NamespacePrefix(tx.nid)); ok {
		return tx.Get(target)
	}
	return ref.ID
}

// All returns name and object of every ref of our namespace, changes included, in no order.
func (tx *Tx) All() iter.Seq2[string, radicle.Oid] {
	return func(yield func(string, radicle.Oid) bool) {
		names := maps.Clone(tx.changes)
		for name := range tx.before {
			names[name] = radicle.Oid{}
		}
		for name := range names {
			if id := tx.Get(name); !id.IsZero() && !yield(name, id) {
				return
			}
		}
	}
}

// Set makes a ref of our namespace point to an object: a commit or a tag that is stored, or was written to tx. Errors
// are a [*gitobj.RefNameError], [ErrReserved], [ErrRefTarget], or those of reading the object.
func (tx *Tx) Set(ctx context.Context, name string, id radicle.Oid) error {
	if err := checkOwn(name); err != nil {
		return err
	}
	if err := tx.checkTarget(ctx, name, id); err != nil {
		return err
	}
	tx.changes[name] = id
	return nil
}

// checkTarget refuses what is no commit and no tag.
func (tx *Tx) checkTarget(ctx context.Context, name string, id radicle.Oid) error {
	kind, _, err := tx.Read(ctx, id, gitobj.MaxCommit)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if kind != gitobj.KindCommit && kind != gitobj.KindTag {
		return fmt.Errorf("%s: %w: %v is a %v", name, ErrRefTarget, id, kind)
	}
	return nil
}

// Delete removes a ref of our namespace; if there is none it does nothing.
func (tx *Tx) Delete(name string) error {
	if err := checkOwn(name); err != nil {
		return err
	}
	tx.changes[name] = radicle.Oid{}
	return nil
}

// SetCanonical makes a ref outside all namespaces move with the update: one that stands for several of them, and that the new
// refs of this one give a new value ([Repo.Quorum] has Radicle's rule). It returns where the ref points now, the null id if there is
// none. Names are whole: "refs/heads/main". Errors are a [*gitobj.RefNameError], [ErrReserved] for what lies in refs/namespaces or
// refs/rad, or those of reading ref and object.
func (tx *Tx) SetCanonical(ctx context.Context, name string, id radicle.Oid) (radicle.Oid, error) {
	if err := gitobj.CheckQualified(name); err != nil {
		return radicle.Oid{}, err
	}
	if strings.HasPrefix(name, "refs/namespaces/") || strings.HasPrefix(name, "refs/rad/") {
		return radicle.Oid{}, fmt.Errorf("%s: %w", name, ErrReserved)
	}
	if err := tx.checkTarget(ctx, name, id); err != nil {
		return radicle.Oid{}, err
	}
	old, err := tx.objects.repo.Ref(ctx, name)
	if err != nil && !isAbsent(err) {
		return radicle.Oid{}, err
	}
	tx.top[name] = change{name: name, from: old, to: id}
	return old, nil
}

// Expect is an error, a [*StaleError], unless a ref points where the caller thinks; the null id stands for no ref.
func (tx *Tx) Expect(name string, id radicle.Oid) error {
	if got := tx.Get(name); got != id && !(got.IsZero() && id.IsZero()) {
		return &StaleError{Name: name, Want: id, Got: got}
	}
	return nil
}

// checkOwn refuses names that cannot be signed or that signing itself writes.
func checkOwn(name string) error {
	if err := gitobj.CheckQualified(name); err != nil {
		return err
	}
	if strings.HasPrefix(name, sigrefs.RefSigrefs) && !sigrefs.Signed(name) {
		return fmt.Errorf("%s: %w", name, ErrReserved)
	}
	return nil
}

// moves returns the changes that change something, sorted by name, those of the namespace first.
func (tx *Tx) moves() []change {
	var moves []change
	for _, name := range slices.Sorted(maps.Keys(tx.changes)) {
		before, to := tx.before[name], tx.changes[name]
		if before.ID != to {
			moves = append(moves, change{name: NamespacePrefix(tx.nid) + name, from: before.ID, to: to})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tx.top)) {
		if c := tx.top[name]; c.from != c.to {
			moves = append(moves, c)
		}
	}
	return moves
}
