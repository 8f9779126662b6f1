package zone_test

import (
	"testing"

	"radswarm/blobstore/zone"
)

func TestFurtherDIDsReadEverything(t *testing.T) {
	w := newWorld(t)
	w.readers = dids(w.ana, w.cy)
	zones := map[string]zone.Zone{"private": private, "follow": follow, "shared": named(t, w.cy.did())}
	for name, z := range zones {
		w.push(w.ana, z, name)
	}
	r := w.round(w.ana)
	r.Further = dids(w.bo, w.ana) // Bo is Ana's other machine
	result := w.do(r)
	if len(result.Batch.Records) != 1 {
		t.Errorf("%d records, want the private one only", len(result.Batch.Records))
	}
	w.want("private", "ab")
	w.want("follow", "abc")
	w.want("shared", "abc")
	for name, z := range zones {
		r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "new "+name), Zone: z})
		r.Further = dids(w.bo)
		w.do(r)
	}
	r = w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "follow"), Zone: private})
	r.Further = dids(w.bo)
	if result := w.do(r); !result.Empty() {
		t.Error("what follows needs no wrap of mine")
	}
	w.want("new private", "ab")
	w.want("new follow", "abc")
	w.want("new shared", "abc")
	for name, z := range zones { // Bo's machine is lost
		w.push(w.ana, z, "last "+name)
	}
	w.want("last private", "a")
	w.want("last follow", "ac")
	w.want("last shared", "ac")
}

func TestTheOwnerAloneNeedsNoWrap(t *testing.T) {
	w := newWorld(t)
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "private"), Zone: private},
		zone.Pending{Object: w.stored(w.ana, "named"), Zone: named(t, w.ana.did())})
	r.Further = dids(w.ana, w.ana)
	if result := w.do(r); len(result.Batch.Envelopes) != 0 || len(result.Batch.Records) != 2 {
		t.Error(len(result.Batch.Envelopes), len(result.Batch.Records))
	}
}

func TestAPendingObjectIsWrappedOnce(t *testing.T) {
	w := newWorld(t)
	w.push(w.ana, private, "film")
	r := w.round(w.ana, zone.Pending{Object: w.stored(w.ana, "film"), Zone: private})
	r.Further = dids(w.bo)
	if result := w.do(r); len(result.Batch.Records) != 1 {
		t.Errorf("%d changes of one record", len(result.Batch.Records))
	}
}
