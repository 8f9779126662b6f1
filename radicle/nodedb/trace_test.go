package nodedb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A question leaves no trace, whatever the database was left like.
func TestNoTrace(t *testing.T) {
	wal := write(t, "node.db", "PRAGMA journal_mode = wal", bookTables, bookRows)
	legacy := write(t, "node.db", bookTables, bookRows)
	live := write(t, "node.db", "PRAGMA journal_mode = wal", bookTables, bookRows)
	writer := openWriter(t, filepath.Join(live, "node.db"))
	if _, err := writer.Exec("UPDATE nodes SET alias = 'annie' WHERE alias = 'ana'"); err != nil {
		t.Fatal(err)
	}
	killed, emptied := t.TempDir(), t.TempDir()
	copyFiles(t, live, killed)
	copyFiles(t, wal, emptied)
	if err := os.WriteFile(filepath.Join(emptied, "node.db-wal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ dir, alias string }{
		"at rest":              {wal, "ana"},
		"rollback journal":     {legacy, "ana"},
		"node is writing":      {live, "annie"},
		"node was killed":      {killed, "annie"},
		"an empty log is left": {emptied, "ana"},
	} {
		before := listing(t, c.dir)
		for range 2 {
			n, err := OpenBook(c.dir).Node(t.Context(), ana)
			if err != nil || string(n.Alias) != c.alias {
				t.Errorf("%s: %q, %v", name, n.Alias, err)
			}
		}
		if after := listing(t, c.dir); after != before {
			t.Errorf("%s: was %s is %s", name, before, after)
		}
	}
	if _, err := writer.Exec("UPDATE nodes SET alias = 'ana'"); err != nil {
		t.Errorf("the writer cannot go on: %v", err)
	}
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// listing names the files of a directory with size and time of change.
func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(e.Name(), " ", info.Size(), " ", info.ModTime().UnixNano()))
	}
	return strings.Join(all, "\n")
}

// While another process writes and restarts, every question sees a whole moment, and the writer is never in trouble.
func TestReadWhileWriting(t *testing.T) {
	dir := write(t, "node.db", "PRAGMA journal_mode = wal", bookTables)
	writer := exec.Command(os.Args[0], "-test.run=^TestWriterProcess$")
	writer.Env = append(os.Environ(), "RADSWARM_TEST_WRITE="+filepath.Join(dir, "node.db"))
	stop, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	writer.Stdout, writer.Stderr = &out, &out
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	b, seen := OpenBook(dir), make(map[int]bool)
	for n := 0; n < 200 || len(seen) < 3; n++ {
		routes, err := b.Routes(t.Context(), rid)
		if err != nil || len(routes)%2 != 0 { // two in each transaction
			t.Errorf("%d rows, %v", len(routes), err)
			break
		}
		seen[len(routes)] = true
	}
	_ = stop.Close()
	if err := writer.Wait(); err != nil {
		t.Errorf("the writer: %v\n%s", err, &out)
	}
}

// TestWriterProcess is the other process of TestReadWhileWriting: it adds routes two by two and opens the database anew now and
// then, as a node that restarts does, until its input ends.
func TestWriterProcess(t *testing.T) {
	path := os.Getenv("RADSWARM_TEST_WRITE")
	if path == "" {
		t.Skip("not the other process")
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	for n := 1; ctx.Err() == nil; n = 7 * n % 101 { // in no order
		db, err := sql.Open("sqlite", path+"?_busy_timeout=5000")
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(db, 2*n); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// fill gives the table routing n rows of different lengths, in one transaction.
func fill(db *sql.DB, n int) error {
	_, err := db.Exec(fmt.Sprintf(`BEGIN; DELETE FROM routing; WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM i WHERE n < %d)
		INSERT INTO routing SELECT '%s', '%s', n * n * n FROM i; COMMIT`, n, ridID, boID))
	return err
}

// What was read from a file that changed meanwhile, or that a node began to use, does not count.
func TestChangedWhileReading(t *testing.T) {
	dir := write(t, "node.db", "PRAGMA journal_mode = wal", bookTables, bookRows)
	f := &OpenBook(dir).file
	for _, c := range []struct { // in this order: the second leaves the database in use
		name   string
		change func() error
	}{
		{"written", func() error { return os.Chtimes(f.path, time.Time{}, time.Unix(1, 0)) }},
		{"in use", func() error { return os.WriteFile(f.path+"-wal", []byte("x"), 0o600) }},
	} {
		var modes []string
		err := f.settle(t.Context(), func(mode string) error {
			if modes = append(modes, mode); len(modes) == 1 {
				return c.change()
			}
			return nil
		})
		if err != nil || len(modes) != 2 || modes[0] != quiescent {
			t.Errorf("%s: %q, %v", c.name, modes, err)
		}
	}
	if err := os.Remove(f.path + "-wal"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	err := f.settle(t.Context(), func(string) error {
		tries++
		return os.Chtimes(f.path, time.Time{}, time.Unix(int64(100+tries), 0))
	})
	if !errors.Is(err, ErrBusy) || tries != readTries {
		t.Errorf("always changing: %v after %d", err, tries)
	}
}
