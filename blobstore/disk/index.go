package disk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"radswarm/blobstore"
)

// indexVersion is the version of the schema. An index of another one is made anew.
const indexVersion = 1

const schema = `
CREATE TABLE session (id BLOB NOT NULL);
CREATE TABLE share (
	id     INTEGER PRIMARY KEY,
	sid    BLOB NOT NULL,
	root   BLOB NOT NULL,
	state  INTEGER NOT NULL DEFAULT 0, -- as type state
	since  INTEGER NOT NULL DEFAULT 0, -- in the trash, Unix seconds
	length INTEGER NOT NULL DEFAULT 0, -- of the share
	base   INTEGER NOT NULL DEFAULT 0, -- charged for the file without manifests, but for a stale one
	read   INTEGER NOT NULL DEFAULT 0, -- when Scrub read it last, Unix seconds
	dirty  INTEGER NOT NULL DEFAULT 0, -- the files may say something else
	UNIQUE (sid, root)
);
CREATE INDEX share_dirty ON share (dirty) WHERE dirty <> 0;
CREATE INDEX share_since ON share (state, since) WHERE state <> 1;
CREATE INDEX share_read ON share (read) WHERE state = 1;
CREATE TABLE lease (
	share     INTEGER NOT NULL,
	owner     BLOB NOT NULL,
	open      INTEGER NOT NULL,
	mid       BLOB NOT NULL,
	candidate BLOB NOT NULL,    -- hash of the sealed manifest
	sealed    INTEGER NOT NULL, -- its length
	charge    INTEGER NOT NULL, -- to the owner
	PRIMARY KEY (share, owner)
) WITHOUT ROWID;
CREATE INDEX lease_mid ON lease (mid, owner);
CREATE INDEX lease_owner ON lease (owner, share, charge);
`

// index is the SQLite file that knows what is in the store: a cache of the files. It tells the truth by one rule: a row is
// marked dirty, durably, before the files of its name change, and is written anew after they did.
type index struct {
	mu     sync.Mutex // of all below; there is one connection
	db     *sql.DB
	conn   *sql.Conn
	stmts  map[string]*sql.Stmt
	synced bool // commits are durable
	unsync bool // no commit ever is, for tests

	// What holds for this process only. A name has as many uses as there are steps under way that touched it; it is suspect
	// when what came out of one could not be written.
	uses    map[blobstore.ShareName]int
	suspect map[blobstore.ShareName]bool
}

// openIndex opens or makes the file at path. It does not say whether what is in it may be believed.
func openIndex(path string, unsync bool) (*index, error) {
	db, err := sql.Open("sqlite", indexURI(path, unsync))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	x := &index{
		db: db, unsync: unsync, stmts: map[string]*sql.Stmt{},
		uses: map[blobstore.ShareName]int{}, suspect: map[blobstore.ShareName]bool{},
	}
	if x.conn, err = db.Conn(context.Background()); err == nil {
		err = x.prepare()
	}
	if err != nil {
		return nil, errors.Join(err, x.close())
	}
	return x, nil
}

// prepare makes the schema, or checks that it is there.
func (x *index) prepare() error {
	var version int
	if err := x.one("PRAGMA user_version", nil, &version); err != nil {
		return err
	}
	switch version {
	case indexVersion:
		return nil
	case 0:
		return x.update(true, func() error {
			return x.run(schema + fmt.Sprintf("PRAGMA user_version = %d", indexVersion))
		})
	}
	return fmt.Errorf("version %d, not %d", version, indexVersion)
}

// indexURI names the file for SQLite. The lock is exclusive: there is no shared memory, and none else has it open.
func indexURI(path string, unsync bool) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/…
		path = "/" + path
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=synchronous(" + syncMode(false, unsync) + ")" +
		"&_pragma=locking_mode(exclusive)&_pragma=journal_mode(wal)" +
		"&_pragma=temp_store(memory)&_pragma=trusted_schema(0)&_pragma=cell_size_check(1)"}
	return u.String()
}

func (x *index) close() error {
	for _, stmt := range x.stmts {
		_ = stmt.Close() // the connection goes, and it with it
	}
	var err error
	if x.conn != nil {
		err = x.conn.Close()
	}
	return errors.Join(err, x.db.Close())
}

// run executes statements that are not kept.
func (x *index) run(query string) error {
	_, err := x.conn.ExecContext(context.Background(), query)
	return err
}

// stmt returns a statement, which is kept: there are two dozen.
func (x *index) stmt(query string) (*sql.Stmt, error) {
	if stmt, ok := x.stmts[query]; ok {
		return stmt, nil
	}
	stmt, err := x.conn.PrepareContext(context.Background(), query)
	if err == nil {
		x.stmts[query] = stmt
	}
	return stmt, err
}

func (x *index) exec(query string, args ...any) error {
	stmt, err := x.stmt(query)
	if err != nil {
		return err
	}
	_, err = stmt.Exec(args...)
	return err
}

// one scans a row, or returns sql.ErrNoRows.
func (x *index) one(query string, args []any, dest ...any) error {
	stmt, err := x.stmt(query)
	if err != nil {
		return err
	}
	return stmt.QueryRow(args...).Scan(dest...)
}

// each scans rows and calls f after each.
func (x *index) each(query string, args []any, f func() error, dest ...any) error {
	stmt, err := x.stmt(query)
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

// syncMode returns how SQLite commits: durably, or in order, so that commits survive the end of the process.
func syncMode(durable, unsync bool) string {
	switch {
	case unsync:
		return "off"
	case durable:
		return "full"
	}
	return "normal"
}

// update runs f in a transaction. A durable one survives loss of power; any survives the end of the process.
func (x *index) update(durable bool, f func() error) error {
	if durable != x.synced {
		if err := x.run("PRAGMA synchronous = " + syncMode(durable, x.unsync)); err != nil {
			return err
		}
		x.synced = durable
	}
	if err := x.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = x.exec("COMMIT")
	}
	if err != nil {
		_ = x.exec("ROLLBACK") // fails if SQLite has rolled back already
	}
	return err
}

// isIndexFull reports whether an error of the index says that the disk has no room.
func isIndexFull(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code()&0xff == sqlite3.SQLITE_FULL
}
