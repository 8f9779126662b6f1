package zone_test

import (
	"context"
	"fmt"
	"testing"

	"radswarm/blobstore/record"
	"radswarm/blobstore/zone"
)

// BenchmarkRound plans rounds of a branch of ten thousand objects that follow, ten members and four epochs.
func BenchmarkRound(b *testing.B) {
	const many = 10_000
	w := newWorld(b)
	for i := range 10 {
		w.readers = append(w.readers, someone(i))
	}
	for i := range 4 { // an epoch each, with who rotated
		w.readers = append(w.readers[:0:0], w.readers[min(i, 1):]...)
		w.push(w.ana, follow, fmt.Sprint("epoch", i))
	}
	batch := record.Batch{}
	for i := range many {
		o := w.stored(w.ana, fmt.Sprint(i))
		batch.Put(o, nil)
	}
	r := w.round(w.ana)
	must[record.Report](b)(r.Place.Apply(b.Context(), flat{w.branches[w.ana.did()]}, batch))
	r.Branch = w.branch(w.ana)
	plan := func(b *testing.B, r zone.Round, records, envelopes int) {
		w.reads = 0
		for b.Loop() {
			result := must[*zone.Result](b)(r.Plan(b.Context()))
			if len(result.Batch.Records) != records || len(result.Batch.Envelopes) != envelopes {
				b.Fatal(len(result.Batch.Records), len(result.Batch.Envelopes))
			}
		}
		b.ReportMetric(float64(w.reads)/float64(b.N), "blobs/op")
	}
	b.Run("nothing-to-do", func(b *testing.B) { plan(b, r, 0, 0) })
	b.Run("seen", func(b *testing.B) {
		r := r
		r.Seen = must[*zone.Result](b)(r.Plan(b.Context())).Seen
		plan(b, r, 0, 0)
	})
	epochs := int(r.Branch.NextEpoch())
	w.readers = append(w.readers, someone(77))
	b.Run("new-member", func(b *testing.B) { plan(b, r, 0, epochs) })
	w.readers = w.readers[:len(w.readers)-1]
	var further zone.Round
	b.Run("further-did", func(b *testing.B) {
		r := r
		r.Further = dids(w.bo)
		must[record.Report](b)(r.Place.Apply(b.Context(), flat{w.branches[w.ana.did()]},
			must[*zone.Result](b)(r.Plan(b.Context())).Batch))
		r.Branch = w.branch(w.ana)
		plan(b, r, zone.MaxRecords, 0)
		for more := true; more; {
			result := must[*zone.Result](b)(r.Plan(b.Context()))
			must[record.Report](b)(r.Place.Apply(b.Context(), flat{w.branches[w.ana.did()]}, result.Batch))
			r.Branch, more = w.branch(w.ana), result.More
		}
		further = r
	})
	b.Run("further-did-nothing-to-do", func(b *testing.B) { plan(b, further, 0, 0) })
}

// flat says that a folder is empty: listing is not what is measured.
type flat struct{ files }

func (flat) List(context.Context, string) ([]string, error) { return nil, nil }

// A new member costs envelopes by epoch, whatever the number of objects, and a round reads no record.
func TestCostDoesNotGrowWithObjects(t *testing.T) {
	cost := func(objects int) (idle, joined, envelopes int) {
		w := newWorld(t)
		w.readers = dids(w.ana, w.bo)
		var names []string
		for i := range objects {
			names = append(names, fmt.Sprint(i))
		}
		w.push(w.ana, follow, names...)
		r := w.round(w.ana)
		w.reads = 0
		must[*zone.Result](t)(r.Plan(t.Context()))
		idle, w.reads = w.reads, 0
		w.readers = dids(w.ana, w.bo, w.cy)
		result := must[*zone.Result](t)(r.Plan(t.Context()))
		if len(result.Batch.Records) > 0 {
			t.Error("records are written for a member")
		}
		return idle, w.reads, len(result.Batch.Envelopes)
	}
	i1, j1, e1 := cost(1)
	i2, j2, e2 := cost(300)
	if i1 != i2 || j1 != j2 || e1 != e2 || e1 != 1 {
		t.Errorf("1 object: %d, %d, %d; 300: %d, %d, %d", i1, j1, e1, i2, j2, e2)
	}
}
