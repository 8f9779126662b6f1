// Package golden keeps golden vectors: the files that freeze a format. A vector is one file of "key: value" lines, an empty line,
// and bytes as they are. Tests alone import it.
package golden

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Vector is one file.
type Vector struct {
	Name   string // its folder and its name, with a slash between
	Header map[string]string
	Body   []byte
}

// New returns a vector of these fields: pairs of key and value.
func New(name string, body []byte, pairs ...string) Vector {
	v := Vector{Name: name, Header: make(map[string]string), Body: body}
	for pair := range slices.Chunk(pairs, 2) {
		v.Header[pair[0]] = pair[1]
	}
	return v
}

// And returns the vector with more fields.
func (v Vector) And(more map[string]string) Vector {
	maps.Copy(v.Header, more)
	return v
}

// Hex reads a field of bytes.
func (v Vector) Hex(tb testing.TB, key string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(v.Header[key])
	return must(tb, b, err)
}

// Bytes32 reads a field of 32 bytes.
func (v Vector) Bytes32(tb testing.TB, key string) [32]byte {
	tb.Helper()
	return [32]byte(v.Hex(tb, key))
}

// Int reads a decimal field.
func (v Vector) Int(tb testing.TB, key string) int64 {
	tb.Helper()
	n, err := strconv.ParseInt(v.Header[key], 10, 64)
	return must(tb, n, err)
}

// Parts cuts the body into what the field "lengths" counts, which is all of it.
func (v Vector) Parts(tb testing.TB) (parts [][]byte) {
	tb.Helper()
	rest := v.Body
	for text := range strings.FieldsSeq(v.Header["lengths"]) {
		n, err := strconv.Atoi(text)
		n = must(tb, n, err)
		parts = append(parts, rest[:n])
		rest = rest[n:]
	}
	if len(rest) > 0 {
		tb.Fatalf("%s: %d bytes more", v.Name, len(rest))
	}
	return parts
}

// Want compares what was made of a vector with what it expects. err is only told.
func (v Vector) Want(tb testing.TB, got string, err error) {
	tb.Helper()
	if got != v.Header["expect"] {
		tb.Errorf("%s, want %s: %v", got, v.Header["expect"], err)
	}
}

// WantField compares a field of the header, where it is there.
func (v Vector) WantField(tb testing.TB, key string, got any) {
	tb.Helper()
	if want, ok := v.Header[key]; ok && fmt.Sprint(got) != want {
		tb.Errorf("%s: %v, want %s", key, got, want)
	}
}

// Set is the vectors of one format.
type Set struct {
	Dir   string   // relative to the test's package
	Kinds []string // the folders in it
	Keys  []string // of headers, in the order in which they are written; others are refused
}

// Load reads a folder.
func (s Set) Load(tb testing.TB, kind string) []Vector {
	tb.Helper()
	files, err := os.ReadDir(filepath.Join(s.Dir, kind))
	all := make([]Vector, 0, len(files))
	for _, f := range must(tb, files, err) {
		data, err := os.ReadFile(filepath.Join(s.Dir, kind, f.Name()))
		v, bad := s.parse(kind+"/"+f.Name(), must(tb, data, err))
		all = append(all, must(tb, v, bad))
	}
	return all
}

// Each runs a test for every vector of a folder.
func (s Set) Each(t *testing.T, kind string, test func(*testing.T, Vector)) {
	t.Helper()
	for _, v := range s.Load(t, kind) {
		t.Run(v.Name, func(t *testing.T) { test(t, v) })
	}
}

// Hold holds the files against what the generators make; with update it writes the files first.
func (s Set) Hold(t *testing.T, generated []Vector, update bool) {
	t.Helper()
	made := make(map[string][]byte)
	for _, v := range generated {
		if made[v.Name] != nil {
			t.Fatalf("%s is made twice", v.Name)
		}
		made[v.Name] = s.encode(v)
	}
	if update {
		s.write(t, made)
	}
	for _, kind := range s.Kinds {
		for _, v := range s.Load(t, kind) {
			if !bytes.Equal(s.encode(v), made[v.Name]) {
				t.Errorf("%s is not what the generators make", v.Name)
			}
			delete(made, v.Name)
		}
	}
	for name := range made {
		t.Errorf("%s has no file", name)
	}
}

// CheckClasses looks for each class of errors in the table of a specification, the section that begins with a heading, among what
// the vectors expect, and counts them.
func (s Set) CheckClasses(t *testing.T, spec, heading string, count int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, kind := range s.Kinds {
		for _, v := range s.Load(t, kind) {
			for word := range strings.FieldsSeq(v.Header["expect"]) {
				seen[word] = true
			}
		}
	}
	text, err := os.ReadFile(spec)
	_, section, _ := strings.Cut(string(must(t, text, err)), "\n"+heading)
	section, _, _ = strings.Cut(section, "\n## ")
	rows := 0
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		rows++
		if name := strings.Trim(cells[1], " `"); !seen[name] {
			t.Errorf("no vector is refused as %s", name)
		}
	}
	if rows != count {
		t.Errorf("%d classes in %s, %d in this test", rows, spec, count)
	}
}

func (s Set) encode(v Vector) []byte {
	var b bytes.Buffer
	for _, key := range s.Keys {
		if value, ok := v.Header[key]; ok {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	b.WriteByte('\n')
	b.Write(v.Body)
	return b.Bytes()
}

func (s Set) parse(name string, data []byte) (Vector, error) {
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return Vector{}, fmt.Errorf("%s: no empty line after the header", name)
	}
	v := New(name, body)
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok || !slices.Contains(s.Keys, key) {
			return Vector{}, fmt.Errorf("%s: header %q", name, line)
		}
		v.Header[key] = value
	}
	return v, nil
}

// write replaces the folders of the set.
func (s Set) write(t *testing.T, made map[string][]byte) {
	t.Helper()
	for _, kind := range s.Kinds {
		must(t, 0, os.RemoveAll(filepath.Join(s.Dir, kind)))
		must(t, 0, os.MkdirAll(filepath.Join(s.Dir, kind), 0o755))
	}
	for name, data := range made {
		must(t, 0, os.WriteFile(filepath.Join(s.Dir, filepath.FromSlash(name)), data, 0o644))
	}
}

func must[T any](tb testing.TB, v T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
