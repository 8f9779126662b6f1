package nodedb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// MaxRows is how many rows an answer may have.
	MaxRows = 1 << 16
	// MaxText is how long a text may be, in bytes.
	MaxText = 1 << 16
	// busyTime is how long to wait for a lock, in milliseconds; Radicle's own readers wait as long.
	busyTime = 3000
	// readTries is how often a file is read that a node opens or closes meanwhile, over half a second.
	readTries = 10
)

// A file is a database of the node's and the columns that we read in it, by table.
type file struct {
	path    string
	columns map[string][]string
	// asking is held during a question: closing a file, as readHeader does, drops the locks that SQLite has on it in the same process.
	asking sync.Mutex
}

// ask opens the database, runs one query, and gives each row to take.
func (f *file) ask(ctx context.Context, query string, args []any, take func(*row) error) error {
	f.asking.Lock()
	defer f.asking.Unlock()
	var rows []*row
	err := f.settle(ctx, func(mode string) error {
		rows = rows[:0]
		return f.query(ctx, mode, query, args, func(r *row) { rows = append(rows, r) })
	})
	if err != nil {
		return f.explain(ctx, err)
	}
	for _, r := range rows {
		if err := take(r); err != nil {
			return err
		}
	}
	return nil
}

// settle calls try with a way to open the file, and again where the node began or ended to use the file meanwhile.
func (f *file) settle(ctx context.Context, try func(mode string) error) error {
	for i := range readTries {
		if err := pause(ctx, i); err != nil {
			return err
		}
		before := f.stamp()
		mode, err := f.mode()
		if err != nil {
			return err
		}
		err = try(mode)
		switch {
		case mode == quiescent && (f.inUse() || f.stamp() != before): // it changed under our eyes
		case mode == shared && isTransient(err): // the node opens or closes it just now
		default:
			return err
		}
	}
	return fmt.Errorf("%s: %w", f.path, ErrBusy)
}

// pause waits before a try that is not the first: 1, 2, 4 … ms.
func pause(ctx context.Context, try int) error {
	if try == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(time.Millisecond << (try - 1))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// isTransient reports whether an error is one of a log that is just made, recovered or removed.
func isTransient(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	code := e.Code() & 0xff
	return code == sqlite3.SQLITE_CANTOPEN || code == sqlite3.SQLITE_READONLY || code == sqlite3.SQLITE_PROTOCOL
}

// How a database is opened: a set of SQLite's URI parameters.
const (
	ordinary  = "mode=ro"
	shared    = "mode=ro&readonly_shm=1" // write-ahead log in use: read its index, do not write it
	quiescent = "mode=ro&immutable=1"    // write-ahead log, and nobody has it open: SQLite would make its two files
)

const (
	headerSize  = 100
	headerMagic = "SQLite format 3\x00"
	formatAt    = 18 // 1: rollback journal, 2: write-ahead log
)

// mode looks at the file and says how to open it without leaving anything behind.
func (f *file) mode() (string, error) {
	header, err := readHeader(f.path)
	if err != nil {
		return "", err
	}
	if len(header) == 0 {
		return ordinary, nil // made and not yet written: a database without tables
	}
	if len(header) < headerSize || !bytes.HasPrefix(header, []byte(headerMagic)) {
		return "", &CorruptError{Path: f.path, Err: errors.New("not a SQLite database")}
	}
	switch {
	case header[formatAt] != 2:
		return ordinary, nil
	case !f.inUse():
		return quiescent, nil
	case exists(f.path + "-shm"):
		return shared, nil
	}
	return ordinary, nil
}

// inUse reports whether there is a write-ahead log with something in it, or one that somebody is about to fill.
func (f *file) inUse() bool {
	info, err := os.Stat(f.path + "-wal")
	return err == nil && (info.Size() > 0 || exists(f.path+"-shm"))
}

// stamp is the size and time of change of the file.
func (f *file) stamp() (s struct {
	size int64
	time time.Time
},
) {
	if info, err := os.Stat(f.path); err == nil {
		s.size, s.time = info.Size(), info.ModTime()
	}
	return s
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readHeader(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	header := make([]byte, headerSize)
	n, err := io.ReadFull(file, header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return header[:n], nil
	}
	return header, err
}

// query opens the database in a mode, checks its schema, and gives each row to take.
func (f *file) query(ctx context.Context, mode, query string, args []any, take func(*row)) error {
	db, err := sql.Open("sqlite", f.uri(mode))
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, MaxText); err != nil {
		return err
	}
	if err := f.checkSchema(ctx, conn); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return f.rows(rows, take)
}

func (f *file) rows(rows *sql.Rows, take func(*row)) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for n := 0; rows.Next(); n++ {
		if n == MaxRows {
			return fmt.Errorf("%s: %w", f.path, ErrTooMany)
		}
		r := newRow(f.path, columns)
		if err := rows.Scan(r.targets()...); err != nil {
			return err
		}
		take(r)
	}
	return rows.Err()
}

// uri names the database for SQLite. What is in the file is not trusted: no functions in its schema, and pages are checked.
func (f *file) uri(mode string) string {
	u := url.URL{Scheme: "file", Path: uriPath(f.path), RawQuery: mode + fmt.Sprintf(
		"&_busy_timeout=%d&_query_only=1&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)&_pragma=mmap_size(0)", busyTime)}
	return u.String()
}

// uriPath is a path as a URI has it.
func uriPath(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return path
}

// checkSchema looks for the columns that we read.
func (f *file) checkSchema(ctx context.Context, conn *sql.Conn) error {
	var version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	for table, want := range f.columns {
		have, err := columnsOf(ctx, conn, table)
		if err != nil {
			return err
		}
		if len(have) == 0 {
			return &SchemaError{Path: f.path, Version: version, Missing: table}
		}
		for _, column := range want {
			if !have[column] {
				return &SchemaError{Path: f.path, Version: version, Missing: table + "." + column}
			}
		}
	}
	return nil
}

// columnsOf returns the columns of a table; none if it is something else than a table.
func columnsOf(ctx context.Context, conn *sql.Conn, table string) (map[string]bool, error) {
	rows, err := conn.QueryContext(ctx,
		"SELECT i.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS i WHERE s.type = 'table' AND s.name = ?", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns := make(map[string]bool)
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		columns[name] = true
	}
	return columns, rows.Err()
}

// explain gives an error of SQLite's the type that callers branch on.
func (f *file) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff { // the rest says more about the same
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY:
		return fmt.Errorf("%s: %w", f.path, ErrBusy)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG:
		return &CorruptError{Path: f.path, Err: e}
	}
	return fmt.Errorf("%s: %w", f.path, e)
}
