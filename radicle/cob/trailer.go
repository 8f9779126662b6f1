package cob

import (
	"fmt"
	"strings"

	"radswarm/radicle"
)

// The trailers that tell which parents of a commit are not operations before it.
const (
	trailerRelated  = "Rad-Related"
	trailerResource = "Rad-Resource"
)

// appendTrailers returns the message of a commit: the text, an empty line, one line for each trailer.
func appendTrailers(text string, related []radicle.Oid, resource radicle.Oid) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(text) + "\n")
	if len(related) > 0 || !resource.IsZero() {
		b.WriteString("\n")
	}
	for _, id := range related {
		fmt.Fprintf(&b, "%s: %v\n", trailerRelated, id)
	}
	if !resource.IsZero() {
		fmt.Fprintf(&b, "%s: %v\n", trailerResource, resource)
	}
	return b.String()
}

// parseTrailers reads the trailers of a message: the lines of its last paragraph, unless that is the first or has a line that is
// no trailer. As in Radicle, any trailer must name an object, even one that is not Radicle's. Errors wrap [ErrTrailer].
func parseTrailers(message string) (related, resources []radicle.Oid, err error) {
	_, last, ok := cutLast(strings.TrimRight(message, "\n"), "\n\n")
	if !ok {
		return nil, nil, nil
	}
	for line := range strings.SplitSeq(strings.TrimLeft(last, "\n"), "\n") {
		token, value, ok := strings.Cut(line, ":")
		if !ok || token == "" || strings.ContainsFunc(token, notInToken) {
			return nil, nil, nil
		}
		id, parseErr := radicle.ParseOid(strings.TrimLeft(value, " \t"))
		switch {
		case parseErr != nil:
			err = fmt.Errorf("%w: %.80q", ErrTrailer, line)
		case token == trailerRelated:
			related = append(related, id)
		case token == trailerResource:
			resources = append(resources, id)
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return related, resources, nil
}

func notInToken(r rune) bool { return notInTypeName(r) }

// cutLast is strings.Cut around the last occurrence.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
