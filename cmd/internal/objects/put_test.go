package objects_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/cmd/internal/control"
)

func (h *countingHolder) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	offers = slices.Clone(offers)
	for i := range offers {
		share := offers[i].Share
		offers[i].Share = func() (io.ReadCloser, error) {
			r, err := share()
			return &countedShare{r, h}, err
		}
	}
	return h.Holder.Put(ctx, offers)
}

type countedShare struct {
	io.ReadCloser
	h *countingHolder
}

func (r *countedShare) Read(b []byte) (int, error) {
	n, err := r.ReadCloser.Read(b)
	r.h.taken.Add(int64(n))
	return n, err
}

// What is put is spread as the number of friends says, and comes back.
func TestPutPlacesAndGetBringsBack(t *testing.T) {
	for friends, want := range map[int]control.Safety{
		1:  {Stored: true, People: 1, Spare: 0, K: 1, N: 1, Placed: 1, Safe: true, Full: true},
		2:  {Stored: true, People: 2, Spare: 1, K: 1, N: 2, Placed: 2, Safe: true, Full: true},
		4:  {Stored: true, People: 4, Spare: 2, K: 2, N: 4, Placed: 4, Safe: true, Full: true},
		10: {Stored: true, People: 10, Spare: 7, K: 3, N: 10, Placed: 10, Safe: true, Full: true},
		20: {Stored: true, People: 20, Spare: 10, K: 10, N: 20, Placed: 20, Safe: true, Full: true},
	} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(friends)), newFile(t, 3<<20, 1)
			out := h.mustPut(f, control.Full)
			if out.Safety != want || out.Object != control.Pointer(f.Pointer) || len(out.Failed) > 0 {
				t.Errorf("%d friends: %+v", friends, out)
			}
			if h.town.taken() < f.Size {
				t.Errorf("%d bytes at friends", h.town.taken())
			}
			fetched := h.mustGet(f)
			if len(fetched.Sources) < want.K {
				t.Errorf("sources %+v", fetched.Sources)
			}
			h.close()
		})
	}
}

// The same file again stores nothing, and one whose name is known is not even read.
func TestPutAgainStoresNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(5)), newFile(t, 1<<20, 1)
		h.mustPut(f, control.Full)
		before := h.town.taken()
		again := h.mustPut(f, control.Full)
		if again.Sent != 0 || h.town.taken() != before || !again.Safety.Full {
			t.Errorf("again: %+v, %d bytes", again, h.town.taken()-before)
		}
		start := time.Now()
		out, err := h.Put(t.Context(), control.Put{Path: f.path, Object: (*control.Pointer)(&f.Pointer)}, nil)
		if err != nil || !out.Safety.Safe || time.Since(start) > 0 {
			t.Errorf("by name: %+v, %v", out, err)
		}
		h.close()
	})
}

// Without a friend an object stays here, and goes to the first that comes.
func TestPutWithoutFriends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(0)), newFile(t, 1<<20, 1)
		var said heard
		out, err := h.Put(t.Context(), control.Put{Path: f.path}, said.tell)
		if _, note := said.note("no friend yet"); err != nil || out.Safety.Stored || note == "" {
			t.Fatalf("%+v, %v, %q", out, err, note)
		}
		_, err = h.put(f, control.Safe)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeMissing || e.Hint != "rad swarm invite --give 50GB" {
			t.Errorf("safe: %v", err)
		}
		if c := h.Counts(); c.Pending != 1 || c.Safe != 0 {
			t.Errorf("%+v", c)
		}
		h.town.add()
		until(t, "placed", func() bool { return h.Counts().Full == 1 })
		h.mustGet(f)
		h.close()
	})
}

// Whoever is missing is named within five seconds, and when nothing has moved for twenty the client is told how it may go on.
func TestPutNamesWhoIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*town, *neighbour)
		want   string
		code   control.Code
	}{
		"away":   {func(w *town, n *neighbour) { w.goAway(n) }, "bo (last seen just now)", control.CodeMissing},
		"frozen": {func(_ *town, n *neighbour) { n.holder.Set(blobtest.Mute(n.view())) }, "bo (does not answer)", control.CodeMissing},
		"full":   {func(_ *town, n *neighbour) { n.holder.Set(blobtest.Full(n.view())) }, "bo (has no room)", control.CodeMissing},
	} {
		synctest.Test(t, func(t *testing.T) {
			h, f := newHome(t, newTown(3)), newFile(t, 2<<20, 1)
			h.town.goAway(h.town.all[1])
			c.change(h.town, h.town.all[0])
			var said heard
			start := time.Now()
			_, err := h.Put(t.Context(), control.Put{Path: f.path}, said.tell)
			e, ok := errors.AsType[*control.Error](err)
			if !ok || e.Code != c.code || !strings.Contains(e.Message, "2 shares needed, 1 friend reachable") ||
				!strings.Contains(e.Message, c.want) || !strings.Contains(e.Message, "cy (last seen") ||
				e.Hint != "rad swarm put --require local "+f.path {
				t.Errorf("%s: %#v", name, err)
			}
			if took := time.Since(start); took < 20*time.Second || took > 35*time.Second {
				t.Errorf("%s: after %v", name, took)
			}
			at, note := said.note("bo")
			if at.Sub(start) > 5*time.Second || note == "" {
				t.Errorf("%s: told %q after %v", name, note, at.Sub(start))
			}
			h.town.comeBack(h.town.all...) // and it goes on without the client
			until(t, "placed", func() bool { return h.Counts().Full == 1 })
			h.close()
		})
	}
}

// What is required is met by those who are there, and the rest goes to whoever comes.
func TestPutReturnsWhenItIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, f := newHome(t, newTown(10)), newFile(t, 3<<20, 1)
		h.town.goAway(h.town.all[:4]...)
		out := h.mustPut(f, control.Safe)
		if !out.Safety.Safe || out.Safety.Full {
			t.Errorf("%+v", out.Safety)
		}
		until(t, "six have theirs", func() bool { return h.List().Objects[0].Placed == 6 })
		until(t, "it waits", func() bool { return strings.Contains(h.List().Objects[0].Waiting, "bo (last seen") })
		h.town.comeBack(h.town.all[:4]...)
		until(t, "all have theirs", func() bool { return h.Counts().Full == 1 && h.Counts().Pending == 0 })
		if h.town.shares() != 10 {
			t.Errorf("%d shares", h.town.shares())
		}
		h.close()
	})
}

// People of one household count as one: they lose their disks together.
func TestPutCountsHouseholds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(5)
		for _, n := range w.all[:3] {
			w.set(n, func(n *neighbour) { n.household = "mill" })
		}
		h, f := newHome(t, w), newFile(t, 1<<20, 1)
		out := h.mustPut(f, control.Full)
		if want := (control.Safety{Stored: true, People: 3, Spare: 1, K: 2, N: 3, Placed: 3, Safe: true, Full: true}); out.Safety != want {
			t.Errorf("%+v", out.Safety)
		}
		homes := 0
		for _, n := range w.all[:3] {
			homes += n.store.Len()
		}
		if homes != 1 {
			t.Errorf("%d shares in one household", homes)
		}
		h.close()
	})
}
