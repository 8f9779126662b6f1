package zone_test

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
	"radswarm/radicle"
)

// change changes a film of Ana's.
func (w *world) change(name string, to zone.Zone) (*zone.Result, error) {
	w.Helper()
	r := w.round(w.ana)
	result, err := r.Change(w.Context(), to, film(name))
	if err == nil {
		w.apply(r.Place, result)
	}
	return result, err
}

func TestEveryChange(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.cy)
	sb, sbc := named(t, w.bo.did()), named(t, w.bo.did(), w.cy.did())
	zones := []zone.Zone{private, sb, sbc, follow, public}
	opens := map[zone.Zone]string{private: "a", sb: "ab", sbc: "abc", follow: "ac", public: "abcn"}
	for _, from := range zones {
		for _, to := range zones {
			w.branches = map[radicle.DID]files{}
			w.push(w.ana, private, "film")
			if from != private {
				must[*zone.Result](t)(w.change("film", from))
			}
			w.want("film", opens[from])
			_, err := w.change("film", to)
			inward, refused := errors.AsType[*zone.InwardError](err)
			if refused == from.Within(to) {
				t.Errorf("from %v to %v: %v", from, to, err)
			}
			want := opens[to]
			switch {
			case refused:
				want = opens[from]
				if inward.Is != from.Kind() || inward.Asked != to || inward.Pointer != film("film") {
					t.Error(inward)
				}
			case from.Kind() == zone.Shared && to == follow:
				want = "abc" // whoever was named keeps it
			}
			w.want("film", want)
		}
	}
}

func TestOutwardMovesNoShare(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	holders := []radicle.DID{someone(1), {}, someone(2)}
	held := func(s *spec) { s.holders = holders }
	w.do(w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film", held), Zone: private}))
	before := w.opened("film")
	for _, to := range []zone.Zone{follow, public} {
		result := must[*zone.Result](t)(w.change("film", to))
		after := w.opened("film")
		if !after.SameShares(before) || after.Manifest.Hash() != before.Manifest.Hash() || !after.Key.Equal(before.Key) {
			t.Error("another object")
		}
		if to == follow {
			if len(result.Orders) > 0 || !slices.Equal(after.Holders, holders) {
				t.Error(result.Orders, after.Holders)
			}
			continue
		}
		locator := must[blobstore.Locator](t)(before.Key.Repair().Locator(3))
		var want []zone.OpenShare
		for _, i := range []int{0, 2} {
			root, _ := before.Manifest.Root(i)
			sid := must[blobstore.SID](t)(locator.SID(holders[i], i))
			want = append(want, zone.OpenShare{film("film"), holders[i], i, blobstore.ShareName{SID: sid, Root: root}})
		}
		if d := cmp.Diff(want, result.Orders); d != "" {
			t.Error(d)
		}
		if !slices.Contains(result.Truths, zone.Truth(zone.Forever{Objects: 1})) {
			t.Error(result.Truths)
		}
	}
	if r, err := w.change("film", public); err != nil || !r.Empty() || len(r.Orders) > 0 || len(r.Truths) > 0 {
		t.Error("published twice", r, err)
	}
}

// opened opens a film of Ana's as Ana.
func (w *world) opened(name string) *record.Object {
	w.Helper()
	b := w.branch(w.ana)
	rec := must[*record.Record](w)(b.Get(w.Context(), film(name)))
	return must[*record.Object](w)(record.NewOpener(w.ana.ring).Open(w.Context(), b, rec))
}

func TestInwardNamesWhoReads(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "film")
	w.readers = dids(w.ana, w.cy)
	w.do(w.round(w.ana))
	_, err := w.change("film", private)
	inward, ok := errors.AsType[*zone.InwardError](err)
	both := dids(w.bo, w.cy)
	slices.SortFunc(both, radicle.DID.Compare)
	if !ok || !slices.Equal(inward.Readers, both) {
		t.Fatal(err)
	}
	order, err := inward.Reencrypt()
	if want := (zone.Reencryption{film("film"), 1, private}); err != nil || order != want {
		t.Error(order, err)
	}
	inward.Gen = math.MaxUint32
	if _, err := inward.Reencrypt(); !errors.Is(err, blobstore.ErrBounds) {
		t.Error(err)
	}
	for _, e := range []*zone.InwardError{inward, {Is: zone.Public, Asked: follow}, {Is: zone.Shared, Asked: private}} {
		if text := e.Error(); bytes.ContainsAny([]byte(text), "\n%") || len(text) > 400 {
			t.Error(text)
		}
	}
}

func TestAllChangesOrNone(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, private, "one")
	w.push(w.ana, public, "two")
	r := w.round(w.ana)
	if _, err := r.Change(t.Context(), follow, film("one"), film("two")); err == nil {
		t.Error("no error")
	}
	if _, err := r.Change(t.Context(), follow, film("one"), film("none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	w.branches = map[radicle.DID]files{}
	if _, err := w.round(w.ana).Change(t.Context(), follow, film("one")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
