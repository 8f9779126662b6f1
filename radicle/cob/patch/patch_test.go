package patch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// signer returns the key of 32 times b.
func signer(b byte) *radicle.MemorySigner {
	return radicle.NewMemorySigner([radicle.SeedSize]byte(bytes.Repeat([]byte{b}, radicle.SeedSize)))
}

func did(b byte) radicle.DID { return signer(b).NID().DID() }

// repo is a repository in memory: objects, the parents of commits, and the branches of namespaces.
type repo struct {
	*gitobj.Memory
	parents map[radicle.Oid][]radicle.Oid
	heads   map[head]radicle.Oid
}

type head struct {
	owner radicle.NID
	ref   string
}

func newRepo() *repo {
	return &repo{gitobj.NewMemory(20), make(map[radicle.Oid][]radicle.Oid), make(map[head]radicle.Oid)}
}

func (r *repo) Head(_ context.Context, owner radicle.NID, ref string) (radicle.Oid, error) {
	id, ok := r.heads[head{owner, ref}]
	if !ok {
		return id, fmt.Errorf("%s of %v: %w", ref, owner, fs.ErrNotExist)
	}
	return id, nil
}

func (r *repo) IsAncestor(_ context.Context, ancestor, commit radicle.Oid) (bool, error) {
	if _, ok := r.parents[ancestor]; !ok {
		return false, fmt.Errorf("commit %v: %w", ancestor, fs.ErrNotExist)
	}
	for todo := slices.Clone(r.parents[commit]); len(todo) > 0; todo = todo[1:] {
		if todo[0] == ancestor {
			return true, nil
		}
		todo = append(todo, r.parents[todo[0]]...)
	}
	return false, nil
}

// commit writes a commit of code.
func (r *repo) commit(t testing.TB, seconds int64, parents ...radicle.Oid) radicle.Oid {
	t.Helper()
	tree, err := r.Write(t.Context(), gitobj.KindTree, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := gitobj.Commit{Tree: tree, Parents: parents, Author: who(seconds), Committer: who(seconds), Message: "c\n"}
	data, err := c.Encode()
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.Write(t.Context(), gitobj.KindCommit, data)
	if err != nil {
		t.Fatal(err)
	}
	r.parents[id] = parents
	return id
}

func who(seconds int64) gitobj.Signature {
	return gitobj.Signature{Name: "a", Email: "a@b", Seconds: seconds, Zone: gitobj.UTC}
}

// vector is a patch in patches.json: operations by keys of 32 times Seed, and what radicle 0.25.1 made of them.
type vector struct {
	Document string // of the identity, whose first operation key 01 makes at second 50
	Commits  map[string][]radicle.Oid
	Heads    []struct {
		NID radicle.NID
		Ref string
		ID  radicle.Oid
	}
	Operations []struct {
		ID               radicle.Oid
		Seed             string
		Parents, Related []radicle.Oid
		Resource         radicle.Oid
		Embeds           []cob.Embed
		Seconds          int64
		Message          string
		Actions          []string
	}
	Tips, TipsAfter []radicle.Oid
	Patch           json.RawMessage
}

func readVectors(tb testing.TB) (vectors []vector) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "testdata", "vectors", "radicle", "cob", "patches.json"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		tb.Fatal(err)
	}
	return vectors
}

// build writes the identity and the operations, to the ids that they have.
func (v vector) build(t testing.TB) *repo {
	t.Helper()
	r := newRepo()
	for id, parents := range v.Commits {
		oid, err := radicle.ParseOid(id)
		if err != nil {
			t.Fatal(err)
		}
		r.parents[oid] = parents
	}
	for _, h := range v.Heads {
		r.heads[head{h.NID, h.Ref}] = h.ID
	}
	doc, err := identity.Parse([]byte(v.Document))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := identity.Init(t.Context(), cob.Pen{Objects: r, Signer: signer(1), Who: who(50)}, doc); err != nil {
		t.Fatal(err)
	}
	for _, op := range v.Operations {
		c := cob.Change{Type: patch.Type, Message: op.Message, Tips: op.Parents, Related: op.Related, Resource: op.Resource, Embeds: op.Embeds}
		for _, a := range op.Actions {
			c.Actions = append(c.Actions, []byte(a))
		}
		var seed byte
		if _, err := fmt.Sscanf(op.Seed, "%x", &seed); err != nil {
			t.Fatal(err)
		}
		e, err := c.Write(t.Context(), cob.Pen{Objects: r, Signer: signer(seed), Who: who(op.Seconds)})
		if err != nil || e.ID != op.ID {
			t.Fatalf("operation %v was written as %+v, %v", op.ID, e, err)
		}
	}
	return r
}

// TestVectors compares the JSON of each patch, byte for byte, with what Radicle puts into its cache.
func TestVectors(t *testing.T) {
	for i, v := range readVectors(t) {
		r := v.build(t)
		p, err := patch.Read(t.Context(), r, v.Operations[0].ID, v.Tips, cob.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		if err := json.Compact(&want, v.Patch); err != nil {
			t.Fatal(err)
		}
		if string(got) != want.String() {
			t.Errorf("patch %d: %s", i, cmp.Diff(want.String(), string(got)))
		}
		if !slices.Equal(p.Tips(), v.TipsAfter) {
			t.Errorf("patch %d: tips %v, want %v", i, p.Tips(), v.TipsAfter)
		}
	}
}

// TestActionsAreWrittenAsTheyWere: the first vector has an action of every kind, written by us and taken by Radicle.
func TestActionsAreWrittenAsTheyWere(t *testing.T) {
	kinds := make(map[patch.Kind]bool)
	for _, op := range readVectors(t)[0].Operations {
		for _, text := range op.Actions {
			a, err := patch.ParseAction([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			kinds[a.Kind] = true
			if again, err := a.Encode(); err != nil || string(again) != text {
				t.Errorf("%s is written as %s, %v", text, again, err)
			}
		}
	}
	if len(kinds) != 24 {
		t.Errorf("%d kinds of action: %v", len(kinds), kinds)
	}
}

// TestPublishedPatch is the patch of Radicle's documentation tests.
func TestPublishedPatch(t *testing.T) {
	r := newRepo()
	project := identity.Project{Name: "heartwood", Description: "Radicle Heartwood Protocol & Stack", DefaultBranch: "master"}
	doc, err := identity.New(project, did(0xff), identity.Visibility{}).Verify()
	if err != nil {
		t.Fatal(err)
	}
	pen := cob.Pen{Objects: r, Signer: signer(0xff), Who: gitobj.Signature{
		Name: "alice", Email: "alice@" + signer(0xff).NID().String(), Seconds: 1671125284, Zone: gitobj.UTC,
	}}
	id, _, err := identity.Init(t.Context(), pen, doc)
	if err != nil {
		t.Fatal(err)
	}
	base, _ := radicle.ParseOid("f2de534b5e81d7c6e2dcaf58c3dd91573c0a0354")
	tip, _ := radicle.ParseOid("42d894a83c9c356552a57af09ccdbd5587a99045")
	p, err := patch.Create(t.Context(), r, patch.Pen{Pen: pen, Identity: id.Head()}, patch.Proposal{
		Title: "Add things #1", Description: "See commits for details.", Base: base, Head: tip,
	})
	if err != nil || p.ID.String() != "6035d2f582afbe01ff23ea87528ae523d76875b6" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestParseActionRefuses(t *testing.T) {
	const id = `"0656c217f917c3e06234771e9ecae53aba5e173e"`
	for _, text := range []string{
		``, `7`, `{}`, `[]`, `{"type":7}`, `{"type":"unknown"}`, `{"type":"edit","type":"edit"}`,
		`{"type":"edit","title":"x"}`, `{"type":"edit","title":"x","target":"master"}`, `{"type":"edit","title":"x","target":{"branch":"refs/tags/v1"}}`,
		`{"type":"edit","title":"x","target":{"branch":"a","more":1}}`, `{"type":"edit","title":null,"target":"delegates"}`,
		`{"type":"label"}`, `{"type":"label","labels":[1]}`, `{"type":"lifecycle","state":{"status":"merged"}}`, `{"type":"lifecycle","state":"open"}`,
		`{"type":"assign","assignees":["ana"]}`, `{"type":"merge","revision":` + id + `}`, `{"type":"merge","revision":"x","commit":` + id + `}`,
		`{"type":"revision","base":` + id + `,"oid":` + id + `}`,
		`{"type":"revision","description":"","base":` + id + `,"oid":` + id + `,"resolves":[[` + id + `]]}`,
		`{"type":"revision.edit","revision":` + id + `,"description":"","embeds":[{"name":"x"}]}`,
		`{"type":"revision.react","revision":` + id + `,"reaction":"a","active":true}`,
		`{"type":"revision.react","revision":` + id + `,"reaction":"👍👍","active":true}`,
		`{"type":"revision.react","revision":` + id + `,"reaction":"👍"}`,
		`{"type":"revision.comment","revision":` + id + `,"body":"","location":{}}`,
		`{"type":"revision.comment","revision":` + id + `,"body":"","location":{"commit":` + id + `,"path":"a","old":{"type":"lines","range":{"start":1,"end":2,"x":3}}}}`,
		`{"type":"revision.comment","revision":` + id + `,"body":"","location":{"commit":` + id + `,"path":"a","old":{"type":"chars","range":{"start":1,"end":2}}}}`,
		`{"type":"revision.comment.edit","revision":` + id + `,"comment":` + id + `,"body":""}`,
		`{"type":"review","revision":` + id + `,"verdict":"maybe"}`,
	} {
		if a, err := patch.ParseAction([]byte(text)); !errors.Is(err, patch.ErrAction) {
			t.Errorf("%s: %+v, %v", text, a, err)
		}
	}
	if _, err := (patch.Action{Kind: "unknown"}).Encode(); !errors.Is(err, patch.ErrAction) {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestParseTarget(t *testing.T) {
	for name, want := range map[string]string{
		"main": "refs/heads/main", "refs/heads/a/b": "refs/heads/a/b", "a/b": "refs/heads/a/b", "refs/heads": "refs/heads/refs/heads",
	} {
		if got, err := patch.ParseTarget(name); err != nil || got.Branch != want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "a b", "a..b", "refs/tags/v1", "refs/remotes/a/b", "refs/heads/", "*"} {
		if got, err := patch.ParseTarget(name); !errors.Is(err, patch.ErrTarget) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func FuzzParseAction(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, op := range v.Operations {
			for _, a := range op.Actions {
				f.Add(a)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := patch.ParseAction([]byte(text))
		if err != nil {
			return
		}
		first, err := a.Encode()
		if err != nil {
			t.Fatalf("%s is not written: %v", text, err)
		}
		again, err := patch.ParseAction(first)
		if err != nil {
			t.Fatalf("%s is not read back: %v", first, err)
		}
		if second, err := again.Encode(); err != nil || string(second) != string(first) {
			t.Errorf("%s is written as %s, %v", first, second, err)
		}
	})
}
