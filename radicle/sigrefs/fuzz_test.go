package sigrefs_test

import (
	"bytes"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

func FuzzParse(f *testing.F) {
	for _, v := range set.Load(f, "text") {
		f.Add(v.Body)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := sigrefs.Parse(data)
		if err != nil {
			return
		}
		encoded := text.Encode()
		again, err := sigrefs.ParseStrict(encoded)
		if err != nil || !bytes.Equal(again.Encode(), encoded) {
			t.Errorf("%q reads as %q, and that as %q, %v", data, encoded, again.Encode(), err)
		}
		if _, err := sigrefs.ParseStrict(data); (err == nil) != bytes.Equal(encoded, data) {
			t.Errorf("%q strictly: %v", data, err)
		}
	})
}

// FuzzRead reads from every commit of a repository that somebody sent.
func FuzzRead(f *testing.F) {
	for _, v := range set.Load(f, "history") {
		f.Add(v.Body)
	}
	nid := ana.NID()
	f.Fuzz(func(t *testing.T, body []byte) {
		store, err := unpack(body)
		if err != nil {
			return
		}
		rid := radicle.NewRID(fakeOid(1))
		var heads []radicle.Oid
		store.All(func(id radicle.Oid, kind gitobj.Kind, data []byte) bool {
			if kind == gitobj.KindCommit {
				heads = append(heads, id)
			}
			if string(data) == document {
				rid = radicle.NewRID(id)
			}
			return true
		})
		for _, head := range heads {
			list, err := sigrefs.Read(t.Context(), store, rid, nid, head)
			if err == nil && !nid.Verify(sigrefs.Text{Refs: list.Refs, Parent: parentLine(list)}.Encode(), list.Signature) {
				t.Errorf("%v: read, but not signed", head)
			}
		}
	})
}

// parentLine is the parent that a verified list names.
func parentLine(list *sigrefs.List) radicle.Oid {
	if list.Level == sigrefs.Parent {
		return list.Parent
	}
	return radicle.Oid{}
}
