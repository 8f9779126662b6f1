package patch

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
)

// A Location is a place in the code.
type Location struct {
	Commit radicle.Oid
	Path   string // not checked: any text that somebody wrote
	Old    *Range // nil: the file is new
	New    *Range // nil: the file is deleted
}

// A Range is some lines, or some characters of one line.
type Range struct {
	Chars      bool
	Line       uint64 // when Chars
	Start, End uint64 // lines or characters; End is not in it
}

func locationField() field {
	read := func(f *cjson.Fields, key string, a *Action) {
		if f.Null(key) {
			return
		}
		l, err := readLocation(f.Get(key))
		fail(f, key, err)
		a.Location = l
	}
	return field{"location", read, func(a *Action) (cjson.Value, bool) {
		if a.Location == nil {
			return nil, false
		}
		return a.Location.value(), true
	}}
}

func readLocation(v cjson.Value) (*Location, error) {
	f := cjson.ReadFields(v, "commit", "path", "old", "new")
	l := &Location{
		Commit: cjson.Read(f, "commit", radicle.ParseOid), Path: f.Text("path"),
		Old: optionalRange(f, "old"), New: optionalRange(f, "new"),
	}
	return l, f.Err()
}

func optionalRange(f *cjson.Fields, key string) *Range {
	if f.Null(key) {
		return nil
	}
	r, err := readRange(f.Get(key))
	fail(f, key, err)
	return r
}

func readRange(v cjson.Value) (*Range, error) {
	f := cjson.ReadFields(v, "type", "line", "range")
	r := new(Range)
	switch f.Text("type") {
	case "lines":
	case "chars":
		r.Chars, r.Line = true, f.Uint("line")
	default:
		f.Fail("type", "is neither lines nor chars")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	span := cjson.ReadFields(f.Get("range"), "start", "end")
	r.Start, r.End = span.Uint("start"), span.Uint("end")
	if len(span.Rest) > 0 {
		span.Fail("", "want start and end and nothing else")
	}
	return r, errors.Join(f.Err(), span.Err())
}

func (l *Location) value() cjson.Value {
	return cjson.Object{
		{Key: "commit", Value: l.Commit.String()},
		{Key: "path", Value: l.Path},
		{Key: "old", Value: l.Old.value()},
		{Key: "new", Value: l.New.value()},
	}
}

func (r *Range) value() cjson.Value {
	if r == nil {
		return nil
	}
	span := cjson.Object{{Key: "start", Value: cjson.Uint(r.Start)}, {Key: "end", Value: cjson.Uint(r.End)}}
	if r.Chars {
		return cjson.Object{{Key: "type", Value: "chars"}, {Key: "line", Value: cjson.Uint(r.Line)}, {Key: "range", Value: span}}
	}
	return cjson.Object{{Key: "type", Value: "lines"}, {Key: "range", Value: span}}
}

// compare orders locations as Radicle does; no location comes first.
func (l *Location) compare(m *Location) int {
	switch {
	case l == nil && m == nil:
		return 0
	case l == nil:
		return -1
	case m == nil:
		return 1
	}
	return cmp.Or(l.Commit.Compare(m.Commit), slices.Compare(components(l.Path), components(m.Path)), l.Old.compare(m.Old), l.New.compare(m.New))
}

// components are the parts of a path by which it is compared: a//b and a/./b are a/b.
func components(path string) []string {
	var parts []string
	for i, c := range strings.Split(path, "/") {
		switch {
		case i == 0 && c == "" && path != "":
			parts = append(parts, "/")
		case c != "" && (c != "." || i == 0):
			parts = append(parts, c)
		}
	}
	return parts
}

// compare orders ranges: none, lines, characters.
func (r *Range) compare(s *Range) int {
	switch {
	case r == nil && s == nil:
		return 0
	case r == nil:
		return -1
	case s == nil:
		return 1
	case r.Chars != s.Chars && s.Chars:
		return -1
	case r.Chars != s.Chars:
		return 1
	}
	return cmp.Or(cmp.Compare(r.Line, s.Line), compareSpans(r, s))
}

// compareSpans orders spans by the numbers in them, one by one: empty ones are all the same and come first.
func compareSpans(r, s *Range) int {
	a, b := r.Start < r.End, s.Start < s.End
	switch {
	case !a && !b:
		return 0
	case !a:
		return -1
	case !b:
		return 1
	}
	return cmp.Or(cmp.Compare(r.Start, s.Start), cmp.Compare(r.End, s.End))
}
