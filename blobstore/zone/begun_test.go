package zone_test

import (
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
)

// handed is a round whose result is not applied.
func (w *world) handed(begun []zone.Begun, z zone.Zone, names ...string) *zone.Result {
	w.Helper()
	r := w.round(w.ana)
	r.Begun = begun
	for _, name := range names {
		r.Pending = append(r.Pending, zone.Pending{Object: w.stored(w.ana, name), Zone: z})
	}
	return must[*zone.Result](w)(r.Plan(w.Context()))
}

// epochs returns how many there are in ana's branch.
func (w *world) epochs(kind keyring.GroupKind) int {
	w.Helper()
	return len(must[[]keyring.Kept](w)(w.read(w.place(w.ana)).Kept(w.Context(), record.NewOpener(w.ana.ring), kind)))
}

// Two batches are planned before one is written: they have one epoch, and each opens alone.
func TestBatchesThatWait(t *testing.T) {
	bo := newWorld(t).bo.did()
	for name, z := range map[string]zone.Zone{"follow": follow, "shared": named(t, bo)} {
		for _, written := range [][]int{{0, 1}, {1, 0}, {0}, {1}} {
			w := newWorld(t)
			w.readers = dids(w.ana, w.bo)
			first := w.handed(nil, z, "one")
			second := w.handed(first.Begun, z, "two")
			if len(first.Begun) != 1 || len(second.Begun) != 1 {
				t.Fatalf("%s: begun %d and %d", name, len(first.Begun), len(second.Begun))
			}
			kind := first.Begun[0].Kind
			for _, i := range written {
				w.apply(w.place(w.ana), []*zone.Result{first, second}[i])
			}
			if n := w.epochs(kind); n != 1 {
				t.Errorf("%s, %v written: %d epochs", name, written, n)
			}
			for i, name := range []string{"one", "two"} {
				is := len(written) == 2 || written[0] == i
				if w.branch(w.ana).Has(film(name)) != is || is && !w.opens(w.bo, w.ana, name) {
					t.Errorf("%s, %v written: %s does not open, or is there", z, written, name)
				}
			}
			third := w.handed(second.Begun, z)
			if !third.Empty() || len(third.Begun) != 0 {
				t.Errorf("%s, %v written: there is more to do: %d envelopes, begun %d", name, written, len(third.Batch.Envelopes), len(third.Begun))
			}
		}
	}
}

// Who was removed meanwhile has an envelope of the epoch that waits, and so there is another one.
func TestRemovedWhileBatchWaits(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	first := w.handed(nil, follow, "one")
	w.readers = dids(w.ana, w.cy)
	second := w.handed(first.Begun, follow, "two")
	w.apply(w.place(w.ana), first)
	w.apply(w.place(w.ana), second)
	if n := w.epochs(keyring.Members); n != 2 {
		t.Errorf("%d epochs", n)
	}
	w.want("one", "abc") // who comes reads what was there
	w.want("two", "ac")
	if len(second.Begun) != 2 {
		t.Errorf("begun %d", len(second.Begun))
	}
}

// What was begun and is in the branch by now is not begun any more; of what never is, the latest are remembered.
func TestManyBegun(t *testing.T) {
	w := newWorld(t)
	var begun []zone.Begun
	for i := range 40 {
		w.readers = append(dids(w.ana), someone(i))
		begun = w.handed(begun, follow, "one").Begun
	}
	if len(begun) != 16 || begun[15].Number != 39 {
		t.Errorf("begun %d, up to number %d", len(begun), begun[len(begun)-1].Number)
	}
}
