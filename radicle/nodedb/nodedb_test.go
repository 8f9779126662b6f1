package nodedb

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

const (
	anaID = "z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"
	boID  = "z6Mkt67GdsW7715MEfRuP4pSZxJRJh6kj6Y48WRqVv4N1tRk"
	ridID = "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"
	oidID = "99c549702e2bcfe02b0e68d4a2224fb7a1524529"
)

var (
	ana, _ = radicle.ParseNID(anaID)
	bo, _  = radicle.ParseNID(boID)
	rid, _ = radicle.ParseRID(ridID)
	oid, _ = radicle.ParseOid(oidID)
	ids    = cmp.Options{
		cmp.Comparer(func(a, b radicle.Oid) bool { return a == b }),
		cmp.Comparer(func(a, b radicle.RID) bool { return a == b }),
	}
)

// Tables with the columns of node.db version 9 and policies.db, without the constraints.
const (
	bookTables = `
		CREATE TABLE nodes (id, features, alias, pow, timestamp, banned, penalty, version, agent);
		CREATE TABLE addresses (node, type, value, source, timestamp, last_attempt, last_success, banned);
		CREATE TABLE routing (repo, node, timestamp);
		CREATE TABLE "repo-sync-status" (repo, node, head, timestamp);
		PRAGMA user_version = 9;`
	bookRows = `
		INSERT INTO nodes VALUES ('` + anaID + `', 1, 'ana', 0, 1000, 0, 0, 1, '/radicle:1.10.0/'),
			('` + boID + `', 1, 'bo', 0, 2000, 1, 8, 1, '/radicle/');
		INSERT INTO addresses VALUES ('` + boID + `', 'ipv4', '127.0.0.1:8802', 'peer', 2000, NULL, NULL, 0),
			('` + boID + `', 'dns', 'bo.example:8776', 'bootstrap', 2000, 3000, 4000, 1);
		INSERT INTO routing VALUES ('` + ridID + `', '` + anaID + `', 5000), ('` + ridID + `', '` + boID + `', 6000);
		INSERT INTO "repo-sync-status" VALUES ('` + ridID + `', '` + boID + `', '` + oidID + `', 7000);`
	policyTables = `CREATE TABLE following (id, alias, policy); CREATE TABLE seeding (id, scope, policy);`
)

// write runs statements on a database in a new node directory and returns the directory.
func write(t *testing.T, name string, statements ...string) string {
	t.Helper()
	dir := t.TempDir()
	db := openWriter(t, filepath.Join(dir, name))
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func openWriter(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func TestBook(t *testing.T) {
	b := OpenBook(write(t, "node.db", "PRAGMA journal_mode = wal", bookTables, bookRows))
	ctx := t.Context()
	at := time.UnixMilli
	wantBo := Node{NID: bo, Alias: "bo", Features: 1, Announced: at(2000), Version: 1, Agent: "/radicle/", Penalty: 8, Banned: true}
	for name, c := range map[string]struct {
		got  func() (any, error)
		want any
	}{
		"nodes": {func() (any, error) { return b.Nodes(ctx) }, []Node{
			{NID: ana, Alias: "ana", Features: 1, Announced: at(1000), Version: 1, Agent: "/radicle:1.10.0/"}, wantBo,
		}},
		"node": {func() (any, error) { return b.Node(ctx, bo) }, wantBo},
		"addresses": {func() (any, error) { return b.Addresses(ctx, bo) }, []Address{
			{NID: bo, Type: "dns", Value: "bo.example:8776", Source: "bootstrap", Announced: at(2000), LastAttempt: at(3000), LastSuccess: at(4000), Banned: true},
			{NID: bo, Type: "ipv4", Value: "127.0.0.1:8802", Source: "peer", Announced: at(2000)},
		}},
		"no addresses": {func() (any, error) { return b.Addresses(ctx, ana) }, []Address(nil)},
		"routes": {func() (any, error) { return b.Routes(ctx, rid) }, []Route{
			{RID: rid, NID: ana, Time: at(5000)}, {RID: rid, NID: bo, Time: at(6000)},
		}},
		"inventory": {func() (any, error) { return b.Inventory(ctx, bo) }, []Route{{RID: rid, NID: bo, Time: at(6000)}}},
		"sync":      {func() (any, error) { return b.SyncStatus(ctx, rid) }, []Sync{{RID: rid, NID: bo, Head: oid, Time: at(7000)}}},
	} {
		got, err := c.got()
		if diff := cmp.Diff(c.want, got, ids); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if all, err := b.AllAddresses(ctx); err != nil || len(all) != 2 {
		t.Errorf("%v, %v", all, err)
	}
	if _, err := b.Node(ctx, radicle.NID{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown node: %v", err)
	}
}

func TestPolicies(t *testing.T) {
	p := OpenPolicies(write(t, "policies.db", policyTables, `
		INSERT INTO following VALUES ('`+anaID+`', '', 'block'), ('`+boID+`', 'buddy', 'allow');
		INSERT INTO seeding VALUES ('`+ridID+`', 'followed', 'allow');`))
	follows, err := p.Follows(t.Context())
	want := []Follow{{NID: ana}, {NID: bo, Alias: "buddy", Allowed: true}}
	if diff := cmp.Diff(want, follows); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if f, err := p.Follow(t.Context(), bo); err != nil || f != want[1] {
		t.Errorf("%v, %v", f, err)
	}
	seedings, err := p.Seedings(t.Context())
	wantSeeding := Seeding{RID: rid, Scope: "followed", Allowed: true}
	if diff := cmp.Diff([]Seeding{wantSeeding}, seedings, ids); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if s, err := p.Seeding(t.Context(), rid); err != nil || s != wantSeeding {
		t.Errorf("%v, %v", s, err)
	}
	if _, err := p.Seeding(t.Context(), radicle.NewRID(oid)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown repository: %v", err)
	}
	if _, err := p.Follow(t.Context(), radicle.NID{1}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("unknown node: %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	b := OpenBook(write(t, "node.db", bookTables, bookRows))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if nodes, err := b.Nodes(t.Context()); err != nil || len(nodes) != 2 {
					t.Errorf("%v, %v", nodes, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAbsent(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenBook(dir).Nodes(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("made %v, %v", entries, err)
	}
}

func TestSchema(t *testing.T) {
	newer := write(t, "node.db", strings.Replace(bookTables, "9", "27", 1), bookRows,
		"ALTER TABLE nodes ADD COLUMN mood", "CREATE INDEX x ON routing (node)")
	if nodes, err := OpenBook(newer).Nodes(t.Context()); err != nil || len(nodes) != 2 {
		t.Errorf("newer: %v, %v", nodes, err)
	}
	for missing, statement := range map[string]string{
		"routing":       "DROP TABLE routing",
		"nodes.penalty": "ALTER TABLE nodes DROP COLUMN penalty",
		"addresses":     "ALTER TABLE addresses RENAME TO a; CREATE VIEW addresses AS SELECT * FROM a",
	} {
		_, err := OpenBook(write(t, "node.db", bookTables, statement)).Nodes(t.Context())
		if e, ok := errors.AsType[*SchemaError](err); !ok || e.Missing != missing || e.Version != 9 {
			t.Errorf("%s: %v", missing, err)
		}
	}
	made := t.TempDir()
	if err := os.WriteFile(filepath.Join(made, "node.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"dropped": write(t, "node.db", "CREATE TABLE x (y)", "DROP TABLE x"), "just made": made} {
		_, err := OpenBook(dir).Nodes(t.Context())
		if _, ok := errors.AsType[*SchemaError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLocked(t *testing.T) {
	dir := write(t, "policies.db", policyTables)
	db := openWriter(t, filepath.Join(dir, "policies.db"))
	if _, err := db.Exec("BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := OpenPolicies(dir).Follows(ctx); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	if _, err := db.Exec("COMMIT"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenPolicies(dir).Follows(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestCanceled(t *testing.T) {
	dir := write(t, "node.db", bookTables)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenBook(dir).Nodes(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A home may have a name that means something in a URI.
func TestOddPath(t *testing.T) {
	from := write(t, "node.db", bookTables, bookRows)
	dir := filepath.Join(t.TempDir(), "a b?c#d%20e&mode=rw")
	copyFiles(t, from, dir)
	if nodes, err := OpenBook(dir).Nodes(t.Context()); err != nil || len(nodes) != 2 {
		t.Errorf("%v, %v", nodes, err)
	}
}

func BenchmarkNode(b *testing.B) {
	dir := b.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "node.db"))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA journal_mode = wal;" + bookTables + bookRows); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	book := OpenBook(dir)
	for b.Loop() {
		if _, err := book.Node(b.Context(), bo); err != nil {
			b.Fatal(err)
		}
	}
}

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	if err := Create(t.Context(), dir, ana, "ana"); err != nil {
		t.Fatal(err)
	}
	before := listing(t, dir)
	if err := Create(t.Context(), dir, bo, "bo"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("again: %v", err)
	}
	if after := listing(t, dir); after != before || strings.Count(after, "\n") != 0 {
		t.Errorf("was %s is %s", before, after)
	}
	var id, alias string
	var version int
	row := openWriter(t, filepath.Join(dir, "node.db")).QueryRow("SELECT id, alias, (SELECT user_version FROM pragma_user_version) FROM nodes")
	if err := row.Scan(&id, &alias, &version); err != nil || id != anaID || alias != "ana" || version != 0 {
		t.Errorf("%s %s, version %d, %v", id, alias, version, err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	other := t.TempDir()
	if err := Create(canceled, other, ana, "ana"); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if left := listing(t, other); left != "" {
		t.Errorf("left %s", left)
	}
}
