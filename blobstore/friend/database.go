package friend

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// database is a SQLite file with one connection. It is not safe for concurrent use.
type database struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// pragmas of every connection: commits survive loss of power, and no other process opens the file.
const pragmas = "_pragma=locking_mode(exclusive)" +
	"&_pragma=temp_store(memory)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"

// openDatabase opens a file that is there. Journal is "wal", or "delete" while a file is made that is moved afterwards.
func openDatabase(path, journal string, unsync bool) (*database, error) {
	sync := "&_pragma=synchronous(full)"
	if unsync {
		sync = "&_pragma=synchronous(off)"
	}
	db, err := sql.Open("sqlite", fileURI(path)+"?mode=rw&"+pragmas+sync+"&_pragma=journal_mode("+journal+")")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	d := &database{db: db, stmts: map[string]*sql.Stmt{}}
	if d.conn, err = db.Conn(context.Background()); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func fileURI(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func (d *database) close() error {
	for _, stmt := range d.stmts {
		_ = stmt.Close() // the connection goes, and it with it
	}
	var err error
	if d.conn != nil {
		err = d.conn.Close()
	}
	return errors.Join(err, d.db.Close())
}

// run executes statements that are not kept.
func (d *database) run(query string, args ...any) error {
	_, err := d.conn.ExecContext(context.Background(), query, args...)
	return err
}

// stmt returns a statement, which is kept: there are some four dozen.
func (d *database) stmt(query string) (*sql.Stmt, error) {
	if stmt, ok := d.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := d.conn.PrepareContext(context.Background(), query)
	if err == nil {
		d.stmts[query] = stmt
	}
	return stmt, err
}

func (d *database) exec(query string, args ...any) error {
	_, err := d.change(query, args...)
	return err
}

// change executes a statement and returns how many rows it changed.
func (d *database) change(query string, args ...any) (int64, error) {
	stmt, err := d.stmt(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one scans a row, or returns sql.ErrNoRows.
func (d *database) one(query string, args []any, dest ...any) error {
	stmt, err := d.stmt(query)
	if err != nil {
		return err
	}
	return stmt.QueryRow(args...).Scan(dest...)
}

// find scans a row and reports whether there is one.
func (d *database) find(query string, args []any, dest ...any) (bool, error) {
	err := d.one(query, args, dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// more reports whether a query counts more than a limit.
func (d *database) more(query string, limit int, args ...any) (bool, error) {
	var n int
	err := d.one(query, args, &n)
	return n > limit, err
}

// each scans rows and calls f after each.
func (d *database) each(query string, args []any, f func() error, dest ...any) error {
	stmt, err := d.stmt(query)
	if err != nil {
		return err
	}
	rows, err := stmt.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
	return rows.Err()
}

// update runs f in a transaction: all of it is durable when update returns nil, and none otherwise.
func (d *database) update(f func() error) error {
	if err := d.run("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = d.run("COMMIT")
	}
	if err != nil {
		_ = d.run("ROLLBACK") // fails if SQLite has rolled back already
	}
	return err
}

// migrate brings the schema to the newest version in one transaction.
func (d *database) migrate(steps []string) error {
	var version int
	if err := d.one("PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	if version > len(steps) {
		return &VersionError{Got: version, Known: len(steps)}
	}
	if version == len(steps) {
		return nil
	}
	return d.update(func() error {
		for _, step := range steps[version:] {
			if err := d.run(step); err != nil {
				return err
			}
		}
		return d.run(fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", len(steps), applicationID))
	})
}

// check reads all of the file and compares what stands in it.
func (d *database) check() error {
	var id int64
	if err := d.one("PRAGMA application_id", nil, &id); err != nil {
		return err
	}
	if id != applicationID {
		return fmt.Errorf("application id %#x: no database of friends", id)
	}
	var said string
	if err := d.one("PRAGMA integrity_check(1)", nil, &said); err != nil {
		return err
	}
	if said != "ok" {
		return errors.New(said)
	}
	return nil
}

// code returns the primary result code of SQLite, 0 for an error that is not its.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// isDamage reports whether an error says that the file is not what SQLite wrote.
func isDamage(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_CORRUPT || c == sqlite3.SQLITE_NOTADB
}

// isLocked reports whether an error says that another process has the file.
func isLocked(err error) bool {
	c := code(err)
	return c == sqlite3.SQLITE_BUSY || c == sqlite3.SQLITE_LOCKED
}
