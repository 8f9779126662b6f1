package replicate_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// Variables that make the test binary a process that fetches, and is killed.
const (
	envVictim = "RADSWARM_TEST_FETCHES" // the path of the storage it fetches into; the one it fetches from is beside it, "a"
	envRID    = "RADSWARM_TEST_RID"
	envGit    = "RADSWARM_TEST_GIT"  // the git that kills
	envStep   = "RADSWARM_TEST_STEP" // which call of git is the last
)

// killer is a git that kills who calls it, the step-th time. The count is kept in a file.
const killer = `#!/bin/sh
n=$(cat "$0.count")
n=$((n+1))
echo $n > "$0.count"
if [ $n -eq "$RADSWARM_TEST_STEP" ]; then kill -9 $PPID; exit 1; fi
exec git "$@"
`

// victim fetches Ana's repository.
func victim(dir string) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rid, err := radicle.ParseRID(os.Getenv(envRID))
	if err != nil {
		return fail(err)
	}
	from, err := storage.Open(ctx, filepath.Join(filepath.Dir(dir), "a"), storage.Options{})
	if err != nil {
		return fail(err)
	}
	to, err := storage.Open(ctx, dir, storage.Options{Git: os.Getenv(envGit)})
	if err != nil {
		return fail(err)
	}
	here, there := net.Pipe()
	go func() { _ = replicate.NewServer(from, replicate.ServerOptions{}).Serve(ctx, there, radicle.DID{}) }()
	_, err = replicate.Fetch(ctx, here, replicate.Options{Storage: to, RID: rid, Local: bo.NID(), Alias: "bo"})
	return fail(err)
}

// fail is the exit code for an error.
func fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// kill -9 before each process that a fetch starts leaves a storage in which all is whole, old or new; the next fetch removes what
// is left, and goes through.
func TestKilledWhileFetching(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no kill -9")
	}
	for name, clone := range map[string]bool{"clone": true, "update": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			if clone {
				if err := os.RemoveAll(s.b.dir); err != nil {
					t.Fatal(err)
				}
			}
			push(t, s.r, ana, master, "news")
			canonical(t, s.r)
			push(t, s.r, cy, "refs/heads/cy", "news")
			step := 2 // the first asks for git's version
			for ; killed(t, s, step); step++ {
				if _, err := s.b.storage.Repository(s.rid); err == nil {
					s.b.check(t, s.rid)
				} else if !clone {
					t.Fatal(err)
				}
			}
			if step < 8 {
				t.Errorf("only %d processes", step)
			}
			s.b.check(t, s.rid)
			s.b.mustFetch(t, s.a, s.options())
			sameRefs(t, s.rid, s.a, s.b)
		})
	}
}

// killed runs a victim that dies when it calls git the step-th time, and reports whether it did.
func killed(t *testing.T, s *scene, step int) bool {
	t.Helper()
	tool := filepath.Join(t.TempDir(), "git")
	err := errors.Join(os.WriteFile(tool, []byte(killer), 0o755), os.WriteFile(tool+".count", []byte("0\n"), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envVictim+"="+s.b.dir, envRID+"="+s.rid.String(), envGit+"="+tool, envStep+"="+strconv.Itoa(step))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.Exited()) {
		t.Fatalf("step %d: %v\n%s", step, err, out)
	}
	return err != nil
}
