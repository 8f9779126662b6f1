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
	return readEntry(ctx, newSource(r, limits), id)
}

// bounded is a reader that gives out at most so many bytes in all.
type bounded struct {
	gitobj.Reader
	left, max int64
}

// Bounded returns a reader that reads from r, and fails with a [*LimitError] inside a [*FatalError] once it has given out max bytes.
// It is for one goroutine.
func Bounded(r gitobj.Reader, max int64) gitobj.Reader { return &bounded{r, max, max} }

func (b *bounded) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	kind, data, err := b.Reader.Read(ctx, id, max)
	if err != nil {
		return kind, nil, err
	}
	if err := b.spend(int64(len(data))); err != nil {
		return kind, nil, err
	}
	return kind, data, nil
}

func (b *bounded) spend(n int64) error {
	if b.left -= n; b.left < 0 {
		return &FatalError{&LimitError{"bytes", b.max}}
	}
	return nil
}

// parentCost is what a parent takes in memory, in bytes, beside the text in its commit.
const parentCost = 256

// source is what entries are read from.
type source struct {
	bounded
	action int64 // bytes of one action
}

func newSource(r gitobj.Reader, l Limits) *source {
	l = l.withDefaults()
	return &source{bounded{r, l.Total, l.Total}, l.Action}
}

func (s *source) read(ctx context.Context, id radicle.Oid, want gitobj.Kind, max int64) ([]byte, error) {
	kind, data, err := s.Read(ctx, id, max)
	if err != nil {
		return nil, ReadError(err)
	}
	if kind != want {
		return nil, &gitobj.KindError{ID: id, Want: want, Got: kind}
	}
	return data, nil
}

func readEntry(ctx context.Context, s *source, id radicle.Oid) (*Entry, error) {
	e := &Entry{ID: id}
	err := e.readCommit(ctx, s)
	if err == nil {
		err = e.readTree(ctx, s)
	}
	if err != nil && !isFatal(err) {
		err = &EntryError{id, err}
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (e *Entry) readCommit(ctx context.Context, s *source) error {
	data, err := s.read(ctx, e.ID, gitobj.KindCommit, gitobj.MaxCommit)
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
	if err := s.spend(parentCost * int64(len(commit.Parents))); err != nil {
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

func (e *Entry) readTree(ctx context.Context, s *source) error {
	data, err := s.read(ctx, e.Tree, gitobj.KindTree, gitobj.MaxTree)
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
	if data, err = s.read(ctx, manifest.ID, gitobj.KindBlob, maxManifest); err != nil {
		return fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if e.Manifest, err = parseManifest(data); err != nil {
		return err
	}
	return e.readActions(ctx, s, tree)
}

// readActions reads the blobs whose names are numbers of one byte, in the order of the numbers.
func (e *Entry) readActions(ctx context.Context, s *source, tree gitobj.Tree) error {
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
		data, err := s.read(ctx, actions[n], gitobj.KindBlob, s.action)
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
