package nodedb

import (
	"fmt"
	"slices"
	"time"

	"radswarm/radicle"
)

// A row is one row of an answer. Its methods take the columns in the order of the query; the first value of a wrong kind is kept in
// err and ends the taking.
type row struct {
	path    string
	columns []string
	values  []any
	next    int
	err     error
}

func newRow(path string, columns []string) *row {
	return &row{path: path, columns: columns, values: make([]any, len(columns))}
}

// targets are what a row is scanned into.
func (r *row) targets() []any {
	targets := make([]any, len(r.values))
	for i := range r.values {
		targets[i] = &r.values[i]
	}
	return targets
}

// take returns the next value.
func (r *row) take() any {
	if r.err != nil {
		return nil
	}
	v := r.values[r.next]
	r.next++
	return v
}

// fail notes what is wrong with the value taken last.
func (r *row) fail(err error) {
	if r.err == nil {
		r.err = &RowError{Path: r.path, Column: r.columns[r.next-1], Err: err}
	}
}

func (r *row) text() string {
	v := r.take()
	s, ok := v.(string)
	if !ok && r.err == nil {
		r.fail(fmt.Errorf("%T, want a text", v))
	}
	return s
}

// optionalText is text, or empty for null.
func (r *row) optionalText() string {
	if r.err == nil && r.values[r.next] == nil {
		r.next++
		return ""
	}
	return r.text()
}

func (r *row) integer() int64 {
	v := r.take()
	n, ok := v.(int64)
	if !ok && r.err == nil {
		r.fail(fmt.Errorf("%T, want an integer", v))
	}
	return n
}

// flag is an integer that Radicle uses as a boolean; null is false.
func (r *row) flag() bool {
	if r.err == nil && r.values[r.next] == nil {
		r.next++
		return false
	}
	return r.integer() > 0
}

// maxTime is the latest time that is believed, in Unix milliseconds: the end of the year 9999.
const maxTime = 253402300799999

// time is a time in Unix milliseconds.
func (r *row) time() time.Time {
	n := r.integer()
	if r.err == nil && (n < 0 || n > maxTime) {
		r.fail(fmt.Errorf("time %d is out of range", n))
	}
	return time.UnixMilli(n)
}

// optionalTime is time, or the zero time for null.
func (r *row) optionalTime() time.Time {
	if r.err == nil && r.values[r.next] == nil {
		r.next++
		return time.Time{}
	}
	return r.time()
}

func (r *row) nid() (nid radicle.NID)       { r.parse(&nid); return nid }
func (r *row) rid() (rid radicle.RID)       { r.parse(&rid); return rid }
func (r *row) oid() (oid radicle.Oid)       { r.parse(&oid); return oid }
func (r *row) alias() (alias radicle.Alias) { r.parse(&alias); return alias }

// optionalAlias is an alias, or empty for null, an empty one, and one that is not valid: Radicle takes that for none.
func (r *row) optionalAlias() radicle.Alias {
	alias, err := radicle.ParseAlias(r.optionalText())
	if err != nil {
		return ""
	}
	return alias
}

func (r *row) parse(into interface{ UnmarshalText([]byte) error }) {
	if s := r.text(); r.err == nil {
		if err := into.UnmarshalText([]byte(s)); err != nil {
			r.fail(err)
		}
	}
}

// word is one of a few words.
func (r *row) word(words ...string) string {
	s := r.text()
	if slices.Contains(words, s) {
		return s
	}
	if r.err == nil {
		r.fail(fmt.Errorf("%.40q", s))
	}
	return s
}
