package cobcache

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// Version is the schema version that we know.
	Version = 3
	// MaxPatch is the size of the largest row that is written or read, in bytes.
	MaxPatch = 16 << 20
	// busyTime is how long to wait for another writer, in milliseconds; Radicle waits as long.
	busyTime = 6000
)

// A VersionError says that a cache has another schema than [Version], and was left alone.
type VersionError struct {
	Path    string
	Version int64
}

// Error says it in one line.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%s: schema version %d, we know %d", e.Path, e.Version, Version)
}

// A CorruptError says that a file is no whole SQLite database, or not one of Radicle's.
type CorruptError struct {
	Path string
	Err  error
}

// Error says it in one line.
func (e *CorruptError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns e.Err.
func (e *CorruptError) Unwrap() error { return e.Err }

// ErrBusy is the error for a cache that another program keeps locked.
var ErrBusy = errors.New("database is locked")

// ErrTooLarge is the error for a patch of more than [MaxPatch] bytes.
var ErrTooLarge = fmt.Errorf("more than %d bytes", MaxPatch)

// A Cache is a cache.db.
type Cache struct{ path string }

// Open names the cache.db in the cobs directory of a home. Nothing is opened before it is used.
func Open(cobsDir string) *Cache { return &Cache{path: filepath.Join(cobsDir, "cache.db")} }

// schema is what Radicle's own migrations make of an empty file.
const schema = `
	CREATE TABLE issues (id TEXT PRIMARY KEY NOT NULL, repo TEXT NOT NULL, issue TEXT NOT NULL) STRICT;
	CREATE TABLE patches (id TEXT PRIMARY KEY NOT NULL, repo TEXT NOT NULL, patch TEXT NOT NULL) STRICT;
	CREATE INDEX ix_issues_repo_id ON issues (repo, id);
	CREATE INDEX ix_patches_repo_id ON patches (repo, id);
	PRAGMA user_version = 3`

// Create makes the empty cache.db of a new home. Without it `rad patch list` fails where no node has ever run. One that is there is
// fs.ErrExist and is not touched.
func Create(ctx context.Context, cobsDir string) error {
	c := Open(cobsDir)
	f, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = f.Close()
	if err == nil {
		err = c.change(ctx, func(tx *sql.Conn) error {
			_, err := tx.ExecContext(ctx, schema)
			return err
		})
	}
	if err != nil {
		return errors.Join(err, os.Remove(c.path))
	}
	return nil
}

// check refuses every schema but ours.
func (c *Cache) check(ctx context.Context, conn *sql.Conn) error {
	var version int64
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version != Version {
		return &VersionError{Path: c.path, Version: version}
	}
	return nil
}

// change runs do in a transaction.
func (c *Cache) change(ctx context.Context, do func(tx *sql.Conn) error) error {
	return c.with(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return err
		}
		if err := do(conn); err != nil {
			_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			return err
		}
		_, err := conn.ExecContext(ctx, "COMMIT")
		return err
	})
}

// with opens the database for do. It is never made here.
func (c *Cache) with(ctx context.Context, do func(*sql.Conn) error) error {
	if _, err := os.Stat(c.path); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", c.uri())
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return c.explain(ctx, err)
	}
	defer conn.Close()
	if _, err := sqlite.Limit(conn, sqlite3.SQLITE_LIMIT_LENGTH, MaxPatch+1024); err != nil { // a row is a little more than its text
		return err
	}
	return c.explain(ctx, do(conn))
}

func (c *Cache) uri() string {
	path := c.path
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: fmt.Sprintf("mode=rw&_busy_timeout=%d&_pragma=trusted_schema(0)", busyTime)}
	return u.String()
}

// explain gives an error of SQLite's the type that callers branch on.
func (c *Cache) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%s: %w", c.path, ErrBusy)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_ERROR:
		return &CorruptError{Path: c.path, Err: e} // ERROR: our version, but not our tables
	}
	return fmt.Errorf("%s: %w", c.path, e)
}
