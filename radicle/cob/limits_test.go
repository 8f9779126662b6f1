package cob_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

func TestFatalErrorsEndTheReading(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	next := g.op(2, "next", root)
	failure := errors.New("disk is gone")
	broken := hiding{g, map[radicle.Oid]error{root.ID: failure}}
	if _, err := cob.ReadHistory(t.Context(), broken, []radicle.Oid{next.ID}, cob.Limits{}); err != failure {
		t.Errorf("ReadHistory: %v", err)
	}
	l := &lister{refuse: map[radicle.Oid]error{next.ID: &cob.FatalError{Err: failure}}}
	if err := g.read(next.ID).Fold(t.Context(), root.ID, l); err != failure {
		t.Errorf("Fold: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cob.ReadHistory(ctx, g, []radicle.Oid{next.ID}, cob.Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadHistory after cancel: %v", err)
	}
	if err := g.read(next.ID).Fold(ctx, root.ID, new(lister)); !errors.Is(err, context.Canceled) {
		t.Errorf("Fold after cancel: %v", err)
	}
}

func TestLimits(t *testing.T) {
	g := newGraph(t)
	e := g.op(1, "root")
	for i := range int64(9) {
		e = g.op(i+2, "next", e)
	}
	tips := []radicle.Oid{e.ID}
	if _, err := cob.ReadHistory(t.Context(), g, tips, cob.Limits{Ops: 10}); err != nil {
		t.Errorf("10 of 10 operations: %v", err)
	}
	_, err := cob.ReadHistory(t.Context(), g, tips, cob.Limits{Ops: 9})
	if limit, ok := errors.AsType[*cob.LimitError](err); !ok || limit.What != "operations" || limit.Max != 9 {
		t.Errorf("10 of 9 operations: %v", err)
	}
	_, err = cob.ReadHistory(t.Context(), g, tips, cob.Limits{Total: 4000})
	if limit, ok := errors.AsType[*cob.LimitError](err); !ok || limit.What != "bytes" || limit.Max != 4000 {
		t.Errorf("4000 bytes: %v", err)
	}
}

// TestParentsCount: names of operations take more memory than the text they are read from.
func TestParentsCount(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	wide := g.commit(root, func(c *gitobj.Commit) {
		for i := range 1000 {
			c.Parents = append(c.Parents, parse(t, fmt.Sprintf("%040x", i+1)))
		}
	})
	if e, err := cob.ReadEntry(t.Context(), g, wide, cob.Limits{}); err != nil || len(e.Parents) != 1000 {
		t.Errorf("1000 parents: %v", err)
	}
	_, err := cob.ReadHistory(t.Context(), g, []radicle.Oid{wide}, cob.Limits{Total: 200_000})
	if _, ok := errors.AsType[*cob.LimitError](err); !ok {
		t.Errorf("1000 parents in 200,000 bytes: %v", err)
	}
}

// TestLargeActionDoesNotHideWhatFollows: 10 MiB by a stranger must not make an object unreadable, nor be held in memory.
func TestLargeActionDoesNotHideWhatFollows(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	large := g.op(2, strings.Repeat("x", 10<<20), root)
	next := g.op(3, "next", large)
	h := g.read(next.ID)
	if got := g.fold(h, root, new(lister)); got != "root next" || h.Len() != 3 {
		t.Errorf("%s", got)
	}
	if _, ok := errors.AsType[*gitobj.TooLargeError](errors.Join(h.Skipped()...)); !ok {
		t.Errorf("skipped %v", h.Skipped())
	}
	e, err := cob.ReadEntry(t.Context(), g, large.ID, cob.Limits{})
	if err != nil || e.TooLarge == nil || e.Actions != nil || e.Verify() != nil {
		t.Errorf("%v, %v", e.TooLarge, err)
	}
	if err := g.read(large.ID).Fold(t.Context(), large.ID, new(lister)); err == nil {
		t.Error("an object whose first operation is too large was folded")
	}
	exact := g.op(4, strings.Repeat("x", 1<<20-2), root)
	if e, err := cob.ReadEntry(t.Context(), g, exact.ID, cob.Limits{}); err != nil || e.TooLarge != nil {
		t.Errorf("1 MiB: %v, %v", e.TooLarge, err)
	}
}

// knot is a reader that gives one commit the bytes of another: a store that lies about its ids.
type knot struct {
	gitobj.Reader
	swap map[radicle.Oid]radicle.Oid
}

func (k knot) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if other, ok := k.swap[id]; ok {
		id = other
	}
	return k.Reader.Read(ctx, id, max)
}

func TestCycle(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	a := g.op(2, "a", root)
	b := g.op(3, "b", a)
	c := g.op(4, "c", a, b)
	lying := knot{g, map[radicle.Oid]radicle.Oid{a.ID: c.ID}}
	if _, err := cob.ReadHistory(t.Context(), lying, []radicle.Oid{b.ID}, cob.Limits{}); !errors.Is(err, cob.ErrCycle) {
		t.Errorf("cycle of two: %v", err)
	}
	self := knot{g, map[radicle.Oid]radicle.Oid{root.ID: a.ID}}
	if _, err := cob.ReadHistory(t.Context(), self, []radicle.Oid{root.ID}, cob.Limits{}); !errors.Is(err, cob.ErrCycle) {
		t.Errorf("operation before itself: %v", err)
	}
}

// TestLongChain has more operations than a recursive walk has stack in some languages.
func TestLongChain(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 1,000 operations")
	}
	g := newGraph(t)
	root := g.op(1, "root")
	e := root
	for i := range int64(1_000) {
		e = g.op(i, "next", e)
	}
	l := new(lister)
	if err := g.read(e.ID).Fold(t.Context(), root.ID, l); err != nil || len(l.order) != 1_001 || l.order[1_000] != e.ID {
		t.Errorf("%d applied, %v", len(l.order), err)
	}
}

func TestAppend(t *testing.T) {
	g := newGraph(t)
	root := g.op(1, "root")
	left, right := g.op(2, "left", root), g.op(3, "right", root)
	h := g.read(left.ID, right.ID)
	join := g.op(4, "join", left, right)
	h.Append(join)
	if got := h.Tips(); !slices.Equal(got, []radicle.Oid{join.ID}) || h.Len() != 4 {
		t.Errorf("tips %v", got)
	}
	if e, ok := h.Entry(join.ID); !ok || e != join {
		t.Error("Entry")
	}
	if _, ok := h.Entry(parse(t, strings.Repeat("1", 40))); ok {
		t.Error("an entry that is not there")
	}
	fresh := cob.NewHistory(root)
	if got := fresh.Tips(); !slices.Equal(got, []radicle.Oid{root.ID}) {
		t.Errorf("new history: tips %v", got)
	}
}

// TestReadErrorSorts what a reader can say.
func TestReadErrorSorts(t *testing.T) {
	about := []error{fs.ErrNotExist, &gitobj.TooLargeError{}, &gitobj.ParseError{}, &gitobj.KindError{}}
	for _, err := range about {
		if got := cob.ReadError(fmt.Errorf("x: %w", err)); !errors.Is(got, err) || isFatal(got) {
			t.Errorf("%T became %v", err, got)
		}
	}
	for _, err := range []error{context.Canceled, context.DeadlineExceeded, errors.New("disk"), fs.ErrPermission} {
		if got := cob.ReadError(err); !isFatal(got) || !errors.Is(got, err) || got.Error() != err.Error() {
			t.Errorf("%v became %v", err, got)
		}
	}
	if cob.ReadError(nil) != nil {
		t.Error("nil")
	}
}

func isFatal(err error) bool {
	_, ok := errors.AsType[*cob.FatalError](err)
	return ok
}

// TestSlowReaderStops: a reader that hangs ends with its context, however long that takes.
func TestSlowReaderStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1e9)
		defer cancel()
		if _, err := cob.ReadHistory(ctx, hanging{}, []radicle.Oid{parse(t, strings.Repeat("1", 40))}, cob.Limits{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

type hanging struct{}

func (hanging) Read(ctx context.Context, _ radicle.Oid, _ int64) (gitobj.Kind, []byte, error) {
	<-ctx.Done()
	return 0, nil, ctx.Err()
}
