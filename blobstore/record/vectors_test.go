package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

var update = flag.Bool("update", false, "write the vectors again from the generators")

type vector = golden.Vector

var set = golden.Set{
	Dir:   "../../testdata/vectors/record",
	Kinds: []string{"record", "hints", "merge", "branch"},
	Keys: []string{
		"about", "expect", "field", "rid", "writer", "seed", "oid", "size", "path", "path-sha256", "form", "reach", "gen", "k", "salt-id",
		"wraps", "extensions", "content-key", "manifest-hash", "holders", "rk", "tree", "paths", "lengths",
	},
}

func pointerOf(tb testing.TB, v vector) blobstore.Pointer {
	tb.Helper()
	return blobstore.Pointer{OID: v.Bytes32(tb, "oid"), Size: v.Int(tb, "size")}
}

func placeOf(tb testing.TB, v vector) record.Place {
	tb.Helper()
	return record.Place{RID: parseRID(tb, v.Header["rid"]), Writer: must[radicle.DID](tb)(radicle.ParseDID(v.Header["writer"]))}
}

// want compares a class, and the field that a refusal names, with what the vector expects.
func want(t *testing.T, v vector, err error) {
	t.Helper()
	if got := class(err); got != v.Header["expect"] {
		t.Errorf("%s, want %s: %v", got, v.Header["expect"], err)
	}
	if want, ok := v.Header["field"]; ok {
		if e, is := errors.AsType[*blobstore.FieldError](err); !is || e.Field != want {
			t.Errorf("%v does not name the field %s", err, want)
		}
	}
}

func TestRecordVectors(t *testing.T) {
	set.Each(t, "record", func(t *testing.T, v vector) {
		parse := record.Parse
		if path, ok := v.Header["path"]; ok {
			key := must[radicle.Oid](t)(radicle.ParseOid(strings.ReplaceAll(path, "/", "")))
			parse = func(b []byte) (*record.Record, error) { return record.ParseNamed(key, b) }
		}
		r, err := parse(v.Body)
		want(t, v, err)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), v.Body) {
			t.Error("written again it is another")
		}
		form := "sealed"
		if r.Reach() == record.Public {
			form = "open"
		}
		var wraps []string
		for _, w := range r.Wraps() {
			wraps = append(wraps, fmt.Sprintf("%d:%d", w.Kind, w.Epoch))
		}
		for key, got := range map[string]any{
			"oid": r.Pointer().OID, "size": r.Pointer().Size, "form": form, "reach": r.Reach(), "gen": r.Gen(), "k": r.K(),
			"salt-id": r.Salt(), "wraps": strings.Join(wraps, " "), "path": pathOf(t, r.Pointer()),
		} {
			v.WantField(t, key, got)
		}
		if long, err := r.Pointer().BlobID(radicle.SHA256Size); err == nil {
			v.WantField(t, "path-sha256", long.String()[:2]+"/"+long.String()[2:])
		}
	})
}

func TestHintsVectors(t *testing.T) {
	set.Each(t, "hints", func(t *testing.T, v vector) {
		rk, k := blobstore.NewRepairKey(v.Bytes32(t, "rk")), int(v.Int(t, "k"))
		holders, err := placeOf(t, v).OpenHints(rk, k, v.Body)
		want(t, v, err)
		if err != nil {
			return
		}
		v.WantField(t, "holders", holderText(holders))
		if again := must[[]byte](t)(placeOf(t, v).SealHints(rk, k, holders)); !bytes.Equal(again, v.Body) {
			t.Error("sealed again they are others")
		}
	})
}

// holderText lists holders, those that are not placed as a dash.
func holderText(holders []radicle.DID) string {
	if len(holders) == 0 {
		return "none"
	}
	var out []string
	for _, h := range holders {
		if h.IsZero() {
			out = append(out, "-")
			continue
		}
		out = append(out, h.NID().String())
	}
	return strings.Join(out, " ")
}

func TestMergeVectors(t *testing.T) {
	set.Each(t, "merge", func(t *testing.T, v vector) {
		parts := v.Parts(t)
		a, b := must[*record.Record](t)(record.Parse(parts[0])), must[*record.Record](t)(record.Parse(parts[1]))
		for _, m := range []*record.Record{must[*record.Record](t)(record.Merge(a, b)), must[*record.Record](t)(record.Merge(b, a))} {
			if !bytes.Equal(m.Bytes(), parts[2]) {
				t.Errorf("%x, want %x", m.Bytes(), parts[2])
			}
		}
	})
}

func TestBranchVectors(t *testing.T) {
	set.Each(t, "branch", func(t *testing.T, v vector) {
		r, f := newRepo(t), make(files)
		r.rid = parseRID(t, v.Header["rid"])
		parts := v.Parts(t)
		for i, path := range strings.Fields(v.Header["paths"]) {
			f[path] = parts[i]
		}
		v.WantField(t, "tree", r.tree(t, f))
		reader := must[*keyring.Keyring](t)(keyring.Unlock(t.Context(), radicle.NewMemorySigner(v.Bytes32(t, "seed"))))
		b := must[*record.Branch](t)(record.ReadBranch(t.Context(), r, placeOf(t, v), r.commit(t, f)))
		o, err := readObject(t, b, record.NewOpener(reader), pointerOf(t, v))
		want(t, v, err)
		if err != nil {
			return
		}
		hash, ck := o.Manifest.Hash(), o.Key.Bytes()
		for key, got := range map[string]any{
			"content-key": hex.EncodeToString(ck[:]), "manifest-hash": hex.EncodeToString(hash[:]), "holders": holderText(o.Holders),
			"reach": o.Reach(), "k": o.Record.K(),
		} {
			v.WantField(t, key, got)
		}
	})
}

func readObject(t *testing.T, b *record.Branch, o *record.Opener, p blobstore.Pointer) (*record.Object, error) {
	r, err := b.Get(t.Context(), p)
	if err != nil {
		return nil, err
	}
	return o.Open(t.Context(), b, r)
}

// Envelopes and wraps need randomness: a release of Go that draws it in another order makes others, which is no change of the
// format.
func TestVectorsAreWhatTheGeneratorsMake(t *testing.T) { set.Hold(t, generate(t), *update) }
