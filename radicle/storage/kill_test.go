package storage_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/storage"
)

// Variables that make the test binary a process that kills itself.
const (
	envVictim  = "RADSWARM_TEST_VICTIM"  // the path of the repository that it updates
	envFounder = "RADSWARM_TEST_FOUNDER" // the path of the storage in which it makes one
	envStep    = "RADSWARM_TEST_STEP"    // before which write it dies
	envNotes   = "RADSWARM_TEST_NOTES"   // how many notes it writes
	envSource  = "RADSWARM_TEST_SOURCE"  // the working copy's git directory
	envHead    = "RADSWARM_TEST_HEAD"    // the commit there
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envVictim); dir != "" {
		os.Exit(victim(dir))
	}
	if dir := os.Getenv(envFounder); dir != "" {
		os.Exit(founder(dir))
	}
	os.Exit(m.Run())
}

// victim updates a repository and kills itself, as kill -9 does, before one of its writes.
func victim(dir string) int {
	step, err := strconv.Atoi(os.Getenv(envStep))
	notes, notesErr := strconv.Atoi(os.Getenv(envNotes))
	if err := errors.Join(err, notesErr); err != nil {
		return fail(err)
	}
	ctx, cancel := victimContext()
	defer cancel()
	s, err := storage.Open(ctx, filepath.Dir(dir), storage.Options{Now: clock})
	if err != nil {
		return fail(err)
	}
	rid, err := radicle.ParseRID(filepath.Base(dir))
	if err != nil {
		return fail(err)
	}
	r, err := s.Repository(rid)
	if err != nil {
		return fail(err)
	}
	r.OnWrite(dieAfter(step))
	_, err = r.Update(ctx, ana, func(ctx context.Context, tx *storage.Tx) error {
		return victimEdit(ctx, tx, step, notes)
	})
	return fail(err)
}

// dieAfter kills the process before the write with the number step.
func dieAfter(step int) func(string) {
	var writes atomic.Int64
	return func(string) {
		if writes.Add(1) > int64(step) {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	}
}

// fail is the exit code for an error.
func fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// victimContext ends before a test would.
func victimContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}

// victimEdit renames a head, and commits notes.
func victimEdit(ctx context.Context, tx *storage.Tx, step, notes int) error {
	_, err := tx.Commit(ctx, "refs/notes/swarm", "Records", func(ctx context.Context, tree *storage.Tree) error {
		for i := range notes {
			if err := tree.Write(ctx, fmt.Sprintf("%d/%d", step, i), fmt.Append(nil, step, i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errors.Join(tx.Set(ctx, "refs/heads/main", tx.Get("refs/heads/old")), tx.Delete("refs/heads/old"))
}

// kill -9 between any two writes leaves a namespace that is signed and whole; the next update goes through.
func TestKilledBetweenWrites(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no kill -9")
	}
	for name, test := range map[string]struct{ notes, writes int }{
		"files": {notes: 0, writes: 10}, // a file and a name for each of four objects, two for the refs; directories
		"pack":  {notes: 20, writes: 6}, // a file and a name for pack and index, two for the refs
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepo(t)
			step := 0
			for ; !survived(t, r, step, test.notes); step++ {
				checkSigned(t, r, ana.NID())
			}
			if step < test.writes {
				t.Errorf("only %d writes", step)
			}
			checkVictim(t, r, test.notes)
		})
	}
}

// survived runs a victim that dies before the write with the number step, and reports whether there were fewer.
func survived(t *testing.T, r *storage.Repo, step, notes int) bool {
	t.Helper()
	update(t, r, ana, func(ctx context.Context, tx *storage.Tx) error {
		return tx.Set(ctx, "refs/heads/old", someCommit(t, tx, step))
	})
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envVictim+"="+r.Dir(), envStep+"="+strconv.Itoa(step), envNotes+"="+strconv.Itoa(notes))
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.Exited()) {
		t.Fatalf("step %d: %v\n%s", step, err, out)
	}
	return err == nil
}

// checkVictim fails unless the last victim did all that it should.
func checkVictim(t *testing.T, r *storage.Repo, notes int) {
	t.Helper()
	list := checkSigned(t, r, ana.NID())
	want := map[string]bool{"refs/heads/old": false, "refs/heads/main": true, "refs/notes/swarm": notes > 0}
	for name, there := range want {
		if _, ok := list.Refs.Get(name); ok != there {
			t.Errorf("%s: %v", name, ok)
		}
	}
}
