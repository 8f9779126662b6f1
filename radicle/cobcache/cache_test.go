package cobcache

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/radicle"
)

var rid, _ = radicle.ParseRID("rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji")

// oid is an object id of one repeated digit.
func oid(digit string) radicle.Oid {
	id, err := radicle.ParseOid(strings.Repeat(digit, 40))
	if err != nil {
		panic(err)
	}
	return id
}

func create(t *testing.T) (*Cache, string) {
	t.Helper()
	dir := t.TempDir()
	if err := Create(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return Open(dir), filepath.Join(dir, "cache.db")
}

func exec(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// small is the state of a patch with a title and all else empty.
func small(title string) json.RawMessage {
	quoted, err := json.Marshal(title)
	if err != nil {
		panic(err)
	}
	return json.RawMessage(`{"title":` + string(quoted) + `,"author":{"id":"did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"},` +
		`"state":{"status":"open"},"target":"delegates","labels":[],"merges":{},"revisions":{},"assignees":[],"timeline":[],"reviews":{}}`)
}

func titleOf(t *testing.T, c *Cache, rid radicle.RID, id radicle.Oid) string {
	t.Helper()
	text, err := c.Patch(t.Context(), rid, id)
	if err != nil {
		t.Fatal(err)
	}
	if text == nil {
		return ""
	}
	var p struct{ Title string }
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p.Title
}

func TestPutPatch(t *testing.T) {
	c, _ := create(t)
	other := radicle.NewRID(oid("9"))
	for _, step := range []struct{ title, want string }{{"first", "first"}, {"second", "second"}, {"<&> \u2028 ü", "<&> \u2028 ü"}} {
		if err := c.PutPatch(t.Context(), rid, oid("1"), small(step.title)); err != nil {
			t.Fatal(err)
		}
		if got := titleOf(t, c, rid, oid("1")); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
	if got := titleOf(t, c, other, oid("1")) + titleOf(t, c, rid, oid("2")); got != "" {
		t.Errorf("another repository or patch has %q", got)
	}
	if err := c.RemovePatch(t.Context(), other, oid("1")); err != nil {
		t.Fatal(err)
	}
	if got := titleOf(t, c, rid, oid("1")); got == "" {
		t.Error("removed for another repository")
	}
	for range 2 {
		if err := c.RemovePatch(t.Context(), rid, oid("1")); err != nil {
			t.Fatal(err)
		}
	}
	if got := titleOf(t, c, rid, oid("1")); got != "" {
		t.Errorf("%q after it was removed", got)
	}
}

// Issues stay as they are.
func TestIssuesAreNotTouched(t *testing.T) {
	c, path := create(t)
	exec(t, path, "INSERT INTO issues VALUES ('"+oid("1").String()+"', '"+rid.String()+"', '{}')")
	if err := c.PutPatch(t.Context(), rid, oid("1"), small("x")); err != nil {
		t.Fatal(err)
	}
	if err := c.RemovePatch(t.Context(), rid, oid("1")); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var n int
	if err := db.QueryRow("SELECT count(*) FROM issues WHERE issue = '{}'").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d issues, %v", n, err)
	}
}

func TestCreateNeverOverwrites(t *testing.T) {
	c, path := create(t)
	if err := c.PutPatch(t.Context(), rid, oid("1"), small("x")); err != nil {
		t.Fatal(err)
	}
	if err := Create(t.Context(), filepath.Dir(path)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("%v", err)
	}
	if titleOf(t, c, rid, oid("1")) != "x" {
		t.Error("the cache was emptied")
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := Create(canceled, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

// A cache that we do not know is left as it is, to the byte.
func TestOtherVersions(t *testing.T) {
	for _, version := range []string{"0", "2", "4", "1000"} {
		c, path := create(t)
		exec(t, path, "PRAGMA user_version = "+version)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{
			"put":    c.PutPatch(t.Context(), rid, oid("1"), small("x")),
			"remove": c.RemovePatch(t.Context(), rid, oid("1")),
		} {
			if e, ok := errors.AsType[*VersionError](err); !ok || e.Path != path {
				t.Errorf("version %s: %s: %v", version, name, err)
			}
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
			t.Errorf("version %s: the file changed, %v", version, err)
		}
	}
}

func TestNoCache(t *testing.T) {
	dir := t.TempDir()
	if err := Open(dir).PutPatch(t.Context(), rid, oid("1"), small("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("made %v, %v", entries, err)
	}
}

func TestBrokenCache(t *testing.T) {
	c, path := create(t)
	exec(t, path, "DROP TABLE patches")
	err := c.PutPatch(t.Context(), rid, oid("1"), small("x"))
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		t.Errorf("no table: %v", err)
	}
	if err := os.WriteFile(path, []byte("hello, this is not a database, and longer than a header of one hundred bytes has to be, is it not?"), 0o600); err != nil {
		t.Fatal(err)
	}
	err = c.PutPatch(t.Context(), rid, oid("1"), small("x"))
	if _, ok := errors.AsType[*CorruptError](err); !ok {
		t.Errorf("no database: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	c, _ := create(t)
	frame := len(small(""))
	for size, tooLarge := range map[int]bool{MaxPatch: false, MaxPatch + 1: true} {
		err := c.PutPatch(t.Context(), rid, oid("1"), small(strings.Repeat("x", size-frame)))
		if errors.Is(err, ErrTooLarge) != tooLarge || (!tooLarge && err != nil) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// broken is a state that cannot write itself.
type broken struct{ error }

func (b broken) MarshalJSON() ([]byte, error) { return nil, b.error }

// What would break rad does not get into its cache.
func TestShape(t *testing.T) {
	c, _ := create(t)
	whole := string(small("x"))
	states := map[string]string{"nothing": "", "null": "null", "list": "[]", "text": `"x"`, "cut": whole[:len(whole)-1]}
	for _, key := range patchKeys() {
		states["without "+key] = strings.Replace(whole, `"`+key+`":`, `"other":`, 1)
	}
	for name, text := range states {
		err := c.PutPatch(t.Context(), rid, oid("1"), json.RawMessage(text))
		if e, ok := errors.AsType[*ShapeError](err); !ok || e.ID != oid("1") {
			t.Errorf("%s: %v", name, err)
		}
	}
	want := errors.New("no")
	if err := c.PutPatch(t.Context(), rid, oid("1"), broken{want}); !errors.Is(err, want) {
		t.Errorf("%v", err)
	}
	if titleOf(t, c, rid, oid("1")) != "" {
		t.Error("something was written")
	}
}

// Writers wait for each other, and a lock that stays is an error that says so.
func TestWritersWait(t *testing.T) {
	c, path := create(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				if err := c.PutPatch(t.Context(), rid, oid(string(rune('0'+i))), small("x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.PutPatch(ctx, rid, oid("1"), small("x")); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrBusy) {
		t.Errorf("locked: %v", err)
	}
}
