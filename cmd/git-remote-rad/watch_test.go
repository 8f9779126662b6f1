//go:build unix

package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A watch is a helper whose git commands are counted, and stopped or outlived at one of them. It is a folder for PATH with a
// git-remote-rad that leaves its process number, and one that takes the place of git's own folder of programs: git puts that first
// on PATH, so that the helper finds the git in it.
type watch struct {
	side
	dir string
}

// newWatch watches a helper. at is a shell command that is run at the n-th git command of the helper, with HELPER, the helper's
// process, and "$@", the command; it may end the script.
func newWatch(t testing.TB, helper side, n int, at string) watch {
	t.Helper()
	w := watch{side{"watched", filepath.Join(t.TempDir(), "bin")}, t.TempDir()}
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	programs := filepath.Join(w.dir, "git-core")
	w.link(t, programs)
	w.script(t, filepath.Join(w.bin, "git-remote-rad"),
		fmt.Sprintf("echo $$ >%q\nexec %q \"$@\"", filepath.Join(w.dir, "helper"), filepath.Join(helper.bin, "git-remote-rad")))
	w.script(t, filepath.Join(programs, "git"), fmt.Sprintf(`
w=%q git=%q n=%d
read HELPER 2>/dev/null <"$w/helper"
[ "$PPID" = "$HELPER" ] || exec "$git" "$@"
unset GIT_EXEC_PATH
printf '%%s\n' "$*" >>"$w/calls"
i=1
until mkdir "$w/call$i" 2>/dev/null; do i=$((i + 1)); done
if [ $i -eq $n ]; then : >"$w/reached"
%s
fi
exec "$git" "$@"`, w.dir, real, n, at))
	return w
}

// link makes a folder with those of git's own programs that are run by name.
func (w watch) link(t testing.TB, dir string) {
	t.Helper()
	out, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"git-upload-pack", "git-receive-pack"} {
		if err := os.Symlink(filepath.Join(strings.TrimSpace(string(out)), name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

func (w watch) script(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// env is what makes git use the folder.
func (w watch) env() string { return "GIT_EXEC_PATH=" + filepath.Join(w.dir, "git-core") }

// reached reports whether there was an n-th git command.
func (w watch) reached() bool {
	_, err := os.Stat(filepath.Join(w.dir, "reached"))
	return err == nil
}

// last is the helper's last git command.
func (w watch) last(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "calls"))
	if err != nil {
		t.Fatalf("the helper ran no git: %v", err)
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return all[len(all)-1]
}
