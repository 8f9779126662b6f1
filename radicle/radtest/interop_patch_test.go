package radtest_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/cobcache"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// patchRepo is what patches need of a repository in storage.
type patchRepo struct{ *storage.Repo }

func (r patchRepo) Head(ctx context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	return r.Ref(ctx, storage.NamespacePrefix(owner)+ref)
}

func (r patchRepo) IsAncestor(ctx context.Context, ancestor, commit radicle.Oid) (bool, error) {
	base, err := r.MergeBase(ctx, ancestor, commit)
	return base == ancestor, err
}

// readPatch folds a patch from a home's storage.
func readPatch(t *testing.T, h *radtest.Home, rid radicle.RID, id radicle.Oid) *patch.Patch {
	t.Helper()
	r := openRepo(t, h, rid)
	p, err := patch.Read(t.Context(), patchRepo{r}, id, tipsOf(t, r, patch.Type, id), cob.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if skipped := p.Skipped(); len(skipped) > 0 {
		t.Errorf("%s: operations that do not count: %v", h.Person.Alias(), skipped)
	}
	return p
}

// writePatch writes an operation on a patch with our own code, refreshes the row in the cache, and announces.
func writePatch(t *testing.T, n *radtest.Node, rid radicle.RID, do func(context.Context, patch.Repo, patch.Pen) (*patch.Patch, radicle.Oid, error)) radicle.Oid {
	t.Helper()
	h, r := n.Home, openRepo(t, n.Home, rid)
	var id radicle.Oid
	_, err := r.Update(t.Context(), h.Person.Signer(), func(ctx context.Context, tx *storage.Tx) error {
		pen := patch.Pen{Identity: mustOid(t, h.Ref(t, rid, "refs/rad/id")), Pen: cob.Pen{
			Objects: tx, Signer: h.Person.Signer(), Who: cob.Author(h.Person.Alias(), n.NID(), time.Now()),
		}}
		p, entry, err := do(ctx, inTx{patchRepo{r}, tx}, pen)
		if err != nil {
			return err
		}
		id = p.ID
		return tx.Set(ctx, cob.Ref(patch.Type, id), entry)
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cobcache.Open(h.Cobs()).PutPatch(t.Context(), rid, id, readPatch(t, h, rid, id)); err != nil {
		t.Fatal(err)
	}
	if _, err := n.AnnounceRefs(t.Context(), rid); err != nil {
		t.Fatal(err)
	}
	return id
}

// inTx reads objects that are about to be written, too.
type inTx struct {
	patchRepo
	*storage.Tx
}

// push pushes a new commit to a branch with the real helper, and returns the commit and what it builds on.
func push(t *testing.T, n *radtest.Node, dir, branch, text string) (base, head radicle.Oid) {
	t.Helper()
	base = mustOid(t, n.Home.Git(t, dir, "rev-parse", "HEAD"))
	n.Home.Commit(t, dir, n.Home.Person.Alias().String(), text)
	n.Home.Git(t, dir, "push", "-q", "rad", "HEAD:"+branch)
	return base, mustOid(t, n.Home.Git(t, dir, "rev-parse", "HEAD"))
}

// sameState waits until the row that rad keeps at a node is the state that we fold, there and at another node: author by author,
// comment by comment.
func sameState(t *testing.T, what string, rid radicle.RID, id radicle.Oid, nodes ...*radtest.Node) {
	t.Helper()
	rows := func() (all []any) {
		for _, n := range nodes {
			row, err := cobcache.Open(n.Home.Cobs()).Patch(t.Context(), rid, id)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := json.Marshal(readPatch(t, n.Home, rid, id))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, decoded(t, row), decoded(t, ours))
		}
		return all
	}
	var last []any
	deadline := time.Now().Add(radtest.WaitTime)
	radtest.Eventually(t, what+": same state everywhere", func() bool {
		last = rows()
		for _, v := range last[1:] {
			if diff := cmp.Diff(last[0], v); diff != "" {
				if time.Now().After(deadline.Add(-time.Second)) {
					t.Logf("%s: the first is of rad at %s\n%s", what, nodes[0].Home.Person.Alias(), diff)
				}
				return false
			}
		}
		return true
	})
}

func decoded(t *testing.T, text []byte) (v any) {
	t.Helper()
	if len(text) == 0 {
		return nil
	}
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// A patch that we open is rad's, on both nodes: log, list, show; rad's own fold of it is the row that we wrote. It is revised,
// commented and merged by our hand and by rad's.
func TestOurPatch(t *testing.T) {
	ana, bo, rid, dirs := pair(t)
	base, head := push(t, bo, dirs[bo], "feature", "one")
	id := writePatch(t, bo, rid, func(ctx context.Context, r patch.Repo, pen patch.Pen) (*patch.Patch, radicle.Oid, error) {
		p, err := patch.Create(ctx, r, pen, patch.Proposal{
			Title: "Our change <&> ü", Description: "made by us", Base: base, Head: head,
		})
		if err != nil {
			return nil, radicle.Oid{}, err
		}
		return p, p.ID, nil
	})
	radtest.Eventually(t, "the patch is listed at ana", func() bool {
		return strings.Contains(ana.Home.Rad(t, dirs[ana], "patch", "list"), "Our change <&> ü")
	})
	for _, n := range []*radtest.Node{ana, bo} {
		for args, want := range map[string]string{
			"patch list":                "Our change <&> ü",
			"patch show " + id.String(): "made by us",
			"cob log --repo " + rid.String() + " --type xyz.radicle.patch --object " + id.String(): id.String(),
		} {
			if out := n.Home.Rad(t, dirs[n], strings.Fields(args)...); !strings.Contains(out, want) {
				t.Errorf("%s: rad %s: %s", n.Home.Person.Alias(), args, out)
			}
		}
		sameLog(t, history(t, n.Home, rid, patch.Type, id), radLog(t, n.Home, rid, patch.Type, id))
	}
	sameState(t, "opened by us", rid, id, ana, bo)
	ours, err := cobcache.Open(bo.Home.Cobs()).Patch(t.Context(), rid, id)
	if err != nil {
		t.Fatal(err)
	}
	bo.Home.Rad(t, dirs[bo], "patch", "cache", id.String())
	theirs, err := cobcache.Open(bo.Home.Cobs()).Patch(t.Context(), rid, id)
	if diff := cmp.Diff(decoded(t, ours), decoded(t, theirs)); err != nil || diff != "" {
		t.Errorf("row of ours and rad's: %v\n%s", err, diff)
	}

	ana.Home.Rad(t, dirs[ana], "patch", "comment", id.String(), "--message", "Looks good", "--announce")
	sameState(t, "commented by rad", rid, id, bo, ana)
	_, second := push(t, bo, dirs[bo], "feature", "two")
	writePatch(t, bo, rid, func(ctx context.Context, r patch.Repo, pen patch.Pen) (*patch.Patch, radicle.Oid, error) {
		p := readPatch(t, bo.Home, rid, id)
		entry, err := p.Update(ctx, pen, "second thoughts", base, second)
		return p, entry, err
	})
	sameState(t, "revised by us", rid, id, ana, bo)

	ana.Home.Git(t, dirs[ana], "fetch", "-q", "rad")
	ana.Home.Git(t, dirs[ana], "merge", "-q", "--no-edit", second.String())
	ana.Home.Git(t, dirs[ana], "push", "-q", "rad", "master")
	sameState(t, "merged by rad", rid, id, ana, bo)
	if p := readPatch(t, bo.Home, rid, id); p.State.Status != patch.Merged || p.State.Commit.String() != ana.Home.Git(t, dirs[ana], "rev-parse", "HEAD") {
		t.Errorf("merged: %+v", p.State)
	}
}

// A patch that rad opens, and that people then do everything to that rad can do without a terminal, folds here to what rad has in its
// cache, after every step and on both nodes.
func TestTheirPatch(t *testing.T) {
	ana, bo, rid, dirs := pair(t)
	bo.Home.Git(t, dirs[bo], "checkout", "-q", "-b", "feature")
	bo.Home.Commit(t, dirs[bo], "bo.txt", "one\ntwo\nthree\n")
	bo.Home.Git(t, dirs[bo], "push", "-q", "-o", "patch.message=Their change", "-o", "patch.message=In more words", "rad", "HEAD:refs/patches")
	var id radicle.Oid
	radtest.Eventually(t, "the patch arrives at ana", func() bool {
		objects := objectsOf(t, openRepo(t, ana.Home, rid), patch.Type)
		if len(objects) == 1 {
			id = objects[0]
		}
		return !id.IsZero()
	})
	sameState(t, "opened", rid, id, ana, bo)

	rad := func(n *radtest.Node, args ...string) {
		t.Helper()
		n.Home.Rad(t, dirs[n], append([]string{"patch"}, args...)...)
		if _, err := n.AnnounceRefs(t.Context(), rid); err != nil {
			t.Fatal(err)
		}
		sameState(t, strings.Join(args, " "), rid, id, ana, bo)
	}
	// comment is the last comment on a revision, as rad has it.
	comment := func(n *radtest.Node, revision radicle.Oid) string {
		t.Helper()
		timeline := readPatch(t, n.Home, rid, id).Revisions[revision].Discussion.Timeline
		return timeline[len(timeline)-1].String()
	}
	rad(ana, "comment", id.String(), "--message", "What about\nline breaks, \"quotes\" and ünïcode \u2028?")
	first := comment(ana, id)
	rad(bo, "comment", id.String(), "--reply-to", first, "--message", "Fine.")
	rad(ana, "comment", id.String(), "--edit", first, "--message", "Never mind.")
	rad(bo, "comment", id.String(), "--react", first, "--emoji", "👍")
	rad(ana, "react", id.String(), "--emoji", "🎉")
	rad(bo, "react", id.String(), "--emoji", "🎉")
	rad(bo, "react", id.String(), "--emoji", "🎉", "--undo")
	rad(bo, "edit", id.String(), "--message", "Their better change", "--message", "In other words")
	rad(ana, "label", id.String(), "--add", "bug", "--add", "ui")
	rad(ana, "label", id.String(), "--delete", "bug")
	rad(ana, "assign", id.String(), "--add", bo.NID().DID().String())
	rad(ana, "review", id.String(), "--reject", "--message", "Not yet")
	rad(bo, "archive", id.String())
	rad(bo, "archive", id.String(), "--undo")
	rad(bo, "ready", id.String(), "--undo")
	rad(bo, "ready", id.String())

	bo.Home.Commit(t, dirs[bo], "bo.txt", "one\ntwo\nfour\n")
	bo.Home.Git(t, dirs[bo], "push", "-q", "-f", "-o", "patch.message=Second try", "rad", "HEAD:patches/"+id.String())
	sameState(t, "revised by a push", rid, id, ana, bo)
	revisions := readPatch(t, bo.Home, rid, id).Timeline
	second := revisions[len(revisions)-1]
	rad(ana, "review", id.String(), "--revision", second.String(), "--accept", "--message", "Now it is")
	rad(ana, "comment", second.String(), "--message", "Well done")
	rad(ana, "comment", second.String(), "--redact", comment(ana, second))
	bo.Home.Commit(t, dirs[bo], "bo.txt", "one\ntwo\nfive\n")
	bo.Home.Git(t, dirs[bo], "push", "-q", "-f", "-o", "patch.message=Third try", "rad", "HEAD:patches/"+id.String())
	sameState(t, "revised again", rid, id, ana, bo)
	revisions = readPatch(t, bo.Home, rid, id).Timeline
	rad(bo, "redact", revisions[len(revisions)-1].String())

	if p := readPatch(t, ana.Home, rid, id); len(p.Revisions) != 3 || len(p.Reviews) != 2 || p.Title != "Their better change" {
		t.Errorf("%d revisions, %d reviews, %q", len(p.Revisions), len(p.Reviews), p.Title)
	}
}
