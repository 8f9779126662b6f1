package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/replicate"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

func TestCloneAndUpdate(t *testing.T) {
	a, b := newHome(t, ana), newHome(t, bo)
	r := a.init(t, a.draft())
	o := replicate.Options{RID: r.RID()}
	result := b.mustFetch(t, a, o)
	if !result.Cloned || len(result.Namespaces) != 1 {
		t.Errorf("%+v", result)
	}
	sameRefs(t, r.RID(), a, b)

	if result := b.mustFetch(t, a, o); result.Bytes != 0 || len(result.Namespaces) != 0 || !result.Identity.IsZero() {
		t.Errorf("nothing is new, and yet %+v", result)
	}

	old, _ := r.Sigrefs(t.Context(), ana.NID())
	was, _ := r.Ref(t.Context(), master)
	pushed := push(t, r, ana, master, "more").List
	canonical(t, r)
	result = b.mustFetch(t, a, o)
	is, _ := r.Ref(t.Context(), master)
	want := replicate.Namespace{NID: ana.NID(), Old: old.At, New: pushed.At, Refs: []storage.Move{{Name: master, From: was, To: is}}}
	if result.Cloned || len(result.Namespaces) != 1 || fmt.Sprint(result.Namespaces[0]) != fmt.Sprint(want) || result.Objects == 0 {
		t.Errorf("%+v", result)
	}
	if len(result.Canonical) != 1 || !result.Canonical[0].Moved() || result.Canonical[0].Object.ID != is {
		t.Errorf("%+v", result.Canonical)
	}
	sameRefs(t, r.RID(), a, b)
}

// Branches are made anew, rewritten, deleted, and become folders and names again.
func TestRefsChange(t *testing.T) {
	s := newScene(t)
	edit := func(f func(ctx context.Context, tx *storage.Tx) error) {
		t.Helper()
		if _, err := s.r.Update(t.Context(), ana, f); err != nil {
			t.Fatal(err)
		}
		s.b.mustFetch(t, s.a, s.options())
		sameRefs(t, s.rid, s.a, s.b)
	}
	head, _ := s.r.Ref(t.Context(), master)
	tag := write(t, s.r, gitobj.KindTag, []byte("object "+head.String()+"\ntype commit\ntag v1\ntagger a <a@example.org> 1 +0000\n\nx\n"))
	edit(func(ctx context.Context, tx *storage.Tx) error {
		return errors.Join(tx.Set(ctx, "refs/heads/a", head), tx.Set(ctx, "refs/heads/x/y", head), tx.Set(ctx, "refs/tags/v1", tag))
	})
	other := commit(t, s.r, nil)
	edit(func(ctx context.Context, tx *storage.Tx) error { return tx.Set(ctx, "refs/heads/a", other) }) // not a descendant
	for _, dir := range []string{s.r.Dir()} {                                                           // git cannot do both in one transaction, nor can Update
		prefix := storage.NamespacePrefix(ana.NID())
		git(t, dir, "update-ref", "-d", prefix+"refs/heads/a")
		git(t, dir, "update-ref", "-d", prefix+"refs/heads/x/y")
	}
	edit(func(ctx context.Context, tx *storage.Tx) error {
		return errors.Join(tx.Set(ctx, "refs/heads/a/b", head), tx.Set(ctx, "refs/heads/x", head), tx.Delete("refs/tags/v1"))
	})
}

// What is here is not sent again, and deltas build on it.
func TestOnlyWhatIsNewIsSent(t *testing.T) {
	s := newScene(t)
	var text strings.Builder
	for i := range 20_000 {
		fmt.Fprintln(&text, "line", i*i)
	}
	push(t, s.r, ana, master, text.String())
	canonical(t, s.r)
	first := s.b.mustFetch(t, s.a, s.options())
	push(t, s.r, ana, master, text.String()+"one more\n")
	canonical(t, s.r)
	second := s.b.mustFetch(t, s.a, s.options())
	if first.Bytes < 20_000 || second.Bytes > first.Bytes/10 || second.Objects > 10 {
		t.Errorf("%d bytes, then %d for %d objects", first.Bytes, second.Bytes, second.Objects)
	}
	sameRefs(t, s.rid, s.a, s.b)
}

// Our own namespace comes with a clone, and is not touched any more after that.
func TestOwnNamespace(t *testing.T) {
	s := newScene(t)
	mine := newHome(t, cy)
	mine.mustFetch(t, s.a, s.options())
	if _, err := mine.repo(t, s.rid).Sigrefs(t.Context(), cy.NID()); err != nil {
		t.Errorf("not restored: %v", err)
	}
	push(t, s.r, cy, "refs/heads/cy", "written elsewhere with the same key")
	before := refsOf(t, mine.repo(t, s.rid))
	mine.mustFetch(t, s.a, s.options())
	if now := refsOf(t, mine.repo(t, s.rid)); !slices.Equal(before, now) {
		t.Errorf("moved:\n%v\n%v", before, now)
	}
}

func TestScope(t *testing.T) {
	s := newScene(t)
	push(t, s.r, eve, "refs/heads/eve", "eve")
	peers := func(o replicate.Options) []radicle.NID {
		t.Helper()
		o.RID = s.rid
		h := newHome(t, bo)
		h.mustFetch(t, s.a, o)
		h.mustFetch(t, s.a, o)
		snapshot, err := h.repo(t, s.rid).Refs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return snapshot.Peers()
	}
	only := func(keys ...*radicle.MemorySigner) func(radicle.NID) bool {
		return func(nid radicle.NID) bool {
			return slices.ContainsFunc(keys, func(k *radicle.MemorySigner) bool { return k.NID() == nid })
		}
	}
	for name, test := range map[string]struct {
		o    replicate.Options
		want []*radicle.MemorySigner
	}{
		"all":               {replicate.Options{}, []*radicle.MemorySigner{ana, cy, eve}},
		"nobody followed":   {replicate.Options{Follows: only()}, []*radicle.MemorySigner{ana}},
		"Cy followed":       {replicate.Options{Follows: only(cy)}, []*radicle.MemorySigner{ana, cy}},
		"Eve blocked":       {replicate.Options{Blocks: only(eve)}, []*radicle.MemorySigner{ana, cy}},
		"followed, blocked": {replicate.Options{Follows: only(cy, eve), Blocks: only(eve)}, []*radicle.MemorySigner{ana, cy}},
	} {
		var want []radicle.NID
		for _, key := range test.want {
			want = append(want, key.NID())
		}
		slices.SortFunc(want, radicle.NID.Compare)
		if got := peers(test.o); !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Of a private repository all members' namespaces come, whoever is followed: the allow list, too.
func TestMembersAlwaysCome(t *testing.T) {
	a, b := newHome(t, ana), newHome(t, bo)
	draft := a.draft()
	draft.SetPrivate(true)
	if err := errors.Join(draft.Allow(bo.NID().DID()), draft.Allow(cy.NID().DID())); err != nil {
		t.Fatal(err)
	}
	r := a.init(t, draft)
	push(t, r, cy, "refs/heads/cy", "cy")
	push(t, r, eve, "refs/heads/eve", "eve")
	result := b.mustFetch(t, a, replicate.Options{RID: r.RID(), Follows: func(radicle.NID) bool { return false }})
	if len(result.Namespaces) != 2 {
		t.Errorf("%+v", result.Namespaces)
	}
}

// Two of three delegates must be valid; those that are here count, and so do we.
func TestThreshold(t *testing.T) {
	a := newHome(t, ana)
	draft := a.draft()
	draft.AddDelegate(bo.NID().DID())
	draft.AddDelegate(cy.NID().DID())
	draft.Threshold = 2
	doc, err := draft.Verify()
	if err != nil {
		t.Fatal(err)
	}
	r := foundAlone(t, a, doc)
	o := replicate.Options{RID: r.RID()}
	h := newHome(t, eve)
	_, err = h.fetch(t, a, o)
	if e, ok := errors.AsType[*replicate.ThresholdError](err); !ok || e.Threshold != 2 || e.Valid != 1 {
		t.Errorf("one of two: %v", err)
	}
	mine := newHome(t, bo) // a delegate, but with nothing here yet
	if _, err := mine.fetch(t, a, o); !as[*replicate.ThresholdError](err) {
		t.Errorf("one of two, and ours is not here: %v", err)
	}
	push(t, r, cy, master, "cy")
	if _, err := h.fetch(t, a, o); err != nil {
		t.Errorf("two of two: %v", err)
	}
	if _, err := mine.fetch(t, a, o); err != nil {
		t.Errorf("two of two: %v", err)
	}
	// Cy's is broken from now on. Ana's alone is enough for whom has Bo's.
	push(t, mine.repo(t, r.RID()), bo, master, "bo")
	push(t, r, ana, "refs/heads/news", "news")
	forge(t, r, cy, func(lines map[string]string) { lines[master] = strings.Repeat("1", 40) })
	if _, err := h.fetch(t, a, o); !as[*replicate.ThresholdError](err) {
		t.Errorf("one is broken: %v", err)
	}
	result, err := mine.fetch(t, a, o)
	if err != nil || len(result.Namespaces) != 1 || len(result.Refused) != 1 {
		t.Errorf("ours counts: %+v, %v", result, err)
	}
	// Who blocks delegates has too few.
	push(t, r, eve, "refs/heads/eve", "eve")
	o.Blocks = func(nid radicle.NID) bool { return nid == ana.NID() || nid == cy.NID() }
	if _, err := mine.fetch(t, a, o); !as[*replicate.ThresholdError](err) {
		t.Errorf("delegates are blocked: %v", err)
	}
}

// foundAlone makes a repository whose document asks for more delegates than there are, by making one of which a later document does.
func foundAlone(t *testing.T, h *home, doc *identity.Document) *storage.Repo {
	t.Helper()
	dir, head := newSource(t)
	one, err := h.draft().Verify()
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := h.storage.Init(t.Context(), h.key, storage.New{Document: one, Alias: "ana", Source: filepath.Join(dir, ".git"), Head: head})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	propose(t, r, h.key, doc)
	return r
}

// A tag that all namespaces agree on, by a rule of the document, cannot be where others are below its name.
func TestCanonicalTagInTheWay(t *testing.T) {
	a, b := newHome(t, ana), newHome(t, bo)
	draft := a.draft()
	err := draft.SetPayload(identity.CanonicalRefsPayload, "rules", cjson.Object{{Key: "refs/tags/*", Value: cjson.Object{
		{Key: "allow", Value: "delegates"}, {Key: "threshold", Value: cjson.Int(1)},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r := a.init(t, draft)
	o := replicate.Options{RID: r.RID()}
	b.mustFetch(t, a, o)
	theirs := b.repo(t, r.RID())
	head, _ := theirs.Ref(t.Context(), master)
	git(t, theirs.Dir(), "update-ref", "refs/tags/v1/x", head.String())
	push(t, r, ana, "refs/tags/v1", "v1")
	push(t, r, ana, "refs/tags/v2", "v2")
	result, err := b.fetch(t, a, o)
	if err != nil || len(result.Namespaces) != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
	for _, c := range result.Canonical {
		if (c.Name == "refs/tags/v1") != errors.Is(c.Err, replicate.ErrConflict) {
			t.Errorf("%+v", c)
		}
	}
	if _, err := theirs.Ref(t.Context(), "refs/tags/v2"); err != nil {
		t.Error(err)
	}
	newHome(t, cy).mustFetch(t, a, o) // where nothing is in the way
}

// Limits refuse a namespace or the whole.
func TestLimits(t *testing.T) {
	s := newScene(t)
	push(t, s.r, eve, "refs/heads/eve", "eve")
	for name, test := range map[string]struct {
		limits replicate.Limits
		level  sigrefs.Level
		whole  bool
	}{
		"bytes":      {limits: replicate.Limits{Pack: 100}, whole: true},
		"objects":    {limits: replicate.Limits{Objects: 3}, whole: true},
		"object":     {limits: replicate.Limits{Object: 50}, whole: true},
		"unpacked":   {limits: replicate.Limits{Unpacked: 200}, whole: true},
		"namespaces": {limits: replicate.Limits{Namespaces: 2}},
		"refs":       {limits: replicate.Limits{Refs: 6}},
	} {
		h := newHome(t, bo)
		o := s.options()
		o.Limits = test.limits
		result, err := h.fetch(t, s.a, o)
		if test.whole {
			if !as[*replicate.LimitError](err) {
				t.Errorf("%s: %+v, %v", name, result, err)
			}
			continue
		}
		if err != nil || len(result.Refused) != 1 || !as[*replicate.LimitError](result.Refused[0].Err) || len(result.Namespaces) != 2 {
			t.Errorf("%s: %+v, %v", name, result, err)
			continue
		}
		if result.Refused[0].NID == ana.NID() {
			t.Errorf("%s: the delegate was left out", name)
		}
		h.check(t, s.rid)
	}
}

// One list of refs, stored once, is signed by every commit of a long history that must be read to its end.
func TestReadingIsBounded(t *testing.T) {
	s := newScene(t)
	refs := sigrefs.Refs{{Name: "refs/heads/" + strings.Repeat("x", 200), ID: commit(t, s.r, nil)}}
	var at radicle.Oid
	for i := range 40 {
		text := sigrefs.Text{Refs: refs}.Encode()
		if i == 0 {
			at = signed(t, s.r, eve, text)
		} else {
			at = signed(t, s.r, eve, text, at)
		}
	}
	plant(t, s.r, eve.NID(), sigrefs.RefSigrefs, at)
	s.goodNews(t)
	o := s.options()
	o.MaxRead(10_000)
	result, err := s.b.fetch(t, s.a, o)
	if err != nil || len(result.Namespaces) != 1 || !as[*replicate.LimitError](why(result, eve)) {
		t.Errorf("%+v, %v", result, err)
	}
	if result, err := s.b.fetch(t, s.a, s.options()); err != nil || len(result.Namespaces) != 1 {
		t.Errorf("within bounds: %+v, %v", result, err)
	}
}

// What strangers have does not keep away what members have, however much it is.
func TestStrangersDoNotCrowdOutMembers(t *testing.T) {
	s := newScene(t)
	big := make([]byte, 300_000)
	rand.NewChaCha8([32]byte{}).Read(big) //nolint:errcheck // never fails
	push(t, s.r, eve, "refs/heads/eve", string(big))
	s.goodNews(t)
	for _, h := range []*home{s.b, newHome(t, bo)} {
		o := s.options()
		o.Limits.Pack = 200_000
		result, err := h.fetch(t, s.a, o)
		if err != nil || !as[*replicate.LimitError](why(result, eve)) || why(result, ana) != nil || len(result.Namespaces) == 0 {
			t.Errorf("%+v, %v", result, err)
		}
		h.check(t, s.rid)
	}
}

func TestMinLevel(t *testing.T) {
	s := newScene(t)
	tree := commit(t, s.r, nil)
	text := sigrefs.Text{Refs: sigrefs.Refs{{Name: "refs/heads/eve", ID: tree}}}.Encode()
	plant(t, s.r, eve.NID(), sigrefs.RefSigrefs, signed(t, s.r, eve, text))
	o := s.options()
	o.MinLevel = sigrefs.Root
	result, err := s.b.fetch(t, s.a, o)
	if err != nil || !as[*replicate.LevelError](why(result, eve)) {
		t.Errorf("%+v, %v", result, err)
	}
	result = s.b.mustFetch(t, s.a, s.options()) // as Radicle does by default
	if len(result.Namespaces) != 1 {
		t.Errorf("%+v", result)
	}
}

// The same over the system's pipes, which have a kernel's buffer and no deadlines.
func TestOverPipes(t *testing.T) {
	s := newScene(t)
	fromAsker, toServer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromServer, toAsker, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- s.a.server(replicate.ServerOptions{}).Serve(context.Background(), pipes{fromAsker, toAsker}, radicle.DID{})
	}()
	h := newHome(t, bo)
	if _, err := h.fetchStream(t, pipes{fromServer, toServer}, s.options()); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	h.check(t, s.rid)
}

// pipes is one end of two.
type pipes struct{ r, w *os.File }

func (p pipes) Read(b []byte) (int, error)  { return p.r.Read(b) }
func (p pipes) Write(b []byte) (int, error) { return p.w.Write(b) }
func (p pipes) Close() error                { return errors.Join(p.w.Close(), p.r.Close()) }

func TestList(t *testing.T) {
	s := newScene(t)
	for _, b := range []byte{5, 8, 10, 11} { // whose NIDs come before Ana's
		push(t, s.r, signer(b), "refs/heads/x", "x")
	}
	l := s.listing(t)
	sorted := slices.IsSortedFunc(l.Peers[1:], func(a, b replicate.Peer) int { return strings.Compare(a.NID.String(), b.NID.String()) })
	if len(l.Peers) != 6 || l.Peers[0].NID != ana.NID() || !sorted {
		t.Errorf("%+v: members first", l)
	}
	for _, p := range l.Peers {
		if at, _ := s.r.Ref(t.Context(), storage.NamespacePrefix(p.NID)+sigrefs.RefSigrefs); at != p.Head {
			t.Errorf("%+v", p)
		}
	}
	if at, _ := s.r.Ref(t.Context(), "refs/rad/id"); at != l.Identity {
		t.Errorf("%v", l.Identity)
	}
}
