package identity

import (
	"cmp"
	"fmt"
	"strings"

	"radswarm/radicle/gitobj"
)

// A Pattern names refs: refs/<category>/<name>, with at most one asterisk.
type Pattern string

// ParsePattern checks that s is a full ref name once its asterisk is a letter. The error wraps [ErrDocument].
func ParsePattern(s string) (Pattern, error) {
	if err := gitobj.CheckQualified(strings.Replace(s, "*", "x", 1)); err != nil {
		return "", fmt.Errorf("%w: pattern %.80q: %w", ErrDocument, s, err)
	}
	return Pattern(s), nil
}

// Match reports whether the pattern names the ref. An asterisk at the end stands for everything below, slashes included; one
// that is a whole component stands for any number of components, none included; any other one for characters of its component.
func (p Pattern) Match(ref string) bool {
	prefix, suffix, glob := strings.Cut(string(p), "*")
	switch {
	case !glob:
		return ref == prefix
	case suffix == "":
		return strings.HasPrefix(ref, prefix)
	}
	rest, ok := strings.CutPrefix(ref, prefix)
	if !ok {
		return false
	}
	if strings.HasSuffix(prefix, "/") && strings.HasPrefix(suffix, "/") {
		return strings.HasSuffix("/"+rest, suffix)
	}
	middle, ok := strings.CutSuffix(rest, suffix)
	return ok && !strings.Contains(middle, "/")
}

// Compare orders patterns by how specific they are, the most specific first: more components; then the first component of which
// only one has an asterisk, or has it further to the right, or is longer with it in the same place; then the bytes of the first
// component that differs.
func (p Pattern) Compare(q Pattern) int {
	a, b := strings.Split(string(p), "/"), strings.Split(string(q), "/")
	if len(a) != len(b) {
		return cmp.Compare(len(b), len(a))
	}
	lexical := 0
	for i := range a {
		if c := compareGlobs(a[i], b[i]); c != 0 {
			return c
		}
		if lexical == 0 {
			lexical = cmp.Compare(a[i], b[i])
		}
	}
	return lexical
}

// compareGlobs compares two components by their asterisks only.
func compareGlobs(a, b string) int {
	i, j := strings.IndexByte(a, '*'), strings.IndexByte(b, '*')
	switch {
	case i < 0 && j < 0:
		return 0
	case i < 0:
		return -1
	case j < 0:
		return 1
	}
	return cmp.Or(cmp.Compare(j, i), cmp.Compare(len(b), len(a)))
}
