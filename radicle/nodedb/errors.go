package nodedb

import (
	"errors"
	"fmt"
)

// ErrBusy is the error for a database that another program keeps locked, or that a killed program left with unfinished changes,
// which the node completes at its next start.
var ErrBusy = errors.New("database is locked")

// ErrTooMany is the error for an answer of more than [MaxRows] rows.
var ErrTooMany = fmt.Errorf("more than %d rows", MaxRows)

// A SchemaError says that a database does not have what we read.
type SchemaError struct {
	Path    string
	Version int64  // the database's user_version
	Missing string // table, or table.column
}

// Error says it in one line.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("%s: schema version %d has no %s", e.Path, e.Version, e.Missing)
}

// A CorruptError says that a file is no whole SQLite database.
type CorruptError struct {
	Path string
	Err  error
}

// Error says it in one line.
func (e *CorruptError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns e.Err.
func (e *CorruptError) Unwrap() error { return e.Err }

// A RowError says that a value is not what its column should hold.
type RowError struct {
	Path   string
	Column string // table.column
	Err    error
}

// Error says it in one line.
func (e *RowError) Error() string { return fmt.Sprintf("%s: %s: %v", e.Path, e.Column, e.Err) }

// Unwrap returns e.Err.
func (e *RowError) Unwrap() error { return e.Err }
