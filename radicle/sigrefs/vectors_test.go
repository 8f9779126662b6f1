package sigrefs_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/sigrefs"
)

const vectors = "../../testdata/vectors/radicle/sigrefs"

var update = flag.Bool("update", false, "write the vectors again from generate_test.go")

// vector is one file: "key: value" lines, an empty line, then bytes as they are.
type vector struct {
	name   string
	header map[string]string
	body   []byte
}

// headerKeys is the order in which keys are written.
func headerKeys() []string {
	return []string{"about", "rid", "nid", "head", "expect", "strict", "at", "level", "list"}
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
	files, err := os.ReadDir(filepath.Join(vectors, kind))
	if err != nil {
		tb.Fatal(err)
	}
	var all []vector
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(vectors, kind, f.Name()))
		if err != nil {
			tb.Fatal(err)
		}
		v, err := parseVector(kind+"/"+f.Name(), data)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// TestVectorsAreWhatTheGeneratorMakes keeps files and generator together; with -update it writes the files.
func TestVectorsAreWhatTheGeneratorMakes(t *testing.T) {
	made := make(map[string][]byte)
	for _, v := range append(textVectors(), historyVectors(t)...) {
		if made[v.name] != nil {
			t.Fatalf("%s is made twice", v.name)
		}
		made[v.name] = v.encode()
	}
	if *update {
		writeVectors(t, made)
	}
	var found []string
	for _, kind := range []string{"text", "history"} {
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
	for name, data := range made {
		path := filepath.Join(vectors, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTextVectors(t *testing.T) {
	for _, v := range loadVectors(t, "text") {
		t.Run(v.name, func(t *testing.T) {
			text, err := sigrefs.Parse(v.body)
			if got := class(err); got != v.header["expect"] {
				t.Fatalf("read: %s (%v), want %s", got, err, v.header["expect"])
			}
			if got := gitobj.Hash(gitobj.KindBlob, text.Encode(), gitobj.SHA1); err == nil && got.String() != v.header["list"] {
				t.Errorf("encodes to %q, %v, want %s", text.Encode(), got, v.header["list"])
			}
			strict, err := sigrefs.ParseStrict(v.body)
			if got := class(err); got != v.header["strict"] {
				t.Errorf("read strictly: %s (%v), want %s", got, err, v.header["strict"])
			}
			if err == nil && !bytes.Equal(strict.Encode(), v.body) {
				t.Errorf("encodes to %q", strict.Encode())
			}
		})
	}
}

func TestHistoryVectors(t *testing.T) {
	for _, v := range loadVectors(t, "history") {
		t.Run(v.name, func(t *testing.T) {
			store, err := unpack(v.body)
			if err != nil {
				t.Fatal(err)
			}
			rid, nid := must(radicle.ParseRID(v.header["rid"])), must(radicle.ParseNID(v.header["nid"]))
			list, err := sigrefs.Read(t.Context(), store, rid, nid, oid(v.header["head"]))
			if got := class(err); got != v.header["expect"] {
				t.Fatalf("%s (%v), want %s", got, err, v.header["expect"])
			}
			if err == nil {
				checkList(t, list, v)
			}
		})
	}
}

func checkList(t *testing.T, list *sigrefs.List, v vector) {
	t.Helper()
	if list.At.String() != v.header["at"] || list.Level.String() != v.header["level"] {
		t.Errorf("%v at level %v, want %s at level %s", list.At, list.Level, v.header["at"], v.header["level"])
	}
	text := sigrefs.Text{Refs: list.Refs}.Encode()
	if got := gitobj.Hash(gitobj.KindBlob, text, gitobj.SHA1).String(); got != v.header["list"] {
		t.Errorf("refs %q, %s, want %s", text, got, v.header["list"])
	}
}

// class is the word for an error in the vectors.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	for _, c := range []struct {
		word string
		is   error
	}{
		{"format", sigrefs.ErrFormat},
		{"name", sigrefs.ErrName},
		{"duplicate", sigrefs.ErrDuplicate},
		{"order", sigrefs.ErrOrder},
		{"null", sigrefs.ErrNull},
		{"canonical", sigrefs.ErrCanonical},
		{"signature", sigrefs.ErrSignature},
		{"signature-size", sigrefs.ErrSignatureSize},
		{"missing-blob", sigrefs.ErrMissingBlob},
		{"parents", sigrefs.ErrParents},
		{"utf-8", sigrefs.ErrText},
		{"object-format", sigrefs.ErrObjectFormat},
		{"no-identity", sigrefs.ErrNoIdentity},
		{"no-root", sigrefs.ErrNoRoot},
		{"missing", fs.ErrNotExist},
	} {
		if errors.Is(err, c.is) {
			return c.word
		}
	}
	switch {
	case errors.As(err, new(*sigrefs.IdentityError)):
		return "identity"
	case errors.As(err, new(*sigrefs.ParentError)):
		return "parent"
	case errors.As(err, new(*sigrefs.DowngradeError)):
		return "downgrade"
	case errors.As(err, new(*gitobj.KindError)):
		return "kind"
	case errors.As(err, new(*gitobj.ParseError)):
		return "object"
	}
	return "unknown: " + err.Error()
}

// pack writes objects one after the other, each as git hashes it: "<kind> <length>\0" and the bytes.
func pack(store *gitobj.Memory, without ...radicle.Oid) []byte {
	objects := make(map[radicle.Oid][]byte)
	store.All(func(id radicle.Oid, kind gitobj.Kind, data []byte) bool {
		if !slices.Contains(without, id) {
			objects[id] = append(gitobj.AppendHeader(nil, kind, int64(len(data))), data...)
		}
		return true
	})
	var b []byte
	for _, id := range slices.SortedFunc(maps.Keys(objects), radicle.Oid.Compare) {
		b = append(b, objects[id]...)
	}
	return b
}

func unpack(body []byte) (*gitobj.Memory, error) {
	store := gitobj.NewMemory(gitobj.SHA1)
	for len(body) > 0 {
		head, rest, ok := bytes.Cut(body, []byte{0})
		word, length, _ := strings.Cut(string(head), " ")
		kind, known := gitobj.ParseKind(word)
		n, err := strconv.Atoi(length)
		if !ok || !known || err != nil || n < 0 || n > len(rest) {
			return nil, fmt.Errorf("object header %q", cmp.Or(string(head), "empty"))
		}
		if _, err := store.Write(context.Background(), kind, rest[:n]); err != nil {
			return nil, err
		}
		body = rest[n:]
	}
	return store, nil
}
