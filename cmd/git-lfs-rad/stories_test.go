//go:build unix

package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"radswarm/radicle/radtest"
	"radswarm/remote/lfs/lfstest"
)

// The stories of testdata/script/lfs are told with real git, real git-lfs, our three programs, and labs of real daemons. Beside what
// testscript has, a story can say
//
//	film FILE SIZE [SEED]   makes a file that no compression makes smaller
//	same FILE FILE          is cmp that shows nothing of them
//	lab N                   brings up a lab with N friends, and looks through the eyes of you
//	as NAME                 looks through the eyes of another home of the lab
//	gone FILE…              deletes files and folders that must be there
//	trace COMMAND…          is exec with GIT_TRACE in $WORK/trace
//	count N TEXT FILE       counts the lines of a file that have a text
//	until REGEXP COMMAND…   is exec again and again until the output matches, for a minute at most
//	footers                 waits until what all homes say they hold is what lies on their disks
//	rot HOME                turns a byte round in every share that a home of the lab holds
//
// What people do with git-lfs (git-lfs.md §8), and the stories in which they do it; lfsagent has such a table for the agent:
//
//	clone, fetch, pull, checkout, fsck, -I and -X        commands, film; with an old git-lfs too
//	push --all, migrate import and export, prune         commands, again, prune
//	sparse checkout, worktrees, bare, skipped smudge     commands
//	submodules, posters, rad clone                       dream, TestDreamOfRadClone
//	pushes with nothing new, tags, patches, deletions    again
//	no hook, --no-verify, objects that are nowhere       hooks; a killed agent or daemon: kill; friends away: dead
//	films that were never given to git-lfs               raw
//	another forge, by .lfsconfig; a stranger's           forge
//	a forge beside, a conflicting lfs.url                beside, open
//	what doctor finds                                    doctor, open
//	what status says, against the disks                  counts
//
// RADSWARM_GIT_LFS names a folder with another git-lfs than the one that is built.
func TestStories(t *testing.T) {
	if testing.Short() {
		tell(t, gitLFS(t), "film")
		return
	}
	tell(t, gitLFS(t))
}

// People have the git-lfs of their system, which may be years old: push, clone, fetch and pull are the same with it.
func TestStoriesOfOldGitLFS(t *testing.T) {
	if testing.Short() {
		t.Skip("the same stories again")
	}
	dir, err := lfstest.OldTool()
	if err != nil {
		radtest.Missing(t, "old-git-lfs", err.Error())
	}
	tell(t, dir, "film", "commands")
}

// tell tells stories by name, or all of them, with the git-lfs in a folder.
func tell(t *testing.T, tool string, names ...string) {
	t.Helper()
	bin, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	scripts := filepath.Join("..", "..", "testdata", "script", "lfs")
	var files []string
	for _, name := range names {
		files = append(files, filepath.Join(scripts, name+".txtar"))
	}
	if files != nil {
		scripts = ""
	}
	testscript.Run(t, testscript.Params{
		Dir: scripts, Files: files,
		Setup: func(e *testscript.Env) error {
			return setup(e, bin, strings.Join([]string{bin, tool, os.Getenv("PATH")}, string(os.PathListSeparator)))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"film": film, "same": same, "lab": bringUp, "as": as, "gone": gone, "trace": trace, "count": count,
			"until": until, "footers": footers, "rot": rot,
		},
		RequireExplicitExec: true,
	})
}

// gitLFS is the folder of git-lfs.
func gitLFS(tb testing.TB) string {
	tb.Helper()
	if dir := os.Getenv("RADSWARM_GIT_LFS"); dir != "" {
		return dir
	}
	dir, err := lfstest.Tool()
	if err != nil {
		radtest.Missing(tb, "git-lfs", err.Error())
	}
	return dir
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := scratch(); err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

var scratch = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "rs") })

// programs are ours, built once.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o755); err != nil {
		return "", err
	}
	out, err := exec.Command("go", "build", "-o", bin, "../rad-swarm", "../git-remote-rad", "../git-lfs-rad").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return bin, nil
})

// setup gives a story an empty home and a lab at a short path, of which nothing is left when it ends.
func setup(e *testscript.Env, bin, path string) error {
	short, err := os.MkdirTemp("", "rs")
	if err != nil {
		return err
	}
	home := filepath.Join(e.WorkDir, "home")
	if err := os.Mkdir(home, 0o755); err != nil {
		return err
	}
	for _, v := range [][2]string{
		{"PATH", path},
		{"HOME", home},
		{"XDG_CONFIG_HOME", home},
		{"TMPDIR", short},
		{"RADSWARM_LAB", filepath.Join(short, "lab")},
		{"RAD_PASSPHRASE", ""},
		{"GIT_CONFIG_NOSYSTEM", "1"},
		{"GIT_TERMINAL_PROMPT", "0"},
		{"LC_ALL", "C"},
		{"GIT_AUTHOR_NAME", "Ana"},
		{"GIT_AUTHOR_EMAIL", "ana@example.org"},
		{"GIT_COMMITTER_NAME", "Ana"},
		{"GIT_COMMITTER_EMAIL", "ana@example.org"},
	} {
		e.Setenv(v[0], v[1])
	}
	e.Defer(func() {
		cmd := exec.Command(filepath.Join(bin, "rad-swarm"), "lab", "down")
		cmd.Env = e.Vars
		out, err := cmd.CombinedOutput()
		if err != nil && !bytes.Contains(out, []byte("no lab")) {
			e.T().Log(string(out))
		}
		homes, _ := filepath.Glob(filepath.Join(e.WorkDir, "*", "swarm"))
		for _, dir := range homes {
			cmd := exec.Command(filepath.Join(bin, "rad-swarm"), "daemon", "--stop")
			cmd.Env = append(e.Vars, "RAD_HOME="+filepath.Dir(dir))
			_ = cmd.Run() // it may have ended
		}
		_ = os.RemoveAll(short)
	})
	return nil
}

func film(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: film FILE SIZE [SEED]")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	var seed [32]byte
	copy(seed[:], strings.Join(args, " "))
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	f, err := os.Create(path)
	ts.Check(err)
	_, err = io.CopyN(f, rand.NewChaCha8(seed), size)
	ts.Check(errors.Join(err, f.Close()))
}

func same(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: same FILE FILE")
	}
	a, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	b, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	if bytes.Equal(a, b) == neg {
		ts.Fatalf("%s has %d bytes, %s has %d", args[0], len(a), args[1], len(b))
	}
}

func bringUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lab N")
	}
	ts.Check(ts.Exec("rad-swarm", "lab", "up", "--friends", args[0]))
	as(ts, false, []string{"you"})
}

func as(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: as NAME")
	}
	ts.Setenv("RAD_HOME", filepath.Join(ts.Getenv("RADSWARM_LAB"), args[0]))
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		_, err := os.Lstat(ts.MkAbs(name))
		ts.Check(err)
		ts.Check(os.RemoveAll(ts.MkAbs(name)))
	}
}

func trace(ts *testscript.TestScript, neg bool, args []string) {
	file := ts.MkAbs(filepath.Join(ts.Getenv("WORK"), "trace"))
	ts.Check(os.RemoveAll(file))
	ts.Setenv("GIT_TRACE", file)
	err := ts.Exec(args[0], args[1:]...)
	ts.Setenv("GIT_TRACE", "")
	if (err != nil) != neg {
		ts.Fatalf("%v", err)
	}
}

func count(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: count N TEXT FILE")
	}
	n := 0
	for line := range strings.Lines(ts.ReadFile(args[2])) {
		if strings.Contains(line, args[1]) {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d lines with %q, not %s", n, args[1], args[0])
	}
}

func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until REGEXP COMMAND…")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	settle(ts, func() error {
		_ = ts.Exec(args[1], args[2:]...) // what it says counts
		if out := ts.ReadFile("stdout"); !want.MatchString(out) {
			return fmt.Errorf("no %q in\n%s", args[0], out)
		}
		return nil
	})
}

// settle waits until something holds. What never does ends the story after a minute: on a busy machine friends meet again slowly.
func settle(ts *testscript.TestScript, holds func() error) {
	deadline := time.After(time.Minute)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := holds()
		if err == nil {
			return
		}
		select {
		case <-deadline:
			ts.Fatalf("%v", err)
		case <-tick.C:
		}
	}
}
