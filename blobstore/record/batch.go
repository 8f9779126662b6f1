package record

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// Batch is changes of one branch that are made together. It may be applied again, to another tree too.
type Batch struct {
	Records     []Change
	Envelopes   []Envelope
	Cards       []*keyring.Card
	Certificate *keyring.Certificate // nil: as it is
}

// Change adds or replaces the record of an object, or removes it.
type Change struct {
	Pointer blobstore.Pointer
	Base    [32]byte // [Record.Base] of the record that the change was made from; zero if there was none
	Record  *Record  // nil: remove
}

// Envelope is what a plan wants to be kept, of a group of this kind.
type Envelope struct {
	Kind keyring.GroupKind
	keyring.Sealing
}

// Put adds a change that gives an object this record; base is the one that it was made from, nil for none.
func (b *Batch) Put(o *Object, base *Record) {
	c := Change{Pointer: o.Pointer(), Record: o.Record}
	if base != nil {
		c.Base = base.Base()
	}
	b.Records = append(b.Records, c)
}

// Seal adds the envelopes of a plan for the group of a kind.
func (b *Batch) Seal(kind keyring.GroupKind, sealings []keyring.Sealing) {
	for _, s := range sealings {
		b.Envelopes = append(b.Envelopes, Envelope{kind, s})
	}
}

// Report says what a batch did.
type Report struct {
	Written int // files that are new or have another content
	Removed int
	Merged  int            // records that somebody else had changed, too
	Kept    []*ObjectError // records that stayed as they were: ErrVersion, ErrInward, ErrChanged, a *blobstore.BoundsError
}

// Apply makes the changes of a batch in a tree of the place's branch (RECORD.md §9). Where somebody changed the same
// meanwhile, what comes out does not depend on who was first; applied again, it changes nothing. Errors are the tree's,
// [keyring.ErrMismatch] for a card or certificate of somebody else, class mismatch for a record under another object's name,
// class encoding for a kind of group that has no name. After an error the tree is of no use.
func (p Place) Apply(ctx context.Context, t Editor, b Batch) (Report, error) {
	a := &applier{place: p, tree: t, sizes: make(map[string]int)}
	err := a.apply(ctx, b)
	return a.report, err
}

// applier is one call of [Place.Apply].
type applier struct {
	place  Place
	tree   Editor
	sizes  map[string]int // records in the folders that something was added to
	report Report
}

func (a *applier) apply(ctx context.Context, b Batch) error {
	for _, c := range b.Records {
		if err := a.record(ctx, c); err != nil {
			return err
		}
	}
	for _, e := range b.Envelopes {
		if err := a.envelope(ctx, e); err != nil {
			return err
		}
	}
	for _, c := range b.Cards {
		if err := applyDated(ctx, a, cardPath(c), c, keyring.ParseCard); err != nil {
			return err
		}
	}
	if b.Certificate == nil {
		return nil
	}
	return applyDated(ctx, a, pathCertificate, b.Certificate, keyring.ParseCertificate)
}

// read returns a file, nil where there is none.
func (a *applier) read(ctx context.Context, path string) ([]byte, error) {
	b, err := a.tree.Read(ctx, path, MaxNewer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// write makes b the content of a file that has old.
func (a *applier) write(ctx context.Context, path string, old, b []byte) error {
	if old != nil && bytes.Equal(old, b) {
		return nil
	}
	a.report.Written++
	return a.tree.Write(ctx, path, b)
}

// record applies a change of a record.
func (a *applier) record(ctx context.Context, c Change) error {
	key, err := Key(a.place.RID, c.Pointer)
	if err != nil {
		return err
	}
	if c.Record != nil && c.Record.pointer != c.Pointer {
		return mismatch("name")
	}
	path := recordPath(key)
	old, err := a.read(ctx, path)
	if err != nil {
		return err
	}
	next, kept := c.settle(key, old)
	if old == nil && next != nil {
		if kept, err = a.room(ctx, path); err != nil {
			return err
		}
	}
	switch {
	case kept != nil:
		a.report.Kept = append(a.report.Kept, &ObjectError{Writer: a.place.Writer, Pointer: c.Pointer, Err: kept})
		return nil
	case next != nil:
		if old != nil && !bytes.Equal(next.raw, c.Record.raw) {
			a.report.Merged++
		}
		return a.write(ctx, path, old, next.raw)
	case old == nil:
		return nil
	}
	a.report.Removed++
	return a.tree.Remove(ctx, path)
}

// settle says what becomes of the record that is old now: the one to write, nil for none, or why it stays.
func (c Change) settle(key radicle.Oid, old []byte) (next *Record, kept error) {
	is, err := ParseNamed(key, old)
	switch {
	case old == nil:
		return c.Record, nil
	case errors.Is(err, ErrVersion):
		return nil, err
	case err != nil: // malformed: in nobody's way
		return c.Record, nil
	case c.Record == nil && is.Base() != c.Base:
		return nil, ErrChanged
	case c.Record == nil:
		return nil, nil
	case is.Base() != c.Base:
		return merge(is, c.Record)
	case is.open && !c.Record.open && is.gen == c.Record.gen && is.salt == c.Record.salt:
		return nil, ErrInward
	}
	return c.Record, nil
}

// room counts a record that is added to a folder, and says why it is not where the folder is full.
func (a *applier) room(ctx context.Context, path string) (full, err error) {
	dir, _, _ := strings.Cut(path, "/")
	n, counted := a.sizes[dir]
	if !counted {
		names, err := a.tree.List(ctx, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		n = len(names)
	}
	if n >= MaxInFolder {
		return tooMany("records in folder "+dir, n+1, MaxInFolder), nil
	}
	a.sizes[dir] = n + 1
	return nil, nil
}

// envelope adds an envelope, or puts a better one in the place of what is there.
func (a *applier) envelope(ctx context.Context, e Envelope) error {
	if err := (keyring.Epoch{Group: a.place.Group(e.Kind), Number: e.Number}).Validate(); err != nil {
		return err
	}
	path := groupPath(e.Kind, e.Sealing)
	old, err := a.read(ctx, path)
	if err != nil {
		return err
	}
	next := e.Sealing.Envelope
	if is, err := keyring.ParseEnvelope(old); err == nil && compareEnvelopes(is, next) >= 0 {
		return nil
	}
	return a.write(ctx, path, old, next.Bytes())
}

// compareEnvelopes puts those to a card behind those to a bare DID, and greater byte strings behind smaller ones.
func compareEnvelopes(a, b keyring.Envelope) int {
	return cmp.Or(
		compareBools(a.KEM() != keyring.KEMX25519, b.KEM() != keyring.KEMX25519),
		bytes.Compare(a.Bytes(), b.Bytes()),
	)
}

// applyDated writes a card or certificate, unless the one there is newer.
func applyDated[T interface {
	dated
	DID() radicle.DID
}](ctx context.Context, a *applier, path string, next T, parse func([]byte) (T, error),
) error {
	if next.DID() != a.place.Writer {
		return fmt.Errorf("%s of %v: %w", path, next.DID(), keyring.ErrMismatch)
	}
	old, err := a.read(ctx, path)
	if err != nil {
		return err
	}
	if is, err := parse(old); err == nil && is.DID() == a.place.Writer && compareDated(is, next) >= 0 {
		return nil
	}
	return a.write(ctx, path, old, next.Bytes())
}
