package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/radtest"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// Several fetches of one repository into one storage at once, clones and updates.
func TestFetchesAtOnce(t *testing.T) {
	s := newScene(t)
	c := newHome(t, cy)
	server := s.a.server(replicate.ServerOptions{})
	for round, text := range []string{"", "first", "second"} {
		if round > 0 {
			push(t, s.r, ana, master, text)
			push(t, s.r, eve, "refs/heads/eve", text)
			canonical(t, s.r)
		}
		var all sync.WaitGroup
		for range 4 {
			stream := serve(t, server, radicle.DID{})
			all.Go(func() {
				o := s.options()
				o.Storage, o.Local, o.Alias = c.storage, c.key.NID(), "cy"
				result, err := replicate.Fetch(t.Context(), stream, o)
				if err != nil || len(result.Refused) > 0 {
					t.Errorf("round %d: %+v, %v", round, result, err)
				}
			})
		}
		all.Wait()
		c.check(t, s.rid)
		c.checkNothingLeft(t)
		sameRefs(t, s.rid, s.a, c)
	}
}

// during makes f run once, when all is verified and about to move.
func during(o *replicate.Options, f func()) {
	var once sync.Once
	o.MovingIn(func() { once.Do(f) })
}

// Bo, a delegate, pushes in the middle of a fetch: his namespace and the canonical ref stay his, and what was fetched comes.
func TestFetchDuringAPush(t *testing.T) {
	a, b := newHome(t, ana), newHome(t, bo)
	draft := a.draft()
	draft.AddDelegate(bo.NID().DID())
	r := a.init(t, draft)
	o := replicate.Options{RID: r.RID()}
	b.mustFetch(t, a, o)
	push(t, r, ana, master, "from Ana")
	canonical(t, r)
	theirs := b.repo(t, r.RID())
	var pushed storage.Result
	during(&o, func() {
		pushed = push(t, theirs, bo, master, "from Bo")
		canonical(t, theirs)
	})
	result, err := b.fetch(t, a, o)
	if err != nil || len(result.Namespaces) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	if list, err := theirs.Sigrefs(t.Context(), bo.NID()); err != nil || list.At != pushed.List.At {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err := theirs.Sigrefs(t.Context(), ana.NID()); err != nil || list.At != result.Namespaces[0].New {
		t.Errorf("%+v, %v", list, err)
	}
	b.check(t, r.RID())
}

// Both delegates must agree on master. Bo comes to agree with Ana, in his own namespace, while Ana's news are about to move in: neither
// of the two sees the other's vote when it counts, unless the fetch makes sure.
func TestVoteDuringAFetch(t *testing.T) {
	a, b := newHome(t, ana), newHome(t, bo)
	draft := a.draft()
	draft.AddDelegate(bo.NID().DID())
	draft.Threshold = 2
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	r := foundAlone(t, a, doc)
	first, _ := r.Ref(t.Context(), storage.NamespacePrefix(ana.NID())+master)
	set := func(r *storage.Repo, key radicle.Signer, to radicle.Oid) {
		t.Helper()
		_, err := r.Update(t.Context(), key, func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, master, to) })
		if err != nil {
			t.Fatal(err)
		}
		canonical(t, r)
	}
	set(r, bo, first) // Bo's namespace, as it came from him
	o := replicate.Options{RID: r.RID()}
	b.mustFetch(t, a, o)
	push(t, r, ana, master, "second")
	second, _ := r.Ref(t.Context(), storage.NamespacePrefix(ana.NID())+master)
	theirs := b.repo(t, r.RID())
	git(t, theirs.Dir(), "fetch", "-q", r.Dir(), second.String())
	during(&o, func() { set(theirs, bo, second) })
	if _, err := b.fetch(t, a, o); err != nil {
		t.Fatal(err)
	}
	if at, _ := theirs.Ref(t.Context(), master); at != second {
		t.Errorf("master is at %v, want %v", at, second)
	}
}

// Somebody else moves the same namespace in the middle: further than what was fetched, which is older then.
func TestFetchIsOvertaken(t *testing.T) {
	s := newScene(t)
	push(t, s.r, cy, "refs/heads/cy", "second")
	s.goodNews(t)
	o := s.options()
	var last radicle.Oid
	during(&o, func() {
		last = push(t, s.r, cy, "refs/heads/cy", "third").List.At
		other := s.options()
		other.Storage, other.Local = s.b.storage, bo.NID()
		if _, err := replicate.Fetch(t.Context(), serve(t, s.a.server(replicate.ServerOptions{}), radicle.DID{}), other); err != nil {
			t.Error(err)
		}
	})
	result, err := s.b.fetch(t, s.a, o)
	if err != nil || !errors.Is(why(result, cy), replicate.ErrBehind) {
		t.Errorf("%+v, %v", result, err)
	}
	if at, _ := s.b.repo(t, s.rid).Ref(t.Context(), storage.NamespacePrefix(cy.NID())+sigrefs.RefSigrefs); at != last {
		t.Errorf("Cy's is at %v, want %v", at, last)
	}
	s.b.check(t, s.rid)
}

// Somebody moves the signed refs in the middle, as Radicle's node does first, and dies before it comes to the refs.
func TestFetchFinishesWhatOthersBegan(t *testing.T) {
	s := newScene(t)
	at := push(t, s.r, cy, "refs/heads/cy", "second").List.At
	o := s.options()
	theirs := s.b.repo(t, s.rid)
	during(&o, func() {
		git(t, theirs.Dir(), "fetch", "-q", s.r.Dir(), at.String())
		plant(t, theirs, cy.NID(), sigrefs.RefSigrefs, at)
	})
	s.b.mustFetch(t, s.a, o)
	sameRefs(t, s.rid, s.a, s.b)
}

// A clone in the middle of which the repository comes from elsewhere, with a namespace of our own that must stay.
func TestCloneIsOvertaken(t *testing.T) {
	s := newScene(t)
	c := newHome(t, cy)
	o := s.options()
	var ours storage.Result
	during(&o, func() {
		other := s.options()
		other.Storage, other.Local = c.storage, cy.NID()
		if _, err := replicate.Fetch(t.Context(), serve(t, s.a.server(replicate.ServerOptions{}), radicle.DID{}), other); err != nil {
			t.Error(err)
		}
		ours = push(t, c.repo(t, s.rid), cy, "refs/heads/cy", "ours")
	})
	result, err := c.fetch(t, s.a, o)
	if err != nil || result.Cloned || len(result.Refused) > 0 {
		t.Errorf("%+v, %v", result, err)
	}
	if list, err := c.repo(t, s.rid).Sigrefs(t.Context(), cy.NID()); err != nil || list.At != ours.List.At {
		t.Errorf("%+v, %v", list, err)
	}
	c.check(t, s.rid)
}

// Radicle's helper pushes in the middle of a fetch.
func TestFetchDuringRadiclesPush(t *testing.T) {
	anas, bos := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := anas.Commit(t, "film", "README", "hello")
	rid := anas.Init(t, work)
	a, b := radHome(t, anas), radHome(t, bos)
	b.mustFetch(t, a, replicate.Options{RID: rid})
	bos.Rad(t, bos.Work, "seed", rid.String(), "--scope", "all", "--no-fetch")
	bos.Rad(t, bos.Work, "checkout", rid.String())
	push(t, b.repo(t, rid), bo, "refs/heads/bo", "first")
	anas.Commit(t, work, "README", "ana")
	o := replicate.Options{RID: rid}
	during(&o, func() { anas.Git(t, work, "push", "-q", "rad", "master") })
	a.mustFetch(t, b, o)
	head := anas.Git(t, work, "rev-parse", "master")
	for _, name := range []string{master, storage.NamespacePrefix(ana.NID()) + master} {
		if got := anas.Ref(t, rid, name); got != head {
			t.Errorf("%s is at %s, want %s", name, got, head)
		}
	}
	if anas.Ref(t, rid, storage.NamespacePrefix(bo.NID())+"refs/heads/bo") == "" {
		t.Error("Bo's branch did not come")
	}
}

// Bo's node fetches what Ana pushed, and we fetch it too, into the same storage at the same moment.
func TestFetchBesideANode(t *testing.T) {
	anas, bos := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	work := anas.Commit(t, "film", "README", "hello")
	rid := anas.Init(t, work)
	anaNode, boNode := radtest.StartNode(t, anas), radtest.StartNode(t, bos)
	radtest.Connect(t, boNode, anaNode)
	boNode.Clone(t, rid, anaNode)
	a, b := radHome(t, anas), radHome(t, bos)
	for round := range 4 {
		anas.Commit(t, work, "README", fmt.Sprint(round))
		anas.Git(t, work, "push", "-q", "-o", "no-sync", "rad", "master", fmt.Sprintf("master:refs/heads/b%d", round))
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := boNode.Fetch(t.Context(), rid, anaNode.NID(), node.FetchOptions{}); err != nil {
				t.Logf("the node: %v", err) // it does not go on where somebody was faster
			}
		})
		both.Go(func() {
			if _, err := b.fetch(t, a, replicate.Options{RID: rid}); err != nil {
				t.Errorf("round %d: %v", round, err)
			}
		})
		both.Wait()
		sameNamespaces(t, rid, a, b)
		if got, want := bos.Ref(t, rid, master), anas.Git(t, work, "rev-parse", "master"); got != want {
			t.Errorf("round %d: master is at %s, want %s", round, got, want)
		}
	}
	b.check(t, rid)
}
