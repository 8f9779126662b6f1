package cob

import (
	"fmt"
	"strings"

	"radswarm/radicle"
)

// The bounds of a type name, in bytes.
const (
	maxTypeName  = 255
	maxComponent = 63
)

// A TypeName names a type of objects, such as xyz.radicle.patch.
type TypeName string

// ParseTypeName checks that s is components separated by dots, of letters, digits and, not at the ends, hyphens, all ASCII. Old
// tools know no hyphens: new types had better do without. The error wraps [ErrTypeName].
func ParseTypeName(s string) (TypeName, error) {
	if len(s) > maxTypeName {
		return "", fmt.Errorf("%w: %d bytes, at most %d", ErrTypeName, len(s), maxTypeName)
	}
	for c := range strings.SplitSeq(s, ".") {
		if len(c) > maxComponent || strings.Trim(c, "-") != c || c == "" || strings.ContainsFunc(c, notInTypeName) {
			return "", fmt.Errorf("%w: %q", ErrTypeName, s)
		}
	}
	return TypeName(s), nil
}

func notInTypeName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
}

// String returns the name.
func (t TypeName) String() string { return string(t) }

// refPrefix begins the refs of objects in a namespace.
const refPrefix = "refs/cobs/"

// Ref is the name, in each namespace, of the ref to the latest operation that its owner made on an object.
func Ref(t TypeName, object radicle.Oid) string { return refPrefix + string(t) + "/" + object.String() }

// ParseRef is the inverse of [Ref]. It reports whether the ref is that of an object.
func ParseRef(ref string) (TypeName, radicle.Oid, bool) {
	rest, ok := strings.CutPrefix(ref, refPrefix)
	name, id, found := strings.Cut(rest, "/")
	if !ok || !found {
		return "", radicle.Oid{}, false
	}
	t, err := ParseTypeName(name)
	if err != nil {
		return "", radicle.Oid{}, false
	}
	oid, err := radicle.ParseOid(id)
	return t, oid, err == nil && oid.String() == id
}
