package lab_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"radswarm/cmd/internal/lab"
)

func TestDefaultDir(t *testing.T) {
	for want, more := range map[string]map[string]string{
		"/l":              {"RADSWARM_LAB": "/l", "XDG_CACHE_HOME": "/c"},
		"/c/radswarm-lab": {"XDG_CACHE_HOME": "/c"},
	} {
		if got := lab.DefaultDir(environment("/h", more)); got != filepath.FromSlash(want) {
			t.Errorf("%s, not %s", got, want)
		}
	}
	if got := lab.DefaultDir(environment("/h", nil)); filepath.Dir(got) != filepath.Clean(os.TempDir()) {
		t.Error(got)
	}
}

// What is printed says the same to a shell, whatever stands in a path.
func TestExports(t *testing.T) {
	for _, odd := range []string{"plain", "with space", "o'clock", `back\slash`, "$HOME `x` \"", "ä"} {
		eyes := lab.Eyes{Lab: "/l/" + odd, RadHome: "/l/" + odd + "/ana", Path: "/b/" + odd + ":/usr/bin:/bin"}
		for _, shell := range []lab.Shell{lab.Sh, lab.Fish} {
			path, err := exec.LookPath(string(shell))
			if err != nil {
				t.Logf("there is no %s", shell)
				continue
			}
			print := `printf '%s\n' "$RADSWARM_LAB" "$RAD_HOME" "$PATH"`
			out, err := exec.CommandContext(t.Context(), path, "-c", strings.Join(append(eyes.Exports(shell), print), "\n")).CombinedOutput()
			want := []string{eyes.Lab, eyes.RadHome, eyes.Path}
			if got := strings.Split(strings.TrimSpace(string(out)), "\n"); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: %v: %q, not %q", shell, err, got, want)
			}
		}
	}
}

// Where the environment is that of a lab's home, that home is not taken for a real one.
func TestThroughItsEyes(t *testing.T) {
	o := options(t, 0)
	up(t, o)
	eyes := map[string]string{"RADSWARM_LAB": o.Dir, "RAD_HOME": filepath.Join(o.Dir, lab.You)}
	l, err := lab.Open(lab.Options{Program: o.Program, Env: environment(t.TempDir(), eyes)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.Env(lab.You)
	if err != nil || got.RadHome != eyes["RAD_HOME"] || got.Lab != o.Dir || !strings.HasPrefix(got.Path, filepath.Dir(o.Program)) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := l.Env("nobody"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	other := map[string]string{"RADSWARM_LAB": o.Dir, "RAD_HOME": filepath.Join(o.Dir, "else")}
	_, err = lab.Open(lab.Options{Program: o.Program, Env: environment(t.TempDir(), other)})
	refusedReal(t, err)
	if _, err := l.Down(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAddRefuses(t *testing.T) {
	o := options(t, 0)
	l := up(t, o)
	for _, name := range []string{"", "7", "work", "Ana", "a b", "../x", ".making", "-x", strings.Repeat("a", 32)} {
		if _, ok := errors.AsType[*lab.NameError](second(l.Add(t.Context(), name))); !ok {
			t.Errorf("%q may be a name", name)
		}
	}
	if _, ok := errors.AsType[*lab.ExistsError](second(l.Add(t.Context(), lab.You))); !ok {
		t.Error("you is added")
	}
}
