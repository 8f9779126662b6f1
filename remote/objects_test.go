package remote

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// git finds the objects of another repository, whatever its folder is called, beside those it was told of before.
func TestAlternatesWithOddNames(t *testing.T) {
	run := func(dir string, env []string, args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Env = dir, append(env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	clean := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	empty := filepath.Join(t.TempDir(), "empty")
	if out, err := run("", clean, "init", "-q", empty); err != nil {
		t.Fatal(out, err)
	}
	env, objects := clean, []string{}
	for _, name := range []string{"plain", "with:colon", `with"quote`, `back\slash:and"both`, "caf\u00e9: x"} {
		dir := filepath.Join(t.TempDir(), name)
		if out, err := run("", clean, "init", "-q", dir); err != nil {
			t.Fatal(out, err)
		}
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
		id, err := run(dir, clean, "hash-object", "-w", "file")
		if err != nil {
			t.Fatal(id, err)
		}
		objects = append(objects, id)
		env = withAlternate(env, filepath.Join(dir, ".git/objects"))
	}
	for _, id := range objects {
		if out, err := run(empty, env, "cat-file", "-e", id); err != nil {
			t.Errorf("%s: %s, %v", id, out, err)
		}
	}
	if out, err := run(empty, clean, "cat-file", "-e", objects[0]); err == nil {
		t.Errorf("found without: %s", out)
	}
}
