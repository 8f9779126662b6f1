package keyring_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	productLabel = regexp.MustCompile(`^radswarm/.*/v[0-9]+\x00?$`)
	infoLabel    = regexp.MustCompile(`^[a-z][a-z-]*\x00$`)
	constLabel   = regexp.MustCompile(`^(label|salt|info)[A-Z]|(Label|Salt|Info)$`)
	inBackticks  = regexp.MustCompile("`([^`]+)`")
)

// labelTable reads KEYS.md §1: each label, and whether it is reserved.
func labelTable(t *testing.T) map[string]bool {
	t.Helper()
	text := string(must[[]byte](t)(os.ReadFile("KEYS.md")))
	_, section, _ := strings.Cut(text, "\n## 1. Labels\n")
	section, _, found := strings.Cut(section, "\n## 2. ")
	if !found {
		t.Fatal("KEYS.md has no section 1")
	}
	table := make(map[string]bool)
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, m := range inBackticks.FindAllStringSubmatch(cells[1], -1) {
			label := strings.ReplaceAll(m[1], `\0`, "\x00")
			if _, twice := table[label]; twice {
				t.Errorf("%q has two rows", label)
			}
			table[label] = strings.HasPrefix(strings.TrimSpace(cells[3]), "reserved:")
		}
	}
	return table
}

// source is a file of code.
type source struct{ name, text string }

// labelsIn returns the labels in the code of one package, and where. Below blobstore those that are used as info count too:
// literals that end in a zero byte, and in packages that derive keys the constants that are called labels, salts or infos.
func labelsIn(pkg []source) map[string]string {
	found := make(map[string]string)
	derives := slices.ContainsFunc(pkg, func(s source) bool { return strings.Contains(s.text, `"crypto/hkdf"`) })
	for _, s := range pkg {
		// What does not parse yet counts as far as it goes.
		file, _ := parser.ParseFile(token.NewFileSet(), s.name, s.text, parser.SkipObjectResolution)
		if file == nil {
			continue
		}
		keys := strings.HasPrefix(s.name, "blobstore/")
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.BasicLit:
				if text := unquote(n); productLabel.MatchString(text) || keys && infoLabel.MatchString(text) {
					found[text] = s.name
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if keys && derives && i < len(n.Values) && constLabel.MatchString(name.Name) {
						found[unquote(n.Values[i])] = s.name
					}
				}
			}
			return true
		})
	}
	delete(found, "") // a constant that is no literal
	return found
}

// unquote returns the string that a literal stands for, and nothing for another expression.
func unquote(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, _ := strconv.Unquote(lit.Value)
	return s
}

// labelsInCode returns the labels in all code of the repository but tests, and where.
func labelsInCode(t *testing.T) map[string]string {
	t.Helper()
	const root = "../.."
	packages := make(map[string][]source)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return fs.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			var text []byte
			text, err = os.ReadFile(path)
			name, _ := filepath.Rel(root, path)
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], source{filepath.ToSlash(name), string(text)})
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed while we look
		}
		return err
	})
	check(t, err)
	all := make(map[string]string)
	for _, pkg := range packages {
		maps.Copy(all, labelsIn(pkg))
	}
	return all
}

func TestLabelsStandInTheTable(t *testing.T) {
	table, code := labelTable(t), labelsInCode(t)
	if len(table) < 20 || len(code) < 15 {
		t.Fatalf("%d rows, %d labels in code: this test does not see them", len(table), len(code))
	}
	for _, label := range slices.Sorted(maps.Keys(code)) {
		if _, ok := table[label]; !ok {
			t.Errorf("%s: label %q is not in the table of KEYS.md §1", code[label], label)
		}
	}
	for _, label := range slices.Sorted(maps.Keys(table)) {
		if _, ok := code[label]; !ok && !table[label] {
			t.Errorf("no code has the label %q of KEYS.md §1: mark it reserved, or take it out", label)
		}
	}
}

// TestLabelsAreSeen plants labels in code as it might be written.
func TestLabelsAreSeen(t *testing.T) {
	const head = "package p\nimport \"radswarm/blobstore/v2\"\n"
	hkdf := source{"blobstore/p/q.go", "package p\nimport \"crypto/hkdf\"\n"}
	for src, want := range map[string]string{
		`const x = "radswarm/new/v1\x00"`:        "radswarm/new/v1\x00",
		"var x = `radswarm/new/v12`":             "radswarm/new/v12",
		`func f() { g([]byte("new-info\x00")) }`: "new-info\x00",
		`const infoNew = "new"`:                  "new",
		`const ( a = iota; newSalt = "new" )`:    "new",
	} {
		got := labelsIn([]source{{"blobstore/p/p.go", head + src}, hkdf})
		if !maps.Equal(got, map[string]string{want: "blobstore/p/p.go"}) {
			t.Errorf("%s: %q", src, got)
		}
	}
	for _, src := range []string{`const x = "start\x00"`, `const infoNew = "new"`, `const x = "radswarm/blobstore"`} {
		if got := labelsIn([]source{{"radicle/p/p.go", head + src}}); len(got) > 0 {
			t.Errorf("%s: %q", src, got)
		}
	}
}
