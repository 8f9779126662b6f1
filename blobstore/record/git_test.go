package record_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// A storage.Tree is an Editor as it is.
var _ record.Editor = (*storage.Tree)(nil)

// gitRepo is a repository in Radicle's storage, on disk, with real git.
type gitRepo struct {
	*storage.Repo
	gitObjects
}

func (r *gitRepo) Read(ctx context.Context, id radicle.Oid, most int64) (gitobj.Kind, []byte, error) {
	return r.Repo.Read(ctx, id, most)
}

const document = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"],` +
	`"payload":{"xyz.radicle.project":{"defaultBranch":"master","description":"","name":"film"}},"threshold":1}`

func newGitRepo(tb testing.TB) *gitRepo {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("no git")
	}
	dir := tb.TempDir()
	s := must[*storage.Storage](tb)(storage.Open(tb.Context(), dir, storage.Options{Now: nowClock}))
	rid := radicle.NewRID(gitobj.Hash(gitobj.KindBlob, []byte(document), radicle.SHA1Size))
	git(tb, dir, "init", "-q", "--bare", s.Path(rid))
	r := must[*storage.Repo](tb)(s.Repository(rid))
	tb.Cleanup(func() { _ = r.Close() })
	// An identity as far as signing looks at one.
	write := func(kind gitobj.Kind, data []byte) radicle.Oid {
		return must[radicle.Oid](tb)(r.Write(tb.Context(), kind, data))
	}
	treeOf := func(mode gitobj.Mode, name string, id radicle.Oid) radicle.Oid {
		return write(gitobj.KindTree, must[[]byte](tb)(gitobj.Tree{{Mode: mode, Name: name, ID: id}}.Encode()))
	}
	by := gitobj.Signature{Name: "ana", Email: "ana@example.org", Seconds: now.Unix(), Zone: gitobj.UTC}
	tree := treeOf(gitobj.ModeTree, "embeds", treeOf(gitobj.ModeFile, "radicle.json", write(gitobj.KindBlob, []byte(document))))
	root := gitobj.Commit{Tree: tree, Author: by, Committer: by, Message: "identity\n"}
	git(tb, r.Dir(), "update-ref", "refs/rad/id", write(gitobj.KindCommit, must[[]byte](tb)(root.Encode())).String())
	return &gitRepo{r, gitObjects{Reader: r}}
}

// git runs git as a person would, but with an empty configuration.
func git(tb testing.TB, dir string, args ...string) string {
	tb.Helper()
	return gitInput(tb, dir, "", args...)
}

func gitInput(tb testing.TB, dir, input string, args ...string) string {
	tb.Helper()
	cmd := exec.CommandContext(tb.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(input)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=ana", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=ana", "GIT_COMMITTER_EMAIL=a@example.org",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("git %v: %v\n%s", args, err, &stderr)
	}
	return string(out)
}

// commit applies a batch to the branch of somebody, and signs it: what our helper does at a push.
func (r *gitRepo) commit(tb testing.TB, p *person, b record.Batch, inTheWay ...func()) (record.Report, time.Duration) {
	tb.Helper()
	var report record.Report
	var took time.Duration
	_, err := r.Update(tb.Context(), p, func(ctx context.Context, tx *storage.Tx) error {
		_, err := tx.Commit(ctx, record.Ref, "records\n", func(ctx context.Context, t *storage.Tree) (err error) {
			start := time.Now()
			report, err = p.at(r.RID()).Apply(ctx, t, b)
			took = time.Since(start)
			return err
		})
		for _, f := range inTheWay {
			f()
		}
		inTheWay = nil
		return err
	})
	check(tb, err)
	return report, took
}

// signed returns where the branch of somebody is, by the verified text of the signed refs.
func (r *gitRepo) signed(tb testing.TB, p *person) radicle.Oid {
	tb.Helper()
	list := must[*sigrefs.List](tb)(r.Sigrefs(tb.Context(), p.NID()))
	id, _ := list.Refs.Get(record.Ref)
	return id
}

// branchOf reads the branch that is signed.
func (r *gitRepo) branchOf(tb testing.TB, p *person) *record.Branch {
	tb.Helper()
	return must[*record.Branch](tb)(record.ReadBranch(tb.Context(), r, p.at(r.RID()), r.signed(tb, p)))
}

// randomRecords are records of 3-of-10 with all holders named, which nothing compresses: the manifests are not even signed.
func randomRecords(tb testing.TB, n, k, roots, holders int) []record.Change {
	tb.Helper()
	changes := make([]record.Change, n)
	for i := range changes {
		raw := []byte{1, 1, 1, 1, byte(k), 0, 0, 0, 0}
		p := filmOf(fmt.Sprint("film ", i), 1_000_000+int64(i)*977)
		raw = append(raw, p.OID[:]...)
		raw = append(raw, 0, 0, 0, 0, byte(p.Size>>24), byte(p.Size>>16), byte(p.Size>>8), byte(p.Size))
		raw = append(raw, "\x66\x68\x7a\xad\xf8\x62\xbd\x77"...)
		sealed := 28 + 116 + 32*roots
		raw = append(append(raw, byte(sealed>>8), byte(sealed)), noise(sealed)...)
		raw = append(append(raw, 1, 1, 0, 0, 0, 0), noise(60)...)
		hints := 0
		if holders > 0 {
			hints = 28 + 32*holders
		}
		raw = append(append(raw, byte(hints>>8), byte(hints)), noise(hints)...)
		r, err := record.Parse(append(raw, 0))
		check(tb, err)
		changes[i] = record.Change{Pointer: p, Record: r}
	}
	return changes
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// packed returns the bytes of the pack that a first clone gets of a commit and its history.
func packed(tb testing.TB, r *gitRepo, commit radicle.Oid) int {
	tb.Helper()
	return len(gitInput(tb, r.Dir(), commit.String()+"\n", "pack-objects", "--revs", "--stdout", "-q"))
}

// TestTenThousandRecords is a first clone's cost, and the time of the push that makes it.
func TestTenThousandRecords(t *testing.T) {
	r, a := newGitRepo(t), ana(t)
	const n = 10_000
	b := record.Batch{Records: randomRecords(t, n, 3, 10, 10), Cards: []*keyring.Card{a.card}}
	start := time.Now()
	report, ours := r.commit(t, a, b)
	total := time.Since(start)
	if report.Written != n+1 || len(report.Kept) != 0 {
		t.Fatalf("%+v", report)
	}
	head := r.signed(t, a)
	size := packed(t, r, head)
	if size > 15_000_000 {
		t.Errorf("a first clone costs %d bytes", size)
	}
	start = time.Now()
	branch := must[*record.Branch](t)(record.ReadBranch(t.Context(), r, a.at(r.RID()), head))
	if branch.Len() != n || len(branch.Problems()) != 0 {
		t.Errorf("%d records, %v", branch.Len(), branch.Problems())
	}
	read := time.Since(start)
	start = time.Now()
	for _, c := range b.Records[:1000] {
		if got := must[*record.Record](t)(branch.Get(t.Context(), c.Pointer)); got.Base() != c.Record.Base() {
			t.Fatal("another record")
		}
	}
	t.Logf("apply %v, with objects, pack and signature %v; pack %d bytes; branch read in %v; a lookup %v",
		ours, total, size, read, time.Since(start)/1000)

	// One record more costs the few objects that changed.
	next := record.Batch{Records: []record.Change{{Pointer: film("next"), Record: a.store(t, spec{pointer: film("next")}).Record}}}
	r.commit(t, a, next)
	if more := packed(t, r, r.signed(t, a)) - size; more > 15_000 {
		t.Errorf("one record more: %d bytes", more)
	}
	git(t, r.Dir(), "fsck", "--strict", "--no-dangling")
}

// TestGitNotesReadsTheBranch has git's own commands work with it, in both directions.
func TestGitNotesReadsTheBranch(t *testing.T) {
	r, a := newGitRepo(t), ana(t)
	place := a.at(r.RID())
	b := record.Batch{Cards: []*keyring.Card{a.card}}
	plan := must[keyring.Plan](t)(place.Group(keyring.Members).Plan(nil, 0, a.recipient(), nil))
	b.Seal(keyring.Members, plan.Sealings)
	want := make(map[string][]byte)
	for i := range 20 {
		p := film(fmt.Sprint(i))
		salt, ck := a.contentKey(t, spec{pointer: p})
		o := must[*record.Object](t)(place.New(record.New{
			Pointer: p, Salt: salt, Key: ck, Manifest: manifestOf(t, ck, spec{pointer: p}),
		}))
		b.Put(o, nil)
		blob := strings.TrimSpace(gitInput(t, r.Dir(), p.String(), "hash-object", "-w", "--stdin"))
		want[blob] = o.Record.Bytes()
	}
	r.commit(t, a, b)
	git(t, r.Dir(), "update-ref", record.Ref, r.signed(t, a).String()) // where git's commands look
	notes := func(args ...string) string {
		return git(t, r.Dir(), append([]string{"notes", "--ref=swarm"}, args...)...)
	}
	listed := strings.Fields(notes("list"))
	if len(listed) != 2*len(want) {
		t.Fatalf("%d notes", len(listed)/2)
	}
	for pair := range slices.Chunk(listed, 2) {
		if got := git(t, r.Dir(), "cat-file", "blob", pair[0]); got != string(want[pair[1]]) {
			t.Errorf("note %s of %s is another", pair[0], pair[1])
		}
		if got := notes("show", pair[1]); got != string(want[pair[1]]) {
			t.Errorf("git notes show %s is another", pair[1])
		}
	}
	// Who writes with git's commands keeps keys, and we read what is left in our shape.
	notes("remove", listed[1])
	kept := git(t, r.Dir(), "ls-tree", "-r", "--name-only", record.Ref, "keys")
	if len(strings.Fields(kept)) != 2 {
		t.Errorf("after git notes remove: %s", kept)
	}
	git(t, r.Dir(), "fsck", "--strict", "--no-dangling")
}

// TestALostRaceIsAppliedAgain has another process of ours commit between reading and moving the ref.
func TestALostRaceIsAppliedAgain(t *testing.T) {
	r, a := newGitRepo(t), ana(t)
	changes := randomRecords(t, 20, 3, 10, 0)
	r.commit(t, a, record.Batch{Records: changes[:1]})
	second := record.Batch{Records: changes[1:10]}
	elsewhere := func() {
		// What git moves without our lock: a commit on top, and then nobody signs it.
		ref := storage.NamespacePrefix(a.NID()) + record.Ref
		tree := strings.TrimSpace(git(t, r.Dir(), "rev-parse", ref+"^{tree}"))
		commit := strings.TrimSpace(git(t, r.Dir(), "commit-tree", "-m", "other", "-p", ref, tree))
		git(t, r.Dir(), "update-ref", ref, commit)
	}
	r.commit(t, a, second, elsewhere)
	r.commit(t, a, record.Batch{Records: changes[10:]})
	b := r.branchOf(t, a)
	if b.Len() != 20 {
		t.Errorf("%d records", b.Len())
	}
	if n := len(strings.Fields(git(t, r.Dir(), "rev-list", b.Commit().String()))); n != 4 {
		t.Errorf("%d commits in a row", n)
	}
	for rec, err := range b.All(t.Context()) {
		if err != nil || rec == nil {
			t.Error(err)
		}
	}
}

// TestRewrittenHintsCostTheDifference rewrites all hints once: what the branch's history grows by.
func TestRewrittenHintsCostTheDifference(t *testing.T) {
	r, a := newGitRepo(t), ana(t)
	changes := randomRecords(t, 1000, 3, 10, 10)
	r.commit(t, a, record.Batch{Records: changes})
	before := packed(t, r, r.signed(t, a))
	for i, c := range changes {
		raw := c.Record.Bytes()
		copy(raw[len(raw)-1-348:], noise(348))
		changes[i] = record.Change{Pointer: c.Pointer, Base: c.Record.Base(), Record: must[*record.Record](t)(record.Parse(raw))}
	}
	report, _ := r.commit(t, a, record.Batch{Records: changes})
	grown := packed(t, r, r.signed(t, a)) - before
	t.Logf("%d bytes for %d rewritten records of 940", grown/len(changes), report.Written)
	if report.Written != len(changes) || grown/len(changes) > 520 {
		t.Errorf("%d bytes a record, %+v", grown/len(changes), report)
	}
}
