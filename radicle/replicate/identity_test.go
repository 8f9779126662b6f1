package replicate_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// A delegate's fault stops everything if too few delegates are left.
func TestRefusedDelegates(t *testing.T) {
	t.Run("diverged", func(t *testing.T) {
		s := newScene(t)
		old := push(t, s.r, ana, master, "second").List
		canonical(t, s.r)
		s.b.mustFetch(t, s.a, s.options())
		plant(t, s.r, ana.NID(), sigrefs.RefSigrefs, old.Parent)
		push(t, s.r, ana, master, "third")
		push(t, s.r, cy, "refs/heads/cy", "news")
		s.refusesAll(t, as[*replicate.DivergedError])
	})
	t.Run("forged", func(t *testing.T) {
		s := newScene(t)
		forge(t, s.r, ana, func(lines map[string]string) { lines[master] = strings.Repeat("1", 40) })
		push(t, s.r, cy, "refs/heads/cy", "news")
		s.refusesAll(t, func(err error) bool {
			return as[*replicate.ThresholdError](err) && errors.Is(err, storage.ErrIncomplete)
		})
	})
	t.Run("rolled back", func(t *testing.T) { // is no fault: what is here stays, others' news come
		s := newScene(t)
		old := push(t, s.r, ana, master, "second").List
		canonical(t, s.r)
		s.b.mustFetch(t, s.a, s.options())
		plant(t, s.r, ana.NID(), sigrefs.RefSigrefs, old.Parent)
		push(t, s.r, cy, "refs/heads/cy", "news")
		result, err := s.b.fetch(t, s.a, s.options())
		if err != nil || !errors.Is(why(result, ana), replicate.ErrBehind) || len(result.Namespaces) != 1 {
			t.Errorf("%+v, %v", result, err)
		}
	})
	t.Run("not there", func(t *testing.T) { // a clone needs them
		s := newScene(t)
		git(t, s.r.Dir(), "update-ref", "--no-deref", "-d", storage.NamespacePrefix(ana.NID())+sigrefs.RefSigrefs)
		s.b = newHome(t, bo)
		_, err := s.b.fetch(t, s.a, s.options())
		if err == nil {
			t.Error("cloned without a delegate")
		}
	})
}

// refusesAll fetches what must not come, and looks whether something did.
func (s *scene) refusesAll(t *testing.T, want func(error) bool) {
	t.Helper()
	before := refsOf(t, s.b.repo(t, s.rid))
	result, err := s.b.fetch(t, s.a, s.options())
	if !want(err) {
		t.Errorf("%+v, %v", result, err)
	}
	if now := refsOf(t, s.b.repo(t, s.rid)); !slices.Equal(before, now) {
		t.Errorf("moved:\n%v\n%v", before, now)
	}
}

// What lies in a namespace and is not signed stays where it is; so does what lies outside of namespaces.
func TestUnsignedRefsDoNotCome(t *testing.T) {
	s := newScene(t)
	push(t, s.r, ana, "refs/heads/news", "news")
	head, _ := s.r.Ref(t.Context(), master)
	plant(t, s.r, ana.NID(), "refs/heads/unsigned", head)
	git(t, s.r.Dir(), "update-ref", "refs/heads/canonical", head.String())
	git(t, s.r.Dir(), "update-ref", "refs/swarm/x", head.String())
	s.b.mustFetch(t, s.a, s.options())
	for _, line := range refsOf(t, s.b.repo(t, s.rid)) {
		if strings.Contains(line, "unsigned") || strings.Contains(line, "refs/heads/canonical") || strings.Contains(line, "refs/swarm") {
			t.Error(line)
		}
	}
}

// A server names an identity of another repository.
func TestGraftedIdentity(t *testing.T) {
	s := newScene(t)
	draft := s.a.draft()
	draft.AddDelegate(eve.NID().DID())
	other := s.a.init(t, draft)
	at, _ := other.Ref(t.Context(), "refs/rad/id")
	git(t, s.r.Dir(), "fetch", "-q", other.Dir(), "refs/rad/id")
	git(t, s.r.Dir(), "update-ref", "refs/rad/id", at.String())
	if _, err := newHome(t, cy).fetch(t, s.a, s.options()); !errors.Is(err, replicate.ErrIdentity) {
		t.Errorf("cloned: %v", err)
	}
	s.goodNews(t)
	s.b.mustFetch(t, s.a, s.options()) // Bo knows better
	if now, _ := s.b.repo(t, s.rid).Ref(t.Context(), "refs/rad/id"); now == at {
		t.Error("refs/rad/id was moved")
	}
}

// A server names an identity that goes on from the true one, by which Eve is the only delegate. Nobody accepted it.
func TestIdentityThatNobodyAccepted(t *testing.T) {
	s := newScene(t)
	root, _ := s.r.Ref(t.Context(), "refs/rad/id")
	draft := (&home{key: eve}).draft()
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	data, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	embeds, err := gitobj.Tree{{Mode: gitobj.ModeFile, Name: "radicle.json", ID: write(t, s.r, gitobj.KindBlob, data)}}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	forged := commit(t, s.r, gitobj.Tree{{Mode: gitobj.ModeTree, Name: "embeds", ID: write(t, s.r, gitobj.KindTree, embeds)}}, root)
	git(t, s.r.Dir(), "update-ref", "refs/rad/id", forged.String())
	c := newHome(t, cy)
	c.mustFetch(t, s.a, s.options())
	for _, h := range []*home{c, s.b} {
		s.goodNews(t)
		h.mustFetch(t, s.a, s.options())
		if now, _ := h.repo(t, s.rid).Ref(t.Context(), "refs/rad/id"); now != root {
			t.Errorf("refs/rad/id is at %v", now)
		}
	}
	// And where Eve has signed refs, and Ana's are withheld, there are too few delegates.
	push(t, s.r, eve, "refs/heads/eve", "eve")
	git(t, s.r.Dir(), "update-ref", "--no-deref", "-d", storage.NamespacePrefix(ana.NID())+sigrefs.RefSigrefs)
	if _, err := newHome(t, bo).fetch(t, s.a, s.options()); err == nil {
		t.Error("cloned without Ana")
	}
}

// A server names a change of the identity that one of two delegates proposed. By it, two would have to be valid.
func TestIdentityThatIsOnlyProposed(t *testing.T) {
	a := newHome(t, ana)
	draft := a.draft()
	draft.AddDelegate(bo.NID().DID())
	r := a.init(t, draft)
	accepted, _ := r.Ref(t.Context(), "refs/rad/id")
	next := draft
	next.Threshold = 2
	doc, err := next.Verify()
	if err != nil {
		t.Fatal(err)
	}
	propose(t, r, ana, doc)
	if at, _ := r.Ref(t.Context(), "refs/rad/id"); at != accepted {
		t.Fatal("accepted by one of two")
	}
	list, err := r.Sigrefs(t.Context(), ana.NID())
	if err != nil {
		t.Fatal(err)
	}
	proposed, _ := list.Refs.Get(identity.Ref(accepted))
	git(t, r.Dir(), "update-ref", "refs/rad/id", proposed.String())
	result := newHome(t, cy).mustFetch(t, a, replicate.Options{RID: r.RID()})
	if result.Identity != accepted {
		t.Errorf("%+v", result)
	}
}

// A server has an older identity than is here, by which fewer delegates are needed.
func TestIdentityIsRolledBack(t *testing.T) {
	s := newScene(t)
	old, _ := s.r.Ref(t.Context(), "refs/rad/id")
	draft := s.a.draft()
	draft.AddDelegate(cy.NID().DID())
	draft.Threshold = 2
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	propose(t, s.r, ana, doc)
	s.b.mustFetchQuietly(t, s.a, s.options())
	is, _ := s.b.repo(t, s.rid).Ref(t.Context(), "refs/rad/id")
	git(t, s.r.Dir(), "update-ref", "refs/rad/id", old.String())
	push(t, s.r, eve, "refs/heads/eve", "eve")
	forge(t, s.r, cy, func(lines map[string]string) { lines[master] = strings.Repeat("1", 40) })
	s.refusesAll(t, as[*replicate.ThresholdError])
	if now, _ := s.b.repo(t, s.rid).Ref(t.Context(), "refs/rad/id"); now != is || now == old {
		t.Errorf("refs/rad/id is at %v", now)
	}
}

// What arrives is packs and refs, whatever the repository over there has beside them.
func TestNothingButPacksAndRefsComes(t *testing.T) {
	s := newScene(t)
	for name, text := range map[string]string{
		"config":                   "[core]\n\tbare = true\n[uploadpack]\n\tpackObjectsHook = touch " + s.b.dir + "\n",
		"objects/pack/pack-x.keep": "keep", "objects/info/http-alternates": "/etc", "hooks/post-update": "x", "info/grafts": "",
		"description": "x", "shallow": "",
	} {
		file := filepath.Join(s.r.Dir(), filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(s.r.Dir(), "refs", "namespaces", ana.NID().String(), "refs", "heads", "link")); err != nil {
		t.Fatal(err)
	}
	c := newHome(t, cy)
	c.mustFetch(t, s.a, s.options())
	push(t, s.r, cy, "refs/heads/cy", "news")
	s.b.mustFetch(t, s.a, s.options())
	for _, h := range []*home{c, s.b} {
		for _, file := range files(t, filepath.Join(h.dir, s.rid.Canonical())) {
			ok := file == "HEAD" || file == "config" || file == "packed-refs" || strings.HasPrefix(file, "refs/") ||
				strings.HasPrefix(file, "objects/pack/pack-") && !strings.HasSuffix(file, ".keep")
			if !ok {
				t.Error(file)
			}
		}
	}
}

// files returns all files below a folder that are not folders.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(dir, name)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
