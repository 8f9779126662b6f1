package identity_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// team is a repository with the delegates 1, 2 and 3, made by 1.
type team struct {
	t *testing.T
	w *gitobj.Memory
	*identity.Identity
}

func newTeam(t *testing.T) *team {
	t.Helper()
	draft := heartwood(t).Edit()
	draft.Delegates = []radicle.DID{did(1), did(2), did(3)}
	w := gitobj.NewMemory(20)
	id, _, err := identity.Init(t.Context(), pen(w, 1, "ana"), verify(t, draft))
	if err != nil {
		t.Fatal(err)
	}
	return &team{t, w, id}
}

func (g *team) pen(b byte) cob.Pen { return pen(g.w, b, "ana") }

// changed is the current document with another description.
func (g *team) changed(description string) *identity.Document {
	draft := g.Document().Edit()
	if err := draft.SetPayload(identity.ProjectPayload, "description", description); err != nil {
		g.t.Fatal(err)
	}
	return verify(g.t, draft)
}

func (g *team) propose(b byte, description string) radicle.Oid {
	g.t.Helper()
	id, err := g.Propose(g.t.Context(), g.pen(b), g.changed(description), identity.Text{Title: description})
	if err != nil {
		g.t.Fatal(err)
	}
	return id
}

func (g *team) must(_ radicle.Oid, err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

func (g *team) state(id radicle.Oid) string {
	g.t.Helper()
	r, ok := g.Revision(id)
	if !ok {
		g.t.Fatalf("no revision %v", id)
	}
	return stateText(r)
}

// check reads the identity again, from its tips, and compares with what the writes made of it.
func (g *team) check() {
	g.t.Helper()
	read, err := identity.Read(g.t.Context(), g.w, g.RID(), g.Root(), g.Tips(), cob.Limits{})
	if err != nil {
		g.t.Fatal(err)
	}
	if read.Head() != g.Head() || len(read.Skipped()) > 0 || len(read.Revisions()) != len(g.Revisions()) {
		g.t.Errorf("head %v, read back %v, skipped %v", g.Head(), read.Head(), read.Skipped())
	}
	for i, r := range read.Revisions() {
		if want := g.Revisions()[i]; r.ID != want.ID || stateText(r) != stateText(want) || r.Title != want.Title || r.Description != want.Description {
			g.t.Errorf("read back %+v, want %+v", r, want)
		}
	}
}

func TestMajorityAccepts(t *testing.T) {
	g := newTeam(t)
	first := g.propose(1, "one")
	if g.state(first) != "active" || g.Head() != g.Root() {
		t.Errorf("after one vote of three: %s", g.state(first))
	}
	g.must(g.Accept(t.Context(), g.pen(3), first))
	if g.state(first) != "accepted" || g.Head() != first || g.Document() != g.Current().Document {
		t.Errorf("after two votes of three: %s", g.state(first))
	}
	accepted, rejected := g.Current().Votes()
	if len(accepted) != 2 || len(rejected) != 0 {
		t.Errorf("votes %v, %v", accepted, rejected)
	}
	g.check()
}

func TestSiblingsAreRejected(t *testing.T) {
	g := newTeam(t)
	a, b := g.propose(1, "a"), g.propose(2, "b")
	g.must(g.Accept(t.Context(), g.pen(3), b))
	if g.state(a) != "rejected by sibling '"+b.String()+"'" || g.state(b) != "accepted" {
		t.Errorf("a %s, b %s", g.state(a), g.state(b))
	}
	g.check()
}

func TestRejection(t *testing.T) {
	g := newTeam(t)
	a := g.propose(1, "a")
	g.must(g.Reject(t.Context(), g.pen(2), a))
	if g.state(a) != "active" {
		t.Errorf("after one vote against: %s", g.state(a))
	}
	g.must(g.Reject(t.Context(), g.pen(3), a))
	if g.state(a) != "rejected by vote" {
		t.Errorf("after two votes against: %s", g.state(a))
	}
	g.check()
}

func TestEditAndRedact(t *testing.T) {
	g := newTeam(t)
	a := g.propose(1, "a")
	g.must(g.Edit(t.Context(), g.pen(1), a, identity.Text{Title: "New", Description: "Text\nof two lines"}))
	if r, _ := g.Revision(a); r.Title != "New" || r.Description != "Text\nof two lines" {
		t.Errorf("%q, %q", r.Title, r.Description)
	}
	g.check()
	g.must(g.Redact(t.Context(), g.pen(1), a))
	if g.state(a) != "redacted by author" || len(g.Revisions()) != 1 {
		t.Errorf("%s, %d revisions", g.state(a), len(g.Revisions()))
	}
	g.propose(1, "another")
	g.check()
}

func TestWritesAreRefused(t *testing.T) {
	g := newTeam(t)
	ctx, a := t.Context(), g.propose(1, "a")
	doc := g.changed("x")
	text := identity.Text{Title: "t"}
	unknown := parseOid(t, strings.Repeat("1", 40))
	for name, test := range map[string]struct {
		want error
		do   func() (radicle.Oid, error)
	}{
		"proposal by a stranger":         {identity.ErrNotDelegate, func() (radicle.Oid, error) { return g.Propose(ctx, g.pen(9), doc, text) }},
		"the same document":              {identity.ErrUnchanged, func() (radicle.Oid, error) { return g.Propose(ctx, g.pen(2), g.Document(), text) }},
		"second proposal":                {identity.ErrSiblingAccepted, func() (radicle.Oid, error) { return g.Propose(ctx, g.pen(1), doc, text) }},
		"no title":                       {identity.ErrTitle, func() (radicle.Oid, error) { return g.Propose(ctx, g.pen(2), doc, identity.Text{Title: " \t"}) }},
		"title of two lines":             {identity.ErrTitle, func() (radicle.Oid, error) { return g.Propose(ctx, g.pen(2), doc, identity.Text{Title: "a\n"}) }},
		"second vote":                    {identity.ErrVoted, func() (radicle.Oid, error) { return g.Accept(ctx, g.pen(1), a) }},
		"vote against an own one":        {identity.ErrVoted, func() (radicle.Oid, error) { return g.Reject(ctx, g.pen(1), a) }},
		"vote by a stranger":             {identity.ErrNotDelegate, func() (radicle.Oid, error) { return g.Accept(ctx, g.pen(9), a) }},
		"vote on what is not there":      {identity.ErrUnknownRevision, func() (radicle.Oid, error) { return g.Reject(ctx, g.pen(2), unknown) }},
		"vote on what is decided":        {identity.ErrNotActive, func() (radicle.Oid, error) { return g.Accept(ctx, g.pen(2), g.Root()) }},
		"edit of somebody else's":        {identity.ErrNotAuthor, func() (radicle.Oid, error) { return g.Edit(ctx, g.pen(2), a, text) }},
		"edit of what is decided":        {identity.ErrNotActive, func() (radicle.Oid, error) { return g.Edit(ctx, g.pen(1), g.Root(), text) }},
		"edit without a title":           {identity.ErrTitle, func() (radicle.Oid, error) { return g.Edit(ctx, g.pen(1), a, identity.Text{}) }},
		"withdrawal of somebody else's":  {identity.ErrNotAuthor, func() (radicle.Oid, error) { return g.Redact(ctx, g.pen(2), a) }},
		"withdrawal of what is accepted": {identity.ErrNotActive, func() (radicle.Oid, error) { return g.Redact(ctx, g.pen(1), g.Root()) }},
	} {
		if id, err := test.do(); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, %v", name, id, err)
		}
	}
	b := g.propose(2, "b")
	if _, err := g.Accept(ctx, g.pen(2), a); !errors.Is(err, identity.ErrSiblingAccepted) {
		t.Errorf("accepting two: %v", err)
	}
	g.must(g.Reject(ctx, g.pen(1), b))
	g.check()
	if _, _, err := identity.Init(ctx, g.pen(2), g.Document()); !errors.Is(err, identity.ErrInit) {
		t.Errorf("Init by another than the first delegate: %v", err)
	}
}

func TestReadRefusesAnotherRepositorysIdentity(t *testing.T) {
	g := newTeam(t)
	read := func(rid radicle.RID, root radicle.Oid, tips ...radicle.Oid) error {
		_, err := identity.Read(t.Context(), g.w, rid, root, tips, cob.Limits{})
		return err
	}
	other := radicle.NewRID(parseOid(t, strings.Repeat("1", 40)))
	if err := read(other, g.Root(), g.Root()); !errors.Is(err, identity.ErrInit) {
		t.Errorf("another repository: %v", err)
	}
	a := g.propose(1, "a")
	if err := read(g.RID(), a, a); !errors.Is(err, identity.ErrInit) {
		t.Errorf("a later operation as the first: %v", err)
	}
	if err := read(g.RID(), g.Root()); !errors.Is(err, cob.ErrNoRoot) {
		t.Errorf("no tips: %v", err)
	}
	doc, blob, err := identity.ReadDocument(t.Context(), g.w, a)
	if r, _ := g.Revision(a); err != nil || blob != r.Blob || !doc.Equal(r.Document) {
		t.Errorf("ReadDocument: %v, %v", blob, err)
	}
	if _, _, err := identity.ReadDocument(t.Context(), g.w, other.Oid()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadDocument of what is not there: %v", err)
	}
}

// TestUnreadableDocumentIsNoVerdict: a disk that fails must not make an accepted change disappear.
func TestUnreadableDocumentIsNoVerdict(t *testing.T) {
	g := newTeam(t)
	a := g.propose(1, "a")
	g.must(g.Accept(t.Context(), g.pen(2), a))
	r, _ := g.Revision(a)
	failure := errors.New("disk is gone")
	read := func(err error) (*identity.Identity, error) {
		return identity.Read(t.Context(), failing{g.w, r.Blob, err}, g.RID(), g.Root(), g.Tips(), cob.Limits{})
	}
	if _, err := read(failure); err != failure {
		t.Errorf("Read: %v", err)
	}
	id, err := read(fs.ErrNotExist)
	if err != nil || id.Head() != g.Root() || !errors.Is(errors.Join(id.Skipped()...), fs.ErrNotExist) {
		t.Errorf("absent document: %v, skipped %v", err, id.Skipped())
	}
}

// TestDocumentsAreBounded: delegates can fill a history with long documents, strangers cannot even have theirs read.
func TestDocumentsAreBounded(t *testing.T) {
	g := newTeam(t)
	draft := g.Document().Edit()
	if err := draft.SetPayload("org.example.long", "text", strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	long := verify(t, draft)
	data, err := long.Encode()
	if err != nil {
		t.Fatal(err)
	}
	blob := writeBlob(t, g.w, string(data))
	stranger := g.raw(9, fmt.Sprintf(`{"blob":"%v","parent":"%v","signature":"%s","title":"x","type":"revision"}`, blob, g.Root(), sign(t, 9, blob)), g.Root())
	read := func(tips ...radicle.Oid) error {
		_, err := identity.Read(t.Context(), g.w, g.RID(), g.Root(), tips, cob.Limits{Total: 1 << 20})
		return err
	}
	if err := read(stranger); err != nil {
		t.Errorf("proposed by a stranger: %v", err)
	}
	g.must(g.Propose(t.Context(), g.pen(1), long, identity.Text{Title: "long"}))
	if _, ok := errors.AsType[*cob.LimitError](read(g.Tips()...)); !ok {
		t.Errorf("proposed by a delegate: %v", read(g.Tips()...))
	}
}

// failing is a reader that fails for one object.
type failing struct {
	gitobj.Reader
	id  radicle.Oid
	err error
}

func (f failing) Read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if id == f.id {
		return 0, nil, f.err
	}
	return f.Reader.Read(ctx, id, max)
}
