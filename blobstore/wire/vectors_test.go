package wire

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

const vectors = "../../testdata/vectors/wire"

var update = flag.Bool("update", false, "write the vectors again")

// vector is one file: "key: value" lines, an empty line, then bytes as they are.
type vector struct {
	name   string // folder and file
	header [][2]string
	body   []byte
}

func (v vector) encode() []byte {
	var b bytes.Buffer
	for _, line := range v.header {
		fmt.Fprintf(&b, "%s: %s\n", line[0], line[1])
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
	v := vector{name: name, body: body}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			return vector{}, fmt.Errorf("%s: header %q", name, line)
		}
		v.header = append(v.header, [2]string{key, value})
	}
	return v, nil
}

func (v vector) get(key string) string {
	for _, line := range v.header {
		if line[0] == key {
			return line[1]
		}
	}
	return ""
}

func messageVectors() []vector {
	var all []vector
	for _, s := range samples() {
		v := vector{name: "message/" + s.name, body: AppendFrame(nil, s.m)}
		v.header = [][2]string{{"kind", fmt.Sprintf("%d %v", s.m.Kind(), s.m.Kind())}, {"expect", "ok"}}
		if fields := describe(s.m.AppendTo(nil)); fields != "" {
			v.header = append(v.header, [2]string{"fields", fields})
		}
		all = append(all, v)
	}
	return all
}

func refusedVectors() []vector {
	var all []vector
	for _, r := range refusals() {
		all = append(all, vector{
			name:   "refused/" + r.name,
			header: [][2]string{{"about", r.about}, {"expect", r.code.String()}},
			body:   r.frame,
		})
	}
	return all
}

// describe writes fields as number=value: numbers as decimals, bytes as hexadecimal, or as length and SHA-256.
func describe(b []byte) string {
	var fields []string
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		b = b[n:]
		if typ == protowire.VarintType {
			v, n := protowire.ConsumeVarint(b)
			b = b[n:]
			fields = append(fields, fmt.Sprintf("%d=%d", num, v))
			continue
		}
		v, n := protowire.ConsumeBytes(b)
		b = b[n:]
		if len(v) > 64 {
			fields = append(fields, fmt.Sprintf("%d=%d:sha256:%x", num, len(v), sha256.Sum256(v)))
		} else {
			fields = append(fields, fmt.Sprintf("%d=%x", num, v))
		}
	}
	if len(fields) > 70 {
		return fmt.Sprintf("%s … %d in all", strings.Join(fields[:4], " "), len(fields))
	}
	return strings.Join(fields, " ")
}

func TestVectorsAreWhatTheirGeneratorMakes(t *testing.T) {
	generated := append(append(messageVectors(), refusedVectors()...), dialogueVectors(t)...)
	slices.SortFunc(generated, func(a, b vector) int { return cmp.Compare(a.name, b.name) })
	if *update {
		write(t, generated)
	}
	frozen := loadVectors(t, "message", "refused", "dialogue")
	for _, v := range frozen {
		i, ok := slices.BinarySearchFunc(generated, v.name, func(g vector, name string) int { return cmp.Compare(g.name, name) })
		if !ok {
			t.Errorf("%s: nobody makes it", v.name)
		} else if !bytes.Equal(generated[i].encode(), v.encode()) {
			t.Errorf("%s: is made differently now", v.name)
		}
	}
	if len(frozen) != len(generated) {
		t.Errorf("%d vectors, %d are made", len(frozen), len(generated))
	}
}

func write(t *testing.T, all []vector) {
	t.Helper()
	for _, v := range all {
		path := filepath.Join(vectors, filepath.FromSlash(v.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, v.encode(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func loadVectors(tb testing.TB, folders ...string) []vector {
	tb.Helper()
	var all []vector
	for _, folder := range folders {
		files, err := os.ReadDir(filepath.Join(vectors, folder))
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(filepath.Join(vectors, folder, f.Name()))
			if err != nil {
				tb.Fatal(err)
			}
			v, err := parseVector(folder+"/"+f.Name(), data)
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, v)
		}
	}
	return all
}

func TestMessageVectors(t *testing.T) {
	known := map[string]Message{}
	for _, s := range samples() {
		known["message/"+s.name] = s.m
	}
	for _, v := range loadVectors(t, "message") {
		m, err := decodeFrame(v.body)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			continue
		}
		if kind, _, _ := strings.Cut(v.get("kind"), " "); kind != strconv.Itoa(int(m.Kind())) {
			t.Errorf("%s: is a %v", v.name, m.Kind())
		}
		if !bytes.Equal(AppendFrame(nil, m), v.body) {
			t.Errorf("%s: is written differently", v.name)
		}
		if !reflect.DeepEqual(m, known[v.name]) {
			t.Errorf("%s: means something else", v.name)
		}
	}
}

func TestRefusedVectors(t *testing.T) {
	for _, v := range loadVectors(t, "refused") {
		if _, err := decodeFrame(v.body); refusalCode(err).String() != v.get("expect") {
			t.Errorf("%s: %v, want %s", v.name, err, v.get("expect"))
		}
	}
}
