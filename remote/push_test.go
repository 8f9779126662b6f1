package remote_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
	"radswarm/remote"
)

func TestPush(t *testing.T) {
	w := newWorld(t)
	head := w.commit(t, "README", "two")
	before := w.signatures(t)
	canonical := "✓ Canonical reference refs/heads/master updated to target commit " + head.String() + "\n"
	w.push(t, "refs/heads/master:refs/heads/master", "HEAD~1:refs/heads/old", "+HEAD:refs/notes/x").
		expect(t, "ok refs/heads/master\nok refs/heads/old\nok refs/notes/x\n\n", 0, canonical)
	if w.ref(t, "refs/heads/master") != head || w.ref(t, "refs/notes/x") != head || w.ref(t, "refs/heads/old") != w.id(t, "HEAD~1") {
		t.Error("refs are elsewhere")
	}
	if n := w.signatures(t); n != before+1 {
		t.Errorf("%d signatures for a push", n-before)
	}
	w.check(t)

	w.push(t, ":refs/heads/old", "HEAD:refs/heads/master").expect(t, "ok refs/heads/old\nok refs/heads/master\n\n", 0)
	if !w.ref(t, "refs/heads/old").IsZero() {
		t.Error("a deleted branch is there")
	}
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	if n := w.signatures(t); n != before+2 {
		t.Errorf("%d signatures for a push, a deletion and nothing", n-before)
	}
	w.push(t, ":refs/heads/master", "HEAD:refs/heads/x").expect(t, "", 1, "error: refusing to delete default branch ref 'refs/heads/master'\n")
	if !w.ref(t, "refs/heads/x").IsZero() {
		t.Error("a push that failed has moved a ref")
	}
	w.check(t)
}

// What cannot move is refused alone, in words that git has more words for.
func TestRefusedAlone(t *testing.T) {
	w := newWorld(t)
	first := w.id(t, "HEAD")
	second := w.commit(t, "README", "two")
	w.git(t, w.dir, "tag", "-a", "-m", "one", "v1")
	w.push(t, "HEAD:refs/heads/b", "v1:refs/tags/v1", "HEAD:refs/notes/x").expect(t, "ok refs/heads/b\nok refs/tags/v1\nok refs/notes/x\n\n", 0)
	tree := w.id(t, "HEAD^{tree}").String()
	w.push(t, "HEAD~1:refs/heads/b", "HEAD:refs/heads/c", "HEAD~1:refs/tags/v1", ":refs/heads/none", "+HEAD:refs/rad/sigrefs",
		"HEAD^{tree}:refs/notes/tree", "v1:refs/heads/tag", "v1:refs/notes/x").
		expect(t, strings.Join([]string{
			"error refs/heads/b non-fast forward", "ok refs/heads/c", "error refs/tags/v1 already exists", "error refs/heads/none no such ref",
			"error refs/rad/sigrefs refs/rad/sigrefs: ref is written by signing only",
			"error refs/notes/tree refs/notes/tree: refs point to commits and tags only: " + tree + " is a tree",
			"error refs/heads/tag a branch points to a commit, and " + w.id(t, "v1").String() + " is a tag",
			"error refs/notes/x needs force",
		}, "\n")+"\n\n", 0)
	if w.ref(t, "refs/heads/b") != second || w.ref(t, "refs/heads/c") != second {
		t.Error("refs are elsewhere")
	}
	before := w.signatures(t)
	w.push(t, "HEAD~1:refs/heads/b").expect(t, "error refs/heads/b non-fast forward\n\n", 0)
	if w.signatures(t) != before {
		t.Error("signed although nothing moved")
	}
	w.push(t, "+HEAD~1:refs/heads/b").expect(t, "ok refs/heads/b\n\n", 0)
	if w.ref(t, "refs/heads/b") != first {
		t.Error("force does not")
	}
	w.check(t)
}

func TestLeases(t *testing.T) {
	w := newWorld(t)
	first := w.id(t, "HEAD").String()
	second := w.commit(t, "README", "two").String()
	null := strings.Repeat("0", 40)
	w.push(t, "HEAD:refs/heads/b")
	for _, c := range []struct{ lease, line, want string }{
		{"refs/heads/b:" + first, "HEAD~1:refs/heads/b", "error refs/heads/b stale info"},
		{"refs/heads/b:" + null, "HEAD~1:refs/heads/b", "error refs/heads/b stale info"},
		{"refs/heads/b:" + first, ":refs/heads/b", "error refs/heads/b stale info"},
		{"refs/heads/b:" + second, "HEAD~1:refs/heads/b", "ok refs/heads/b"}, // a lease that holds is force
		{"refs/heads/n:" + null, "HEAD:refs/heads/n", "ok refs/heads/n"},
		{"refs/heads/b:" + first, ":refs/heads/b", "ok refs/heads/b"},
	} {
		input := "option push-option no-sync\noption cas " + c.lease + "\npush " + c.line + "\n\n"
		w.run(t, []string{"rad", w.url()}, input).expect(t, "ok\n"+c.want+"\n\n", 0)
	}
	w.check(t)
}

func TestNotOurs(t *testing.T) {
	w := newWorld(t)
	theirs := remote.URL{RID: w.rid, NID: radtest.Bo.NID()}.String()
	in := "push HEAD:refs/heads/x\n\n"
	w.run(t, []string{"rad", theirs}, in).expect(t, "", 1, "error: cannot push to remote namespace owned by "+radtest.Bo.NID().DID().String()+"\nhint: ")
	w.run(t, []string{"rad", remote.URL{RID: w.rid}.String()}, in).expect(t, "", 1, "error: no public key given as a remote namespace, ", "\nhint: ")
}

// git that goes away in the middle of a batch has not said what it wants.
func TestHalfABatch(t *testing.T) {
	w := newWorld(t)
	w.run(t, []string{"rad", w.url()}, "push HEAD:refs/heads/x\n").expect(t, "", 1, "error: git went away in the middle of a batch\nhint: ")
	w.run(t, []string{"rad", w.url()}, "push HEAD:refs/heads/x\npush HEAD:ref").expect(t, "", 1, "error: unexpected EOF")
	if !w.ref(t, "refs/heads/x").IsZero() {
		t.Error("pushed")
	}
}

// A push that was killed while objects were written leaves commits without their files. The next one does not take them for
// whole.
func TestAfterAKilledTransfer(t *testing.T) {
	w := newWorld(t)
	w.commit(t, "a", "a")
	head := w.commit(t, "b", "b")
	for _, revision := range []string{"HEAD", "HEAD~1"} {
		object := filepath.Join("objects", w.id(t, revision).String()[:2], w.id(t, revision).String()[2:])
		data, err := os.ReadFile(filepath.Join(w.dir, ".git", object))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(w.repo.Dir(), object)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(w.repo.Dir(), object), string(data))
	}
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	if w.ref(t, "refs/heads/master") != head {
		t.Error("the branch is elsewhere")
	}
	w.check(t)
}

// A ref in storage to nothing costs a larger pack, and no push.
func TestBrokenRefInStorage(t *testing.T) {
	w := newWorld(t)
	write(t, filepath.Join(w.repo.Dir(), "refs/heads/gone"), strings.Repeat("1", 40)+"\n")
	w.commit(t, "a", "a")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	remove(t, filepath.Join(w.repo.Dir(), "refs/heads/gone"))
	w.check(t)
}

func TestManyObjects(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.commit(t, "README", strings.Repeat("x", i))
	}
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	packs, err := filepath.Glob(filepath.Join(w.repo.Dir(), "objects/pack/*.pack"))
	if err != nil || len(packs) == 0 {
		t.Errorf("%d packs, %v", len(packs), err)
	}
	w.check(t)
}

// A shallow working copy does not know what it lacks.
func TestShallow(t *testing.T) {
	w := newWorld(t)
	w.commit(t, "a", "a")
	w.push(t, "HEAD:refs/heads/master")
	w.commit(t, "b", "b")
	w.commit(t, "c", "c")
	shallow := filepath.Join(w.home.Work, "shallow")
	w.git(t, w.home.Work, "clone", "-q", "--depth=1", "file://"+w.dir, shallow)
	t.Setenv("GIT_DIR", filepath.Join(shallow, ".git"))
	w.push(t, "HEAD:refs/heads/x").expect(t, "", 1, "error: shallow update not allowed\nhint: ")
	tree := filepath.Join(w.home.Work, "shallow-tree")
	w.git(t, shallow, "worktree", "add", "-q", "-b", "tree", tree)
	t.Setenv("GIT_DIR", filepath.Join(shallow, ".git/worktrees/shallow-tree"))
	w.push(t, "HEAD:refs/heads/x").expect(t, "", 1, "error: shallow update not allowed\nhint: ")
	if !w.ref(t, "refs/heads/x").IsZero() {
		t.Error("a branch with half a history")
	}
	t.Setenv("GIT_DIR", filepath.Join(w.dir, ".git"))
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	t.Setenv("GIT_DIR", filepath.Join(shallow, ".git"))
	w.push(t, "HEAD:refs/heads/x").expect(t, "ok refs/heads/x\n\n", 0)
	w.check(t)
}

func TestFetch(t *testing.T) {
	w := newWorld(t)
	head := w.id(t, "HEAD")
	empty := filepath.Join(w.home.Work, "empty")
	w.git(t, w.home.Work, "init", "-q", empty)
	t.Setenv("GIT_DIR", filepath.Join(empty, ".git"))
	t.Setenv("GIT_ALLOW_PROTOCOL", "rad") // as in a submodule
	line := "fetch " + head.String() + " refs/heads/master\n"
	w.run(t, []string{"rad", w.url()}, line+line+"\n").expect(t, "\n", 0)
	w.git(t, empty, "fsck", "--strict")
	w.git(t, empty, "cat-file", "-e", head.String()+"^{tree}")
}

func TestPatch(t *testing.T) {
	w := newWorld(t)
	w.git(t, w.dir, "checkout", "-q", "-b", "feature")
	head := w.commit(t, "a", "a")
	in := `option push-option "patch.message=Ein  \"guter\" Vorschlag \303\244"` + "\noption push-option \"patch.message=Zweiter Absatz\\n\"\n"
	got := w.run(t, []string{"rad", w.url()}, in+"option push-option no-sync\npush HEAD:refs/patches\n\n")
	got.expect(t, "ok\nok\nok refs/patches\n\n", 0)
	id, err := radicle.ParseOid(strings.TrimSuffix(strings.TrimPrefix(got.err, "✓ Patch "), " opened\n"))
	if err != nil {
		t.Fatalf("people are told\n%s", got.err)
	}
	p := w.patch(t, id)
	if p.Title != `Ein  "guter" Vorschlag ä` || p.Description() != "Zweiter Absatz" || p.Head() != head || p.State.Status != patch.Open {
		t.Errorf("%q, %q, %v, %v", p.Title, p.Description(), p.Head(), p.State)
	}
	if merge := w.git(t, w.dir, "config", "branch.feature.merge"); merge != "refs/heads/patches/"+id.String() {
		t.Errorf("the branch follows %s", merge)
	}

	w.commit(t, "b", "b")
	w.push(t, "HEAD:refs/heads/patches/"+id.String()).expect(t, "ok refs/heads/patches/"+id.String()+"\n\n", 0,
		"✓ Patch "+id.String()[:7]+" updated to revision ", "git range-diff ")
	if n := len(w.patch(t, id).Revisions); n != 2 {
		t.Errorf("%d revisions", n)
	}
	w.push(t, "+HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, "✓ Patch "+id.String()+" merged\n")
	if s := w.patch(t, id).State; s.Status != patch.Merged || !w.ref(t, "refs/heads/patches/"+id.String()).IsZero() {
		t.Errorf("%v", s)
	}
	w.push(t, "+HEAD~2:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, "! Patch "+id.String()+" reverted at revision ")
	if s := w.patch(t, id).State; s.Status != patch.Open {
		t.Errorf("%v", s)
	}
	w.push(t, "HEAD~2:refs/patches").expect(t, "error refs/patches patch commits are already included in the base branch\n\n", 0, "warn: attempted")
	w.check(t)
}

// A branch follows the patch that was opened from it, and not another one later; one that is elsewhere follows nothing.
func TestBranchesThatFollow(t *testing.T) {
	w := newWorld(t)
	w.git(t, w.dir, "remote", "add", "rad", w.url())
	w.git(t, w.dir, "checkout", "-q", "-b", "feature")
	w.commit(t, "a", "a")
	w.commit(t, "b", "b")
	follows := func() string { return w.git(t, w.dir, "config", "--default", "", "branch.feature.merge") }
	w.push(t, "HEAD~1:refs/patches").expect(t, "ok refs/patches\n\n", 0)
	if got := follows(); got != "" {
		t.Errorf("follows %s, which is elsewhere", got)
	}
	w.push(t, "HEAD:refs/patches").expect(t, "ok refs/patches\n\n", 0)
	first := follows()
	if !strings.HasPrefix(first, "refs/heads/patches/") {
		t.Errorf("follows %q", first)
	}
	w.run(t, []string{"rad", w.url()}, "option push-option patch.message=Another\noption push-option no-sync\npush HEAD:refs/patches\n\n").
		expect(t, "ok\nok refs/patches\n\n", 0)
	if got := follows(); got != first {
		t.Errorf("follows %s now, it was %s", got, first)
	}
	w.run(t, []string{"rad", w.url()}, "option push-option patch.branch=mine\noption push-option no-sync\npush HEAD:refs/patches\n\n").
		expect(t, "ok\nok refs/patches\n\n", 0, "✓ Branch mine created\nhint: to update, run `git push rad mine`\n")
	if w.id(t, "refs/heads/mine") != w.id(t, "HEAD") {
		t.Error("the branch that was asked for is elsewhere")
	}
}

// Without its cache, or with a broken one, everything works but what is only for rad.
func TestPatchesWithoutACache(t *testing.T) {
	for name, spoil := range map[string]func(string){
		"none":   func(path string) { remove(t, path) },
		"broken": func(path string) { write(t, path, strings.Repeat("garbage ", 1000)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			spoil(filepath.Join(w.home.Cobs(), "cache.db"))
			w.git(t, w.dir, "checkout", "-q", "-b", "feature")
			head := w.commit(t, "a", "a")
			got := w.push(t, "HEAD:refs/patches")
			got.expect(t, "ok refs/patches\n\n", 0, " opened\n")
			listed := w.run(t, []string{"rad", remote.URL{RID: w.rid}.String()}, "list\n\n")
			if !strings.Contains(listed.out, head.String()+" refs/heads/patches/") {
				t.Errorf("list\n%s%s", listed.out, listed.err)
			}
			w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, " merged\n")
		})
	}
}

func (w *world) patch(t *testing.T, id radicle.Oid) *patch.Patch {
	t.Helper()
	tip, err := w.repo.Ref(t.Context(), storage.NamespacePrefix(radtest.Ana.NID())+cob.Ref(patch.Type, id))
	if err != nil {
		t.Fatal(err)
	}
	p, err := patch.Read(t.Context(), patchRepo{w.repo}, id, []radicle.Oid{tip}, cob.Limits{})
	if err != nil || len(p.Skipped()) > 0 {
		t.Fatalf("%v, %v", p.Skipped(), err)
	}
	return p
}

type patchRepo struct{ *storage.Repo }

func (r patchRepo) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	return r.Ref(ctx, storage.NamespacePrefix(owner)+ref)
}

func (r patchRepo) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	base, err := r.MergeBase(ctx, ancestor, commit)
	return base == ancestor, err
}

// Somebody who knows no lock moves a ref while we push: the push is planned again on what is there then, and told once.
func TestRaced(t *testing.T) {
	w := newWorld(t)
	first := w.id(t, "HEAD")
	w.commit(t, "a", "a")
	w.push(t, "HEAD:refs/heads/b")
	w.git(t, w.dir, "checkout", "-q", "-b", "other", first.String())
	other := w.commit(t, "b", "b")
	w.git(t, w.dir, "checkout", "-q", "master")
	w.commit(t, "c", "c")
	name := storage.NamespacePrefix(radtest.Ana.NID()) + "refs/heads/b"
	w.git(t, w.repo.Dir(), "--git-dir="+w.repo.Dir(), "fetch", "-q", w.dir, other.String()) // its objects
	w.big = &meddler{do: func() { w.git(t, w.repo.Dir(), "--git-dir="+w.repo.Dir(), "update-ref", name, other.String()) }}
	got := w.push(t, "HEAD:refs/heads/b", "HEAD:refs/heads/master")
	got.expect(t, "error refs/heads/b non-fast forward\nok refs/heads/master\n\n", 0)
	if n := strings.Count(got.err, "Canonical reference"); n != 1 {
		t.Errorf("told %d times\n%s", n, got.err)
	}
	if w.ref(t, "refs/heads/b") != other {
		t.Error("what the other did is lost")
	}
	w.check(t)
}

// meddler is BigFiles that has nothing to do with big files: it acts once while a push is being signed.
type meddler struct {
	once sync.Once
	do   func()
}

func (*meddler) Look(context.Context, radicle.RID, []blobstore.Pointer) ([]remote.Safety, error) {
	return nil, nil
}

func (*meddler) Store(context.Context, radicle.RID, []remote.File, remote.Requirement, io.Writer) ([]remote.Safety, error) {
	return nil, nil
}

func (*meddler) Sighted(context.Context, radicle.RID, []remote.Sighting, func(text, hint string)) error {
	return nil
}

func (m *meddler) Record(context.Context, radicle.RID, *storage.Tx) error {
	m.once.Do(m.do)
	return nil
}

func (*meddler) Recorded(context.Context, radicle.RID) {}

// A name means the same whether git keeps the ref as a file, packed, or in a worktree.
func TestNamesOfWhatIsPushed(t *testing.T) {
	w := newWorld(t)
	head := w.commit(t, "a", "a")
	w.git(t, w.dir, "branch", "loose")
	w.git(t, w.dir, "branch", "packed")
	w.git(t, w.dir, "tag", "light")
	w.git(t, w.dir, "tag", "-a", "-m", "x", "heavy")
	w.git(t, w.dir, "symbolic-ref", "refs/heads/symbolic", "refs/heads/loose")
	check := func(name string, want radicle.Oid) {
		t.Helper()
		dst := "refs/notes/" + strings.NewReplacer("/", "-", "~", "-", "^", "-", "{", "-", "}", "-", "@", "-").Replace(name)
		w.push(t, "+"+name+":"+dst).expect(t, "ok "+dst+"\n\n", 0)
		if got := w.ref(t, dst); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	all := func() {
		for _, name := range []string{"HEAD", "refs/heads/loose", "refs/heads/packed", "refs/tags/light", "refs/heads/symbolic", "loose", "@", head.String(), "HEAD^{commit}"} {
			check(name, head)
		}
		check("refs/tags/heavy", w.id(t, "heavy"))
		check("HEAD~1", w.id(t, "HEAD~1"))
	}
	all()
	w.git(t, w.dir, "pack-refs", "--all")
	all()
	tree := filepath.Join(w.home.Work, "tree")
	w.git(t, w.dir, "worktree", "add", "-q", "-b", "tree", tree)
	t.Setenv("GIT_DIR", filepath.Join(w.dir, ".git/worktrees/tree"))
	t.Setenv("GIT_WORK_TREE", tree)
	w.git(t, tree, "commit", "-q", "--allow-empty", "-m", "in a worktree")
	there, err := radicle.ParseOid(w.git(t, tree, "rev-parse", "HEAD"))
	if err != nil {
		t.Fatal(err)
	}
	check("HEAD", there)
	check("refs/heads/tree", there)
	check("refs/heads/loose", head)
	w.push(t, "refs/heads/none:refs/heads/x").expect(t, "", 1, "error: failed to parse source revision (refs/heads/none): not found")
}

// What is in the way of a canonical ref is not in the way of the push.
func TestCanonicalRefThatCannotMove(t *testing.T) {
	w := newWorld(t)
	head := w.commit(t, "a", "a")
	lock := filepath.Join(w.repo.Dir(), "refs/heads/master.lock")
	write(t, lock, "")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, "warn: canonical refs were not updated, ")
	if w.ref(t, "refs/heads/master") != head {
		t.Error("the branch is elsewhere")
	}
	remove(t, lock)
	head = w.commit(t, "b", "b")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0, "✓ Canonical reference refs/heads/master updated to target commit "+head.String()+"\n")
	if id, err := w.repo.Ref(t.Context(), "refs/heads/master"); err != nil || id != head {
		t.Errorf("%v, %v", id, err)
	}
	w.check(t)
}

// A push that was killed before it told the cache is made good by the next one.
func TestCacheThatLagsBehind(t *testing.T) {
	w := newWorld(t)
	w.git(t, w.dir, "checkout", "-q", "-b", "feature")
	w.commit(t, "a", "a")
	path := filepath.Join(w.home.Cobs(), "cache.db")
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := w.push(t, "HEAD:refs/patches")
	id, err := radicle.ParseOid(strings.TrimSuffix(strings.TrimPrefix(got.err, "✓ Patch "), " opened\n"))
	if err != nil {
		t.Fatalf("%s", got.err)
	}
	write(t, path, string(before))
	cache := cobcache.Open(w.home.Cobs())
	if row, err := cache.Patch(t.Context(), w.rid, id); err != nil || row != nil {
		t.Fatalf("%s, %v", row, err)
	}
	w.git(t, w.dir, "checkout", "-q", "master")
	w.commit(t, "b", "b")
	w.push(t, "HEAD:refs/heads/master").expect(t, "ok refs/heads/master\n\n", 0)
	if row, err := cache.Patch(t.Context(), w.rid, id); err != nil || row == nil {
		t.Errorf("%s, %v", row, err)
	}
}

// A branch of ours whose commit is lost can be pushed again by force.
func TestBranchToNothing(t *testing.T) {
	w := newWorld(t)
	w.push(t, "HEAD:refs/heads/b")
	head := w.commit(t, "a", "a")
	name := storage.NamespacePrefix(radtest.Ana.NID()) + "refs/heads/"
	for _, branch := range []string{"b", "master"} {
		write(t, filepath.Join(w.repo.Dir(), name+branch), strings.Repeat("1", 40)+"\n")
	}
	w.push(t, "HEAD:refs/heads/b", "HEAD:refs/heads/c").expect(t, "error refs/heads/b needs force\nok refs/heads/c\n\n", 0)
	w.push(t, "+HEAD:refs/heads/b", "+HEAD:refs/heads/master").expect(t, "ok refs/heads/b\nok refs/heads/master\n\n", 0)
	if w.ref(t, "refs/heads/b") != head || w.ref(t, "refs/heads/master") != head {
		t.Error("refs are elsewhere")
	}
	w.check(t)
}

// A clone gets thousands of refs, and more objects than git unpacks one by one.
func TestClone(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.commit(t, "README", strings.Repeat("x", i))
	}
	w.push(t, "HEAD:refs/heads/master")
	empty := filepath.Join(w.home.Work, "empty")
	w.git(t, w.home.Work, "init", "-q", empty)
	head := w.id(t, "HEAD")
	t.Setenv("GIT_DIR", filepath.Join(empty, ".git"))
	lines := strings.Repeat("fetch "+head.String()+" refs/heads/master\n", 20_000)
	w.run(t, []string{"rad", w.url()}, lines+"\n").expect(t, "\n", 0)
	w.git(t, empty, "fsck", "--strict")
	w.git(t, empty, "rev-list", "--objects", head.String())
}

// A ref whose name is a folder of another one's is refused alone; one that is deleted makes room.
func TestRoomForNames(t *testing.T) {
	w := newWorld(t)
	w.push(t, "HEAD:refs/heads/a/b", "HEAD:refs/heads/c").expect(t, "ok refs/heads/a/b\nok refs/heads/c\n\n", 0)
	w.push(t, "HEAD:refs/heads/a", "HEAD:refs/heads/c/d", "HEAD:refs/heads/e", "HEAD:refs/heads/e/f", "HEAD:refs/heads/ab").
		expect(t, "error refs/heads/a there are refs below that name\nerror refs/heads/c/d 'refs/heads/c' exists\nok refs/heads/e\n"+
			"error refs/heads/e/f 'refs/heads/e' exists\nok refs/heads/ab\n\n", 0)
	w.push(t, "HEAD:refs/heads/x", "HEAD:refs/heads/a", ":refs/heads/a/b", ":refs/heads/c", "HEAD:refs/heads/c/d").
		expect(t, "ok refs/heads/x\nok refs/heads/a\nok refs/heads/a/b\nok refs/heads/c\nok refs/heads/c/d\n\n", 0)
	for _, name := range []string{"a", "c/d", "x"} {
		if w.ref(t, "refs/heads/"+name) != w.id(t, "HEAD") {
			t.Errorf("%s is not there", name)
		}
	}
	w.push(t, "HEAD:refs/heads/patches").expect(t, "ok refs/heads/patches\n\n", 0)
	w.commit(t, "a", "a")
	w.push(t, "HEAD:refs/patches").expect(t, "error refs/patches 'refs/heads/patches' exists\n\n", 0)
	w.push(t, "+HEAD:refs/rad/id").expect(t, "error refs/rad/id the identity of a repository is not pushed\n\n", 0)
	w.push(t, w.git(t, w.dir, "rev-parse", "HEAD:a")+":refs/patches").expect(t, "error refs/patches a patch is made of commits, and "+w.id(t, "HEAD:a").String()+" is a blob\n\n", 0)
	w.check(t)
}
