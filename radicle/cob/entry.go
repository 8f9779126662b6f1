package cob

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// An Entry is one operation as it is stored.
type Entry struct {
	ID        radicle.Oid // of the commit
	Tree      radicle.Oid // what is signed
	Author    radicle.NID
	Signature radicle.Signature
	Parents   []radicle.Oid // the operations before it
	Related   []radicle.Oid // other commits that it speaks of
	Resource  radicle.Oid   // head of the repository's identity at the time; zero if it names none
	Manifest  Manifest
	Actions   [][]byte // JSON, in order; at least one, none if TooLarge
	TooLarge  error    // set if an action exceeds the limit; the actions are then unknown
	Seconds   uint64   // when it was made, by its author's clock: Unix time; negative times count as very late ones
}

// Verify returns an error that wraps [ErrSignature] unless the author signed the operation.
func (e *Entry) Verify() error {
	if !e.Author.Verify(e.Tree.Bytes(), e.Signature) {
		return &EntryError{e.ID, fmt.Errorf("%w: %v", ErrSignature, e.Author)}
	}
	return nil
}

// ReadEntry reads one operation. It does not verify the signature; see [Entry.Verify]. Errors about the operation are
// [*EntryError], others [*FatalError].
func ReadEntry(ctx context.Context, r gitobj.Reader, id radicle.Oid, limits Limits) (*Entry, error) {
	budget := &budget{left: limits.withDefaults().Total, limits: limits.withDefaults()}
	return readEntry(ctx, r, id, budget)
}

// budget counts down what a history may still read.
type budget struct {
	left   int64 // bytes
	limits Limits
}

func (b *budget) read(ctx context.Context, r gitobj.Reader, id radicle.Oid, want gitobj.Kind, max int64) ([]byte, error) {
	kind, data, err := r.Read(ctx, id, max)
	if err != nil {
		return nil, ReadError(err)
	}
	if kind != want {
		return nil, &gitobj.KindError{ID: id, Want: want, Got: kind}
	}
	if b.left -= int64(len(data)); b.left < 0 {
		return nil, &FatalError{&LimitError{"bytes", b.limits.Total}}
	}
	return data, nil
}

func readEntry(ctx context.Context, r gitobj.Reader, id radicle.Oid, b *budget) (*Entry, error) {
	e := &Entry{ID: id}
	err := e.readCommit(ctx, r, b)
	if err == nil {
		err = e.readTree(ctx, r, b)
	}
	if err != nil && !isFatal(err) {
		err = &EntryError{id, err}
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Entry) readCommit(ctx context.Context, r gitobj.Reader, b *budget) error {
	data, err := b.read(ctx, r, e.ID, gitobj.KindCommit, gitobj.MaxCommit)
	if err != nil {
		return err
	}
	if !utf8.Valid(data) {
		return ErrText
	}
	commit, err := gitobj.ParseCommit(data)
	if err != nil {
		return err
	}
	related, resources, err := parseTrailers(commit.Message)
	if err != nil {
		return err
	}
	if e.Author, e.Signature, err = signatureOf(commit.Values("gpgsig")); err != nil {
		return err
	}
	if len(resources) > 1 {
		return fmt.Errorf("%w: %d resources", ErrTrailer, len(resources))
	}
	if len(resources) == 1 {
		e.Resource = resources[0]
	}
	e.Tree, e.Related, e.Seconds = commit.Tree, related, uint64(commit.Committer.Seconds)
	e.Parents = without(commit.Parents, slices.Concat(related, resources))
	return nil
}

// without returns the ids of list that are not in drop.
func without(list, drop []radicle.Oid) []radicle.Oid {
	set := make(map[radicle.Oid]bool, len(drop))
	for _, id := range drop {
		set[id] = true
	}
	var rest []radicle.Oid
	for _, id := range list {
		if !set[id] {
			rest = append(rest, id)
		}
	}
	return rest
}

func (e *Entry) readTree(ctx context.Context, r gitobj.Reader, b *budget) error {
	data, err := b.read(ctx, r, e.Tree, gitobj.KindTree, gitobj.MaxTree)
	if err != nil {
		return err
	}
	tree, err := gitobj.ParseTree(data, e.Tree.Len())
	if err != nil {
		return err
	}
	manifest, ok := tree.Find("manifest")
	if !ok {
		return fmt.Errorf("%w: there is none", ErrManifest)
	}
	if data, err = b.read(ctx, r, manifest.ID, gitobj.KindBlob, maxManifest); err != nil {
		return fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if e.Manifest, err = parseManifest(data); err != nil {
		return err
	}
	return e.readActions(ctx, r, b, tree)
}

// readActions reads the blobs whose names are numbers of one byte, in the order of the numbers.
func (e *Entry) readActions(ctx context.Context, r gitobj.Reader, b *budget, tree gitobj.Tree) error {
	actions := make(map[int8]radicle.Oid)
	for _, entry := range tree {
		if n, err := strconv.ParseInt(entry.Name, 10, 8); err == nil && isBlob(entry.Mode) {
			actions[int8(n)] = entry.ID
		}
	}
	if len(actions) == 0 {
		return ErrActions
	}
	for _, n := range slices.Sorted(maps.Keys(actions)) {
		data, err := b.read(ctx, r, actions[n], gitobj.KindBlob, b.limits.Action)
		if isTooLarge(err) {
			e.TooLarge, e.Actions = &EntryError{e.ID, err}, nil
			return nil
		}
		if err != nil {
			return err
		}
		e.Actions = append(e.Actions, data)
	}
	return nil
}

func isBlob(m gitobj.Mode) bool {
	return m == gitobj.ModeFile || m == gitobj.ModeExecutable || m == gitobj.ModeSymlink
}
