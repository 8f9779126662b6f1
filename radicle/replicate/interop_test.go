package replicate_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/identity"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// radHome is the storage of a home that Radicle's own programs use.
func radHome(t *testing.T, h *radtest.Home) *home {
	t.Helper()
	s, err := storage.Open(t.Context(), h.Storage(), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &home{key: h.Person.Signer(), storage: s, dir: h.Storage()}
}

// What rad init published arrives in another home, and rad and stock git take it for their own there.
func TestRadReadsWhatWasFetched(t *testing.T) {
	anas, bos := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := anas.Commit(t, "film", "README", "hello")
	rid := anas.Init(t, work)
	a, b := radHome(t, anas), radHome(t, bos)
	if result := b.mustFetch(t, a, replicate.Options{RID: rid}); !result.Cloned {
		t.Errorf("%+v", result)
	}
	bos.Rad(t, bos.Work, "seed", rid.String(), "--scope", "all", "--no-fetch")
	if out := bos.Rad(t, bos.Work, "inspect", rid.String(), "--refs"); !strings.Contains(out, "sigrefs") {
		t.Errorf("rad inspect --refs: %s", out)
	}
	for _, arg := range []string{"--identity", "--delegates", "--history", "--sigrefs", "--policy", "--payload"} {
		bos.Rad(t, bos.Work, "inspect", rid.String(), arg)
	}
	if out := bos.Rad(t, bos.Work, "ls", "--all"); !strings.Contains(out, "film") {
		t.Errorf("rad ls: %s", out)
	}
	bos.Git(t, bos.Work, "clone", "-q", "rad://"+rid.Canonical(), "copy")
	if text, err := os.ReadFile(filepath.Join(bos.Work, "copy", "README")); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}

	// A patch of Bo's, made by rad in the copy, goes the other way.
	bos.Rad(t, bos.Work, "checkout", rid.String())
	bos.Commit(t, filepath.Join(bos.Work, "film"), "new", "by Bo")
	bos.Git(t, filepath.Join(bos.Work, "film"), "push", "-q", "-o", "patch.message=A patch", "rad", "HEAD:refs/patches")
	result := a.mustFetch(t, b, replicate.Options{RID: rid})
	if len(result.Namespaces) != 1 || result.Namespaces[0].NID != radtest.Bo.NID() {
		t.Errorf("%+v", result)
	}
	anas.Rad(t, work, "patch", "cache")
	if out := anas.Rad(t, work, "patch", "list"); !strings.Contains(out, "A patch") {
		t.Errorf("rad patch list: %s", out)
	}
	anas.Commit(t, work, "README", "again")
	anas.Git(t, work, "push", "-q", "rad", "master")
	b.mustFetch(t, a, replicate.Options{RID: rid})
	bos.Git(t, filepath.Join(bos.Work, "copy"), "pull", "-q")
	if text, err := os.ReadFile(filepath.Join(bos.Work, "copy", "README")); err != nil || string(text) != "again" {
		t.Errorf("%q, %v", text, err)
	}
}

// What was fetched without a node, a node hands on; and what a node brought, is handed on without one.
func TestNodeSeedsWhatWasFetched(t *testing.T) {
	anas, bos, cys := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo), radtest.NewHome(t, radtest.Cy)
	work := anas.Commit(t, "film", "README", "hello")
	rid := anas.Init(t, work)
	a, b, c := radHome(t, anas), radHome(t, bos), radHome(t, cys)
	b.mustFetch(t, a, replicate.Options{RID: rid})
	bos.Rad(t, bos.Work, "seed", rid.String(), "--scope", "all", "--no-fetch")

	boNode, cyNode := radtest.StartNode(t, bos), radtest.StartNode(t, cys)
	radtest.Connect(t, cyNode, boNode)
	dir := cyNode.Clone(t, rid, boNode)
	if text, err := os.ReadFile(filepath.Join(dir, "README")); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	// News come to Bo while his node runs, which announces them.
	anas.Commit(t, work, "README", "again")
	anas.Git(t, work, "push", "-q", "rad", "master")
	b.mustFetch(t, a, replicate.Options{RID: rid})
	client := node.New(filepath.Join(bos.Node(), "control.sock"))
	if _, err := client.AnnounceRefs(t.Context(), rid, radtest.Ana.NID()); err != nil {
		t.Fatal(err)
	}
	head := anas.Git(t, work, "rev-parse", "master")
	radtest.Eventually(t, "Cy's node has Ana's news", func() bool { return cys.Ref(t, rid, master) == head })
	c.check(t, rid)

	// And from Cy's home, which a node filled, to a new one of Ana's own.
	again := newHome(t, ana)
	again.mustFetch(t, c, replicate.Options{RID: rid})
	if got, _ := again.repo(t, rid).Ref(t.Context(), master); got.String() != head {
		t.Errorf("%v", got)
	}
}

// A private repository goes to whom it is shown, and a second delegate's acceptance of the change travels as well.
func TestPrivateRepositoryWithTwoDelegates(t *testing.T) {
	anas, bos := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := anas.Commit(t, "film", "README", "hello")
	anas.Rad(t, work, "init", "--name", "film", "--description", "test", "--default-branch", "master", "--private", "--no-confirm")
	rid := mustRID(t, anas.Rad(t, work, "inspect", "--rid"))
	a, b := radHome(t, anas), radHome(t, bos)
	if _, err := b.fetch(t, a, replicate.Options{RID: rid}); err == nil {
		t.Fatal("Bo got what he may not see")
	}
	anas.Rad(t, work, "id", "update", "--title", "Show Bo", "--allow", radtest.Bo.NID().DID().String(), "--no-confirm")
	b.mustFetch(t, a, replicate.Options{RID: rid})
	bos.Rad(t, bos.Work, "seed", rid.String(), "--scope", "all", "--no-fetch")
	anas.Rad(t, work, "id", "update", "--title", "Add Bo", "--delegate", radtest.Bo.NID().DID().String(), "--threshold", "1", "--no-confirm")
	b.mustFetch(t, a, replicate.Options{RID: rid})
	bos.Rad(t, bos.Work, "checkout", rid.String())
	theirs := filepath.Join(bos.Work, "film")
	bos.Commit(t, theirs, "bo", "by a delegate")
	bos.Git(t, theirs, "push", "-q", "rad", "master")
	bos.Rad(t, theirs, "id", "update", "--title", "Describe", "--payload", "xyz.radicle.project", "description", `"by both"`, "--no-confirm")
	a.mustFetch(t, b, replicate.Options{RID: rid})
	proposed := proposal(t, a, rid)
	anas.Rad(t, work, "id", "accept", proposed.String(), "--no-confirm")
	result := b.mustFetch(t, a, replicate.Options{RID: rid})
	if at, _ := b.repo(t, rid).Ref(t.Context(), "refs/rad/id"); at != proposed || result.Identity != proposed {
		t.Errorf("refs/rad/id is at %v, want %v; %+v", at, proposed, result)
	}
	if out := bos.Rad(t, theirs, "inspect", rid.String(), "--identity"); !strings.Contains(out, "by both") {
		t.Errorf("rad inspect --identity: %s", out)
	}
	b.check(t, rid)
	sameNamespaces(t, rid, a, b)
}

// proposal is the one revision of the identity that is open.
func proposal(t *testing.T, h *home, rid radicle.RID) radicle.Oid {
	t.Helper()
	id, err := h.repo(t, rid).Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, rev := range id.Revisions() {
		if rev.State == identity.Active {
			return rev.ID
		}
	}
	t.Fatal("nothing is proposed")
	return radicle.Oid{}
}

func mustRID(t *testing.T, s string) radicle.RID {
	t.Helper()
	rid, err := radicle.ParseRID(s)
	if err != nil {
		t.Fatal(err)
	}
	return rid
}

// sameNamespaces fails unless two homes have the same refs in all namespaces.
func sameNamespaces(t *testing.T, rid radicle.RID, a, b *home) {
	t.Helper()
	only := func(lines []string) []string {
		return slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, " refs/namespaces/") })
	}
	x, y := only(refsOf(t, a.repo(t, rid))), only(refsOf(t, b.repo(t, rid)))
	if !slices.Equal(x, y) {
		t.Errorf("refs differ:\n%s\n\n%s", strings.Join(x, "\n"), strings.Join(y, "\n"))
	}
}

// Radicle's node and we decide alike about what has been done to namespaces.
func TestNodeDecidesAlike(t *testing.T) {
	anas, bos := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := anas.Commit(t, "film", "README", "hello")
	rid := anas.Init(t, work)
	anaNode, boNode := radtest.StartNode(t, anas), radtest.StartNode(t, bos)
	a, b, c := radHome(t, anas), radHome(t, bos), newHome(t, eve)
	s := &scene{a: a, b: c, r: a.repo(t, rid), rid: rid}

	alike := []string{"rolled back", "diverged", "forged signature", "signed by somebody else", "below the level", "outside", "absolute"}
	keys, older := make(map[string]*radicle.MemorySigner), make(map[string]radicle.Oid)
	for i, name := range alike {
		keys[name] = signer(byte(i + 1))
		older[name] = push(t, s.r, keys[name], "refs/heads/x", "first").List.At
		push(t, s.r, keys[name], "refs/heads/x", "second")
	}
	radtest.Connect(t, boNode, anaNode)
	boNode.Clone(t, rid, anaNode)
	c.mustFetch(t, a, s.options())
	sameNamespaces(t, rid, b, c)

	for _, name := range alike {
		if name == "rolled back" || name == "diverged" {
			plant(t, s.r, keys[name].NID(), sigrefs.RefSigrefs, older[name])
		}
		attacks()[name].do(t, s, keys[name])
	}
	// Of no level at all, but new; with a ref that is not signed; with one that is not signed any more.
	old := commit(t, s.r, nil)
	text := sigrefs.Text{Refs: sigrefs.Refs{{Name: "refs/heads/old", ID: old}}}.Encode()
	plant(t, s.r, signer(100).NID(), sigrefs.RefSigrefs, signed(t, s.r, signer(100), text))
	plant(t, s.r, signer(100).NID(), "refs/heads/old", old)
	push(t, s.r, signer(101), "refs/heads/y", "y")
	plant(t, s.r, signer(101).NID(), "refs/heads/unsigned", old)
	push(t, s.r, cy, "refs/heads/cy", "news")

	result, err := boNode.Fetch(t.Context(), rid, anaNode.NID(), node.FetchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ours, err := c.fetch(t, a, s.options()); err != nil || len(ours.Refused) != len(alike) || len(ours.Namespaces) != 3 {
		t.Errorf("%+v, %v", ours, err)
	}
	if t.Failed() {
		t.Logf("the node says %+v", result)
	}
	sameNamespaces(t, rid, b, c)
}
