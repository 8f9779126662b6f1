package record_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

func TestOneBadRecordSpoilsNoOther(t *testing.T) {
	r, a := newRepo(t), ana(t)
	f := make(files)
	good := a.store(t, spec{pointer: film("good")})
	f.put(t, good)
	bad := map[string][]byte{
		"empty": nil, "garbage": []byte("note from a person\n"), "short": good.Record.Bytes()[:100],
		"newer": append([]byte{2}, make([]byte, 50_000)...), "too long": make([]byte, record.MaxNewer+1),
		"another's": good.Record.Bytes(),
	}
	want := map[string]string{
		"empty": "encoding", "garbage": "encoding", "short": "encoding", "newer": "version", "another's": "mismatch",
		"too long": "at most 65536",
	}
	for name, data := range bad {
		f[pathOf(t, film(name))] = data
	}
	b := r.branch(t, a, f)
	for name := range bad {
		_, err := b.Get(t.Context(), film(name))
		if got := class(err); got != want[name] && !strings.Contains(got, want[name]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	must[*record.Record](t)(b.Get(t.Context(), film("good")))
	read, refused := 0, 0
	for rec, err := range b.All(t.Context()) {
		if (rec == nil) == (err == nil) {
			t.Error("neither or both")
		}
		if err == nil {
			read++
			continue
		}
		refused++
		if _, ok := err.(*record.PathError); !ok {
			t.Errorf("%T: %v", err, err)
		}
	}
	if read != 1 || refused != len(bad) || b.Len() != 1+len(bad) {
		t.Errorf("%d read, %d refused of %d", read, refused, b.Len())
	}
	found := must[[]blobstore.Pointer](t)(r.index(t, map[*person]files{a: f}).Find(t.Context(), film("good").OID))
	if !slices.Equal(found, []blobstore.Pointer{film("good")}) {
		t.Errorf("%v", found)
	}
}

// pathOf is where the record of an object lies.
func pathOf(tb testing.TB, p blobstore.Pointer) string {
	key := must[radicle.Oid](tb)(record.Key(rid(tb), p)).String()
	return key[:2] + "/" + key[2:]
}

// hostileTree is what a writer may put into a tree.
type hostile struct {
	*repo
	blob radicle.Oid
}

func newHostile(t *testing.T) *hostile {
	r := newRepo(t)
	return &hostile{r, must[radicle.Oid](t)(r.mem.Write(t.Context(), gitobj.KindBlob, []byte("x")))}
}

// names makes a tree of files.
func (h *hostile) names(tb testing.TB, names ...string) radicle.Oid {
	var tree gitobj.Tree
	for _, n := range names {
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: n, ID: h.blob})
	}
	return h.write(tb, tree)
}

// read reads a branch with this topmost tree.
func (h *hostile) read(tb testing.TB, p *person, tree gitobj.Tree) (*record.Branch, error) {
	return record.ReadBranch(tb.Context(), h, p.at(h.rid), h.write(tb, tree))
}

func TestHostileTrees(t *testing.T) {
	h, a := newHostile(t), ana(t)
	rest := strings.Repeat("0", 38)
	many := func(n, width int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("%0*x", width, i))
		}
		return names
	}
	dir := func(name string, id radicle.Oid) gitobj.TreeEntry {
		return gitobj.TreeEntry{Mode: gitobj.ModeTree, Name: name, ID: id}
	}
	file := func(mode gitobj.Mode, name string) gitobj.TreeEntry {
		return gitobj.TreeEntry{Mode: mode, Name: name, ID: h.blob}
	}
	one := h.names(t, rest)
	for about, test := range map[string]struct {
		tree              gitobj.Tree
		records, problems int
	}{
		"nothing":                                        {nil, 0, 0},
		"one record":                                     {gitobj.Tree{dir("00", one)}, 1, 0},
		"a folder in upper case":                         {gitobj.Tree{dir("AA", one)}, 0, 0},
		"a folder of three digits":                       {gitobj.Tree{dir("000", one)}, 0, 0},
		"a file in the place of a folder":                {gitobj.Tree{file(gitobj.ModeFile, "00")}, 0, 0},
		"a submodule":                                    {gitobj.Tree{file(gitobj.ModeCommit, "00"), file(gitobj.ModeCommit, "keys")}, 0, 0},
		"a flat note":                                    {gitobj.Tree{file(gitobj.ModeFile, "00"+rest)}, 0, 0},
		"deeper fan-out":                                 {gitobj.Tree{dir("00", h.write(t, gitobj.Tree{dir("00", one)}))}, 0, 0},
		"names of other lengths":                         {gitobj.Tree{dir("00", h.names(t, rest[1:], rest+"0", rest))}, 1, 0},
		"a name that is no number":                       {gitobj.Tree{dir("00", h.names(t, "g"+rest[1:]))}, 0, 0},
		"a name in upper case":                           {gitobj.Tree{dir("00", h.names(t, "A"+rest[1:]))}, 0, 0},
		"a symbolic link":                                {gitobj.Tree{dir("00", h.write(t, gitobj.Tree{file(gitobj.ModeSymlink, rest)}))}, 0, 0},
		"an executable":                                  {gitobj.Tree{dir("00", h.write(t, gitobj.Tree{file(gitobj.ModeExecutable, rest)}))}, 0, 0},
		"a tree that is not there":                       {gitobj.Tree{dir("00", radicle.NewRID(h.blob).Oid()), dir("01", one)}, 1, 1},
		"keys that are not there":                        {gitobj.Tree{dir("keys", h.blob), dir("01", one)}, 1, 1},
		"as many as there may be":                        {gitobj.Tree{dir("00", h.names(t, many(record.MaxInFolder, 38)...))}, record.MaxInFolder, 0},
		"more than there may be in one folder":           {gitobj.Tree{dir("00", h.names(t, many(record.MaxInFolder+1, 38)...)), dir("01", one)}, 1, 1},
		"a folder inside itself as often as git lets it": {gitobj.Tree{dir("00", h.deep(t, 40)), dir("keys", h.deep(t, 40))}, 0, 0},
	} {
		t.Run(about, func(t *testing.T) {
			b, err := h.read(t, a, test.tree)
			check(t, err)
			if b.Len() != test.records || len(b.Problems()) != test.problems {
				t.Errorf("%d records, problems %v", b.Len(), b.Problems())
			}
			for range b.All(t.Context()) {
				continue
			}
		})
	}
}

// deep makes folders in folders.
func (h *hostile) deep(tb testing.TB, n int) radicle.Oid {
	id := h.names(tb, "x")
	for range n {
		id = h.write(tb, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "00", ID: id}, {Mode: gitobj.ModeTree, Name: "cards", ID: id}})
	}
	return id
}

func TestATopmostTreeWithTooManyEntriesIsRefused(t *testing.T) {
	h, a := newHostile(t), ana(t)
	var tree gitobj.Tree
	for i := range 1025 {
		tree = append(tree, gitobj.TreeEntry{Mode: gitobj.ModeFile, Name: fmt.Sprint("n", i), ID: h.blob})
	}
	_, err := h.read(t, a, tree)
	wantClass(t, err, "bounds")
	if _, err := h.read(t, a, tree[1:]); err != nil {
		t.Error(err)
	}
	_, err = record.ReadBranch(t.Context(), h, a.at(h.rid), radicle.NewRID(h.blob).Oid())
	if err == nil {
		t.Error("a blob was read as a branch")
	}
}

// TestHostileKeys has more of everything than is read, and names that are none.
func TestHostileKeys(t *testing.T) {
	s := newScene(t)
	epoch := "keys/epochs/00000007-members-" + strings.Repeat("ab", 16)
	for path, data := range map[string]string{
		"keys/epochs/0000000g-members-" + strings.Repeat("ab", 16): "x",
		"keys/epochs/00000007-friends-" + strings.Repeat("ab", 16): "x",
		"keys/epochs/00000007--" + strings.Repeat("ab", 16):        "x",
		"keys/epochs/00000007-members-" + strings.Repeat("AB", 16): "x",
		"keys/epochs/7-members-" + strings.Repeat("ab", 16):        "x",
		"keys/epochs/00000007-members-" + strings.Repeat("ab", 17): "x",
		epoch + "/" + s.bo.NID().String():                          "short",
		epoch + "/z6Mkinvalid":                                     "x",
		epoch + "/sub/" + s.bo.NID().String():                      "x",
		"keys/cards/" + strings.Repeat("0", 15):                    "x",
		"keys/cards/" + strings.Repeat("0", 17):                    "x",
		"keys/cards/" + strings.Repeat("F", 16):                    "x",
		"keys/cards/" + strings.Repeat("1", 16):                    "no card",
		"keys/certificate":                                         "no certificate",
		"keys/later":                                               "something new",
	} {
		if strings.HasPrefix(path, "keys/epochs/") && strings.Count(path, "/") == 2 {
			path += "/x"
		}
		s.anas[path] = []byte(data)
	}
	b := s.branch(t, s.ana, s.anas)
	if len(b.Problems()) != 0 {
		t.Errorf("%v", b.Problems())
	}
	cards, refused := b.Cards(t.Context())
	if len(cards) != 1 || len(refused) != 1 {
		t.Errorf("%d cards, refused %v", len(cards), refused)
	}
	_, err := b.Certificate(t.Context())
	wantClass(t, err, "encoding")
	if b.NextEpoch() != 8 {
		t.Errorf("next epoch %d", b.NextEpoch())
	}
	kept := must[[]keyring.Kept](t)(b.Kept(t.Context(), s.ana.opener(), keyring.Members))
	if len(kept) != 2 || len(kept[0].Sealed) != 2 || !kept[1].Key.IsZero() {
		t.Errorf("%d epochs", len(kept))
	}
	// An envelope that cannot be read was somebody's all the same: it may have been read before.
	if e, there := kept[1].Sealed[s.bo.NID().DID()]; !there || !e.IsZero() || len(kept[1].Sealed) != 1 {
		t.Errorf("%d envelopes of an epoch with a broken one", len(kept[1].Sealed))
	}
	// What is a stranger's epoch to Ana is passed over: the film opens.
	must[*record.Object](t)(s.opens(t, s.ana, s.anas, s.bo.opener()))
}

func TestCertificates(t *testing.T) {
	s := newScene(t)
	_, err := s.branch(t, s.ana, s.anas).Certificate(t.Context())
	wantClass(t, err, "absent")
	issue := func(p *person, known uint64, device byte) *keyring.Certificate {
		return must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), p, keyring.CertificateRequest{
			Device: keyring.NewDeviceKey(seed(device)).Device(), Known: known, Now: now,
		}))
	}
	first := issue(s.ana, 0, 1)
	second := issue(s.ana, first.Seq(), 2)
	place := s.ana.at(s.rid)
	for _, c := range []*keyring.Certificate{first, second, first} {
		s.anas.apply(t, place, record.Batch{Certificate: c})
	}
	got := must[*keyring.Certificate](t)(s.branch(t, s.ana, s.anas).Certificate(t.Context()))
	if !bytes.Equal(got.Bytes(), second.Bytes()) {
		t.Errorf("number %d", got.Seq())
	}
	_, err = place.Apply(t.Context(), s.anas, record.Batch{Certificate: issue(s.bo, 0, 3)})
	wantClass(t, err, "mismatch")
	s.anas["keys/certificate"] = issue(s.bo, 0, 3).Bytes()
	_, err = s.branch(t, s.ana, s.anas).Certificate(t.Context())
	wantClass(t, err, "mismatch")
	s.anas.apply(t, place, record.Batch{Certificate: first}) // somebody else's is in nobody's way
	must[*keyring.Certificate](t)(s.branch(t, s.ana, s.anas).Certificate(t.Context()))
}

// TestOnlyWhatChangedIsReadAgain counts trees.
func TestOnlyWhatChangedIsReadAgain(t *testing.T) {
	r, a := newRepo(t), ana(t)
	f := make(files)
	for i := range 300 {
		f[pathOf(t, film(fmt.Sprint(i)))] = []byte("x")
	}
	x := record.NewIndex(r.rid, r)
	update := func(want int) {
		t.Helper()
		commit := r.commit(t, f)
		r.trees = 0
		check(t, x.Update(t.Context(), a.did(), record.Own, commit))
		if r.trees != want {
			t.Errorf("%d trees read, want %d", r.trees, want)
		}
	}
	tops := make(map[string]bool)
	for path := range f {
		tops[path[:2]] = true
	}
	update(1 + len(tops))
	update(0) // the same commit
	f[pathOf(t, film("0"))] = []byte("y")
	update(2)
	f.apply(t, a.at(r.rid), record.Batch{Cards: []*keyring.Card{a.card}})
	update(3) // topmost, keys, cards
	if n := x.Branch(a.did()).Len(); n != 300 {
		t.Errorf("%d records", n)
	}
	check(t, x.Update(t.Context(), a.did(), record.Own, radicle.Oid{}))
	if x.Branch(a.did()) != nil || len(x.Writers()) != 0 {
		t.Error("the branch is still there")
	}
}

// TestABranchThatWasIncompleteIsReadAgain has a folder arrive late.
func TestABranchThatWasIncompleteIsReadAgain(t *testing.T) {
	r, a := newRepo(t), ana(t)
	f := make(files)
	f.put(t, a.store(t, spec{pointer: film("film")}))
	commit := r.commit(t, f)
	late := &lateObjects{repo: r, missing: true}
	x := record.NewIndex(r.rid, late)
	check(t, x.Update(t.Context(), a.did(), record.Own, commit))
	if b := x.Branch(a.did()); b.Len() != 0 || len(b.Problems()) != 1 {
		t.Errorf("%d records, %v", b.Len(), b.Problems())
	}
	late.missing = false
	check(t, x.Update(t.Context(), a.did(), record.Own, commit))
	if b := x.Branch(a.did()); b.Len() != 1 || len(b.Problems()) != 0 {
		t.Errorf("%d records, %v", b.Len(), b.Problems())
	}
}

// lateObjects lack all trees but the topmost.
type lateObjects struct {
	*repo
	missing bool
}

func (l *lateObjects) Tree(ctx context.Context, id radicle.Oid, most int) ([]record.Entry, error) {
	if kind, _, _ := l.Read(ctx, id, 1<<20); l.missing && kind == gitobj.KindTree {
		return nil, fs.ErrNotExist
	}
	return l.repo.Tree(ctx, id, most)
}

func TestACancelledReadEnds(t *testing.T) {
	s := newScene(t)
	commit := s.commit(t, s.anas)
	b := s.branch(t, s.ana, s.anas)
	x := s.index(t, map[*person]files{s.ana: s.anas})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	stopped := &cancelled{s.repo}
	if _, err := record.ReadBranch(ctx, stopped, s.ana.at(s.rid), commit); err != context.Canceled {
		t.Errorf("branch: %v", err)
	}
	var last error
	for _, err := range b.All(ctx) {
		last = err
	}
	if last != context.Canceled {
		t.Errorf("all: %v", last)
	}
	if _, _, err := x.Lookup(ctx, film("film"), s.bo.opener(), stands(nil), nil); err != context.Canceled {
		t.Errorf("lookup: %v", err)
	}
	if _, err := x.Find(ctx, film("film").OID); err != context.Canceled {
		t.Errorf("find: %v", err)
	}
}

// cancelled asks the context.
type cancelled struct{ *repo }

func (c *cancelled) Tree(ctx context.Context, id radicle.Oid, most int) ([]record.Entry, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return c.repo.Tree(ctx, id, most)
}

func TestSHA256Repositories(t *testing.T) {
	mem := gitobj.NewMemory(radicle.SHA256Size)
	oid := must[radicle.Oid](t)(radicle.OidFromBytes(bytes.Repeat([]byte{7}, 32)))
	r := &repo{gitObjects{Reader: mem}, mem, radicle.NewRID(oid)}
	a := ana(t)
	s := spec{pointer: film("film")}
	salt, ck := a.contentKey(t, s)
	o := must[*record.Object](t)(a.at(r.rid).New(record.New{Pointer: s.pointer, Salt: salt, Key: ck, Manifest: manifestOf(t, ck, s)}))
	f := make(files)
	f.put(t, o)
	for path := range maps.Keys(f) {
		if len(path) != 65 {
			t.Errorf("%s", path)
		}
	}
	x := r.index(t, map[*person]files{a: f})
	choices, failed, err := x.Lookup(t.Context(), film("film"), a.opener(), stands(map[*person]record.Trust{a: record.Own}), nil)
	if err != nil || len(failed) != 0 || len(choices) != 1 || !choices[0].Streams {
		t.Errorf("%+v %v %v", choices, failed, err)
	}
}
