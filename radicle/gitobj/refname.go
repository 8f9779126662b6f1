package gitobj

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// RefNameError says why a name cannot be that of a ref.
type RefNameError struct{ Name, Reason string }

func (e *RefNameError) Error() string { return fmt.Sprintf("ref name %q: %s", clip(e.Name), e.Reason) }

// CheckRefName refuses, with a [*RefNameError], what Radicle does not take for the name of a ref: all that
// git-check-ref-format(1) refuses, and beyond that text that is not UTF-8, a dot at the end of any component, and a
// component that begins with '{' and ends in '@'. A namespace that signs one name outside these rules is refused as
// a whole by every Radicle node. Names of one component pass; see [CheckQualified].
func CheckRefName(name string) error {
	if reason := refNameProblem(name); reason != "" {
		return &RefNameError{Name: name, Reason: reason}
	}
	return nil
}

// CheckQualified is [CheckRefName] for names that lie below refs/ in a category: "refs/heads/main", not "refs/main".
func CheckQualified(name string) error {
	if err := CheckRefName(name); err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(name, "refs/")
	if !ok || !strings.Contains(rest, "/") {
		return &RefNameError{Name: name, Reason: "not refs/<category>/<name>"}
	}
	return nil
}

// GitTakesRefName reports whether git takes name for that of a ref (git-check-ref-format(1), one component allowed):
// what CheckRefName passes, and a few more. A repository may hold such refs; nobody can sign them.
func GitTakesRefName(name string) bool { return gitProblem(name) == "" }

func refNameProblem(name string) string {
	if reason := gitProblem(name); reason != "" {
		return reason
	}
	if !utf8.ValidString(name) {
		return "not UTF-8"
	}
	for c := range strings.SplitSeq(name, "/") {
		switch {
		case c[len(c)-1] == '.':
			return "a component ends with a dot"
		case c[0] == '{' && c[len(c)-1] == '@':
			return "a component from { to @"
		}
	}
	return ""
}

func gitProblem(name string) string {
	switch {
	case name == "":
		return "empty"
	case name == "@":
		return "only an @"
	case name[len(name)-1] == '.':
		return "ends with a dot"
	}
	for c := range strings.SplitSeq(name, "/") {
		if reason := componentProblem(c); reason != "" {
			return reason
		}
	}
	return ""
}

func componentProblem(c string) string {
	switch {
	case c == "":
		return "a component is empty"
	case c[0] == '.':
		return "a component begins with a dot"
	case strings.HasSuffix(c, ".lock"):
		return "a component ends in .lock"
	case strings.Contains(c, ".."):
		return "two dots"
	case strings.Contains(c, "@{"):
		return "an @ before a brace"
	}
	for i := range len(c) {
		if c[i] <= ' ' || c[i] == 0x7f || strings.IndexByte(`\~^:?[*`, c[i]) >= 0 {
			return fmt.Sprintf("character %q", c[i])
		}
	}
	return ""
}
