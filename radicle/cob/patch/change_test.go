package patch_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// world is a repository of the delegates 1 and 2, who must agree, with three commits in a row.
type world struct {
	t testing.TB
	*repo
	identity   radicle.Oid
	c0, c1, c2 radicle.Oid
	seconds    int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	draft := identity.New(identity.Project{Name: "a", DefaultBranch: "main"}, did(1), identity.Visibility{})
	draft.AddDelegate(did(2))
	draft.Threshold = 2
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, repo: newRepo(), seconds: 100}
	id, _, err := identity.Init(t.Context(), cob.Pen{Objects: w, Signer: signer(1), Who: who(1)}, doc)
	if err != nil {
		t.Fatal(err)
	}
	w.identity = id.Head()
	w.c0 = w.commit(t, 1)
	w.c1 = w.commit(t, 2, w.c0)
	w.c2 = w.commit(t, 3, w.c1)
	return w
}

// pen writes as a key, a second later each time.
func (w *world) pen(b byte) patch.Pen {
	w.seconds++
	return patch.Pen{Pen: cob.Pen{Objects: w, Signer: signer(b), Who: who(w.seconds)}, Identity: w.identity}
}

// patch makes a patch by key 3, who is no delegate.
func (w *world) patch() *patch.Patch {
	w.t.Helper()
	p, err := patch.Create(w.t.Context(), w, w.pen(3), patch.Proposal{Title: "Title", Description: "Text", Base: w.c0, Head: w.c1})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// again reads the patch from its tips.
func (w *world) again(p *patch.Patch) *patch.Patch {
	w.t.Helper()
	read, err := patch.Read(w.t.Context(), w, p.ID, p.Tips(), cob.Limits{})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(read.Skipped()) > 0 {
		w.t.Errorf("skipped %v", read.Skipped())
	}
	return read
}

func (w *world) must(id radicle.Oid, err error) radicle.Oid {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func TestLifeOfAPatch(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	p := w.patch()
	if p.Title != "Title" || p.Author != did(3) || p.State.Status != patch.Open || p.Head() != w.c1 || p.Base() != w.c0 || p.Description() != "Text" {
		t.Errorf("%+v", p)
	}
	w.must(p.Lifecycle(ctx, w.pen(3), patch.Draft))
	w.must(p.Lifecycle(ctx, w.pen(3), patch.Archived))
	w.must(p.Edit(ctx, w.pen(3), " New title ", patch.Target{Branch: "refs/heads/dev"}))
	w.must(p.Lifecycle(ctx, w.pen(1), patch.Open))
	w.must(p.Edit(ctx, w.pen(3), "Newer", patch.Target{}))
	second := w.must(p.Update(ctx, w.pen(3), "More", w.c0, w.c2))
	other := w.must(p.Update(ctx, w.pen(4), "Mine", w.c0, w.c1))
	w.must(p.EditRevision(ctx, w.pen(3), second, "Much more"))
	w.must(p.Label(ctx, w.pen(1), []string{"b", "a"}))
	w.must(p.Assign(ctx, w.pen(2), []radicle.DID{did(9)}))
	if p.Latest().ID != second || p.LatestBy(did(4)).ID != other || p.LatestBy(did(5)) != nil || p.Latest().Text() != "Much more" {
		t.Errorf("latest %+v", p.Latest())
	}
	w.must(p.Redact(ctx, w.pen(4), other))
	var ids []radicle.Oid
	for r := range p.AllRevisions() {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []radicle.Oid{p.ID, second}) {
		t.Errorf("revisions %v", ids)
	}
	w.heads[head{signer(1).NID(), "refs/heads/main"}] = w.c2
	w.heads[head{signer(2).NID(), "refs/heads/main"}] = w.c2
	w.must(p.Merge(ctx, w.pen(1), second, w.c2))
	if p.State.Status != patch.Open {
		t.Errorf("after one merge of two: %+v", p.State)
	}
	w.must(p.Merge(ctx, w.pen(2), second, w.c2))
	for name, p := range map[string]*patch.Patch{"written": p, "read": w.again(p)} {
		if want := (patch.State{Status: patch.Merged, Revision: second, Commit: w.c2}); p.State.Status != want.Status || p.State.Revision != want.Revision ||
			p.State.Commit != want.Commit || p.Title != "Newer" || !slices.Equal(p.Labels, []string{"a", "b"}) || !slices.Equal(p.Assignees, []radicle.DID{did(9)}) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	w.must(p.Lifecycle(ctx, w.pen(3), patch.Archived))
	if p.State.Status != patch.Merged {
		t.Errorf("a merged patch became %s", p.State.Status)
	}
}

// TestMergeFollowsTheBranch: a merge counts while the commit is in the branch.
func TestMergeFollowsTheBranch(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	for _, b := range []byte{1, 2} {
		w.heads[head{signer(b).NID(), "refs/heads/main"}] = w.c2
		w.must(p.Merge(t.Context(), w.pen(b), p.ID, w.c1)) // an ancestor
	}
	if p.State.Status != patch.Merged {
		t.Errorf("%+v", p.State)
	}
	w.heads[head{signer(2).NID(), "refs/heads/main"}] = w.c0
	if p := w.again(p); p.State.Status != patch.Open || len(p.Merges) != 1 {
		t.Errorf("after the branch moved back: %+v", p.State)
	}
	delete(w.heads, head{signer(1).NID(), "refs/heads/main"})
	if p := w.again(p); p.State.Status != patch.Open || len(p.Merges) != 0 {
		t.Errorf("after the branch went: %+v", p.State)
	}
}

func TestContradictingMergesConflict(t *testing.T) {
	w := newWorld(t)
	doc, _, err := identity.ReadDocument(t.Context(), w, w.identity)
	if err != nil {
		t.Fatal(err)
	}
	draft := doc.Edit()
	draft.Threshold = 1
	one, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	id, _, err := identity.Init(t.Context(), w.pen(1).Pen, one)
	if err != nil {
		t.Fatal(err)
	}
	w.identity = id.Head()
	p := w.patch()
	for b, c := range map[byte]radicle.Oid{1: w.c1, 2: w.c2} {
		w.heads[head{signer(b).NID(), "refs/heads/main"}] = c
		w.must(p.Merge(t.Context(), w.pen(b), p.ID, c))
	}
	if p.State.Status != patch.Open || len(p.State.Conflicts) != 2 || p.State.Conflicts[0].Commit.Compare(p.State.Conflicts[1].Commit) > 0 {
		t.Errorf("%+v", p.State)
	}
	w.must(p.Lifecycle(t.Context(), w.pen(1), patch.Archived))
	if p.State.Status != patch.Open {
		t.Error("a patch in conflict was archived")
	}
}

// TestEachOperationNamesItsIdentity: who may do what is a matter of the document that the operation names, not of an earlier one.
func TestEachOperationNamesItsIdentity(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	first := w.identity
	id, _, err := identity.Init(t.Context(), w.pen(7).Pen, ownedBy(t, 7))
	if err != nil {
		t.Fatal(err)
	}
	w.identity = id.Head()
	w.must(p.Label(t.Context(), w.pen(7), []string{"by 7"}))
	w.identity = first
	w.must(p.Label(t.Context(), w.pen(1), []string{"by 1"}))
	if _, err := p.Label(t.Context(), w.pen(7), []string{"by 7"}); !errors.Is(err, patch.ErrNotAllowed) {
		t.Errorf("under the first identity: %v", err)
	}
}

func ownedBy(t *testing.T, b byte) *identity.Document {
	t.Helper()
	doc, err := identity.New(identity.Project{Name: "b", DefaultBranch: "main"}, did(b), identity.Visibility{}).Verify()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestMergedRevisionStays: who has merged a revision keeps it from being withdrawn.
func TestMergedRevisionStays(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	kept := w.must(p.Update(t.Context(), w.pen(3), "", w.c0, w.c1))
	gone := w.must(p.Update(t.Context(), w.pen(3), "", w.c0, w.c2))
	w.heads[head{signer(1).NID(), "refs/heads/main"}] = w.c1
	w.must(p.Merge(t.Context(), w.pen(1), kept, w.c1))
	w.must(p.Redact(t.Context(), w.pen(3), kept))
	w.must(p.Redact(t.Context(), w.pen(3), gone))
	if p = w.again(p); p.Revisions[kept] == nil || p.Revisions[gone] != nil || p.Latest().ID != kept {
		t.Errorf("%+v", p.Revisions)
	}
	w.must(p.Merge(t.Context(), w.pen(1), gone, w.c1)) // does nothing
	if m := w.again(p).Merges[signer(1).NID()]; m.Revision != kept {
		t.Errorf("merged %+v", m)
	}
}

// TestOneReviewAPerson: a second review of a revision by the same person is dropped, and is no mistake.
func TestOneReviewAPerson(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	first := w.must(p.Do(t.Context(), w.pen(4), "x", patch.Action{Kind: patch.KindReview, Revision: p.ID, Verdict: patch.Accept}))
	w.must(p.Do(t.Context(), w.pen(4), "x", patch.Action{Kind: patch.KindReview, Revision: p.ID, Verdict: patch.Reject}))
	p = w.again(p)
	if review := p.Revisions[p.ID].Reviews[signer(4).NID()]; review.ID != first || review.Verdict != patch.Accept || len(p.Reviews) != 1 {
		t.Errorf("%+v, %v", review, p.Reviews)
	}
}

// TestIdentitiesAreBounded: every operation can name another long document.
func TestIdentitiesAreBounded(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	for b := range byte(3) {
		draft := ownedBy(t, b+10).Edit()
		if err := draft.SetPayload("org.example.long", "text", strings.Repeat("x", 1<<19)); err != nil {
			t.Fatal(err)
		}
		doc, err := draft.Verify()
		if err != nil {
			t.Fatal(err)
		}
		id, _, err := identity.Init(t.Context(), w.pen(b+10).Pen, doc)
		if err != nil {
			t.Fatal(err)
		}
		w.identity = id.Head()
		w.must(p.Update(t.Context(), w.pen(3), "", w.c0, w.c1))
	}
	_, err := patch.Read(t.Context(), w, p.ID, p.Tips(), cob.Limits{Total: 1 << 20})
	if _, ok := errors.AsType[*cob.LimitError](err); !ok {
		t.Errorf("three times 512 KiB in 1 MiB: %v", err)
	}
}

// TestUnreadableRepositoryIsNoVerdict: a disk that fails must not make a merge disappear.
func TestUnreadableRepositoryIsNoVerdict(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	w.heads[head{signer(1).NID(), "refs/heads/main"}] = w.c2
	w.must(p.Merge(t.Context(), w.pen(1), p.ID, w.c1))
	failure := errors.New("disk is gone")
	for name, broken := range map[string]failing{
		"head": {world: w, head: failure}, "ancestor": {world: w, ancestor: failure}, "identity": {world: w, object: w.identity, read: failure},
	} {
		if _, err := patch.Read(t.Context(), broken, p.ID, p.Tips(), cob.Limits{}); err != failure {
			t.Errorf("%s: %v", name, err)
		}
	}
	absent := failing{world: w, ancestor: fs.ErrNotExist}
	read, err := patch.Read(t.Context(), absent, p.ID, p.Tips(), cob.Limits{})
	if err != nil || len(read.Merges) != 0 || len(read.Skipped()) != 1 {
		t.Errorf("absent commit: %v, %+v", err, read)
	}
}

// failing is a repository that fails in one way.
type failing struct {
	*world
	head, ancestor, read error
	object               radicle.Oid
}

func (f failing) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if f.read != nil && id == f.object {
		return 0, nil, f.read
	}
	return f.world.Read(ctx, id, max)
}

func (f failing) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	if f.head != nil {
		return radicle.Oid{}, f.head
	}
	return f.world.Head(ctx, owner, ref)
}

func (f failing) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	if f.ancestor != nil {
		return false, f.ancestor
	}
	return f.world.IsAncestor(ctx, ancestor, commit)
}

// BenchmarkRead folds a patch of 1,000 operations. Most of the time goes into verifying signatures.
func BenchmarkRead(b *testing.B) {
	w := newWorld(b)
	p := w.patch()
	for i := range 999 {
		w.must(p.Do(b.Context(), w.pen(byte(3+i%3)), "Comment", patch.Action{Kind: patch.KindComment, Revision: p.ID, Body: "A remark of some length."}))
	}
	tips := p.Tips()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := patch.Read(b.Context(), w, p.ID, tips, cob.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
