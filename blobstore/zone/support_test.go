package zone_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

var now = time.Unix(1_700_000_000, 0)

func check(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// must returns the value of a call that cannot fail in a test.
func must[T any](tb testing.TB) func(T, error) T {
	return func(v T, err error) T {
		tb.Helper()
		check(tb, err)
		return v
	}
}

// person is somebody with a key, a keyring and a card.
type person struct {
	*radicle.MemorySigner
	ring *keyring.Keyring
	card *keyring.Card
}

func newPerson(tb testing.TB, b byte) *person {
	tb.Helper()
	s := radicle.NewMemorySigner([32]byte(bytes.Repeat([]byte{b}, 32)))
	ring := must[*keyring.Keyring](tb)(keyring.Unlock(tb.Context(), s))
	return &person{s, ring, must[*keyring.Card](tb)(ring.Card(tb.Context(), s, 0, now))}
}

func (p *person) did() radicle.DID { return p.ring.DID() }

// rotate gives a person another salt and card.
func (p *person) rotate(tb testing.TB) {
	tb.Helper()
	p.ring = must[*keyring.Keyring](tb)(p.ring.Rotate(tb.Context(), p))
	p.card = must[*keyring.Card](tb)(p.ring.Card(tb.Context(), p, p.card.Seq(), now))
}

// someone is a DID of nobody.
func someone(i int) radicle.DID {
	return radicle.NewMemorySigner(sha256.Sum256(binary.BigEndian.AppendUint32([]byte("someone"), uint32(i)))).NID().DID()
}

func dids(people ...*person) (all []radicle.DID) {
	for _, p := range people {
		all = append(all, p.did())
	}
	return all
}

// film is an object of some name.
func film(name string) blobstore.Pointer {
	return blobstore.Pointer{OID: sha256.Sum256([]byte(name)), Size: 300_000}
}

// world is a repository in memory, with the branches of several writers.
type world struct {
	testing.TB
	rid      radicle.RID
	mem      *gitobj.Memory
	reads    int // blobs
	ana, bo  *person
	cy       *person
	cards    *keyring.Cards
	readers  members
	branches map[radicle.DID]files
}

// members are the readers by an identity document.
type members []radicle.DID

func (m *members) Readers(context.Context, radicle.RID) ([]radicle.DID, error) {
	return slices.Clone(*m), nil
}

// newWorld is a repository with Ana as its one member; all have cards.
func newWorld(tb testing.TB) *world {
	tb.Helper()
	rid := must[radicle.RID](tb)(radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5"))
	w := &world{
		TB: tb, rid: rid, mem: gitobj.NewMemory(rid.Oid().Len()), branches: make(map[radicle.DID]files),
		ana: newPerson(tb, 0xff), bo: newPerson(tb, 0xfe), cy: newPerson(tb, 0xfd),
		cards: keyring.NewCards(func() time.Time { return now }),
	}
	for _, p := range []*person{w.ana, w.bo, w.cy} {
		check(tb, w.cards.Add(p.card))
	}
	w.readers = dids(w.ana)
	return w
}

func (w *world) place(p *person) record.Place { return record.Place{RID: w.rid, Writer: p.did()} }

// stored is an object as an upload leaves it: new, and in the personal domain.
func (w *world) stored(p *person, name string, change ...func(*spec)) *record.Object {
	w.Helper()
	s := spec{pointer: film(name), salt: p.ring.Current(), n: 10}
	for _, f := range change {
		f(&s)
	}
	domain, pad := blobstore.PublicDomain(), blobstore.PadNone
	if !s.salt.IsZero() {
		domain, pad = must[blobstore.DomainSecret](w)(p.ring.Domain(s.salt)), blobstore.PadPadme
	}
	ck := must[blobstore.ContentKey](w)(domain.ContentKey(blobstore.Params{
		OID: s.pointer.OID, Size: s.pointer.Size, Pad: pad, Gen: s.gen,
	}))
	layout := must[blobstore.Layout](w)(blobstore.NewLayout(s.pointer.Size, pad))
	coding := must[blobstore.Coding](w)(layout.Coding(3))
	roots := make([]blobstore.Root, manifest.Commit(3, s.n))
	for i := range roots {
		roots[i] = sha256.Sum256(append([]byte{byte(i)}, s.pointer.OID[:]...))
	}
	return must[*record.Object](w)(w.place(p).New(record.New{
		Pointer: s.pointer, Gen: s.gen, Salt: s.salt, Key: ck, Holders: s.holders,
		Manifest: must[*manifest.Manifest](w)(manifest.Sign(ck, pad, s.gen, coding, roots)),
	}))
}

// spec is what an object of a test is made of.
type spec struct {
	pointer blobstore.Pointer
	salt    keyring.SaltID
	gen     uint32
	n       int
	holders []radicle.DID
}

// round is what a person's daemon does.
func (w *world) round(p *person, pending ...zone.Pending) zone.Round {
	w.Helper()
	return zone.Round{
		Place: w.place(p), Branch: w.branch(p), Opener: record.NewOpener(p.ring), Members: &w.readers, Cards: w.cards,
		Pending: pending,
	}
}

// push does a round with objects that were settled in a zone, and applies it.
func (w *world) push(p *person, z zone.Zone, names ...string) *zone.Result {
	w.Helper()
	r := w.round(p)
	for _, name := range names {
		r.Pending = append(r.Pending, zone.Pending{Object: w.stored(p, name), Zone: z})
	}
	return w.do(r)
}

// do plans a round, applies it, and finds nothing to do in the round after.
func (w *world) do(r zone.Round) *zone.Result {
	w.Helper()
	result := must[*zone.Result](w)(r.Plan(w.Context()))
	for _, p := range result.Problems {
		w.Error(p)
	}
	w.apply(r.Place, result)
	r.Branch, r.Pending = w.read(r.Place), nil
	again := must[*zone.Result](w)(r.Plan(w.Context()))
	if !again.Empty() || again.More || again.Seen == (zone.Seen{}) {
		w.Errorf("the second round has %d records, %d envelopes, %d cards; more: %v", len(again.Batch.Records),
			len(again.Batch.Envelopes), len(again.Batch.Cards), again.More)
	}
	return result
}

func (w *world) apply(at record.Place, result *zone.Result) {
	w.Helper()
	if w.branches[at.Writer] == nil {
		w.branches[at.Writer] = make(files)
	}
	report := must[record.Report](w)(at.Apply(w.Context(), w.branches[at.Writer], result.Batch))
	for _, kept := range report.Kept {
		w.Error(kept)
	}
}

// branch reads a person's branch; nil for none.
func (w *world) branch(p *person) *record.Branch {
	w.Helper()
	return w.read(w.place(p))
}

func (w *world) read(at record.Place) *record.Branch {
	w.Helper()
	if w.branches[at.Writer] == nil {
		return nil
	}
	return must[*record.Branch](w)(record.ReadBranch(w.Context(), w, at, w.commit(w.branches[at.Writer])))
}

// opens reports whether a reader opens what a writer recorded of a film. A nil reader has no key.
func (w *world) opens(reader, writer *person, name string) bool {
	w.Helper()
	ring := (*keyring.Keyring)(nil)
	if reader != nil {
		ring = reader.ring
	}
	b := w.branch(writer)
	rec := must[*record.Record](w)(b.Get(w.Context(), film(name)))
	_, err := record.NewOpener(ring).Open(w.Context(), b, rec)
	return err == nil
}

// want says who opens a film of Ana's, by letters: a, b, c, and n for nobody in particular.
func (w *world) want(name, who string) {
	w.Helper()
	got := ""
	for letter, p := range map[string]*person{"a": w.ana, "b": w.bo, "c": w.cy, "n": nil} {
		if w.opens(p, w.ana, name) {
			got += letter
		}
	}
	letters := strings.Split(got, "")
	slices.Sort(letters)
	if got = strings.Join(letters, ""); got != who {
		w.Errorf("%s is opened by %q, want %q", name, got, who)
	}
}

// Tree is of record.Objects.
func (w *world) Tree(ctx context.Context, id radicle.Oid, most int) ([]record.Entry, error) {
	kind, data, err := w.mem.Read(ctx, id, int64(128*most))
	if err == nil && kind == gitobj.KindCommit {
		var c gitobj.Commit
		if c, err = gitobj.ParseCommit(data); err == nil {
			_, data, err = w.mem.Read(ctx, c.Tree, int64(128*most))
		}
	}
	if err != nil {
		return nil, err
	}
	tree, err := gitobj.ParseTree(data, id.Len())
	entries := make([]record.Entry, 0, len(tree))
	for _, e := range tree {
		entries = append(entries, record.Entry{Mode: uint32(e.Mode), Name: e.Name, ID: e.ID})
	}
	return entries, err
}

// Blob is of record.Objects.
func (w *world) Blob(ctx context.Context, id radicle.Oid, most int64) ([]byte, error) {
	w.reads++
	return gitobj.ReadBlob(ctx, w.mem, id, most)
}

// commit stores a commit of files.
func (w *world) commit(f files) radicle.Oid {
	w.Helper()
	by := gitobj.Signature{Name: "ana", Email: "ana@example.org", Seconds: now.Unix(), Zone: gitobj.UTC}
	c := gitobj.Commit{Tree: w.tree(f), Author: by, Committer: by, Message: "records\n"}
	return must[radicle.Oid](w)(w.mem.Write(w.Context(), gitobj.KindCommit, must[[]byte](w)(c.Encode())))
}

// tree stores files as git trees and returns the id of the topmost.
func (w *world) tree(f files) radicle.Oid {
	sub := make(map[string]files)
	var tree gitobj.Tree
	for path, b := range f {
		dir, rest, ok := strings.Cut(path, "/")
		if !ok {
			id := must[radicle.Oid](w)(w.mem.Write(w.Context(), gitobj.KindBlob, b))
			tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: path, ID: id})
			continue
		}
		if sub[dir] == nil {
			sub[dir] = make(files)
		}
		sub[dir][rest] = b
	}
	for dir, f := range sub {
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: dir, ID: w.tree(f)})
	}
	tree.Sort()
	return must[radicle.Oid](w)(w.mem.Write(w.Context(), gitobj.KindTree, must[[]byte](w)(tree.Encode())))
}

// files are a branch's files: an Editor in memory.
type files map[string][]byte

func (f files) List(_ context.Context, dir string) ([]string, error) {
	names := make(map[string]bool)
	for path := range f {
		if rest, ok := strings.CutPrefix(path, dir+"/"); ok {
			name, _, sub := strings.Cut(rest, "/")
			if sub {
				name += "/"
			}
			names[name] = true
		}
	}
	if len(names) == 0 {
		return nil, fs.ErrNotExist
	}
	return slices.Sorted(maps.Keys(names)), nil
}

func (f files) Read(_ context.Context, path string, most int64) ([]byte, error) {
	b, ok := f[path]
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case int64(len(b)) > most:
		return nil, errors.New("too long")
	}
	return bytes.Clone(b), nil
}

func (f files) Write(_ context.Context, path string, data []byte) error {
	f[path] = bytes.Clone(data)
	return nil
}

func (f files) Remove(_ context.Context, path string) error {
	delete(f, path)
	return nil
}

// truths returns what a round says, of one type.
func truths[T zone.Truth](r *zone.Result) (all []T) {
	for _, t := range r.Truths {
		if t, ok := t.(T); ok {
			all = append(all, t)
		}
	}
	return all
}
