package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/storage"
)

// rulesOf reads the canonical refs of a document with these delegates.
func rulesOf(tb testing.TB, threshold int, crefs string, delegates ...radicle.Signer) *identity.CanonicalRefs {
	tb.Helper()
	var dids []string
	for _, d := range delegates {
		dids = append(dids, `"`+d.NID().DID().String()+`"`)
	}
	text := fmt.Sprintf(`{"delegates":[%s],"payload":{%s"xyz.radicle.project":{"defaultBranch":"master","description":"","name":"film"}},"threshold":%d}`,
		strings.Join(dids, ","), crefs, threshold)
	doc, err := identity.Parse([]byte(text))
	if err != nil {
		tb.Fatal(err)
	}
	rules, err := doc.CanonicalRefs()
	if err != nil {
		tb.Fatal(err)
	}
	return rules
}

// push puts a ref into a namespace.
func push(tb testing.TB, r *storage.Repo, key radicle.Signer, name string, id radicle.Oid) {
	tb.Helper()
	update(tb, r, key, func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, name, id) })
}

func setCanonical(tb testing.TB, r *storage.Repo, rules *identity.CanonicalRefs, name string) storage.Canonical {
	tb.Helper()
	all, err := r.SetCanonical(tb.Context(), rules, []string{name, "refs/heads/nobody-decides"})
	if err != nil || len(all) != 1 {
		tb.Fatalf("%v, %v", all, err)
	}
	return all[0]
}

func TestCanonicalHead(t *testing.T) {
	r := newRepo(t)
	const master = "refs/heads/master"
	rules := rulesOf(t, 2, "", ana, bo)
	first := someCommit(t, r, 1)
	second, fork := someCommit(t, r, 2, first), someCommit(t, r, 3, first)

	push(t, r, ana, master, first)
	if c := setCanonical(t, r, rules, master); !errors.Is(c.Err, identity.ErrNoCandidates) || c.Moved() {
		t.Errorf("one of two: %+v", c)
	}
	if head := git(t, r.Dir(), "symbolic-ref", "HEAD"); head != master+"\n" {
		t.Errorf("HEAD is %s", head)
	}
	push(t, r, bo, master, second)
	if c := setCanonical(t, r, rules, master); c.Err != nil || c.Object.ID != first || !c.Moved() || !c.Old.IsZero() {
		t.Errorf("two of two, one ahead: %+v", c)
	}
	push(t, r, ana, master, second)
	if c := setCanonical(t, r, rules, master); c.Object.ID != second || c.Old != first {
		t.Errorf("both ahead: %+v", c)
	}
	if c := setCanonical(t, r, rules, master); c.Err != nil || c.Moved() {
		t.Errorf("again: %+v", c)
	}
	push(t, r, ana, master, fork)
	if c := setCanonical(t, r, rules, master); !errors.Is(c.Err, identity.ErrNoCandidates) {
		t.Errorf("diverged: %+v", c)
	}
	if id, err := r.Ref(t.Context(), "HEAD"); err != nil || id != second {
		t.Errorf("the canonical head moved without a quorum: %v, %v", id, err)
	}
}

func TestCanonicalTagsBySeparateRule(t *testing.T) {
	r := newRepo(t)
	crefs := `"xyz.radicle.crefs":{"rules":{"refs/tags/*":{"allow":"delegates","threshold":1}}},`
	rules := rulesOf(t, 2, crefs, ana, bo)
	commit := someCommit(t, r, 1)
	tag := write(t, r, gitobj.KindTag, []byte("object "+commit.String()+"\ntype commit\ntag v1\ntagger A <a> 1 +0000\n\nv1\n"))
	push(t, r, bo, "refs/tags/v1", tag)
	if c := setCanonical(t, r, rules, "refs/tags/v1"); c.Err != nil || c.Object != (identity.Object{ID: tag, Tag: true}) {
		t.Errorf("%+v", c)
	}
	if id, err := r.Ref(t.Context(), "refs/tags/v1"); err != nil || id != tag {
		t.Errorf("%v, %v", id, err)
	}
	push(t, r, ana, "refs/tags/v1", commit)
	if c := setCanonical(t, r, rules, "refs/tags/v1"); !errors.Is(c.Err, identity.ErrDifferentTypes) {
		t.Errorf("%+v", c)
	}
}

func TestVotes(t *testing.T) {
	r := newRepo(t)
	rules := rulesOf(t, 1, "", ana, bo)
	rule, _ := rules.Match("refs/heads/master")
	name := storage.NamespacePrefix(ana.NID()) + "refs/heads/master"
	vote := func() (identity.Votes, error) { return r.Votes(t.Context(), rule, "refs/heads/master") }

	if votes, err := vote(); err != nil || len(votes) != 0 {
		t.Errorf("nobody: %v, %v", votes, err)
	}
	absent := gitobj.Hash(gitobj.KindCommit, []byte("absent"), gitobj.SHA1)
	put(t, r, name, absent.String())
	if votes, err := vote(); err != nil || len(votes) != 0 {
		t.Errorf("an object that is not there: %v, %v", votes, err)
	}
	put(t, r, name, "ref: refs/rad/id")
	if votes, err := vote(); err != nil || len(votes) != 0 {
		t.Errorf("a symbolic ref: %v, %v", votes, err)
	}
	put(t, r, name, write(t, r, gitobj.KindBlob, []byte("x")).String())
	if _, err := vote(); !errors.Is(err, storage.ErrRefTarget) {
		t.Errorf("a blob: %v", err)
	}
	commit := someCommit(t, r, 1)
	put(t, r, name, commit.String())
	if votes, err := vote(); err != nil || votes[ana.NID().DID()] != (identity.Object{ID: commit}) {
		t.Errorf("a commit: %v, %v", votes, err)
	}
}

func TestMergeBase(t *testing.T) {
	r := newRepo(t)
	root := someCommit(t, r, 1)
	a, b, other := someCommit(t, r, 2, root), someCommit(t, r, 3, root), someCommit(t, r, 4)
	for _, c := range []struct{ x, y, want radicle.Oid }{{a, b, root}, {a, root, root}, {root, b, root}, {a, a, a}} {
		if got, err := r.MergeBase(t.Context(), c.x, c.y); err != nil || got != c.want {
			t.Errorf("%v, %v", got, err)
		}
	}
	if _, err := r.MergeBase(t.Context(), a, other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unrelated: %v", err)
	}
	absent := gitobj.Hash(gitobj.KindCommit, []byte("absent"), gitobj.SHA1)
	if _, err := r.MergeBase(t.Context(), a, absent); !errors.As(err, new(*storage.GitError)) {
		t.Errorf("absent: %v", err)
	}
}

func TestCheck(t *testing.T) {
	r := newRepo(t)
	push(t, r, ana, "refs/heads/master", someCommit(t, r, 1))
	setCanonical(t, r, rulesOf(t, 1, "", ana), "refs/heads/master")
	if problems, err := r.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Fatalf("%v, %v", problems, err)
	}
	prefix := storage.NamespacePrefix(ana.NID())
	git(t, r.Dir(), "update-ref", prefix+"refs/heads/unsigned", someCommit(t, r, 2).String())
	git(t, r.Dir(), "update-ref", prefix+"refs/heads/master", someCommit(t, r, 3).String())
	git(t, r.Dir(), "update-ref", "-d", prefix+"refs/rad/root")
	put(t, r, "refs/heads/broken", "x")
	git(t, r.Dir(), "update-ref", "refs/rad/id", someCommit(t, r, 4).String())
	git(t, r.Dir(), "symbolic-ref", "HEAD", "refs/heads/none")
	problems, err := r.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.String())
	}
	for _, want := range []string{
		"refs/heads/unsigned is at", "refs/heads/master is at", "refs/rad/root is at none, signed at", "refs/heads/broken: not an object id",
		"repository has no identity", "HEAD: symbolic for a ref that is not there", `"embeds/radicle.json" in tree`,
	} {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("not found: %s", want)
		}
	}
	if len(problems) != 7 {
		t.Errorf("%q", texts)
	}
}
