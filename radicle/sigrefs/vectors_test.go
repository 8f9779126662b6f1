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
	"slices"
	"strconv"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/golden"
	"radswarm/radicle/sigrefs"
)

var update = flag.Bool("update", false, "write the vectors again from generate_test.go")

type vector = golden.Vector

var set = golden.Set{
	Dir:   "../../testdata/vectors/radicle/sigrefs",
	Kinds: []string{"text", "history"},
	Keys:  []string{"about", "rid", "nid", "head", "expect", "strict", "at", "level", "list"},
}

func TestVectorsAreWhatTheGeneratorMakes(t *testing.T) {
	set.Hold(t, append(textVectors(), historyVectors(t)...), *update)
}

func TestTextVectors(t *testing.T) {
	set.Each(t, "text", func(t *testing.T, v vector) {
		text, err := sigrefs.Parse(v.Body)
		if got := class(err); got != v.Header["expect"] {
			t.Fatalf("read: %s (%v), want %s", got, err, v.Header["expect"])
		}
		if got := gitobj.Hash(gitobj.KindBlob, text.Encode(), gitobj.SHA1); err == nil && got.String() != v.Header["list"] {
			t.Errorf("encodes to %q, %v, want %s", text.Encode(), got, v.Header["list"])
		}
		strict, err := sigrefs.ParseStrict(v.Body)
		if got := class(err); got != v.Header["strict"] {
			t.Errorf("read strictly: %s (%v), want %s", got, err, v.Header["strict"])
		}
		if err == nil && !bytes.Equal(strict.Encode(), v.Body) {
			t.Errorf("encodes to %q", strict.Encode())
		}
	})
}

func TestHistoryVectors(t *testing.T) {
	set.Each(t, "history", func(t *testing.T, v vector) {
		store, err := unpack(v.Body)
		if err != nil {
			t.Fatal(err)
		}
		rid, nid := must(radicle.ParseRID(v.Header["rid"])), must(radicle.ParseNID(v.Header["nid"]))
		list, err := sigrefs.Read(t.Context(), store, rid, nid, oid(v.Header["head"]))
		if got := class(err); got != v.Header["expect"] {
			t.Fatalf("%s (%v), want %s", got, err, v.Header["expect"])
		}
		if err == nil {
			checkList(t, list, v)
		}
	})
}

func checkList(t *testing.T, list *sigrefs.List, v vector) {
	t.Helper()
	if list.At.String() != v.Header["at"] || list.Level.String() != v.Header["level"] {
		t.Errorf("%v at level %v, want %s at level %s", list.At, list.Level, v.Header["at"], v.Header["level"])
	}
	text := sigrefs.Text{Refs: list.Refs}.Encode()
	if got := gitobj.Hash(gitobj.KindBlob, text, gitobj.SHA1).String(); got != v.Header["list"] {
		t.Errorf("refs %q, %s, want %s", text, got, v.Header["list"])
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
