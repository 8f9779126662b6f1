package identity_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
)

// signer returns the key of 32 times b; Ana is ff, Bo is fe.
func signer(b byte) *radicle.MemorySigner {
	return radicle.NewMemorySigner([radicle.SeedSize]byte(bytes.Repeat([]byte{b}, radicle.SeedSize)))
}

func did(b byte) radicle.DID { return signer(b).NID().DID() }

// readVectors reads a file of testdata/vectors/radicle/identity. Those of documents, patterns and votes hold what radicle 0.25.1
// answered.
func readVectors(tb testing.TB, name string, v any) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", "radicle", "identity", name))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		tb.Fatal(err)
	}
}

// documentVector: Canonical is empty where there is no canonical form, Head where there are no canonical refs.
type documentVector struct {
	Why, JSON, Canonical, RID, Head string
	Refused, Proposable             bool
}

func TestDocumentVectors(t *testing.T) {
	var vectors []documentVector
	readVectors(t, "documents.json", &vectors)
	for _, v := range vectors {
		t.Run(v.Why, func(t *testing.T) { checkDocument(t, v) })
	}
}

func checkDocument(t *testing.T, v documentVector) {
	doc, err := identity.Parse([]byte(v.JSON))
	if v.Refused {
		if !errors.Is(err, identity.ErrDocument) || doc != nil {
			t.Errorf("not refused: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := doc.Encode()
	if string(data) != v.Canonical || (err == nil) == (v.Canonical == "") {
		t.Errorf("\n got %s, %v\nwant %s", data, err, v.Canonical)
	}
	if rid, err := doc.RID(20); rid.String() != v.RID || (err == nil) == (v.RID == "") {
		t.Errorf("repository id %v, %v, want %s", rid, err, v.RID)
	}
	if head, err := doc.DefaultBranch(); head != v.Head || (err == nil) == (v.Head == "") || err != nil && !errors.Is(err, identity.ErrDocument) {
		t.Errorf("default branch %q, %v, want %q", head, err, v.Head)
	}
	if err := doc.CheckProposal(); (err == nil) != v.Proposable || err != nil && !errors.Is(err, identity.ErrDocument) {
		t.Errorf("CheckProposal: %v, want proposable %v", err, v.Proposable)
	}
}

func TestParseRefusesWhatIsTooLong(t *testing.T) {
	text := `{"delegates":["` + did(1).String() + `"],"payload":{},"threshold":1}`
	full := text + strings.Repeat(" ", identity.MaxDocument-len(text))
	if _, err := identity.Parse([]byte(full)); err != nil {
		t.Errorf("%d bytes: %v", len(full), err)
	}
	if _, err := identity.Parse([]byte(full + " ")); !errors.Is(err, identity.ErrDocument) {
		t.Errorf("one byte more: %v", err)
	}
}

// heartwood is the document of Radicle's own documentation: Ana's, public.
func heartwood(t *testing.T) *identity.Document {
	t.Helper()
	project := identity.Project{Name: "heartwood", Description: "Radicle Heartwood Protocol & Stack", DefaultBranch: "master"}
	doc, err := identity.New(project, did(0xff), identity.Visibility{}).Verify()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func verify(t *testing.T, d identity.Draft) *identity.Document {
	t.Helper()
	doc, err := d.Verify()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func blobOf(t *testing.T, doc *identity.Document) string {
	t.Helper()
	data, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return gitobj.Hash(gitobj.KindBlob, data, 20).String()
}

// TestEditsOfRealTools makes the documents that rad 1.10.0 made with rad init and three times rad id update.
func TestEditsOfRealTools(t *testing.T) {
	doc := heartwood(t)
	check := func(step, want string) {
		if got := blobOf(t, doc); got != want {
			t.Errorf("%s: blob %s, want %s", step, got, want)
		}
		if err := doc.CheckProposal(); err != nil {
			t.Errorf("%s: %v", step, err)
		}
	}
	check("rad init", "d96f425412c9f8ad5d9a9a05c9831d0728e2338d")

	draft := doc.Edit()
	rules := cjson.Object{{Key: "refs/tags/releases/*", Value: cjson.Object{
		{Key: "threshold", Value: cjson.Int(1)},
		{Key: "allow", Value: "delegates"},
	}}}
	if err := draft.SetPayload(identity.CanonicalRefsPayload, "rules", rules); err != nil {
		t.Fatal(err)
	}
	doc = verify(t, draft)
	check("add crefs", "a67780106c3bf969d364ddf559c048edfa23fa71")

	draft = doc.Edit()
	draft.AddDelegate(did(0xfe))
	draft.AddDelegate(did(0xfe))
	doc = verify(t, draft)
	check("add Bo", "31a64c3b16abf0bf101f49a193acf3bb8b2cc317")

	draft = doc.Edit()
	if err := draft.SetPayload(identity.ProjectPayload, "description", "Second"); err != nil {
		t.Fatal(err)
	}
	doc = verify(t, draft)
	check("rename", "ae4f55910dc7e764bc6b3f6ee92687362c8ffded")

	draft = doc.Edit()
	if !draft.RemoveDelegate(did(0xfe)) || draft.RemoveDelegate(did(0xfe)) {
		t.Error("RemoveDelegate does not say whether it did")
	}
	if err := draft.SetPayload(identity.CanonicalRefsPayload, "rules", nil); err != nil {
		t.Fatal(err)
	}
	delete(draft.Payload, identity.CanonicalRefsPayload)
	if err := draft.SetPayload(identity.ProjectPayload, "description", "Radicle Heartwood Protocol & Stack"); err != nil {
		t.Fatal(err)
	}
	doc = verify(t, draft)
	check("all taken back", "d96f425412c9f8ad5d9a9a05c9831d0728e2338d")
}

func TestEditsLeaveTheDocumentAlone(t *testing.T) {
	draft := heartwood(t).Edit()
	draft.SetPrivate(true)
	if err := draft.Allow(did(2)); err != nil {
		t.Fatal(err)
	}
	doc := verify(t, draft)
	before := blobOf(t, doc)
	draft = doc.Edit()
	draft.Delegates[0] = did(9)
	draft.Visibility.Allow[0] = did(9)
	draft.AddDelegate(did(3))
	_ = draft.Allow(did(4))
	_ = draft.Disallow(did(2))
	_ = draft.SetPayload(identity.ProjectPayload, "name", "other")
	_ = draft.SetPayload("org.example.x", "k", "v")
	doc.Delegates()[0] = did(9)
	doc.Visibility().Allow[0] = did(9)
	doc.Members()[0] = did(9)
	if after := blobOf(t, doc); after != before {
		t.Errorf("blob %s became %s", before, after)
	}
}

func TestVisibility(t *testing.T) {
	draft := heartwood(t).Edit()
	if err := draft.Allow(did(2)); !errors.Is(err, identity.ErrPublic) {
		t.Errorf("Allow in a public repository: %v", err)
	}
	if err := draft.Disallow(did(2)); !errors.Is(err, identity.ErrPublic) {
		t.Errorf("Disallow in a public repository: %v", err)
	}
	if doc := verify(t, draft); !doc.VisibleTo(did(7)) || doc.Visibility().Private {
		t.Error("a public repository is hidden")
	}
	draft.SetPrivate(true)
	for _, b := range []byte{3, 2, 3, 0xff, 1} {
		if err := draft.Allow(did(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := draft.Disallow(did(1)); err != nil {
		t.Fatal(err)
	}
	draft.SetPrivate(true) // keeps the list
	doc := verify(t, draft)
	for b, want := range map[byte]bool{0xff: true, 2: true, 3: true, 1: false, 7: false} {
		if doc.VisibleTo(did(b)) != want {
			t.Errorf("VisibleTo(%x) is not %v", b, want)
		}
	}
	if got := doc.Visibility().Allow; !slices.IsSortedFunc(got, radicle.DID.Compare) || len(got) != 3 {
		t.Errorf("allow list %v", got)
	}
	members := doc.Members()
	if len(members) != 3 || members[0] != did(0xff) || !slices.Contains(members, did(2)) || !slices.Contains(members, did(3)) {
		t.Errorf("members %v", members)
	}
	draft = doc.Edit()
	draft.SetPrivate(false)
	if doc := verify(t, draft); !doc.VisibleTo(did(7)) || len(doc.Visibility().Allow) != 0 {
		t.Error("publishing keeps the allow list")
	}
}

func TestSetPayload(t *testing.T) {
	draft := identity.Draft{Delegates: []radicle.DID{did(1)}, Threshold: 1}
	for _, step := range []struct {
		id, key string
		value   cjson.Value
		want    string
	}{
		{"a.b", "k", nil, `{}`},
		{"a.b", "k", "v", `{"a.b":{"k":"v"}}`},
		{"a.b", "l", cjson.Int(2), `{"a.b":{"k":"v","l":2}}`},
		{"a.b", "k", false, `{"a.b":{"k":false,"l":2}}`},
		{"a.b", "k", nil, `{"a.b":{"l":2}}`},
		{"a.b", "x", nil, `{"a.b":{"l":2}}`},
		{"a.b", "l", nil, `{"a.b":{}}`},
	} {
		if err := draft.SetPayload(step.id, step.key, step.value); err != nil {
			t.Fatal(err)
		}
		data, err := verify(t, draft).Encode()
		if want := `"payload":` + step.want + `,"threshold"`; err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s = %v: %s, %v, want %s", step.key, step.value, data, err, step.want)
		}
	}
	draft.Payload["n"] = cjson.Int(1)
	if err := draft.SetPayload("n", "k", "v"); !errors.Is(err, identity.ErrPayload) {
		t.Errorf("payload that is a number: %v", err)
	}
}

func TestDocumentFields(t *testing.T) {
	draft := heartwood(t).Edit()
	draft.AddDelegate(did(2))
	draft.AddDelegate(did(1))
	draft.Threshold = 2
	doc := verify(t, draft)
	if diff := cmp.Diff([]radicle.DID{did(0xff), did(2), did(1)}, doc.Delegates()); diff != "" {
		t.Error(diff)
	}
	if doc.Threshold() != 2 || doc.Majority() != 2 || !doc.IsDelegate(did(2)) || doc.IsDelegate(did(3)) {
		t.Errorf("threshold %d, majority %d", doc.Threshold(), doc.Majority())
	}
	if diff := cmp.Diff([]string{identity.ProjectPayload}, doc.Payloads()); diff != "" {
		t.Error(diff)
	}
	if _, ok := doc.Payload("x"); ok {
		t.Error("a payload that is not there")
	}
	project, err := doc.Project()
	want := identity.Project{Name: "heartwood", Description: "Radicle Heartwood Protocol & Stack", DefaultBranch: "master"}
	if err != nil || project != want {
		t.Errorf("project %+v, %v", project, err)
	}
	empty := identity.Draft{Delegates: []radicle.DID{did(1)}, Threshold: 1}
	if _, err := verify(t, empty).Project(); !errors.Is(err, identity.ErrNoPayload) {
		t.Errorf("no project: %v", err)
	}
	for n, want := range map[int]int{1: 1, 2: 2, 3: 2, 4: 3, 255: 128} {
		d := identity.Draft{Threshold: 1}
		for i := range n {
			d.Delegates = append(d.Delegates, radicle.DID{byte(i)})
		}
		if got := verify(t, d).Majority(); got != want {
			t.Errorf("majority of %d delegates is %d", n, got)
		}
	}
}

func TestEqual(t *testing.T) {
	doc := heartwood(t)
	if data, err := doc.Encode(); err != nil {
		t.Fatal(err)
	} else if again, err := identity.Parse(data); err != nil || !again.Equal(doc) {
		t.Errorf("read back: %v", err)
	}
	for name, change := range map[string]func(*identity.Draft){
		"delegates":  func(d *identity.Draft) { d.AddDelegate(did(2)) },
		"private":    func(d *identity.Draft) { d.SetPrivate(true) },
		"payload":    func(d *identity.Draft) { _ = d.SetPayload("x", "y", "z") },
		"no payload": func(d *identity.Draft) { d.Payload = nil },
	} {
		draft := doc.Edit()
		change(&draft)
		if verify(t, draft).Equal(doc) {
			t.Errorf("%s: changed and equal", name)
		}
	}
}
