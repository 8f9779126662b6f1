package cob_test

import (
	"context"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// FuzzReadEntry gives an operation any commit, manifest and action. What is read must be what is written again: same key, same
// signature, same parents.
func FuzzReadEntry(f *testing.F) {
	w := gitobj.NewMemory(20)
	e := mustWrite(f, w, identityChange(f, w), signer(0xff), ana())
	for _, seed := range []radicle.Oid{e.ID, mustWrite(f, w, cob.Change{
		Type: "a.b", Message: "x", Tips: []radicle.Oid{e.ID}, Related: []radicle.Oid{e.Tree}, Resource: e.ID, Actions: actions("1", "2"),
	}, signer(1), ana()).ID} {
		_, commit, err := w.Read(f.Context(), seed, 1<<20)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(commit, []byte(`{"typeName":"xyz.radicle.id","version":1}`), "0")
	}
	f.Add([]byte("tree x\n"), []byte(`{"typename":"a"}`), "+1")
	f.Fuzz(func(t *testing.T, commit, manifest []byte, name string) {
		w := gitobj.NewMemory(20)
		id, err := w.Write(t.Context(), gitobj.KindCommit, commit)
		if err != nil {
			t.Fatal(err)
		}
		tree := gitobj.Tree{
			{Mode: gitobj.ModeFile, Name: "manifest", ID: blob(t, w, string(manifest))},
			{Mode: gitobj.ModeFile, Name: name, ID: blob(t, w, "{}")},
		}
		tree.Sort()
		data, err := tree.Encode()
		parsed, parseErr := gitobj.ParseCommit(commit)
		if err != nil || parseErr != nil {
			return
		}
		e, err := cob.ReadEntry(t.Context(), named{w, parsed.Tree, data}, id, cob.Limits{})
		if err != nil {
			return
		}
		if len(e.Actions) != 1 || e.ID != id || e.Manifest.Version == 0 || len(e.Parents) > len(parsed.Parents) {
			t.Errorf("%+v", e)
		}
	})
}

// FuzzParseRef holds that what is a ref prints as it was.
func FuzzParseRef(f *testing.F) {
	f.Add("refs/cobs/xyz.radicle.id/0656c217f917c3e06234771e9ecae53aba5e173e")
	f.Fuzz(func(t *testing.T, s string) {
		if name, id, ok := cob.ParseRef(s); ok && cob.Ref(name, id) != s {
			t.Errorf("%q prints as %q", s, cob.Ref(name, id))
		}
	})
}

// named is a reader that has a tree under a name of its own.
type named struct {
	gitobj.Reader
	id   radicle.Oid
	tree []byte
}

func (n named) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if id == n.id {
		return gitobj.KindTree, n.tree, nil
	}
	return n.Reader.Read(ctx, id, max)
}
