package cjson_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// vector is a row of canonical-json.json: Canonical is what radicle 0.25.1 wrote for JSON, or "" where it refused; Why says what
// the row is about. The file holds answers of Radicle's own code, so there is nothing to regenerate it with here.
type vector struct{ Why, JSON, Canonical string }

func vectors(tb testing.TB) (list []vector) {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "vectors", "radicle", "identity", "canonical-json.json"))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, &list); err != nil {
		tb.Fatal(err)
	}
	return list
}

func TestVectors(t *testing.T) {
	for _, v := range vectors(t) {
		got, err := canonical(t, v.JSON)
		if got != v.Canonical || (err == nil) == (v.Canonical == "") {
			t.Errorf("%s: %q\n got %q, %v\nwant %q", v.Why, v.JSON, got, err, v.Canonical)
		}
	}
}
