package sigrefs_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

func (b *builder) refs(fill byte) sigrefs.Refs {
	return sigrefs.Refs{{Name: "refs/heads/main", ID: fakeOid(fill)}, {Name: sigrefs.RefRoot, ID: b.root}}
}

func (b *builder) sign(t *testing.T, head radicle.Oid, refs sigrefs.Refs) sigrefs.Result {
	t.Helper()
	result, err := sigrefs.Sign(t.Context(), b.store, b.rid, b.key, head, refs, then)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestSignNothingNew(t *testing.T) {
	b := newBuilder()
	var head radicle.Oid
	for range 2 { // the first commit, which names no parent, and one that does
		first := b.sign(t, head, b.refs(1))
		if !first.Changed || first.List.Parent != head {
			t.Fatalf("%+v", first)
		}
		objects := b.store.Len()
		again := b.sign(t, first.List.At, b.refs(1))
		if again.Changed || again.List.At != first.List.At || b.store.Len() != objects {
			t.Errorf("signed again: %+v, %d new objects", again, b.store.Len()-objects)
		}
		head = b.sign(t, first.List.At, b.refs(2)).List.At
	}
}

// A head below the highest level is signed over even if its refs are right: it could be replayed.
func TestSignRaisesTheLevel(t *testing.T) {
	b := newBuilder()
	old := b.signed(b.rooted(1), b.signed(b.rooted(2)))
	result := b.sign(t, old, b.refs(1))
	if !result.Changed || result.List.Level != sigrefs.Parent || result.List.Parent != old || result.Mended != nil {
		t.Errorf("%+v", result)
	}
}

func TestSignMendsAHeadThatDoesNotVerify(t *testing.T) {
	for name, build := range map[string]func(b *builder) radicle.Oid{
		"signature": func(b *builder) radicle.Oid { return b.commit(b.rooted(1), make([]byte, 64)) },
		"parent":    func(b *builder) radicle.Oid { return b.signed(b.linked(1, fakeOid(9))) },
		"identity":  func(b *builder) radicle.Oid { return b.signed(lines(otherRoot(b), sigrefs.RefRoot)) },
		"no-root": func(b *builder) radicle.Oid {
			p := b.signed(b.none(1))
			return b.signed(lines(p, "refs/rad/sigrefs-parent"), p)
		},
		"downgrade": func(b *builder) radicle.Oid {
			p := b.signed(b.rooted(1))
			return b.signed(b.rooted(3), b.signed(b.linked(2, p), p))
		},
	} {
		b := newBuilder()
		head := build(b)
		result := b.sign(t, head, b.refs(1))
		if class(result.Mended) != name || result.List.Parent != head || result.List.Level != sigrefs.Parent {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

func TestSignRefusesAHeadThatCannotBeRead(t *testing.T) {
	b := newBuilder()
	for _, head := range []radicle.Oid{
		fakeOid(9), b.signed("x\n"), b.signed(b.rooted(3), b.signed(b.rooted(1)), b.signed(b.rooted(2))),
	} {
		objects := b.store.Len()
		_, err := sigrefs.Sign(t.Context(), b.store, b.rid, b.key, head, b.refs(1), then)
		if !errors.As(err, new(*sigrefs.CommitError)) || b.store.Len() != objects {
			t.Errorf("%v, %d objects written", err, b.store.Len()-objects)
		}
	}
}

func TestSignRefusesWhatReadersRefuse(t *testing.T) {
	b := newBuilder()
	root := sigrefs.Ref{Name: sigrefs.RefRoot, ID: b.root}
	with := func(name string, id radicle.Oid) sigrefs.Refs { return sigrefs.Refs{{Name: name, ID: id}, root} }
	long := oid(strings.Repeat("3", 64))
	for name, refs := range map[string]sigrefs.Refs{
		"no root":       b.refs(1)[:1],
		"not qualified": with("refs/main", b.root),
		"bad name":      with("refs/heads/a b", b.root),
		"null id":       with("refs/heads/a", radicle.Oid{}),
		"other hash":    with("refs/heads/a", long),
		"order":         {root, {Name: "refs/heads/a", ID: b.root}},
		"twice":         {root, root},
		"itself":        {root, {Name: sigrefs.RefSigrefs, ID: b.root}},
		"parent line":   {root, {Name: "refs/rad/sigrefs-parent", ID: b.root}},
		"staging":       {root, {Name: "refs/tmp/heads/x", ID: b.root}},
	} {
		if _, err := sigrefs.Sign(t.Context(), b.store, b.rid, b.key, radicle.Oid{}, refs, then); !errors.Is(err, sigrefs.ErrUnsignable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// wrongRoot is what a caller with a mistaken refs/rad/root would publish; nobody else would accept it.
func TestSignReadsBackWhatItWrote(t *testing.T) {
	b := newBuilder()
	refs := sigrefs.Refs{{Name: sigrefs.RefRoot, ID: otherRoot(b)}}
	_, err := sigrefs.Sign(t.Context(), b.store, b.rid, b.key, radicle.Oid{}, refs, then)
	if class(err) != "identity" {
		t.Error(err)
	}
	_, err = sigrefs.Sign(t.Context(), b.store, b.rid, forger{b.key}, radicle.Oid{}, b.refs(1), then)
	if class(err) != "signature" {
		t.Error(err)
	}
}

// forger signs something else than it was asked to.
type forger struct{ radicle.Signer }

func (f forger) Sign(ctx context.Context, msg []byte) ([64]byte, error) {
	return f.Signer.Sign(ctx, append(msg, 0))
}

func TestSignStopsWithTheContext(t *testing.T) {
	b := newBuilder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sigrefs.Sign(ctx, b.store, b.rid, b.key, radicle.Oid{}, b.refs(1), then); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestSelectTakesWhatRadicleSigns(t *testing.T) {
	all := map[string]radicle.Oid{
		"refs/heads/a": fakeOid(1), "refs/swarm/x": fakeOid(2), "refs/drafts/x": fakeOid(3), "refs/notes/swarm": fakeOid(4),
		"refs/tmp/y": fakeOid(5), "refs/tmp/headsx/y": fakeOid(6), "refs/rad/root": fakeOid(7),
		"refs/tmp/heads/x": fakeOid(8), "refs/tmp/heads": fakeOid(8), "refs/rad/sigrefs": fakeOid(8),
		"refs/rad/sigrefs-parent": fakeOid(8), "refs/heads/null": {},
	}
	refs, err := sigrefs.Select(func(yield func(string, radicle.Oid) bool) {
		for name, id := range all {
			yield(name, id)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, ref := range refs {
		names = append(names, ref.Name)
		if ref.ID != all[ref.Name] {
			t.Errorf("%s at %v", ref.Name, ref.ID)
		}
	}
	want := []string{
		"refs/drafts/x", "refs/heads/a", "refs/notes/swarm", "refs/rad/root", "refs/swarm/x", "refs/tmp/headsx/y", "refs/tmp/y",
	}
	if !slices.Equal(names, want) {
		t.Errorf("selected %q", names)
	}
}

func TestSelectRefusesNamesThatSpoilTheList(t *testing.T) {
	for _, name := range []string{"refs/stash", "HEAD", "refs/heads/a./b", "refs/heads/caf\xe9"} {
		_, err := sigrefs.Select(func(yield func(string, radicle.Oid) bool) { yield(name, fakeOid(1)) })
		if !errors.As(err, new(*gitobj.RefNameError)) {
			t.Errorf("%q: %v", name, err)
		}
	}
	_, err := sigrefs.Select(func(yield func(string, radicle.Oid) bool) {
		yield("refs/heads/a", fakeOid(1))
		yield("refs/heads/a", fakeOid(1))
	})
	if !errors.Is(err, sigrefs.ErrDuplicate) {
		t.Error(err)
	}
}
