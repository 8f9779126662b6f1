package zone_test

import (
	"testing"

	"radswarm/blobstore/zone"
)

func TestTheSameRoundAgainReadsNothing(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.bo)
	w.push(w.ana, follow, "film")
	r := w.round(w.ana)
	r.Further = dids(w.cy)
	w.do(r)
	r.Branch = w.branch(w.ana)
	r.Seen = must[*zone.Result](t)(r.Plan(t.Context())).Seen
	w.reads = 0
	if result := must[*zone.Result](t)(r.Plan(t.Context())); !result.Empty() || result.Seen != r.Seen || w.reads != 0 {
		t.Errorf("%d blobs read", w.reads)
	}
	w.readers = append(w.readers, someone(1))
	if result := must[*zone.Result](t)(r.Plan(t.Context())); result.Seen != (zone.Seen{}) || result.Empty() {
		t.Error("a round with something to do was taken for seen")
	}
}

func TestOtherRoundsAreSeen(t *testing.T) {
	for name, change := range map[string]func(*world, *zone.Round){
		"further":  func(w *world, r *zone.Round) { r.Further = dids(w.cy) },
		"named":    func(w *world, r *zone.Round) { r.Named = dids(w.cy) },
		"reader":   func(w *world, _ *zone.Round) { w.readers = dids(w.ana, w.bo, w.cy) },
		"card":     func(w *world, _ *zone.Round) { w.bo.rotate(t); check(t, w.cards.Add(w.bo.card)) },
		"no card":  func(w *world, _ *zone.Round) { w.cards.Forget(w.bo.did()) },
		"own card": func(w *world, _ *zone.Round) { w.ana.rotate(t); check(t, w.cards.Add(w.ana.card)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.readers = dids(w.ana, w.bo)
			w.push(w.ana, follow, "film")
			r := w.round(w.ana)
			r.Seen = must[*zone.Result](t)(r.Plan(t.Context())).Seen
			change(w, &r)
			w.reads = 0
			must[*zone.Result](t)(r.Plan(t.Context()))
			if w.reads == 0 {
				t.Error("not looked at")
			}
		})
	}
}
