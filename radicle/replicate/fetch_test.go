package replicate_test

import (
	"testing"

	"radswarm/radicle/replicate"
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

	push(t, r, ana, master, "more")
	canonical(t, r)
	result = b.mustFetch(t, a, o)
	if result.Cloned || len(result.Namespaces) != 1 || len(result.Namespaces[0].Refs) != 1 {
		t.Errorf("%+v", result)
	}
	sameRefs(t, r.RID(), a, b)
}
