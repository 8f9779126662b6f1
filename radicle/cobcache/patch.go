package cobcache

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"radswarm/radicle"
)

// A ShapeError says that a state is not the JSON object that a row holds. One such row would break every `rad patch list` of its
// repository.
type ShapeError struct {
	ID  radicle.Oid
	Err error
}

// Error says it in one line.
func (e *ShapeError) Error() string { return fmt.Sprintf("patch %v: %v", e.ID, e.Err) }

// Unwrap returns e.Err.
func (e *ShapeError) Unwrap() error { return e.Err }

// patchKeys are the keys of a patch in Radicle's JSON, all of which it wants.
func patchKeys() []string {
	return []string{"title", "author", "state", "target", "labels", "merges", "revisions", "assignees", "timeline", "reviews"}
}

// PutPatch replaces the row of a patch, or adds it: the state of the patch, the fold of all its operations, which writes itself as
// Radicle does. The error is a [*VersionError] where the cache is another one than we know, then nothing is written; fs.ErrNotExist
// where there is none; a [*ShapeError], [*CorruptError], [ErrBusy] or [ErrTooLarge].
func (c *Cache) PutPatch(ctx context.Context, rid radicle.RID, id radicle.Oid, patch json.Marshaler) error {
	text, err := patch.MarshalJSON()
	if err != nil {
		return err
	}
	if len(text) > MaxPatch {
		return fmt.Errorf("patch %v: %w", id, ErrTooLarge)
	}
	if err := checkShape(text); err != nil {
		return &ShapeError{ID: id, Err: err}
	}
	return c.change(ctx, func(tx *sql.Conn) error {
		if err := c.check(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO patches (id, repo, patch) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET patch = ?3`,
			id.String(), rid.String(), string(text))
		return err
	})
}

// checkShape looks for the keys of a patch.
func checkShape(text []byte) error {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	for _, key := range patchKeys() {
		if _, ok := values[key]; !ok {
			return fmt.Errorf("no %q", key)
		}
	}
	return nil
}

// RemovePatch removes the row of a patch that has no operations any more. One that is not there is fine.
func (c *Cache) RemovePatch(ctx context.Context, rid radicle.RID, id radicle.Oid) error {
	return c.change(ctx, func(tx *sql.Conn) error {
		if err := c.check(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM patches WHERE id = ? AND repo = ?", id.String(), rid.String())
		return err
	})
}

// Patch returns the row of a patch as it is, or nil if there is none.
func (c *Cache) Patch(ctx context.Context, rid radicle.RID, id radicle.Oid) (patch json.RawMessage, err error) {
	err = c.with(ctx, func(conn *sql.Conn) error {
		if err := c.check(ctx, conn); err != nil {
			return err
		}
		row := conn.QueryRowContext(ctx, "SELECT CAST(patch AS BLOB) FROM patches WHERE id = ? AND repo = ?", id.String(), rid.String())
		if err := row.Scan((*[]byte)(&patch)); !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return nil
	})
	return patch, err
}
