// The vectors of FORMAT.md, held against every reader and writer there is. testdata/vectors/README.md says what the
// files mean; here is what finds them, reads them and writes them again. What they hold is made and read in
// vectors_<format>_test.go.
package object_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const vectorsDir = "../../testdata/vectors"

var update = flag.Bool("update", false, "write the vectors of FORMAT.md again; those of a release never change")

// format is one folder of vectors.
type format struct {
	name  string
	kinds map[string]func(*reading) // what reads the vectors of each kind
	make  func() []vector
}

func formats() []format {
	return []format{
		layoutFormat(), keysFormat(), sealFormat(), erasureFormat(), shareFormat(), manifestFormat(), objectFormat(),
	}
}

// vector is one file: "key: value" lines, an empty line, then bytes as they are.
type vector struct {
	name   string // folder/case
	header []pair
	body   []byte
}

type pair struct{ key, value string }

func (v vector) encode() []byte {
	var b bytes.Buffer
	for _, p := range v.header {
		fmt.Fprintf(&b, "%s: %s\n", p.key, p.value)
	}
	b.WriteByte('\n')
	b.Write(v.body)
	return b.Bytes()
}

func (v vector) lookup(key string) (string, bool) {
	for _, p := range v.header {
		if p.key == key {
			return p.value, true
		}
	}
	return "", false
}

func parseVector(name string, data []byte) (vector, error) {
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	if !ok {
		return vector{}, fmt.Errorf("%s: no empty line after the header", name)
	}
	v := vector{name: name, body: body}
	for line := range strings.SplitSeq(string(head), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if _, again := v.lookup(key); !ok || again || key == "" || value == "" {
			return vector{}, fmt.Errorf("%s: header %q", name, line)
		}
		v.header = append(v.header, pair{key, value})
	}
	for _, key := range []string{"about", "kind", "expect"} {
		if _, ok := v.lookup(key); !ok {
			return vector{}, fmt.Errorf("%s: no %q in the header", name, key)
		}
	}
	return v, nil
}

// namedByTests returns the folders of vectors that tests of other packages name: they are read there.
func namedByTests(t *testing.T) map[string]bool {
	t.Helper()
	folder := regexp.MustCompile(`testdata/vectors/([a-z0-9]+)`)
	named := map[string]bool{}
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist): // somebody works here
			return nil
		case err != nil:
			return err
		case e.IsDir() && name != "." && strings.HasPrefix(e.Name(), "."):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, "_test.go") || path.Dir(name) == "blobstore/object":
			return nil
		}
		source, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(name)))
		for _, m := range folder.FindAllSubmatch(source, -1) {
			named[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return named
}

// loadVectors reads the vectors of all formats, and complains of whatever nobody would look at: a folder that is neither
// of a format nor read elsewhere, one without files, a file without a reader; and of a format that the README does not list.
func loadVectors(fsys fs.FS, formats []format, elsewhere map[string]bool) (found []vector, complaints error) {
	complain := func(text string, args ...any) { complaints = errors.Join(complaints, fmt.Errorf(text, args...)) }
	readme, err := fs.ReadFile(fsys, "README.md")
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, f := range formats {
		ours[f.name] = true
		if !bytes.Contains(readme, []byte("\n| `"+f.name+"/` |")) {
			complain("%s: not in the README's list of folders", f.name)
		}
		vs, err := loadFolder(fsys, f)
		if len(vs) == 0 {
			complain("%s: a folder without vectors", f.name)
		}
		found, complaints = append(found, vs...), errors.Join(complaints, err)
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		switch {
		case e.Name() == "README.md" || e.Name() == ".gitattributes" || ours[e.Name()]:
		case !e.IsDir() || !elsewhere[e.Name()]:
			complain("%s: nothing reads it", e.Name())
		default:
			if files, err := fs.ReadDir(fsys, e.Name()); err != nil || len(files) == 0 {
				complain("%s: a folder without vectors: %v", e.Name(), err)
			}
		}
	}
	return found, complaints
}

func loadFolder(fsys fs.FS, f format) (found []vector, complaints error) {
	files, err := fs.ReadDir(fsys, f.name)
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		name := path.Join(f.name, e.Name())
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			complaints = errors.Join(complaints, err)
			continue
		}
		v, err := parseVector(name, data)
		if kind, _ := v.lookup("kind"); err == nil && f.kinds[kind] == nil {
			err = fmt.Errorf("%s: nothing reads the kind %q", name, kind)
		}
		if err != nil {
			complaints = errors.Join(complaints, err)
			continue
		}
		found = append(found, v)
	}
	return found, complaints
}

// TestVectorsAreWhatTheGeneratorMakes keeps files and generator together; with -update it writes the files.
func TestVectorsAreWhatTheGeneratorMakes(t *testing.T) {
	made := map[string][]byte{}
	for _, f := range formats() {
		for _, v := range f.make() {
			if made[v.name] != nil || path.Dir(v.name) != f.name {
				t.Fatalf("%s is made twice, or not in %s", v.name, f.name)
			}
			made[v.name] = v.encode()
		}
	}
	if *update {
		writeVectors(t, made)
	}
	found, err := loadVectors(os.DirFS(vectorsDir), formats(), namedByTests(t))
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		switch made, ok := made[v.name]; {
		case !ok:
			t.Errorf("%s: nothing makes it", v.name)
		case !bytes.Equal(v.encode(), made):
			t.Errorf("%s is not what the generator makes", v.name)
		}
		delete(made, v.name)
	}
	for name := range made {
		t.Errorf("%s is made, and is not there", name)
	}
}

// TestVectors runs every vector through every reader of its kind.
func TestVectors(t *testing.T) {
	all := formats()
	found, err := loadVectors(os.DirFS(vectorsDir), all, namedByTests(t))
	if err != nil {
		t.Error(err)
	}
	for _, v := range found {
		t.Run(v.name, func(t *testing.T) {
			for _, f := range all {
				if kind, _ := v.lookup("kind"); path.Dir(v.name) == f.name {
					read(t, v, f.kinds[kind])
				}
			}
		})
	}
}

// writeVectors writes all files, and removes those of our folders that nobody makes.
func writeVectors(t *testing.T, made map[string][]byte) {
	t.Helper()
	for _, f := range formats() {
		if err := os.RemoveAll(filepath.Join(vectorsDir, f.name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range made {
		file := filepath.Join(vectorsDir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// The whole tree stays small enough to be cloned without a thought.
func TestVectorsAreSmall(t *testing.T) {
	found, _ := loadVectors(os.DirFS(vectorsDir), formats(), namedByTests(t))
	total := 0
	for _, v := range found {
		total += len(v.encode())
	}
	if total == 0 || total > 3<<20 {
		t.Errorf("%d bytes of vectors", total)
	}
}

// The README's example of the rule is right.
func TestVectorContent(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(vectorsDir, "README.md"))
	want := fmt.Sprintf("`plaintext: plaintext` with\n`size: 5` is the bytes `%x`", content("plaintext", 5))
	if err != nil || !bytes.Contains(readme, []byte(want)) {
		t.Errorf("%v, or no %q", err, want)
	}
}

// TestStrayVectors: what nobody looks at is noticed.
func TestStrayVectors(t *testing.T) {
	ours := []format{{name: "seal", kinds: map[string]func(*reading){"ciphertext": func(*reading) {}}}}
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	good := "about: x\nkind: ciphertext\nexpect: ok\n\n"
	for _, c := range []struct {
		name, want string
		add        fstest.MapFS
	}{
		{"nothing stray", "", nil},
		{"a folder that nothing reads", "extra: nothing reads", fstest.MapFS{"extra/a": file(good)}},
		{"a file beside the folders", "a: nothing reads", fstest.MapFS{"a": file(good)}},
		{"an empty folder read elsewhere", "radicle: a folder without", fstest.MapFS{"radicle/x": nil, "radicle": {Mode: fs.ModeDir}}},
		{"a format's folder that is empty", "seal: a folder without", fstest.MapFS{"seal/a": nil, "seal": {Mode: fs.ModeDir}}},
		{"a format without a folder", "seal: a folder without", fstest.MapFS{"seal/a": nil}},
		{"a format that is not listed", "seal: not in", fstest.MapFS{"README.md": file("\n| `radicle/` |\n")}},
		{"a kind that nothing reads", "nothing reads", fstest.MapFS{"seal/b": file("about: x\nkind: other\nexpect: ok\n\n")}},
		{"a folder in a format's folder", "seal/b", fstest.MapFS{"seal/b/c": file(good)}},
		{"no header", "no empty line", fstest.MapFS{"seal/b": file("about: x\n")}},
		{"no expectation", "no \"expect\"", fstest.MapFS{"seal/b": file("about: x\nkind: ciphertext\n\n")}},
		{"a key twice", "header", fstest.MapFS{"seal/b": file("about: x\nabout: x\nkind: ciphertext\nexpect: ok\n\n")}},
		{"a line without a value", "header", fstest.MapFS{"seal/b": file("about:\nkind: ciphertext\nexpect: ok\n\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{
				"README.md": file("list\n| `seal/` | x |\n"), "seal/a": file(good), "radicle/x": file(""),
			}
			for name, f := range c.add {
				fsys[name] = f
				if f == nil {
					delete(fsys, name)
				}
			}
			_, err := loadVectors(fsys, ours, map[string]bool{"radicle": true})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
