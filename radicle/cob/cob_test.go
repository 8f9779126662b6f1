package cob_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// signer returns the key of 32 times b; Ana is ff, Bo is fe.
func signer(b byte) *radicle.MemorySigner {
	return radicle.NewMemorySigner([radicle.SeedSize]byte(bytes.Repeat([]byte{b}, radicle.SeedSize)))
}

// when is the time of all real commits in the vectors.
var when = time.Unix(1671125284, 0).UTC()

func ana() gitobj.Signature { return cob.Author("alice", signer(0xff).NID(), when) }

func parse(t testing.TB, id string) radicle.Oid {
	t.Helper()
	oid, err := radicle.ParseOid(id)
	if err != nil {
		t.Fatal(err)
	}
	return oid
}

func blob(t testing.TB, w gitobj.Writer, text string) radicle.Oid {
	t.Helper()
	id, err := w.Write(t.Context(), gitobj.KindBlob, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func actions(texts ...string) [][]byte {
	var list [][]byte
	for _, text := range texts {
		list = append(list, []byte(text))
	}
	return list
}

func mustWrite(t testing.TB, w gitobj.Writer, c cob.Change, key radicle.Signer, who gitobj.Signature) *cob.Entry {
	t.Helper()
	e, err := c.Write(t.Context(), cob.Pen{Objects: w, Signer: key, Who: who})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// ignoreHidden lets cmp look at identifiers.
var ignoreHidden = cmp.Comparer(func(a, b radicle.Oid) bool { return a == b })

const document = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"],"payload":{"xyz.radicle.project":` +
	`{"defaultBranch":"master","description":"Radicle Heartwood Protocol & Stack","name":"heartwood"}},"threshold":1}`

func identityChange(t testing.TB, w gitobj.Writer) cob.Change {
	doc := blob(t, w, document)
	return cob.Change{
		Type: "xyz.radicle.id", Message: "Initialize identity", Embeds: []cob.Embed{{Name: "radicle.json", Blob: doc}},
		Actions: actions(`{"blob":"d96f425412c9f8ad5d9a9a05c9831d0728e2338d","parent":null,"signature":` +
			`"z5nGqUvrmfiSyLjNCHWTWYvVMcPUZcvo9TxPKzEKXYBdSgUzbrqf1cYsmpGgbQvYunnsrLSsubEmxZaRdKM4quqQR","title":"Initial revision","type":"revision"}`),
	}
}

func TestChangeRefuses(t *testing.T) {
	w := gitobj.NewMemory(20)
	for name, c := range map[string]cob.Change{
		"no actions":       {Type: "a.b"},
		"too many actions": {Type: "a.b", Actions: make([][]byte, cob.MaxActions+1)},
		"type name":        {Type: "a..b", Actions: actions("{}")},
		"two files of one name": {
			Type: "a.b", Actions: actions("{}"),
			Embeds: []cob.Embed{{Name: "x", Blob: blob(t, w, "1")}, {Name: "x", Blob: blob(t, w, "2")}},
		},
	} {
		if e, err := c.Write(t.Context(), cob.Pen{Objects: w, Signer: signer(1), Who: ana()}); err == nil {
			t.Errorf("%s: written as %v", name, e.ID)
		}
	}
	full := cob.Change{Type: "a.b", Actions: make([][]byte, cob.MaxActions)}
	e := mustWrite(t, w, full, signer(1), ana())
	if read, err := cob.ReadEntry(t.Context(), w, e.ID, cob.Limits{}); err != nil || len(read.Actions) != cob.MaxActions {
		t.Errorf("%d actions: %v", cob.MaxActions, err)
	}
}

// liar signs with another key than the one it names.
type liar struct{ *radicle.MemorySigner }

func (liar) NID() radicle.NID { return signer(9).NID() }

func TestChangeIsNotWrittenWithTheWrongKey(t *testing.T) {
	w := gitobj.NewMemory(20)
	c := cob.Change{Type: "a.b", Actions: actions("{}")}
	if _, err := c.Write(t.Context(), cob.Pen{Objects: w, Signer: liar{signer(1)}, Who: ana()}); !errors.Is(err, cob.ErrSignature) {
		t.Errorf("signature by another key: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Write(ctx, cob.Pen{Objects: w, Signer: signer(1), Who: ana()}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

func TestSHA256(t *testing.T) {
	w := gitobj.NewMemory(32)
	c := identityChange(t, w)
	e := mustWrite(t, w, c, signer(0xff), ana())
	read, err := cob.ReadEntry(t.Context(), w, e.ID, cob.Limits{})
	if err != nil || read.Verify() != nil || e.ID.Len() != 32 || e.Tree.Len() != 32 {
		t.Errorf("%v, tree %v: %v", e.ID, e.Tree, err)
	}
}

func TestAuthor(t *testing.T) {
	nid := signer(0xff).NID()
	for alias, want := range map[radicle.Alias]string{
		"ana":    "ana <ana@" + nid.String() + ">",
		"'ana.'": "ana. <ana.'@" + nid.String() + ">",
		",a;b:":  "a;b <a;b:@" + nid.String() + ">",
		"<ana>":  nid.String() + " <" + nid.String() + "@" + nid.String() + ">",
		"''":     nid.String() + " <" + nid.String() + "@" + nid.String() + ">",
		"Zoë":    "Zoë <Zoë@" + nid.String() + ">",
	} {
		got := cob.Author(alias, nid, when.In(time.FixedZone("", -5400)))
		if got.String() != want+" 1671125284 -0130" {
			t.Errorf("%s: %s", alias, got)
		}
	}
}

func TestTypeName(t *testing.T) {
	for _, s := range []string{
		"a", "abc.def.ghi", "abc.123.ghi", "1bc.123.ghi", "1bc-123.ghi", "xyz.radicle.patch", "a--b",
		strings.Repeat("a", 63), strings.Repeat("a.", 127) + "a",
	} {
		if got, err := cob.ParseTypeName(s); err != nil || got.String() != s {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"", ".", ".a", "a.", "a..b", "abc.-123.ghi", "abc.123-.ghi", "-", "a_b", "a b", "ä", "a/b",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "aa",
	} {
		if _, err := cob.ParseTypeName(s); !errors.Is(err, cob.ErrTypeName) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestRef(t *testing.T) {
	id := parse(t, "0656c217f917c3e06234771e9ecae53aba5e173e")
	ref := cob.Ref("xyz.radicle.id", id)
	if ref != "refs/cobs/xyz.radicle.id/0656c217f917c3e06234771e9ecae53aba5e173e" {
		t.Errorf("ref %s", ref)
	}
	if name, object, ok := cob.ParseRef(ref); !ok || name != "xyz.radicle.id" || object != id {
		t.Errorf("ParseRef = %v, %v, %v", name, object, ok)
	}
	for _, s := range []string{
		"", "refs/cobs/", "refs/cobs/a", "refs/cobs/a/", "refs/cobs/a/" + id.String()[1:], "refs/cobs/a_b/" + id.String(), ref + "/x",
		"refs/heads/a/" + id.String(), "refs/cobs/a/" + strings.ToUpper(id.String()), "x" + ref,
	} {
		if _, _, ok := cob.ParseRef(s); ok {
			t.Errorf("ParseRef(%q)", s)
		}
	}
}
