//go:build unix

package main_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
	"radswarm/remote/lfs"
)

// An outcome is what a story printed and left behind, as a text. The folder of the story is $T in it.
type outcome string

// tellOnce plays a story in a fresh copy of its home. The folder is the same for whoever tells it, so that even paths are equal.
func (s story) tellOnce(t testing.TB, by side) outcome {
	t.Helper()
	dir := filepath.Join(scratchDir(t, strings.NewReplacer("/", "-", " ", "-").Replace(t.Name())), "t")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if from := home(t, s.home); from != "" {
		clone(t, from, dir)
	} else if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var env []string
	if s.agent {
		env = append(env, "SSH_AUTH_SOCK="+radtest.Agent(t))
	}
	steps := s.play(t, by, dir, env...)
	unconfigure(t, dir)
	told := strings.ReplaceAll(render(steps, state(t, dir)), dir, "$T")
	return outcome(forLFS.ReplaceAllString(told, ""))
}

// unconfigure takes back what our helper has written for git-lfs into all repositories below a folder, which is the one thing that
// it adds where nothing is big. So it also shows that nothing of it stays. A configuration that cannot be read is compared as it is.
func unconfigure(t testing.TB, dir string) {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1"}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "config" || !d.Type().IsRegular() {
			return err
		}
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), lfs.Agent) {
			_ = lfs.Repo{Dir: filepath.Dir(path), Env: env}.Unconfigure(t.Context())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// forLFS are the lines by which a story that prints its configuration shows what our helper has written for git-lfs.
var forLFS = regexp.MustCompile(`(?m)^ +out\|(lfs\.|swarm\.wrote=|remote\.[^=\n]*\.lfsurl=).*\n`)

// render writes steps and files so that only the headings begin a line with $.
func render(steps []step, files map[string]string) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "$ %s\n", s.line)
		indent(&b, "exit", s.exit+"\n")
		indent(&b, "out", s.stdout)
		indent(&b, "err", s.stderr)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		fmt.Fprintf(&b, "$ the file %s\n", name)
		indent(&b, "", files[name])
	}
	return b.String()
}

func indent(b *strings.Builder, what, text string) {
	if text == "" {
		return
	}
	for line := range strings.SplitAfterSeq(text, "\n") {
		if line != "" {
			fmt.Fprintf(b, "%5s|%s", what, line)
		}
	}
	if !strings.HasSuffix(text, "\n") {
		b.WriteString("(no line feed)\n")
	}
}

// diff says what is different, under the headings of what it is in: lines of a with -, lines of b with +.
func diff(a, b outcome) string {
	inA, inB := sections(a), sections(b)
	var out strings.Builder
	for _, s := range inA.order {
		out.WriteString(lineDiff(s, inA.lines[s], inB.lines[s]))
	}
	for _, s := range inB.order {
		if _, both := inA.lines[s]; !both {
			out.WriteString(lineDiff(s, nil, inB.lines[s]))
		}
	}
	return out.String()
}

// A section is what stands under a heading; the n-th of several that are equal.
type section struct {
	heading string
	n       int
}

// An outline is an outcome by sections.
type outline struct {
	order []section
	lines map[section][]string
}

func sections(o outcome) outline {
	all := outline{lines: make(map[section][]string)}
	var at section
	for line := range strings.Lines(string(o)) {
		if line[0] != '$' {
			all.lines[at] = append(all.lines[at], line)
			continue
		}
		at = section{heading: line}
		for _, there := all.lines[at]; there; _, there = all.lines[at] {
			at.n++
		}
		all.order = append(all.order, at)
		all.lines[at] = []string{}
	}
	return all
}

// lineDiff is the shortest way from a to b, line by line.
func lineDiff(s section, a, b []string) string {
	if slices.Equal(a, b) && (a == nil) == (b == nil) {
		return ""
	}
	common := make([][]int, len(a)+1) // common[i][j] is how many lines a[i:] and b[j:] have in common, in order
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out strings.Builder
	out.WriteString(s.heading)
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out.WriteString("-" + a[i])
			i++
		default:
			out.WriteString("+" + b[j])
			j++
		}
	}
	return out.String()
}
