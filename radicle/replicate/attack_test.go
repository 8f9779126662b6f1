package replicate_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// scene is a repository of Ana's, the only delegate, in which Cy has a namespace too; Bo has a copy, and fetches from Ana's home
// after somebody did something to it.
type scene struct {
	a, b *home
	r    *storage.Repo // at Ana's
	rid  radicle.RID
}

func newScene(t *testing.T) *scene {
	t.Helper()
	dir := t.TempDir()
	rid := template(t, dir)
	a, b := openHome(t, ana, filepath.Join(dir, "a"), ""), openHome(t, bo, filepath.Join(dir, "b"), "")
	return &scene{a: a, b: b, r: a.repo(t, rid), rid: rid}
}

// A scene is made once, and copied.
var made struct {
	once sync.Once
	dir  string
	rid  radicle.RID
}

func template(t *testing.T, to string) radicle.RID {
	made.once.Do(func() {
		dir := filepath.Join(scratch, "scene")
		a, b := openHome(t, ana, filepath.Join(dir, "a"), ""), openHome(t, bo, filepath.Join(dir, "b"), "")
		r := a.init(t, a.draft())
		push(t, r, cy, "refs/heads/cy", "first")
		b.mustFetch(t, a, replicate.Options{RID: r.RID()})
		made.dir, made.rid = dir, r.RID()
	})
	if made.dir == "" {
		t.Fatal("no scene")
	}
	if err := os.CopyFS(to, os.DirFS(made.dir)); err != nil {
		t.Fatal(err)
	}
	return made.rid
}

func (s *scene) options() replicate.Options { return replicate.Options{RID: s.rid} }

// why returns why a namespace was refused.
func why(result *replicate.Result, key *radicle.MemorySigner) error {
	for _, r := range result.Refused {
		if r.NID == key.NID() {
			return r.Err
		}
	}
	return nil
}

// goodNews makes Ana push something, which is to arrive whatever else happens.
func (s *scene) goodNews(t *testing.T) {
	t.Helper()
	push(t, s.r, ana, "refs/heads/news", "news")
}

// as wants an error of type E.
func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

// attack is what somebody who is no delegate does with a namespace, and what comes of it.
type attack struct {
	do   func(*testing.T, *scene, *radicle.MemorySigner)
	want func(error) bool
}

// line signs a ref of that name.
func line(name string) func(*testing.T, *scene, *radicle.MemorySigner) {
	return func(t *testing.T, s *scene, key *radicle.MemorySigner) {
		forge(t, s.r, key, func(lines map[string]string) { lines[name] = lines["refs/heads/x"] })
	}
}

// target signs a ref to an object of that kind.
func target(kind gitobj.Kind) func(*testing.T, *scene, *radicle.MemorySigner) {
	return func(t *testing.T, s *scene, key *radicle.MemorySigner) {
		id := write(t, s.r, kind, []byte(""))
		forge(t, s.r, key, func(lines map[string]string) { lines["refs/heads/y"] = id.String() })
	}
}

func attacks() map[string]attack {
	return map[string]attack{
		"rolled back":                {func(*testing.T, *scene, *radicle.MemorySigner) {}, is(replicate.ErrBehind)},
		"diverged":                   {diverge, is(replicate.ErrDiverged)},
		"forged signature":           {forgedSignature, is(sigrefs.ErrSignature)},
		"signed by somebody else":    {signedByEve, is(sigrefs.ErrSignature)},
		"of another repository":      {otherRepository, as[*sigrefs.IdentityError]},
		"below the level":            {downgrade, as[*sigrefs.DowngradeError]},
		"a signed object is missing": {missingObject, is(storage.ErrIncomplete)},
		"many are missing":           {manyMissing, is(storage.ErrIncomplete)},
		"a parent is missing":        {missingParent, is(storage.ErrIncomplete)},
		"a blob":                     {target(gitobj.KindBlob), is(storage.ErrRefTarget)},
		"a tree":                     {target(gitobj.KindTree), is(storage.ErrRefTarget)},
		"a tag of a blob":            {tagOfBlob, is(storage.ErrRefTarget)},
		"a broken identity":          {brokenIdentity, is(replicate.ErrIdentity)},
		"no category":                {line("refs/x"), as[*gitobj.RefNameError]},
		"HEAD":                       {line("HEAD"), as[*gitobj.RefNameError]},
		"outside":                    {line("refs/heads/../../../rad/id"), is(sigrefs.ErrName)},
		"absolute":                   {line("/etc/passwd"), is(sigrefs.ErrName)},
		"a lock":                     {line("refs/heads/a.lock"), is(sigrefs.ErrName)},
		"hidden":                     {line("refs/heads/.git"), is(sigrefs.ErrName)},
		"a control character":        {line("refs/heads/a\x01b"), is(sigrefs.ErrName)},
		"another's namespace":        {line(storage.NamespacePrefix(ana.NID()) + "refs/heads/x"), as[*gitobj.RefNameError]},
		"too long":                   {line("refs/heads/" + strings.Repeat("a", 250)), as[*gitobj.RefNameError]},
		"too deep":                   {line("refs/heads" + strings.Repeat("/a", 600)), as[*gitobj.RefNameError]},
		"a folder and a name":        {line("refs/heads/x/y"), is(replicate.ErrConflict)},
	}
}

// Everybody but Ana and Cy attacks at once. Nothing of theirs moves; what Ana and Cy have, comes.
func TestRefusedNamespaces(t *testing.T) {
	s := newScene(t)
	keys := make(map[string]*radicle.MemorySigner)
	older := make(map[string]radicle.Oid)
	for name := range attacks() {
		keys[name] = signer(byte(1 + len(keys)))
		older[name] = push(t, s.r, keys[name], "refs/heads/x", "first").List.At
		if name == "rolled back" || name == "diverged" {
			push(t, s.r, keys[name], "refs/heads/x", "second")
		}
	}
	s.b.mustFetch(t, s.a, s.options())
	for name, test := range attacks() {
		if name == "rolled back" || name == "diverged" {
			plant(t, s.r, keys[name].NID(), sigrefs.RefSigrefs, older[name])
		}
		test.do(t, s, keys[name])
	}
	had := refsOf(t, s.b.repo(t, s.rid))
	push(t, s.r, cy, "refs/heads/news", "news")
	s.goodNews(t)
	result, err := s.b.fetch(t, s.a, s.options())
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Namespaces) != 2 || len(result.Refused) != len(keys) {
		t.Errorf("%d moved, %d of %d refused", len(result.Namespaces), len(result.Refused), len(keys))
	}
	for name, test := range attacks() {
		if err := why(result, keys[name]); !test.want(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.b.check(t, s.rid)
	for _, line := range refsOf(t, s.b.repo(t, s.rid)) {
		theirs := strings.Contains(line, ana.NID().String()) || strings.Contains(line, cy.NID().String())
		if !theirs && !slices.Contains(had, line) {
			t.Errorf("moved: %s", line)
		}
	}
}

// diverge goes on from an older state than Bo has.
func diverge(t *testing.T, s *scene, key *radicle.MemorySigner) {
	push(t, s.r, key, "refs/heads/x", "third")
}

func forgedSignature(t *testing.T, s *scene, key *radicle.MemorySigner) {
	list, _ := s.r.Sigrefs(t.Context(), key.NID())
	plant(t, s.r, key.NID(), sigrefs.RefSigrefs, commit(t, s.r, gitobj.Tree{
		{Mode: gitobj.ModeFile, Name: "refs", ID: write(t, s.r, gitobj.KindBlob, []byte(list.At.String()+" refs/heads/x\n"))},
		{Mode: gitobj.ModeFile, Name: "signature", ID: write(t, s.r, gitobj.KindBlob, list.Signature[:])},
	}, list.At))
}

func signedByEve(t *testing.T, s *scene, key *radicle.MemorySigner) {
	list, _ := s.r.Sigrefs(t.Context(), key.NID())
	text := sigrefs.Text{Refs: list.Refs, Parent: list.At}.Encode()
	plant(t, s.r, key.NID(), sigrefs.RefSigrefs, signed(t, s.r, eve, text, list.At))
}

func otherRepository(t *testing.T, s *scene, key *radicle.MemorySigner) {
	draft := s.a.draft()
	draft.Threshold = 1
	draft.AddDelegate(eve.NID().DID())
	other := s.a.init(t, draft)
	list, err := other.Sigrefs(t.Context(), ana.NID())
	if err != nil {
		t.Fatal(err)
	}
	root, _ := list.Refs.Get(sigrefs.RefRoot)
	for _, dir := range []string{s.r.Dir(), s.b.repo(t, s.rid).Dir()} { // else it is merely missing
		git(t, dir, "fetch", "-q", other.Dir(), storage.NamespacePrefix(ana.NID())+"refs/rad/root")
	}
	forge(t, s.r, key, func(lines map[string]string) { lines[sigrefs.RefRoot] = root.String() })
}

func downgrade(t *testing.T, s *scene, key *radicle.MemorySigner) {
	list, _ := s.r.Sigrefs(t.Context(), key.NID())
	text := sigrefs.Text{Refs: list.Refs[:1]}.Encode()
	plant(t, s.r, key.NID(), sigrefs.RefSigrefs, signed(t, s.r, key, text, list.At))
}

func missingObject(t *testing.T, s *scene, key *radicle.MemorySigner) {
	forge(t, s.r, key, func(lines map[string]string) { lines["refs/heads/x"] = strings.Repeat("1", 40) })
}

func manyMissing(t *testing.T, s *scene, key *radicle.MemorySigner) {
	forge(t, s.r, key, func(lines map[string]string) {
		for i := range 100 {
			lines[fmt.Sprintf("refs/heads/%03d", i)] = fmt.Sprintf("%040x", i+1)
		}
	})
}

// missingParent signs a commit whose parent nobody has. git's server finds out while it makes the pack; so it is planted at
// Bo's, as a pack with a hole would.
func missingParent(t *testing.T, s *scene, key *radicle.MemorySigner) {
	bad := commit(t, s.r, nil, oid(t, strings.Repeat("2", 40)))
	theirs := s.b.repo(t, s.rid)
	if got := commit(t, theirs, nil, oid(t, strings.Repeat("2", 40))); got != bad {
		t.Fatal(got)
	}
	forge(t, s.r, key, func(lines map[string]string) { lines["refs/heads/x"] = bad.String() })
}

func tagOfBlob(t *testing.T, s *scene, key *radicle.MemorySigner) {
	blob := write(t, s.r, gitobj.KindBlob, []byte("x"))
	tag := write(t, s.r, gitobj.KindTag, []byte("object "+blob.String()+"\ntype blob\ntag x\ntagger a <a@example.org> 1 +0000\n\nx\n"))
	forge(t, s.r, key, func(lines map[string]string) { lines["refs/tags/x"] = tag.String() })
}

func brokenIdentity(t *testing.T, s *scene, key *radicle.MemorySigner) {
	list, _ := s.r.Sigrefs(t.Context(), key.NID())
	root, _ := list.Refs.Get(sigrefs.RefRoot)
	bad := commit(t, s.r, nil)
	forge(t, s.r, key, func(lines map[string]string) { lines[identity.Ref(root)] = bad.String() })
}
