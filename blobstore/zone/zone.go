package zone

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Attribute is the name of the attribute in .gitattributes.
const Attribute = "swarm-zone"

// MaxNamed is how many people a zone may name: what fits into a line of .gitattributes.
const MaxNamed = 32

// ErrZone is a text that is no zone.
var ErrZone = errors.New("not a zone")

// Kind is the kind of a zone. Greater reaches further; the zero value is no zone.
type Kind uint8

const (
	// Private is for the owner: one person, with all DIDs of theirs.
	Private Kind = iota + 1
	// Shared is for people who are named.
	Shared
	// Follow is for the members of the repository as they are.
	Follow
	// Public is for everyone, for ever.
	Public
)

// String returns the word that people write.
func (k Kind) String() string {
	switch k {
	case Private:
		return "private"
	case Shared:
		return "shared"
	case Follow:
		return "follow"
	case Public:
		return "public"
	}
	return "unset"
}

// Zone says who may read. The zero value says nothing. It is comparable.
type Zone struct {
	kind  Kind
	named string // keys of the DIDs, ordered, each once; of Shared only, and then not empty
}

// Of returns the zone of a kind. It panics if that is Shared, which [Named] makes, or none.
func Of(k Kind) Zone {
	if k == Shared || k < Private || k > Public {
		panic("zone: of kind " + k.String())
	}
	return Zone{kind: k}
}

// Named returns the zone shared with people. Errors are a *blobstore.BoundsError for none or more than [MaxNamed], and
// [radicle.ErrWeakKey].
func Named(people ...radicle.DID) (Zone, error) {
	for _, did := range people {
		if err := did.Validate(); err != nil {
			return Zone{}, fmt.Errorf("%v: %w", did, err)
		}
	}
	z := shared(people)
	if n := len(z.named) / radicle.KeySize; n < 1 || n > MaxNamed {
		return Zone{}, &blobstore.BoundsError{What: "people of a zone", Got: int64(n), Min: 1, Max: MaxNamed}
	}
	return z, nil
}

// shared returns the zone shared with people, private with none.
func shared(people []radicle.DID) Zone {
	var b strings.Builder
	for _, did := range distinct(people) {
		b.Write(did[:])
	}
	if b.Len() == 0 {
		return Of(Private)
	}
	return Zone{kind: Shared, named: b.String()}
}

// distinct returns each DID once, in order.
func distinct(people []radicle.DID) []radicle.DID {
	return slices.Compact(slices.SortedFunc(slices.Values(people), radicle.DID.Compare))
}

// Parse reads what [Zone.String] returns, and DIDs in any order, more than once, or without "did:key:" (ZONE.md §2). Errors
// wrap ErrZone and repeat not more than a few dozen bytes; one more reason may be [blobstore.ErrBounds].
func Parse(text string) (Zone, error) {
	for k := Private; k <= Public; k++ {
		if k != Shared && text == k.String() {
			return Of(k), nil
		}
	}
	list, ok := strings.CutPrefix(text, "shared:")
	if !ok {
		return Zone{}, fmt.Errorf("%q: %w", clip(text), ErrZone)
	}
	z, err := parseNamed(list)
	if err != nil {
		return Zone{}, fmt.Errorf("%w: %w", ErrZone, err)
	}
	return z, nil
}

// parseNamed reads DIDs with commas between them.
func parseNamed(list string) (Zone, error) {
	if n := 1 + strings.Count(list, ","); n > MaxNamed {
		return Zone{}, &blobstore.BoundsError{What: "people of a zone", Got: int64(n), Min: 1, Max: MaxNamed}
	}
	var people []radicle.DID
	for text := range strings.SplitSeq(list, ",") {
		nid, err := radicle.ParseNID(strings.TrimPrefix(text, "did:key:"))
		if err != nil {
			return Zone{}, err
		}
		people = append(people, nid.DID())
	}
	return Named(people...)
}

// clip returns the beginning of a text from outside.
func clip(text string) string {
	const most = 48
	if len(text) <= most {
		return text
	}
	return text[:most] + "…"
}

// Kind returns the kind.
func (z Zone) Kind() Kind { return z.kind }

// IsZero reports whether nothing is said.
func (z Zone) IsZero() bool { return z.kind == 0 }

// Named returns the people that a shared zone names, ordered; none of others.
func (z Zone) Named() []radicle.DID {
	var people []radicle.DID
	for keys := []byte(z.named); len(keys) > 0; keys = keys[radicle.KeySize:] {
		people = append(people, radicle.DID(keys[:radicle.KeySize]))
	}
	return people
}

// names reports whether a shared zone names somebody.
func (z Zone) names(did radicle.DID) bool { return slices.Contains(z.Named(), did) }

// String returns the text of ZONE.md §2; "unset" for the zero value.
func (z Zone) String() string {
	if z.kind != Shared {
		return z.kind.String()
	}
	var people []string
	for _, did := range z.Named() {
		people = append(people, did.String())
	}
	return "shared:" + strings.Join(people, ",")
}

// Within reports whether whoever may read in z may read in o (ZONE.md §1). The zero value is within all.
func (z Zone) Within(o Zone) bool {
	if z.kind != Shared || o.kind != Shared {
		return z.kind <= o.kind
	}
	return !slices.ContainsFunc(z.Named(), func(did radicle.DID) bool { return !o.names(did) })
}

// Meet returns the widest zone within both.
func Meet(a, b Zone) Zone {
	switch {
	case a.Within(b):
		return a
	case b.Within(a):
		return b
	}
	return a.only(b.Named())
}

// only returns a shared zone without those who are not among people; other zones as they are.
func (z Zone) only(people []radicle.DID) Zone {
	if z.kind != Shared {
		return z
	}
	left := slices.DeleteFunc(z.Named(), func(did radicle.DID) bool { return !slices.Contains(people, did) })
	return shared(left)
}

// without returns the people who are not among others.
func without(people, others []radicle.DID) []radicle.DID {
	return slices.DeleteFunc(slices.Clone(people), func(did radicle.DID) bool { return slices.Contains(others, did) })
}
