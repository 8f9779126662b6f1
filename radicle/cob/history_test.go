package cob_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// lister is an object that notes which operations are applied. It refuses those that are told.
type lister struct {
	order  []radicle.Oid
	refuse map[radicle.Oid]error
	each   func(e *cob.Entry, concurrent func() bool)
}

func (l *lister) Init(_ context.Context, e *cob.Entry) error {
	l.order = append(l.order, e.ID)
	return l.refuse[e.ID]
}

func (l *lister) Apply(_ context.Context, e *cob.Entry, concurrent func() bool) error {
	if l.each != nil {
		l.each(e, concurrent)
	}
	if err := l.refuse[e.ID]; err != nil {
		return err
	}
	l.order = append(l.order, e.ID)
	return nil
}

// TestHistoryVectors: graphs of operations, some of them broken, and the order in which radicle-cob 0.21.1 applied them.
func TestHistoryVectors(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", "radicle", "cob", "histories.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Objects []struct {
			Kind string
			Data []byte
		}
		Root                   radicle.Oid
		Tips, Order, TipsAfter []radicle.Oid
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		w := gitobj.NewMemory(20)
		for _, o := range v.Objects {
			kind, _ := gitobj.ParseKind(o.Kind)
			if _, err := w.Write(t.Context(), kind, o.Data); err != nil {
				t.Fatal(err)
			}
		}
		h, err := cob.ReadHistory(t.Context(), w, v.Tips, cob.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		l := new(lister)
		if err := h.Fold(t.Context(), v.Root, l); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(v.Order, l.order, ignoreHidden); diff != "" {
			t.Errorf("history %d, order: %s", i, diff)
		}
		if diff := cmp.Diff(v.TipsAfter, h.Tips(), ignoreHidden); diff != "" {
			t.Errorf("history %d, tips: %s", i, diff)
		}
	}
}

// graph writes small histories.
type graph struct {
	t *testing.T
	*gitobj.Memory
}

func newGraph(t *testing.T) *graph { return &graph{t, gitobj.NewMemory(20)} }

// op writes an operation with a time; text makes it different from others.
func (g *graph) op(seconds int64, text string, tips ...*cob.Entry) *cob.Entry {
	g.t.Helper()
	c := cob.Change{Type: "org.example.test", Message: "m", Actions: actions(fmt.Sprintf("%q", text))}
	for _, tip := range tips {
		c.Tips = append(c.Tips, tip.ID)
	}
	who := gitobj.Signature{Name: "ana", Email: "ana@example.org", Seconds: seconds, Zone: gitobj.UTC}
	return mustWrite(g.t, g, c, signer(1), who)
}

// commit writes a changed version of an operation's commit.
func (g *graph) commit(e *cob.Entry, change func(*gitobj.Commit)) radicle.Oid {
	g.t.Helper()
	commit, err := gitobj.ReadCommit(g.t.Context(), g, e.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	change(&commit)
	data, err := commit.Encode()
	if err != nil {
		g.t.Fatal(err)
	}
	id, err := g.Write(g.t.Context(), gitobj.KindCommit, data)
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

func (g *graph) read(tips ...radicle.Oid) *cob.History {
	g.t.Helper()
	h, err := cob.ReadHistory(g.t.Context(), g, tips, cob.Limits{})
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

func (g *graph) fold(h *cob.History, root *cob.Entry, l *lister) string {
	g.t.Helper()
	if err := h.Fold(g.t.Context(), root.ID, l); err != nil {
		g.t.Fatal(err)
	}
	var texts []string
	for _, id := range l.order {
		e, err := cob.ReadEntry(g.t.Context(), g, id, cob.Limits{})
		if err != nil {
			g.t.Fatal(err)
		}
		texts = append(texts, strings.Trim(string(e.Actions[0]), `"`))
	}
	return strings.Join(texts, " ")
}

func TestConcurrentOperationsAreOrderedByTime(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	base := g.op(2, "base", root)
	late, early := g.op(9, "late", base), g.op(3, "early", base)
	after := g.op(4, "after-late", late)
	join := g.op(5, "join", after, early)
	if got := g.fold(g.read(join.ID), root, new(lister)); got != "root base early late after-late join" {
		t.Error(got)
	}
	h := g.read(after.ID, early.ID)
	if want := sortedIDs(after.ID, early.ID); !slices.Equal(h.Tips(), want) {
		t.Errorf("tips %v, want %v", h.Tips(), want)
	}
}

func sortedIDs(ids ...radicle.Oid) []radicle.Oid {
	slices.SortFunc(ids, radicle.Oid.Compare)
	return ids
}

// TestRefusedOperationTakesItsSuccessors: also one that has another, good operation before it.
func TestRefusedOperationTakesItsSuccessors(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	base := g.op(2, "base", root)
	bad, good := g.op(3, "bad", base), g.op(4, "good", base)
	both, onBad := g.op(5, "both", bad, good), g.op(6, "on-bad", bad)
	h := g.read(both.ID, onBad.ID)
	refusal := errors.New("no")
	got := g.fold(h, root, &lister{refuse: map[radicle.Oid]error{bad.ID: refusal}})
	if got != "root base good" || !slices.Equal(h.Tips(), []radicle.Oid{good.ID}) || h.Len() != 3 {
		t.Errorf("%s, tips %v", got, h.Tips())
	}
	skipped := h.Skipped()
	entry, ok := errors.AsType[*cob.EntryError](skipped[0])
	if len(skipped) != 1 || !ok || entry.ID != bad.ID || !errors.Is(entry, refusal) {
		t.Errorf("skipped %v", skipped)
	}
}

func TestOperationWithWrongSignatureIsRefused(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	next := g.op(2, "next", root)
	forged := g.commit(next, func(c *gitobj.Commit) { c.Tree = root.Tree })
	h := g.read(forged)
	if got := g.fold(h, root, new(lister)); got != "root" || !errors.Is(errors.Join(h.Skipped()...), cob.ErrSignature) {
		t.Errorf("%s, %v", got, h.Skipped())
	}
	forgedRoot := g.commit(root, func(c *gitobj.Commit) { c.Tree = next.Tree })
	if err := g.read(forgedRoot).Fold(t.Context(), forgedRoot, new(lister)); !errors.Is(err, cob.ErrSignature) {
		t.Errorf("root: %v", err)
	}
}

func TestUnreadableOperationIsLeftOut(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	unsigned := g.commit(g.op(2, "unsigned", root), func(c *gitobj.Commit) { c.Headers = nil })
	onUnsigned := g.op(3, "on-unsigned", &cob.Entry{ID: unsigned})
	both := g.op(4, "both", root, &cob.Entry{ID: unsigned})
	h := g.read(onUnsigned.ID, both.ID)
	if got := g.fold(h, root, new(lister)); got != "root both" {
		t.Error(got)
	}
	if !slices.Equal(h.Tips(), sortedIDs(onUnsigned.ID, both.ID)) || !errors.Is(errors.Join(h.Skipped()...), cob.ErrUnsigned) {
		t.Errorf("tips %v, skipped %v", h.Tips(), h.Skipped())
	}
}

func TestRootProblems(t *testing.T) {
	g := newGraph(t)
	root, other := g.op(1, "root"), g.op(2, "other")
	for name, tips := range map[string][]radicle.Oid{"no tips": nil, "another object": {other.ID}, "absent": {parse(t, strings.Repeat("1", 40))}} {
		if err := g.read(tips...).Fold(t.Context(), root.ID, new(lister)); !errors.Is(err, cob.ErrNoRoot) {
			t.Errorf("%s: %v", name, err)
		}
	}
	refusal := errors.New("no")
	if err := g.read(root.ID).Fold(t.Context(), root.ID, &lister{refuse: map[radicle.Oid]error{root.ID: refusal}}); err != refusal {
		t.Errorf("Init's error became %v", err)
	}
}

func TestConcurrent(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	base := g.op(2, "base", root)
	left, right := g.op(3, "left", base), g.op(4, "right", base)
	join := g.op(5, "join", left, right)
	side := g.op(6, "side", root)
	got := map[radicle.Oid]bool{}
	l := &lister{each: func(e *cob.Entry, concurrent func() bool) { got[e.ID] = concurrent() }}
	g.fold(g.read(join.ID), root, l)
	if want := map[radicle.Oid]bool{base.ID: false, left.ID: true, right.ID: true, join.ID: false}; !cmp.Equal(got, want, ignoreHidden) {
		t.Errorf("%v, want %v", got, want)
	}
	g.fold(g.read(join.ID, side.ID), root, l)
	if !got[base.ID] || !got[join.ID] {
		t.Error("an operation beside the others is not seen")
	}
}
