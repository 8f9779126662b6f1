package cobcache

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// Schema describes the tables and indexes of a cache, without the way in which they were written down.
func Schema(t *testing.T, cobsDir string) string {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(cobsDir, "cache.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT l.name, l.strict, i.name, i.type, i."notnull", i.pk, coalesce(group_concat(x.name), ''), user_version
		FROM pragma_table_list AS l, pragma_table_info(l.name) AS i, pragma_user_version LEFT JOIN pragma_index_list(l.name) AS x
		WHERE l.name IN ('issues', 'patches') GROUP BY l.name, i.name ORDER BY l.name, i.name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		values := make([]any, 8)
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var line strings.Builder
		for _, v := range values {
			line.WriteString(fmt.Sprint(*v.(*any), " "))
		}
		all = append(all, line.String())
	}
	return strings.Join(all, "\n")
}

var Summarise = summarise
