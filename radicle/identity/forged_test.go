package identity_test

import (
	"errors"
	"fmt"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/identity"
)

// raw writes an operation with any action, after the tips.
func (g *team) raw(b byte, action string, tips ...radicle.Oid) radicle.Oid {
	g.t.Helper()
	c := cob.Change{Type: identity.Type, Message: "x", Tips: tips, Actions: [][]byte{[]byte(action)}}
	e, err := c.Write(g.t.Context(), g.pen(b))
	if err != nil {
		g.t.Fatal(err)
	}
	return e.ID
}

// sign is a key's signature over a blob's id, as text.
func sign(t *testing.T, b byte, blob radicle.Oid) string {
	t.Helper()
	sig, err := signer(b).Sign(t.Context(), blob.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return radicle.Signature(sig).String()
}

// rawPropose proposes, by key b, the first document with another description on any revision.
func (g *team) rawPropose(b byte, description string, parent radicle.Oid, tips ...radicle.Oid) radicle.Oid {
	g.t.Helper()
	data, err := g.changed(description).Encode()
	if err != nil {
		g.t.Fatal(err)
	}
	blob := writeBlob(g.t, g.w, string(data))
	return g.raw(b, fmt.Sprintf(`{"blob":"%v","parent":"%v","signature":"%s","title":"x","type":"revision"}`, blob, parent, sign(g.t, b, blob)), tips...)
}

func (g *team) rawAccept(b byte, id *identity.Identity, revision radicle.Oid, tips ...radicle.Oid) radicle.Oid {
	g.t.Helper()
	r, ok := id.Revision(revision)
	if !ok {
		g.t.Fatalf("no revision %v", revision)
	}
	return g.raw(b, fmt.Sprintf(`{"revision":"%v","signature":"%s","type":"revision.accept"}`, revision, sign(g.t, b, r.Blob)), tips...)
}

func (g *team) read(tips ...radicle.Oid) *identity.Identity {
	g.t.Helper()
	id, err := identity.Read(g.t.Context(), g.w, g.RID(), g.Root(), tips, cob.Limits{})
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

// TestRevisionOnOpenRevision: what is built on an open revision waits for it, and follows at once.
func TestRevisionOnOpenRevision(t *testing.T) {
	g := newTeam(t)
	a := g.rawPropose(1, "a", g.Root(), g.Root())
	b := g.rawPropose(2, "b", a, a)
	id := g.read(b)
	bAccepted := g.rawAccept(3, id, b, b)
	if id = g.read(bAccepted); id.Head() != g.Root() {
		t.Errorf("a revision was adopted before the one that it changes: %v", id.Head())
	}
	aAccepted := g.rawAccept(3, id, a, bAccepted)
	if id = g.read(aAccepted); id.Head() != b || len(id.Skipped()) > 0 {
		t.Errorf("head %v, want %v, skipped %v", id.Head(), b, id.Skipped())
	}
}

// TestRevisionsOnRejectedOnesGoToo: on one that another replaced, that a vote rejected, that its author withdrew.
func TestRevisionsOnRejectedOnesGoToo(t *testing.T) {
	g := newTeam(t)
	a := g.rawPropose(1, "a", g.Root(), g.Root())
	onA := g.rawPropose(2, "on a", a, a)
	onOnA := g.rawPropose(3, "on on a", onA, onA)
	end := func(kind string) (radicle.Oid, []radicle.Oid) {
		switch kind {
		case "withdrawn":
			return onOnA, []radicle.Oid{g.raw(1, fmt.Sprintf(`{"revision":"%v","type":"revision.redact"}`, a), onOnA)}
		case "rejected":
			reject := fmt.Sprintf(`{"revision":"%v","type":"revision.reject"}`, a)
			return onOnA, []radicle.Oid{g.raw(3, reject, g.raw(2, reject, onOnA))}
		}
		b := g.rawPropose(2, "b", g.Root(), onOnA)
		return b, []radicle.Oid{g.rawAccept(3, g.read(b), b, b)}
	}
	for kind, want := range map[string]identity.State{
		"withdrawn": identity.RedactedByParent, "rejected": identity.RejectedByParent, "replaced": identity.RejectedByParent,
	} {
		_, tips := end(kind)
		late := g.rawPropose(3, "late", onA, tips...)
		id := g.read(late)
		for _, rev := range []radicle.Oid{onA, onOnA, late} {
			if r, ok := id.Revision(rev); !ok || r.State != want {
				t.Errorf("%s: %+v", kind, r)
			}
		}
		if len(id.Skipped()) > 0 {
			t.Errorf("%s: skipped %v", kind, id.Skipped())
		}
	}
}

// TestSecondAcceptanceDoesNotCount: a delegate has one vote among the open revisions beside each other, the first.
func TestSecondAcceptanceDoesNotCount(t *testing.T) {
	g := newTeam(t)
	a := g.rawPropose(1, "a", g.Root(), g.Root())
	b := g.rawPropose(2, "b", g.Root(), a)
	again := g.rawPropose(1, "c", g.Root(), b)
	id := g.read(again)
	twice := g.rawAccept(1, id, b, again)
	id = g.read(twice)
	if r, _ := id.Revision(again); r == nil || len(accepted(r)) != 0 {
		t.Errorf("the author's second proposal has the vote of %v", accepted(r))
	}
	if r, _ := id.Revision(b); len(accepted(r)) != 1 || id.Head() != g.Root() || len(id.Skipped()) > 0 {
		t.Errorf("votes for b %v, skipped %v", accepted(r), id.Skipped())
	}
}

func accepted(r *identity.Revision) []radicle.DID {
	list, _ := r.Votes()
	return list
}

// TestForgedOperations: each is left out for its reason, and changes nothing.
func TestForgedOperations(t *testing.T) {
	g := newTeam(t)
	a := g.rawPropose(1, "a", g.Root(), g.Root())
	id := g.read(a)
	r, _ := id.Revision(a)
	other := writeBlob(t, g.w, "{}")
	for name, test := range map[string]struct {
		op   radicle.Oid
		want error
	}{
		"acceptance with somebody else's signature": {
			g.raw(2, fmt.Sprintf(`{"revision":"%v","signature":"%s","type":"revision.accept"}`, a, sign(t, 3, r.Blob)), a), identity.ErrSignature,
		},
		"acceptance with a signature over another document": {
			g.raw(2, fmt.Sprintf(`{"revision":"%v","signature":"%s","type":"revision.accept"}`, a, sign(t, 2, other)), a), identity.ErrSignature,
		},
		"acceptance by a stranger": {g.rawAccept(9, id, a, a), identity.ErrNotDelegate},
		"rejection by a stranger":  {g.raw(9, fmt.Sprintf(`{"revision":"%v","type":"revision.reject"}`, a), a), identity.ErrNotDelegate},
		"withdrawal by a stranger": {g.raw(2, fmt.Sprintf(`{"revision":"%v","type":"revision.redact"}`, a), a), identity.ErrNotAuthor},
		"edit by a stranger":       {g.raw(2, fmt.Sprintf(`{"revision":"%v","title":"x","type":"RevisionEdit"}`, a), a), identity.ErrNotAuthor},
		"edit of what is decided":  {g.raw(1, fmt.Sprintf(`{"revision":"%v","title":"x","type":"RevisionEdit"}`, g.Root()), a), identity.ErrNotActive},
		"proposal by a stranger":   {g.rawPropose(9, "x", g.Root(), a), identity.ErrNotDelegate},
		"proposal on nothing": {
			g.raw(1, fmt.Sprintf(`{"blob":"%v","parent":null,"signature":"%s","title":"x","type":"revision"}`, r.Blob, sign(t, 1, r.Blob)), a),
			identity.ErrUnknownRevision,
		},
		"proposal with somebody else's signature": {
			g.raw(2, fmt.Sprintf(`{"blob":"%v","parent":"%v","signature":"%s","title":"x","type":"revision"}`, r.Blob, g.Root(), sign(t, 3, r.Blob)), a),
			identity.ErrSignature,
		},
		"proposal of no document": {
			g.raw(2, fmt.Sprintf(`{"blob":"%v","parent":"%v","signature":"%s","title":"x","type":"revision"}`, other, g.Root(), sign(t, 2, other)), a),
			identity.ErrDocument,
		},
		"proposal of the same": {g.rawSame(2, a), identity.ErrUnchanged},
	} {
		read := g.read(test.op)
		if len(read.Skipped()) != 1 || !errors.Is(read.Skipped()[0], test.want) {
			t.Errorf("%s: skipped %v", name, read.Skipped())
		}
		if now, _ := read.Revision(a); stateText(now) != "active" || len(accepted(now)) != 1 || now.Title != r.Title || len(read.Revisions()) != 2 {
			t.Errorf("%s: %+v", name, now)
		}
	}
}

// rawSame proposes the current document.
func (g *team) rawSame(b byte, tip radicle.Oid) radicle.Oid {
	blob := g.RID().Oid()
	return g.raw(b, fmt.Sprintf(`{"blob":"%v","parent":"%v","signature":"%s","title":"x","type":"revision"}`, blob, g.Root(), sign(g.t, b, blob)), tip)
}

// TestConcurrentEditIsNoMistake: an edit that did not know of the acceptance is dropped alone; one that did spoils its operation.
func TestConcurrentEditIsNoMistake(t *testing.T) {
	g := newTeam(t)
	a := g.rawPropose(1, "a", g.Root(), g.Root())
	done := g.rawAccept(2, g.read(a), a, a)
	edit := fmt.Sprintf(`{"revision":"%v","title":"late","type":"RevisionEdit"}`, a)
	late := cob.Change{Type: identity.Type, Message: "x", Tips: []radicle.Oid{a}, Actions: [][]byte{[]byte(edit)}}
	pen := g.pen(1)
	pen.Who.Seconds += 10 // so that it is applied after the acceptance
	e, err := late.Write(t.Context(), pen)
	if err != nil {
		t.Fatal(err)
	}
	beside := e.ID
	if id := g.read(done, beside); len(id.Skipped()) > 0 || id.Current().Title != "x" || id.Head() != a {
		t.Errorf("beside: %+v, skipped %v", id.Current(), id.Skipped())
	}
	after := g.raw(1, edit, done)
	if id := g.read(after); len(id.Skipped()) != 1 || !errors.Is(id.Skipped()[0], identity.ErrNotActive) || id.Current().Title != "x" {
		t.Errorf("after: %+v, skipped %v", id.Current(), id.Skipped())
	}
}

// TestForgedFirstOperation: a first operation counts only if the document's first delegate made and signed it.
func TestForgedFirstOperation(t *testing.T) {
	g := newTeam(t)
	blob := g.RID().Oid()
	first := func(b byte, action string, embeds ...cob.Embed) error {
		c := cob.Change{Type: identity.Type, Message: "x", Actions: [][]byte{[]byte(action)}, Embeds: embeds}
		e, err := c.Write(t.Context(), g.pen(b))
		if err != nil {
			t.Fatal(err)
		}
		_, err = identity.Read(t.Context(), g.w, g.RID(), e.ID, []radicle.Oid{e.ID}, cob.Limits{})
		return err
	}
	action := func(parent string, by byte) string {
		return fmt.Sprintf(`{"blob":"%v","parent":%s,"signature":"%s","title":"x","type":"revision"}`, blob, parent, sign(t, by, blob))
	}
	doc := cob.Embed{Name: "radicle.json", Blob: blob}
	if err := first(1, action("null", 1), doc); err != nil {
		t.Errorf("good: %v", err)
	}
	for name, err := range map[string]error{
		"by another delegate":             first(2, action("null", 2), doc),
		"signed by another delegate":      first(1, action("null", 2), doc),
		"made by another delegate":        first(2, action("null", 1), doc),
		"on another revision":             first(1, action(`"`+g.Root().String()+`"`, 1), doc),
		"without the document":            first(1, action("null", 1)),
		"with another document":           first(1, action("null", 1), cob.Embed{Name: "radicle.json", Blob: writeBlob(t, g.w, "{}")}),
		"with the document in its place":  first(1, action("null", 1), cob.Embed{Name: "radicle", Blob: blob}),
		"an action that proposes nothing": first(1, fmt.Sprintf(`{"revision":"%v","type":"revision.reject"}`, g.Root()), doc),
		"no action at all":                first(1, `{}`, doc),
	} {
		if !errors.Is(err, identity.ErrInit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
