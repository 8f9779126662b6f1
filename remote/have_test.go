package remote

import (
	"fmt"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// Of many refs the first count, each object once, and none of those that are Radicle's own.
func TestHaveList(t *testing.T) {
	id := func(n int) radicle.Oid {
		o, err := radicle.ParseOid(fmt.Sprintf("%040x", n))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	h := haveList{seen: make(map[radicle.Oid]bool)}
	h.add(storage.Ref{Name: "refs/namespaces/x/refs/cobs/a/b", ID: id(1)}, storage.Ref{Name: "refs/namespaces/x/refs/rad/id", ID: id(2)})
	for i := range maxHave + 10 {
		h.add(storage.Ref{Name: "refs/heads/a", ID: id(10 + i)}, storage.Ref{Name: "refs/heads/b", ID: id(10 + i)})
	}
	if len(h.ids) != maxHave || !h.full() || h.ids[0] != id(10) || h.ids[maxHave-1] != id(10+maxHave-1) {
		t.Errorf("%d ids from %v to %v", len(h.ids), h.ids[0], h.ids[len(h.ids)-1])
	}
	if rest := without([]radicle.Oid{id(10), id(5), id(5), id(11)}, h.ids); len(rest) != 1 || rest[0] != id(5) {
		t.Errorf("%v", rest)
	}
}
