package radtest_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// publish makes a repository of a working copy with our own code, and tells the node about it as rad init does.
func publish(t *testing.T, n *radtest.Node, dir string) radicle.RID {
	t.Helper()
	h, ctx := n.Home, t.Context()
	draft := identity.New(identity.Project{Name: "ours", Description: "made by us", DefaultBranch: "master"}, h.Person.NID().DID(), identity.Visibility{})
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(ctx, h.Storage(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := s.Init(ctx, h.Person.Signer(), storage.New{
		Document: doc, Alias: h.Person.Alias(), Source: filepath.Join(dir, ".git"), Head: mustOid(t, h.Git(t, dir, "rev-parse", "HEAD")),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if changed, err := n.Seed(ctx, r.RID(), node.ScopeAll); err != nil || !changed {
		t.Errorf("seed: %v, %v", changed, err)
	}
	if _, err := n.AddInventory(ctx, r.RID()); err != nil {
		t.Error(err)
	}
	if err := n.AnnounceInventory(ctx); err != nil {
		t.Error(err)
	}
	return r.RID()
}

// readIdentity folds the identity of a repository in a home's storage.
func readIdentity(t *testing.T, h *radtest.Home, rid radicle.RID) *identity.Identity {
	t.Helper()
	i, err := openRepo(t, h, rid).Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if skipped := i.Skipped(); len(skipped) > 0 {
		t.Errorf("operations that do not count: %v", skipped)
	}
	return i
}

// changeIdentity writes an operation on the identity with our own code, announces it, and waits until the other node has it.
func changeIdentity(t *testing.T, n, other *radtest.Node, rid radicle.RID, change func(context.Context, *identity.Identity, cob.Pen) (radicle.Oid, error)) {
	t.Helper()
	i, r := readIdentity(t, n.Home, rid), openRepo(t, n.Home, rid)
	result, err := r.Update(t.Context(), n.Home.Person.Signer(), func(ctx context.Context, tx *storage.Tx) error {
		who := cob.Author(n.Home.Person.Alias(), n.NID(), time.Now())
		id, err := change(ctx, i, cob.Pen{Objects: tx, Signer: n.Home.Person.Signer(), Who: who})
		if err != nil {
			return err
		}
		return tx.Set(ctx, identity.Ref(i.Root()), id)
	})
	if err != nil {
		t.Fatal(err)
	}
	if c, err := r.SetIdentity(t.Context()); err != nil || c.Err != nil || c.Object.ID != i.Head() {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := n.AnnounceRefs(t.Context(), rid); err != nil {
		t.Fatal(err)
	}
	arrives(t, n, other, rid, result.List.At)
	canonicalIs(t, other, rid, i.Head())
}

// canonicalIs waits until a node takes a revision for the current one, which it does last.
func canonicalIs(t *testing.T, n *radtest.Node, rid radicle.RID, head radicle.Oid) {
	t.Helper()
	radtest.Eventually(t, fmt.Sprintf("%s at %s is %v", identity.RefCanonical, n.Home.Person.Alias(), head), func() bool {
		return n.Home.Ref(t, rid, identity.RefCanonical) == head.String()
	})
}

// arrives waits until the other node has all refs that a node signed. It moves the signed refs before the others.
func arrives(t *testing.T, from, to *radtest.Node, rid radicle.RID, at radicle.Oid) {
	t.Helper()
	r := openRepo(t, to.Home, rid)
	radtest.Eventually(t, fmt.Sprintf("%v of %s arrives", at, from.Home.Person.Alias()), func() bool {
		list, err := r.Sigrefs(t.Context(), from.NID())
		if err != nil || list.At != at {
			return false
		}
		for _, ref := range list.Refs {
			if got, err := r.Ref(t.Context(), storage.NamespacePrefix(from.NID())+ref.Name); err != nil || got != ref.ID {
				return false
			}
		}
		return true
	})
}

// A repository that we made is rad's: it is shown, cloned from a real node, pushed to and verified.
func TestOurRepositoryIsTheirs(t *testing.T) {
	ana, bo := radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	dir := ana.Home.Commit(t, "ours", "README", "hello")
	rid := publish(t, ana, dir)
	for args, want := range map[string]string{
		"inspect " + rid.String() + " --delegates":  radtest.Ana.NID().DID().String() + " (ana)",
		"inspect " + rid.String() + " --visibility": "public",
		"inspect " + rid.String() + " --policy":     "all",
		"inspect " + rid.String() + " --sigrefs":    " root",
		"inspect " + rid.String() + " --payload":    `"name": "ours"`,
		"ls --all":                                  rid.Canonical(),
		"node inventory":                            rid.String(),
		"id list --repo " + rid.String():            "Initial revision",
	} {
		if out := ana.Home.Rad(t, dir, strings.Fields(args)...); !strings.Contains(out, want) {
			t.Errorf("rad %s: %s", args, out)
		}
	}
	radtest.Connect(t, bo, ana)
	clone := bo.Clone(t, rid, ana)
	if got, want := bo.Home.Git(t, clone, "rev-parse", "HEAD"), ana.Home.Git(t, dir, "rev-parse", "HEAD"); got != want {
		t.Errorf("the clone has %s, want %s", got, want)
	}
	for _, n := range []*radtest.Node{ana, bo} {
		problems, err := openRepo(t, n.Home, rid).Check(t.Context())
		if err != nil || len(problems) != 0 {
			t.Errorf("%s: %v, %v", n.Home.Person.Alias(), problems, err)
		}
	}
	// The real helper pushes on top of what we signed.
	ana.Home.Git(t, dir, "remote", "add", "rad", "rad://"+rid.Canonical())
	ana.Home.Git(t, dir, "remote", "set-url", "--push", "rad", "rad://"+rid.Canonical()+"/"+ana.NID().String())
	ana.Home.Commit(t, dir, "README", "more")
	ana.Home.Git(t, dir, "push", "-q", "rad", "master")
	head := ana.Home.Git(t, dir, "rev-parse", "HEAD")
	radtest.Eventually(t, "the push moves the canonical branch of the clone", func() bool {
		return bo.Home.Ref(t, rid, "refs/heads/master") == head
	})
}

// A repository that rad made is ours: document, identity, canonical branch and signed refs.
func TestTheirRepositoryIsOurs(t *testing.T) {
	h := radtest.AuthHome(t, radtest.Ana, "").With(radtest.FixedDates()...)
	dir := h.Commit(t, "film", "README", "hello")
	rid := h.Init(t, dir)
	r := openRepo(t, h, rid)
	doc, err := r.Document(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	project, err := doc.Project()
	want := identity.Project{Name: "film", Description: "test", DefaultBranch: "master"}
	if diff := cmp.Diff(want, project); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	text, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := cjson.Parse([]byte(h.Rad(t, dir, "inspect", "--identity")))
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := cjson.Parse(text); err != nil || !cjson.Equal(ours, theirs) {
		t.Errorf("ours %s, theirs %v, %v", text, theirs, err)
	}
	i := readIdentity(t, h, rid)
	if i.RID() != rid || !i.Document().Equal(doc) || i.Head() != i.Root() || len(i.Revisions()) != 1 {
		t.Errorf("identity %+v", i)
	}
	if got, err := doc.RID(radicle.SHA1Size); err != nil || got != rid {
		t.Errorf("the document is that of %v, %v", got, err)
	}
	list := signed(t, r, radtest.Ana.NID())
	if id, ok := list.Refs.Get("refs/heads/master"); !ok || id.String() != h.Git(t, dir, "rev-parse", "HEAD") {
		t.Errorf("signed master is %v", id)
	}
}

// Members come and go by our hand and by rad's, and both nodes agree at every step.
func TestMembersInTurn(t *testing.T) {
	ana, bo := radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	dir := ana.Home.Commit(t, "ours", "README", "hello")
	rid := publish(t, ana, dir)
	radtest.Connect(t, bo, ana)
	clone := bo.Clone(t, rid, ana)
	cy := radtest.Cy.NID().DID()

	// We add Bo: the one delegate there is decides alone.
	changeIdentity(t, ana, bo, rid, func(ctx context.Context, i *identity.Identity, pen cob.Pen) (radicle.Oid, error) {
		draft := i.Document().Edit()
		draft.AddDelegate(bo.NID().DID())
		doc, err := draft.Verify()
		if err != nil {
			return radicle.Oid{}, err
		}
		return i.Propose(ctx, pen, doc, identity.Text{Title: "Add Bo", Description: "by our hand"})
	})
	if out := bo.Home.Rad(t, clone, "id", "list"); !strings.Contains(out, "Add Bo") || strings.Count(out, "accepted") != 2 {
		t.Errorf("rad id list at bo:\n%s", out)
	}
	if out := bo.Home.Rad(t, clone, "inspect", "--delegates"); strings.Count(out, "did:key") != 2 {
		t.Errorf("rad inspect --delegates at bo: %s", out)
	}

	// Bo proposes Cy with rad: two of two must agree, so it stays open, and we accept it.
	radID(t, bo, rid, clone, "update", "--title", "Add Cy", "--description", "by rad", "--delegate", cy.String())
	radtest.Eventually(t, "the proposal arrives at ana", func() bool { return len(readIdentity(t, ana.Home, rid).Revisions()) == 3 })
	open := readIdentity(t, ana.Home, rid).Revisions()[2]
	if open.State != identity.Active || open.Title != "Add Cy" || open.Author != bo.NID().DID() || open.Document.IsDelegate(cy) != true {
		t.Errorf("the proposal is %+v", open)
	}
	changeIdentity(t, ana, bo, rid, func(ctx context.Context, i *identity.Identity, pen cob.Pen) (radicle.Oid, error) {
		return i.Accept(ctx, pen, open.ID)
	})
	sameIdentity(t, ana, bo, rid, open.ID, 3)
	if out := bo.Home.Rad(t, clone, "inspect", "--delegates"); !strings.Contains(out, cy.String()) {
		t.Errorf("rad inspect --delegates at bo: %s", out)
	}

	// We propose to let Cy go again, and Bo accepts it with rad: two of three.
	var proposed radicle.Oid
	changeIdentity(t, ana, bo, rid, func(ctx context.Context, i *identity.Identity, pen cob.Pen) (radicle.Oid, error) {
		draft := i.Document().Edit()
		draft.RemoveDelegate(cy)
		doc, err := draft.Verify()
		if err != nil {
			return radicle.Oid{}, err
		}
		proposed, err = i.Propose(ctx, pen, doc, identity.Text{Title: "Remove Cy"})
		return proposed, err
	})
	radID(t, bo, rid, clone, "accept", proposed.String())
	radtest.Eventually(t, "the vote arrives at ana", func() bool { return readIdentity(t, ana.Home, rid).Head() == proposed })
	sameIdentity(t, ana, bo, rid, proposed, 4)
	if out := ana.Home.Rad(t, dir, "inspect", rid.String(), "--delegates"); strings.Contains(out, cy.String()) {
		t.Errorf("rad inspect --delegates at ana: %s", out)
	}
}

// radID changes the identity with rad, and announces it: rad id itself does not.
func radID(t *testing.T, n *radtest.Node, rid radicle.RID, dir string, args ...string) {
	t.Helper()
	n.Home.Rad(t, dir, append([]string{"id", args[0], "--no-confirm"}, args[1:]...)...)
	if _, err := n.AnnounceRefs(t.Context(), rid); err != nil {
		t.Fatal(err)
	}
}

// sameIdentity checks that both nodes and rad agree on the current revision.
func sameIdentity(t *testing.T, a, b *radtest.Node, rid radicle.RID, head radicle.Oid, revisions int) {
	t.Helper()
	for _, n := range []*radtest.Node{a, b} {
		canonicalIs(t, n, rid, head)
		i := readIdentity(t, n.Home, rid)
		if i.Head() != head || len(i.Revisions()) != revisions {
			t.Errorf("%s: head %v of %d revisions, want %v of %d", n.Home.Person.Alias(), i.Head(), len(i.Revisions()), head, revisions)
		}
		text, err := i.Document().Encode()
		if err != nil {
			t.Fatal(err)
		}
		if out := n.Home.Rad(t, n.Home.Work, "inspect", rid.String(), "--identity"); gitobj.Hash(gitobj.KindBlob, text, radicle.SHA1Size) != i.Current().Blob || !strings.Contains(out, "delegates") {
			t.Errorf("%s: %s", n.Home.Person.Alias(), out)
		}
	}
}
