package cmd_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "radswarm"

// A graph is what packages import: their code, and (for ours) their tests. Paths are import paths.
type graph struct{ code, tests map[string][]string }

// ours lists the packages of the module, in order.
func (g graph) ours() []string {
	var own []string
	for p := range g.code {
		if isOurs(p) {
			own = append(own, p)
		}
	}
	slices.Sort(own)
	return own
}

// chain is the shortest way from a package to the first import that matches, both ends included.
func (g graph) chain(from, patterns string) []string {
	came := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, next := range g.code[queue[0]] {
			if _, seen := came[next]; seen {
				continue
			}
			came[next] = queue[0]
			if matches(next, patterns) {
				return trace(came, next)
			}
			queue = append(queue, next)
		}
	}
	return nil
}

func trace(came map[string]string, end string) []string {
	var steps []string
	for p := end; p != ""; p = came[p] {
		steps = append(steps, short(p))
	}
	slices.Reverse(steps)
	return steps
}

// violations holds a graph against the tables of house_test.go: one sentence each, in order.
func violations(g graph) []string {
	var found []string
	for _, p := range g.ours() {
		found = append(found, checkRoom(g, p)...)
		for _, f := range fences {
			found = append(found, checkFence(g, p, f)...)
		}
		for _, v := range vows {
			found = append(found, checkVow(g, p, v)...)
		}
		for _, b := range bans {
			found = append(found, checkBan(g, p, b)...)
		}
	}
	return found
}

func checkRoom(g graph, p string) []string {
	at := slices.IndexFunc(house, func(r room) bool { return r.path == short(p) })
	if at < 0 {
		return []string{short(p) + " is not in the house: put the code where it belongs, or give it a line in cmd/house_test.go"}
	}
	var found []string
	for _, dep := range g.code[p] {
		if isOurs(dep) && !within(dep, house[at].uses) {
			found = append(found, fmt.Sprintf("%s imports %s, which is not below it", short(p), short(dep)))
		}
	}
	return found
}

func checkFence(g graph, p string, f fence) []string {
	if within(p, f.only) {
		return nil
	}
	var found []string
	for _, dep := range g.code[p] {
		if matches(dep, f.paths) {
			found = append(found, fmt.Sprintf("%s imports %s: %s is for %s only", short(p), short(dep), f.what, cmp.Or(f.only, "tests")))
		}
	}
	for _, dep := range g.tests[p] {
		if f.tests && matches(dep, f.paths) {
			found = append(found, fmt.Sprintf("a test of %s imports %s: %s is for %s only", short(p), short(dep), f.what, f.only))
		}
	}
	return found
}

func checkVow(g graph, p string, v vow) []string {
	if !within(p, v.who) {
		return nil
	}
	var found []string
	for _, dep := range g.code[p] {
		if matches(dep, v.never) {
			found = append(found, fmt.Sprintf("%s imports %s: %s", short(p), dep, v.why))
		}
	}
	return found
}

func checkBan(g graph, p string, b ban) []string {
	if !within(p, b.who) {
		return nil
	}
	if chain := g.chain(p, b.paths); chain != nil {
		return []string{fmt.Sprintf("%s links %s: %s", short(p), b.what, strings.Join(chain, " → "))}
	}
	return nil
}

func isOurs(p string) bool { return p == module || strings.HasPrefix(p, module+"/") }

func short(p string) string { return strings.TrimPrefix(p, module+"/") }

// within says whether a package of ours is one of the rooms named, where * stands for one element.
func within(p, rooms string) bool {
	for pattern := range strings.FieldsSeq(rooms) {
		if ok, _ := path.Match(module+"/"+pattern, p); ok {
			return true
		}
	}
	return false
}

// matches says whether an import path is one of those named, where ... at the end stands for anything.
func matches(p, paths string) bool {
	for pattern := range strings.FieldsSeq(paths) {
		prefix, open := strings.CutSuffix(pattern, "...")
		if p == pattern || open && strings.HasPrefix(p, prefix) {
			return true
		}
	}
	return false
}

// TestImports holds the module as it is against the house, for each system that it is built for: a file for one of them
// can break a rule that the others keep.
func TestImports(t *testing.T) {
	touchTree(t)
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			g := list(t, system)
			if _, ok := g.code[module+"/radicle"]; !ok {
				t.Fatal("go list does not know the module's own packages: nothing was checked")
			}
			for _, v := range violations(g) {
				t.Error(v)
			}
		})
	}
}

// list asks go for every package that the module's packages need, with what each imports.
func list(t *testing.T, system string) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaint)
	}
	g, err := decode(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func decode(r io.Reader) (graph, error) {
	g := graph{code: map[string][]string{}, tests: map[string][]string{}}
	for dec := json.NewDecoder(r); ; {
		var p struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return graph{}, err
		}
		g.code[p.ImportPath] = p.Imports
		g.tests[p.ImportPath] = slices.Concat(p.TestImports, p.XTestImports)
	}
}

// touchTree reads every folder of the checkout. What go list reads is invisible to go test, which would otherwise go on
// printing yesterday's result from its cache; folders that the test itself opens count, with the times of their files.
func touchTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(p string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && p != ".." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin") {
			return fs.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
