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
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/storage"
)

// Variables that make the test binary a process that kills itself.
const (
	envVictim = "RADSWARM_TEST_VICTIM" // the repository's path
	envStep   = "RADSWARM_TEST_STEP"   // before which write it dies
	envNotes  = "RADSWARM_TEST_NOTES"  // how many notes it writes
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(envVictim); dir != "" {
		os.Exit(victim(dir))
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
	ctx := context.Background()
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
	writes := 0
	r.OnWrite(func(string) {
		if writes++; writes > step {
			self, _ := os.FindProcess(os.Getpid())
			_ = self.Kill()
			select {}
		}
	})
	_, err = r.Update(ctx, ana, func(ctx context.Context, tx *storage.Tx) error {
		return victimEdit(ctx, tx, step, notes)
	})
	if err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// victimEdit moves a head, deletes another, and commits notes.
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
	var blob radicle.Oid
	if blob, err = tx.Write(ctx, gitobj.KindBlob, fmt.Append(nil, "head ", step)); err != nil {
		return err
	}
	tree, err := gitobj.Tree{{Mode: gitobj.ModeFile, Name: "n", ID: blob}}.Encode()
	if err != nil {
		return err
	}
	var c gitobj.Commit
	if c.Tree, err = tx.Write(ctx, gitobj.KindTree, tree); err != nil {
		return err
	}
	c.Author.Zone, c.Committer.Zone = gitobj.UTC, gitobj.UTC
	data, err := c.Encode()
	if err != nil {
		return err
	}
	head, err := tx.Write(ctx, gitobj.KindCommit, data)
	if err != nil {
		return err
	}
	return errors.Join(tx.Set(ctx, "refs/heads/main", head), tx.Delete("refs/heads/old"))
}

// kill -9 between any two writes leaves a namespace that is signed and whole; the next update goes through.
func TestKilledBetweenWrites(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no kill -9")
	}
	for name, test := range map[string]struct{ notes, writes int }{
		"files": {notes: 0, writes: 16}, // two for each of seven objects, two for the refs; directories beside
		"pack":  {notes: 20, writes: 6}, // two for pack and index each, two for the refs
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
