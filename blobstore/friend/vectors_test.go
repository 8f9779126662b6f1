package friend_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const vectors = "../../testdata/vectors/friend"

var update = flag.Bool("update", false, "write the vectors again from the generators")

// kinds are the folders of vectors.
func kinds() []string {
	return []string{"address", "introduction", "revocation", "arrive", "invitation", "line"}
}

// headerKeys is the order in which keys are written.
func headerKeys() []string {
	return []string{
		"about", "expect", "now", "lengths", "friends", "kind", "did", "device", "seed", "number", "id", "guest", "not-before",
		"not-after", "before", "until", "flags", "rid", "secret", "give", "name", "addresses",
	}
}

// vector is one file: "key: value" lines, an empty line, then bytes as they are.
type vector struct {
	name   string
	header map[string]string
	body   []byte
}

// with returns a vector of these fields: pairs of key and value.
func with(name string, body []byte, pairs ...string) vector {
	v := vector{name: name, header: make(map[string]string), body: body}
	for pair := range slices.Chunk(pairs, 2) {
		v.header[pair[0]] = pair[1]
	}
	return v
}

func (v vector) and(more map[string]string) vector {
	maps.Copy(v.header, more)
	return v
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

// loadVectors reads a folder.
func loadVectors(tb testing.TB, kind string) []vector {
	tb.Helper()
	files := must[[]os.DirEntry](tb)(os.ReadDir(filepath.Join(vectors, kind)))
	all := make([]vector, 0, len(files))
	for _, f := range files {
		data := must[[]byte](tb)(os.ReadFile(filepath.Join(vectors, kind, f.Name())))
		all = append(all, must[vector](tb)(parseVector(kind+"/"+f.Name(), data)))
	}
	return all
}

// each runs a test for every vector of a folder.
func each(t *testing.T, kind string, test func(*testing.T, vector)) {
	t.Helper()
	for _, v := range loadVectors(t, kind) {
		t.Run(v.name, func(t *testing.T) { test(t, v) })
	}
}

func (v vector) hex(tb testing.TB, key string) []byte {
	tb.Helper()
	return must[[]byte](tb)(hex.DecodeString(v.header[key]))
}

func (v vector) time(tb testing.TB) time.Time {
	tb.Helper()
	return time.Unix(must[int64](tb)(strconv.ParseInt(v.header["now"], 10, 64)), 0)
}

// want compares what was made of a vector with what it expects.
func (v vector) want(t *testing.T, got string, err error) {
	t.Helper()
	if got != v.header["expect"] {
		t.Errorf("%s, want %s: %v", got, v.header["expect"], err)
	}
}

// wantField compares a field of the header, where it is there.
func (v vector) wantField(t *testing.T, key string, got any) {
	t.Helper()
	if want, ok := v.header[key]; ok && fmt.Sprint(got) != want {
		t.Errorf("%s: %v, want %s", key, got, want)
	}
}

// TestVectorsAreWhatTheGeneratorsMake keeps files and generators together; with -update it writes the files.
func TestVectorsAreWhatTheGeneratorsMake(t *testing.T) {
	made := make(map[string][]byte)
	for _, v := range generate() {
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

// TestEveryClassHasAVector looks for the classes of FRIEND.md §8 among the refusals.
func TestEveryClassHasAVector(t *testing.T) {
	seen := make(map[string]bool)
	for _, kind := range kinds() {
		for _, v := range loadVectors(t, kind) {
			for word := range strings.FieldsSeq(v.header["expect"]) {
				seen[word] = true
			}
		}
	}
	text := string(must[[]byte](t)(os.ReadFile("FRIEND.md")))
	_, section, _ := strings.Cut(text, "\n## 8. ")
	section, _, _ = strings.Cut(section, "\n## 9. ")
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
	if rows != 15 {
		t.Errorf("%d classes in FRIEND.md, %d in this test", rows, 15)
	}
}
