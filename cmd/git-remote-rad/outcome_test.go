package main_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle/radtest"
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
	return outcome(strings.ReplaceAll(render(steps, state(t, dir)), dir, "$T"))
}

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
func diff(t testing.TB, a, b outcome) string {
	t.Helper()
	if a == b {
		return ""
	}
	dir := t.TempDir()
	for name, text := range map[string]outcome{"a": a, "b": b} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("git", "diff", "--no-index", "--no-color", "--text", "-U0", "a", "b")
	cmd.Dir, cmd.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C"}
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 {
		t.Fatalf("git diff: %v", err)
	}
	_, text, _ := strings.Cut(string(out), "\n+++ b/b\n")
	return hunks(text)
}

// hunks leaves out of a diff the numbers of lines, and headings that repeat the one before.
func hunks(text string) string {
	var b strings.Builder
	last := ""
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "@@ ") {
			_, heading, _ := strings.Cut(line[3:], "@@")
			if heading = strings.TrimSpace(heading); heading != last && heading != "" {
				fmt.Fprintf(&b, "%s\n", heading)
			}
			last = heading
			continue
		}
		b.WriteString(line)
	}
	return b.String()
}
