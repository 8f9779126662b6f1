package cobcache

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/cob/patch"
)

// Bounds of what [Cache.Patches] returns.
const (
	// MaxPatches is how many patches of one repository are read.
	MaxPatches = 1 << 16
	// maxRows is how many bytes of rows are read.
	maxRows = 512 << 20
)

// Summary is what a push and a fetch need to know of a patch.
type Summary struct {
	ID        radicle.Oid
	Author    radicle.DID
	Status    patch.Status
	Target    patch.Target
	Revisions []Revision    // those that are not redacted, in the order in which they were made
	Timeline  []radicle.Oid // the operations that the row knows of
}

// Revision is one version of a patch.
type Revision struct {
	ID     radicle.Oid
	Author radicle.DID
	Head   radicle.Oid
}

// Head is what the patch proposes: the head of the last revision by its author; the null id if there is none.
func (s Summary) Head() radicle.Oid {
	for i := len(s.Revisions) - 1; i >= 0; i-- {
		if s.Revisions[i].Author == s.Author {
			return s.Revisions[i].Head
		}
	}
	return radicle.Oid{}
}

// Patches returns the patches of a repository that have one of the states, by id. Rows that are not what they should be are
// left out, as Radicle leaves them out. Errors are as in [Cache.PutPatch].
func (c *Cache) Patches(ctx context.Context, rid radicle.RID, states ...patch.Status) (all []Summary, err error) {
	wanted := make(map[patch.Status]bool)
	for _, s := range states {
		wanted[s] = true
	}
	err = c.with(ctx, func(conn *sql.Conn) error {
		if err := c.check(ctx, conn); err != nil {
			return err
		}
		all, err = readPatches(ctx, conn, rid, wanted)
		return err
	})
	return all, err
}

func readPatches(ctx context.Context, conn *sql.Conn, rid radicle.RID, wanted map[patch.Status]bool) (all []Summary, err error) {
	rows, err := conn.QueryContext(ctx, "SELECT id, CAST(patch AS BLOB) FROM patches WHERE repo = ? ORDER BY id", rid.String())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for size := 0; rows.Next(); {
		var id string
		var text sql.RawBytes
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if size += len(text); size > maxRows || len(all) == MaxPatches {
			return nil, fmt.Errorf("patches of %v: %w", rid, ErrTooLarge)
		}
		if s, ok := summarise(id, text); ok && wanted[s.Status] {
			all = append(all, s)
		}
	}
	return all, rows.Err()
}

// jsonSummary is the part of a row that is read.
type jsonSummary struct {
	Author    jsonAuthor      `json:"author"`
	State     jsonState       `json:"state"`
	Target    json.RawMessage `json:"target"`
	Timeline  []radicle.Oid   `json:"timeline"`
	Revisions map[radicle.Oid]*struct {
		Author jsonAuthor  `json:"author"`
		Head   radicle.Oid `json:"oid"`
	} `json:"revisions"`
}

type (
	jsonAuthor struct {
		ID radicle.DID `json:"id"`
	}
	jsonState struct {
		Status patch.Status `json:"status"`
	}
)

// summarise reads a row.
func summarise(id string, text []byte) (Summary, bool) {
	var form jsonSummary
	oid, err := radicle.ParseOid(id)
	if err != nil || json.Unmarshal(text, &form) != nil {
		return Summary{}, false
	}
	s := Summary{ID: oid, Author: form.Author.ID, Status: form.State.Status, Timeline: form.Timeline}
	var branch struct {
		Branch string `json:"branch"`
	}
	if json.Unmarshal(form.Target, &branch) == nil { // else it is the word "delegates"
		if s.Target, err = patch.ParseTarget(branch.Branch); err != nil {
			return Summary{}, false
		}
	}
	for _, id := range form.Timeline {
		if r := form.Revisions[id]; r != nil {
			s.Revisions = append(s.Revisions, Revision{ID: id, Author: r.Author.ID, Head: r.Head})
		}
	}
	return s, true
}
