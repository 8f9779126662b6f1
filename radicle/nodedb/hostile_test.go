package nodedb

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Whatever stands in a row gives values or an error that names the column.
func TestHostileRows(t *testing.T) {
	huge := "printf('%.*c', " + fmt.Sprint(MaxText+1) + ", 'x')"
	for name, c := range map[string]struct{ set, column string }{
		"integer id":      {"id = 7", "nodes.id"},
		"null id":         {"id = NULL", "nodes.id"},
		"blob alias":      {"alias = x'616e61'", "nodes.alias"},
		"bad id":          {"id = 'z6Mk'", "nodes.id"},
		"bad alias":       {"alias = 'a b'", "nodes.alias"},
		"no UTF-8":        {"alias = cast(x'ff' as text)", "nodes.alias"},
		"text time":       {"timestamp = 'now'", "nodes.timestamp"},
		"negative time":   {"timestamp = -1", "nodes.timestamp"},
		"late time":       {"timestamp = 9223372036854775807", "nodes.timestamp"},
		"real features":   {"features = 1.5", "nodes.features"},
		"text for a flag": {"banned = 'yes'", "nodes.banned"},
		"long text":       {"agent = printf('%.*c', 65000, 'x')", ""},
	} {
		dir := write(t, "node.db", bookTables, bookRows, "UPDATE nodes SET "+c.set+" WHERE alias = 'bo'")
		_, err := OpenBook(dir).Nodes(t.Context())
		e, ok := errors.AsType[*RowError](err)
		if ok != (c.column != "") || (ok && e.Column != c.column) || (!ok && err != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := write(t, "node.db", bookTables, bookRows, "UPDATE nodes SET agent = "+huge)
	if _, err := OpenBook(dir).Nodes(t.Context()); err == nil {
		t.Error("a text over the bound was read")
	} else if _, ok := errors.AsType[*CorruptError](err); !ok {
		t.Errorf("huge text: %v", err)
	}
	p := write(t, "policies.db", policyTables, "INSERT INTO seeding VALUES ('"+ridID+"', 'some', 'allow')")
	if _, err := OpenPolicies(p).Seedings(t.Context()); err == nil {
		t.Error("scope some")
	}
}

func TestTooManyRows(t *testing.T) {
	for extra, tooMany := range map[int]bool{0: false, 1: true} {
		dir := write(t, "node.db", bookTables, fmt.Sprintf(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < %d)
			INSERT INTO routing SELECT '%s', '%s', i FROM n`, MaxRows+extra, ridID, boID))
		routes, err := OpenBook(dir).Routes(t.Context(), rid)
		if errors.Is(err, ErrTooMany) != tooMany || (!tooMany && len(routes) != MaxRows) {
			t.Errorf("%d more: %d rows, %v", extra, len(routes), err)
		}
	}
}

func TestCorrupt(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(write(t, "node.db", bookTables, bookRows), "node.db"))
	if err != nil {
		t.Fatal(err)
	}
	garbled := append([]byte(nil), whole...)
	for i := 200; i < len(garbled); i++ {
		garbled[i] ^= 0x5a
	}
	for name, text := range map[string][]byte{
		"one byte": {'S'}, "text": []byte("hello"), "header only": whole[:100], "cut": whole[:5000], "garbled": garbled,
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "node.db"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		nodes, err := OpenBook(dir).Nodes(t.Context())
		if _, ok := errors.AsType[*CorruptError](err); !ok {
			t.Errorf("%s: %v, %v", name, nodes, err)
		}
	}
}

// A database that anybody may have written: values or an error, no panic, no growth.
func FuzzBook(f *testing.F) {
	dir := f.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "node.db"))
	if err != nil {
		f.Fatal(err)
	}
	if _, err := db.Exec("PRAGMA page_size = 512;" + bookTables + bookRows); err != nil {
		f.Fatal(err)
	}
	if err := db.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "node.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint16(100), []byte{0})
	f.Add(uint16(18), []byte{2, 2})
	f.Add(uint16(600), []byte("xxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
	f.Fuzz(func(t *testing.T, at uint16, change []byte) {
		text := append([]byte(nil), whole...)
		copy(text[min(int(at), len(text)):], change)
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "node.db"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		b := OpenBook(dir)
		_, _ = b.Nodes(t.Context())
		_, _ = b.AllAddresses(t.Context())
		_, _ = b.SyncStatus(t.Context(), rid)
	})
}
