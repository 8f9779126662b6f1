package nodedb

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"radswarm/radicle"
)

// Create makes the node.db of a new home with one row, the home's own node. Without it `rad init` fails where no node has ever
// run: what a node has refers to the node. It is the seed of a database and not one: the table nodes as in Radicle's first schema,
// at version 0, which every Radicle completes and brings up to date when it opens it. A node.db that is there is fs.ErrExist and is
// not touched.
func Create(ctx context.Context, nodeDir string, nid radicle.NID, alias radicle.Alias) error {
	path := filepath.Join(nodeDir, "node.db")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	err = f.Close()
	if err == nil {
		err = plant(ctx, path, nid, alias)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// featureSeed is the feature bit that every node of Radicle's has.
const featureSeed = 1

func plant(ctx context.Context, path string, nid radicle.NID, alias radicle.Alias) error {
	u := url.URL{Scheme: "file", Path: uriPath(path), RawQuery: "mode=rw&_busy_timeout=3000&_synchronous=EXTRA"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit there is nothing to roll back
	_, err = tx.ExecContext(ctx, `CREATE TABLE nodes (id TEXT PRIMARY KEY NOT NULL, features INTEGER NOT NULL, alias TEXT NOT NULL,
		pow INTEGER DEFAULT 0, timestamp INTEGER NOT NULL, banned INTEGER DEFAULT FALSE) STRICT`)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO nodes (id, features, alias, timestamp) VALUES (?, ?, ?, ?)",
		nid.String(), featureSeed, string(alias), time.Now().UnixMilli())
	if err != nil {
		return err
	}
	return tx.Commit()
}
