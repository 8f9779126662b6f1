package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

const vectors = "../../testdata/vectors/record"

var update = flag.Bool("update", false, "write the vectors again from the generators")

// kinds are the folders of vectors.
func kinds() []string { return []string{"record", "hints", "merge", "branch"} }

// headerKeys is the order in which keys are written.
func headerKeys() []string {
	return []string{
		"about", "expect", "field", "rid", "writer", "seed", "oid", "size", "path", "path-sha256", "form", "reach", "gen", "k", "salt-id",
		"wraps", "extensions", "content-key", "manifest-hash", "holders", "rk", "tree", "paths", "lengths",
	}
}

// vector is one file: "key: value" lines, an empty line, then bytes as they are.
type vector struct {
	name   string
	header map[string]string
	body   []byte
}

func (v vector) encode() []byte {
	var b bytes.Buffer
	for _, key := range headerKeys() {
		if value, ok := v.header[key]; ok {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	b.WriteByte('\n')
	b.Write(v.body)
	return b.Bytes()
}

func parseVector(name string, data []byte) (vector, error) {
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return vector{}, fmt.Errorf("%s: no empty line after the header", name)
	}
	v := vector{name: name, header: make(map[string]string), body: body}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || !slices.Contains(headerKeys(), key) {
			return vector{}, fmt.Errorf("%s: header %q", name, line)
		}
		v.header[key] = value
	}
	return v, nil
}

func loadVectors(tb testing.TB, kind string) []vector {
	tb.Helper()
	names := must[[]os.DirEntry](tb)(os.ReadDir(filepath.Join(vectors, kind)))
	all := make([]vector, 0, len(names))
	for _, f := range names {
		data := must[[]byte](tb)(os.ReadFile(filepath.Join(vectors, kind, f.Name())))
		all = append(all, must[vector](tb)(parseVector(kind+"/"+f.Name(), data)))
	}
	return all
}

func each(t *testing.T, kind string, test func(*testing.T, vector)) {
	t.Helper()
	for _, v := range loadVectors(t, kind) {
		t.Run(v.name, func(t *testing.T) { test(t, v) })
	}
}

func (v vector) bytes32(tb testing.TB, key string) [32]byte {
	tb.Helper()
	return [32]byte(must[[]byte](tb)(hex.DecodeString(v.header[key])))
}

func (v vector) int(tb testing.TB, key string) int64 {
	tb.Helper()
	return must[int64](tb)(strconv.ParseInt(v.header[key], 10, 64))
}

func (v vector) pointer(tb testing.TB) blobstore.Pointer {
	tb.Helper()
	return blobstore.Pointer{OID: v.bytes32(tb, "oid"), Size: v.int(tb, "size")}
}

func (v vector) place(tb testing.TB) record.Place {
	tb.Helper()
	return record.Place{RID: parseRID(tb, v.header["rid"]), Writer: must[radicle.DID](tb)(radicle.ParseDID(v.header["writer"]))}
}

// parts cuts the body.
func (v vector) parts(tb testing.TB) (parts [][]byte) {
	tb.Helper()
	rest := v.body
	for n := range strings.FieldsSeq(v.header["lengths"]) {
		n := must[int](tb)(strconv.Atoi(n))
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	if len(rest) > 0 {
		tb.Fatalf("%s: %d bytes more", v.name, len(rest))
	}
	return parts
}

// want compares a class, and the field that a refusal names, with what the vector expects.
func (v vector) want(t *testing.T, err error) {
	t.Helper()
	if got := class(err); got != v.header["expect"] {
		t.Errorf("%s, want %s: %v", got, v.header["expect"], err)
	}
	if want, ok := v.header["field"]; ok {
		if e, is := errors.AsType[*blobstore.FieldError](err); !is || e.Field != want {
			t.Errorf("%v does not name the field %s", err, want)
		}
	}
}

// wantField compares a field of the header, where it is there.
func (v vector) wantField(t *testing.T, key string, got any) {
	t.Helper()
	if want, ok := v.header[key]; ok && fmt.Sprint(got) != want {
		t.Errorf("%s: %v, want %s", key, got, want)
	}
}

func TestRecordVectors(t *testing.T) {
	each(t, "record", func(t *testing.T, v vector) {
		parse := record.Parse
		if path, ok := v.header["path"]; ok {
			key := must[radicle.Oid](t)(radicle.ParseOid(strings.ReplaceAll(path, "/", "")))
			parse = func(b []byte) (*record.Record, error) { return record.ParseNamed(key, b) }
		}
		r, err := parse(v.body)
		v.want(t, err)
		if err != nil {
			return
		}
		if !bytes.Equal(r.Bytes(), v.body) {
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
			v.wantField(t, key, got)
		}
		if long, err := r.Pointer().BlobID(radicle.SHA256Size); err == nil {
			v.wantField(t, "path-sha256", long.String()[:2]+"/"+long.String()[2:])
		}
	})
}

func TestHintsVectors(t *testing.T) {
	each(t, "hints", func(t *testing.T, v vector) {
		rk, k := blobstore.NewRepairKey(v.bytes32(t, "rk")), int(v.int(t, "k"))
		holders, err := v.place(t).OpenHints(rk, k, v.body)
		v.want(t, err)
		if err != nil {
			return
		}
		v.wantField(t, "holders", holderText(holders))
		if again := must[[]byte](t)(v.place(t).SealHints(rk, k, holders)); !bytes.Equal(again, v.body) {
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
	each(t, "merge", func(t *testing.T, v vector) {
		parts := v.parts(t)
		a, b := must[*record.Record](t)(record.Parse(parts[0])), must[*record.Record](t)(record.Parse(parts[1]))
		for _, m := range []*record.Record{must[*record.Record](t)(record.Merge(a, b)), must[*record.Record](t)(record.Merge(b, a))} {
			if !bytes.Equal(m.Bytes(), parts[2]) {
				t.Errorf("%x, want %x", m.Bytes(), parts[2])
			}
		}
	})
}

func TestBranchVectors(t *testing.T) {
	each(t, "branch", func(t *testing.T, v vector) {
		r, f := newRepo(t), make(files)
		r.rid = parseRID(t, v.header["rid"])
		parts := v.parts(t)
		for i, path := range strings.Fields(v.header["paths"]) {
			f[path] = parts[i]
		}
		v.wantField(t, "tree", r.tree(t, f))
		reader := must[*keyring.Keyring](t)(keyring.Unlock(t.Context(), radicle.NewMemorySigner(v.bytes32(t, "seed"))))
		b := must[*record.Branch](t)(record.ReadBranch(t.Context(), r, v.place(t), r.commit(t, f)))
		o, err := readObject(t, b, record.NewOpener(reader), v.pointer(t))
		v.want(t, err)
		if err != nil {
			return
		}
		hash, ck := o.Manifest.Hash(), o.Key.Bytes()
		for key, got := range map[string]any{
			"content-key": hex.EncodeToString(ck[:]), "manifest-hash": hex.EncodeToString(hash[:]), "holders": holderText(o.Holders),
			"reach": o.Reach(), "k": o.Record.K(),
		} {
			v.wantField(t, key, got)
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

// TestVectorsAreWhatTheGeneratorsMake keeps files and generators together; with -update it writes the files. Envelopes and
// wraps need randomness: a release of Go that draws it in another order makes others, which is no change of the format.
func TestVectorsAreWhatTheGeneratorsMake(t *testing.T) {
	made := make(map[string][]byte)
	for _, v := range generate(t) {
		if made[v.name] != nil {
			t.Fatalf("%s is made twice", v.name)
		}
		made[v.name] = v.encode()
	}
	if *update {
		writeVectors(t, made)
	}
	var found []string
	for _, kind := range kinds() {
		for _, v := range loadVectors(t, kind) {
			found = append(found, v.name)
			if !bytes.Equal(v.encode(), made[v.name]) {
				t.Errorf("%s is not what the generator makes", v.name)
			}
		}
	}
	slices.Sort(found)
	if want := slices.Sorted(maps.Keys(made)); !slices.Equal(found, want) {
		t.Errorf("files %q, generated %q", found, want)
	}
}

func writeVectors(t *testing.T, made map[string][]byte) {
	t.Helper()
	for _, kind := range kinds() {
		check(t, os.RemoveAll(filepath.Join(vectors, kind)))
		check(t, os.MkdirAll(filepath.Join(vectors, kind), 0o755))
	}
	for name, data := range made {
		check(t, os.WriteFile(filepath.Join(vectors, filepath.FromSlash(name)), data, 0o644))
	}
}
