package record_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
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
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

var now = time.Unix(1_700_000_000, 0)

func seed(b byte) [32]byte { return [32]byte(bytes.Repeat([]byte{b}, 32)) }

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

func rid(tb testing.TB) radicle.RID { return parseRID(tb, "rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5") }

func otherRID(tb testing.TB) radicle.RID { return parseRID(tb, "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji") }

func parseRID(tb testing.TB, s string) radicle.RID {
	tb.Helper()
	return must[radicle.RID](tb)(radicle.ParseRID(s))
}

// person is somebody with a key, a keyring and a card, at one place.
type person struct {
	*radicle.MemorySigner
	ring *keyring.Keyring
	card *keyring.Card
}

func newPerson(tb testing.TB, b byte) *person {
	tb.Helper()
	s := radicle.NewMemorySigner(seed(b))
	ring := must[*keyring.Keyring](tb)(keyring.Unlock(tb.Context(), s))
	return &person{s, ring, must[*keyring.Card](tb)(ring.Card(tb.Context(), s, 0, now))}
}

func ana(tb testing.TB) *person { return newPerson(tb, 0xff) }
func bo(tb testing.TB) *person  { return newPerson(tb, 0xfe) }
func cy(tb testing.TB) *person  { return newPerson(tb, 0xfd) }

func (p *person) did() radicle.DID { return p.ring.DID() }

func (p *person) at(rid radicle.RID) record.Place { return record.Place{RID: rid, Writer: p.did()} }

func (p *person) recipient() keyring.Recipient {
	return keyring.Recipient{DID: p.did(), Card: p.card}
}

func (p *person) opener() *record.Opener { return record.NewOpener(p.ring) }

// film is an object of some name, of 300,000 bytes.
func film(name string) blobstore.Pointer { return filmOf(name, 300_000) }

func filmOf(name string, size int64) blobstore.Pointer {
	return blobstore.Pointer{OID: sha256.Sum256([]byte(name)), Size: size}
}

// spec is what the records of tests are made of; zero values have defaults.
type spec struct {
	pointer blobstore.Pointer
	gen     uint32
	k, n    int    // 3 and 10
	roots   string // a label: other roots
	public  bool   // in the public domain
	holders []radicle.DID
}

// contentKey derives what this person reads an object with.
func (p *person) contentKey(tb testing.TB, s spec) (keyring.SaltID, blobstore.ContentKey) {
	tb.Helper()
	id, domain, pad := keyring.SaltID{}, blobstore.PublicDomain(), blobstore.PadNone
	if !s.public {
		id, pad = p.ring.Current(), blobstore.PadPadme
		domain = must[blobstore.DomainSecret](tb)(p.ring.Domain(id))
	}
	params := blobstore.Params{OID: s.pointer.OID, Size: s.pointer.Size, Pad: pad, Gen: s.gen}
	return id, must[blobstore.ContentKey](tb)(domain.ContentKey(params))
}

// manifestOf signs a manifest with made-up roots.
func manifestOf(tb testing.TB, ck blobstore.ContentKey, s spec) *manifest.Manifest {
	tb.Helper()
	pad := blobstore.PadPadme
	if s.public {
		pad = blobstore.PadNone
	}
	k, n := s.k, s.n
	if k == 0 {
		k = 3
	}
	if n == 0 {
		n = 10
	}
	layout := must[blobstore.Layout](tb)(blobstore.NewLayout(s.pointer.Size, pad))
	coding := must[blobstore.Coding](tb)(layout.Coding(k))
	roots := make([]blobstore.Root, manifest.Commit(coding.K(), n))
	for i := range roots {
		roots[i] = sha256.Sum256(binary.BigEndian.AppendUint32(append([]byte(s.roots), s.pointer.OID[:]...), uint32(i)))
	}
	return must[*manifest.Manifest](tb)(manifest.Sign(ck, pad, s.gen, coding, roots))
}

// store makes the record of an object as this person's upload does: private, or of the public domain.
func (p *person) store(tb testing.TB, s spec) *record.Object {
	tb.Helper()
	salt, ck := p.contentKey(tb, s)
	return must[*record.Object](tb)(p.at(rid(tb)).New(record.New{
		Pointer: s.pointer, Gen: s.gen, Salt: salt, Key: ck, Manifest: manifestOf(tb, ck, s), Holders: s.holders,
	}))
}

// storeAs is store by somebody who knows the content key of another: a reader.
func (p *person) storeAs(tb testing.TB, o *record.Object, s spec) *record.Object {
	tb.Helper()
	s.pointer = o.Pointer()
	return must[*record.Object](tb)(p.at(rid(tb)).New(record.New{
		Pointer: o.Pointer(), Gen: o.Record.Gen(), Salt: o.Record.Salt(), Key: o.Key, Manifest: manifestOf(tb, o.Key, s),
	}))
}

// people are DIDs of nobody.
func people(n int) []radicle.DID {
	var all []radicle.DID
	for i := range n {
		all = append(all, radicle.NewMemorySigner(sha256.Sum256([]byte{byte(i), 'h'})).NID().DID())
	}
	return all
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
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
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
	if _, ok := f[path]; !ok {
		return fs.ErrNotExist
	}
	delete(f, path)
	return nil
}

// apply applies a batch that must succeed.
func (f files) apply(tb testing.TB, p record.Place, b record.Batch) record.Report {
	tb.Helper()
	return must[record.Report](tb)(p.Apply(tb.Context(), f, b))
}

// put adds records to the branch of their place.
func (f files) put(tb testing.TB, objects ...*record.Object) {
	tb.Helper()
	var b record.Batch
	for _, o := range objects {
		b.Put(o, nil)
	}
	f.apply(tb, objects[0].Place, b)
}

// gitObjects is record.Objects over a store of git objects: what the daemon has over radicle/storage.
type gitObjects struct {
	gitobj.Reader
	trees, blobs int
}

func (g *gitObjects) Tree(ctx context.Context, id radicle.Oid, most int) ([]record.Entry, error) {
	g.trees++
	kind, data, err := g.Read(ctx, id, int64(128*most))
	if err == nil && kind == gitobj.KindCommit {
		var c gitobj.Commit
		if c, err = gitobj.ParseCommit(data); err == nil {
			_, data, err = g.Read(ctx, c.Tree, int64(128*most))
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

func (g *gitObjects) Blob(ctx context.Context, id radicle.Oid, most int64) ([]byte, error) {
	g.blobs++
	return gitobj.ReadBlob(ctx, g, id, most)
}

// repo is a repository in memory: the branches of several writers.
type repo struct {
	gitObjects
	mem *gitobj.Memory
	rid radicle.RID
}

func newRepo(tb testing.TB) *repo {
	mem := gitobj.NewMemory(rid(tb).Oid().Len())
	return &repo{gitObjects{Reader: mem}, mem, rid(tb)}
}

// tree stores files as git trees, plainly, and returns the id of the topmost.
func (r *repo) tree(tb testing.TB, f files) radicle.Oid {
	tb.Helper()
	sub := make(map[string]files)
	var tree gitobj.Tree
	for path, b := range f {
		dir, rest, ok := strings.Cut(path, "/")
		if !ok {
			id := must[radicle.Oid](tb)(r.mem.Write(tb.Context(), gitobj.KindBlob, b))
			tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: path, ID: id})
			continue
		}
		if sub[dir] == nil {
			sub[dir] = make(files)
		}
		sub[dir][rest] = b
	}
	for dir, f := range sub {
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: dir, ID: r.tree(tb, f)})
	}
	return r.write(tb, tree)
}

func (r *repo) write(tb testing.TB, tree gitobj.Tree) radicle.Oid {
	tb.Helper()
	tree.Sort()
	data := must[[]byte](tb)(tree.Encode())
	return must[radicle.Oid](tb)(r.mem.Write(tb.Context(), gitobj.KindTree, data))
}

// commit stores a commit of files.
func (r *repo) commit(tb testing.TB, f files) radicle.Oid {
	tb.Helper()
	by := gitobj.Signature{Name: "ana", Email: "ana@example.org", Seconds: now.Unix(), Zone: gitobj.UTC}
	c := gitobj.Commit{Tree: r.tree(tb, f), Author: by, Committer: by, Message: "records\n"}
	return must[radicle.Oid](tb)(r.mem.Write(tb.Context(), gitobj.KindCommit, must[[]byte](tb)(c.Encode())))
}

// branch reads files as the branch of a writer.
func (r *repo) branch(tb testing.TB, p *person, f files) *record.Branch {
	tb.Helper()
	return must[*record.Branch](tb)(record.ReadBranch(tb.Context(), r, p.at(r.rid), r.commit(tb, f)))
}

// index reads the branches of several writers.
func (r *repo) index(tb testing.TB, branches map[*person]files) *record.Index {
	tb.Helper()
	x := record.NewIndex(r.rid, r)
	for p, f := range branches {
		check(tb, x.Update(tb.Context(), p.did(), record.Own, r.commit(tb, f)))
	}
	return x
}

// class names the class of an error as RECORD.md §11 does; "ok" for none.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range classes() {
		if errors.Is(err, c.err) {
			return c.name
		}
	}
	return err.Error()
}

type errorClass struct {
	name string
	err  error
}

func classes() []errorClass {
	return []errorClass{
		{"encoding", blobstore.ErrEncoding},
		{"version", record.ErrVersion},
		{"bounds", blobstore.ErrBounds},
		{"mismatch", blobstore.ErrMismatch},
		{"mismatch", keyring.ErrMismatch},
		{"signature", blobstore.ErrSignature},
		{"sealed", blobstore.ErrSealed},
		{"sealed", keyring.ErrSealed},
		{"unreadable", record.ErrUnreadable},
		{"inward", record.ErrInward},
		{"changed", record.ErrChanged},
		{"salt", keyring.ErrSalt},
		{"opener", keyring.ErrOpener},
		{"absent", fs.ErrNotExist},
	}
}

func wantClass(t *testing.T, err error, want string) {
	t.Helper()
	if got := class(err); got != want {
		t.Errorf("class %s, want %s: %v", got, want, err)
	}
}

// group makes the epoch of a group with the people, in a batch.
func (p *person) group(tb testing.TB, b *record.Batch, kind keyring.GroupKind, number int64, readers ...*person) keyring.GroupKey {
	tb.Helper()
	var to []keyring.Recipient
	for _, r := range readers {
		to = append(to, r.recipient())
	}
	plan := must[keyring.Plan](tb)(p.at(rid(tb)).Group(kind).Plan(nil, number, p.recipient(), to))
	b.Seal(kind, plan.Sealings)
	return plan.Key
}

// everyoneA stands: the people given, everybody else is a stranger.
func stands(trust map[*person]record.Trust) record.Standing {
	return func(writer radicle.DID) record.Trust {
		for p, t := range trust {
			if p.did() == writer {
				return t
			}
		}
		return record.Stranger
	}
}

func nowClock() time.Time { return now }
