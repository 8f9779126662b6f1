package sigrefs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// MaxText bounds the list of refs of one commit, in bytes: some three hundred thousand refs.
const MaxText = 32 << 20

// What can be wrong with a line of the text; see [LineError]. The last four are wrong for [ParseStrict] only.
var (
	ErrFormat    = errors.New("not an object id, a space and a name")
	ErrName      = errors.New("not the name of a ref")
	ErrDuplicate = errors.New("a name is there twice")
	ErrOrder     = errors.New("names are not sorted")
	ErrNull      = errors.New("null object id")
	ErrCanonical = errors.New("not as it would be written")
)

// LineError is an error in the text, with the line where it is, from 1.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("refs, line %d: %v", e.Line, e.Err) }

// Unwrap returns e.Err: one of the sentinels above.
func (e *LineError) Unwrap() error { return e.Err }

// Text is a parsed list: the refs, and the parent that it names.
type Text struct {
	Refs   Refs
	Parent radicle.Oid // null if there is no such line
}

// Encode returns the text as it is written and signed. It panics if a ref has no object.
func (t Text) Encode() []byte { return t.Refs.encode(t.Parent) }

// Parse reads a list as Radicle does; see the package comment for what that lets through. Errors are a [*LineError]
// or, beyond [MaxText], a [*gitobj.TooLargeError].
func Parse(text []byte) (Text, error) {
	lines, err := parseLines(text)
	if err != nil {
		return Text{}, err
	}
	slices.SortStableFunc(lines, func(a, b Ref) int { return strings.Compare(a.Name, b.Name) })
	var t Text
	for i, line := range lines {
		if i+1 < len(lines) && lines[i+1].Name == line.Name {
			continue // a later line has the same name
		}
		if line.Name == parentLine {
			t.Parent = line.ID
			continue
		}
		t.Refs = append(t.Refs, line)
	}
	return t, nil
}

// parseLines returns all lines in their order but those that count for nothing.
func parseLines(text []byte) ([]Ref, error) {
	if len(text) > MaxText {
		return nil, &gitobj.TooLargeError{Size: int64(len(text)), Max: MaxText}
	}
	lines := make([]Ref, 0, bytes.Count(text, []byte("\n"))+1)
	hash := 0 // the length of every id
	for n, rest := 1, string(text); rest != ""; n++ {
		line, tail, ended := strings.Cut(rest, "\n")
		if ended {
			line = strings.TrimSuffix(line, "\r")
		}
		ref, err := parseLine(line)
		if err == nil && n > 1 && ref.ID.Len() != hash {
			err = ErrFormat
		}
		if err != nil {
			return nil, &LineError{Line: n, Err: err}
		}
		if !ref.ID.IsZero() && ref.Name != RefSigrefs {
			lines = append(lines, ref)
		}
		hash, rest = ref.ID.Len(), tail
	}
	return lines, nil
}

func parseLine(line string) (Ref, error) {
	hex, name, ok := strings.Cut(line, " ")
	if !ok {
		return Ref{}, ErrFormat
	}
	if err := gitobj.CheckRefName(name); err != nil {
		return Ref{}, ErrName
	}
	id, err := radicle.ParseOid(hex)
	if err != nil {
		return Ref{}, ErrFormat
	}
	return Ref{Name: name, ID: id}, nil
}

// ParseStrict reads a list that is exactly as a writer writes it: it encodes to the bytes it came from.
func ParseStrict(text []byte) (Text, error) {
	t, err := Parse(text)
	if err != nil {
		return Text{}, err
	}
	if !bytes.Equal(t.Encode(), text) {
		return Text{}, firstOddity(text)
	}
	return t, nil
}

// firstOddity says what keeps a text that parses from being what is written.
func firstOddity(text []byte) error {
	last, n := "", 0
	for line := range strings.Lines(string(text)) {
		n++
		ref, err := parseLine(strings.TrimRight(line, "\r\n"))
		switch {
		case err != nil:
		case ref.ID.IsZero():
			err = ErrNull
		case ref.Name == RefSigrefs:
			err = ErrName
		case n > 1 && ref.Name == last:
			err = ErrDuplicate
		case n > 1 && ref.Name < last:
			err = ErrOrder
		case line != string(appendLine(nil, ref.Name, ref.ID)):
			err = ErrCanonical
		}
		if err != nil {
			return &LineError{Line: n, Err: err}
		}
		last = ref.Name
	}
	return &LineError{Line: n, Err: ErrCanonical}
}
