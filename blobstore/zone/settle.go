package zone

import (
	"context"
	"fmt"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// maxValue bounds the value of an attribute, in bytes: git ignores lines that are longer.
const maxValue = 2048

// unspecified is what git says of a path without the attribute.
const unspecified = "unspecified"

// Consent is the owner's word, from the settings of this machine: never from a repository's files or identity.
type Consent struct {
	Repository Zone // for this repository; zero: none
	Global     Zone // for all repositories; zero: none
}

// Ceiling returns the widest zone that objects of a repository get without a command about each, and the zone of those that no
// attribute speaks of (ZONE.md §3). Public says that the accepted identity document is that of a public repository.
func (c Consent) Ceiling(public bool) Zone {
	switch {
	case !c.Repository.IsZero():
		return c.Repository
	case c.Global.kind == Public && !public, c.Global.IsZero():
		return Of(Follow)
	}
	return c.Global
}

// Attributes knows the files .gitattributes of one commit.
type Attributes interface {
	// Zones returns, for each path in order, what "git check-attr swarm-zone" prints at the commit. It is called once. A path
	// is exact, with slashes between names; of any bytes but NUL.
	Zones(ctx context.Context, paths []string) ([]string, error)
}

// Policy is what zones are settled by.
type Policy struct {
	Consent Consent
	Public  bool          // the accepted identity document is that of a public repository
	Readers []radicle.DID // what [Members] says
	Owner   []radicle.DID // the writer and its further DIDs, who read without being named
}

// Sighting is an object, and where a commit has it.
type Sighting struct {
	Pointer blobstore.Pointer
	Paths   []string // none: not known
	Is      Zone     // where the object was settled before; zero: it was not
}

// Settled is an object and its zone.
type Settled struct {
	Pointer blobstore.Pointer
	Zone    Zone
	Known   bool // false: no path is known, and it is private until there is one
	Refused []Refusal
}

// Settle settles objects by their paths in a commit (ZONE.md §4). Without attributes, where the commit has none of ours, they
// may be nil. Errors are those of attributes, or that they answer for other paths.
func (p Policy) Settle(ctx context.Context, attributes Attributes, objects []Sighting) ([]Settled, error) {
	var paths []string
	for _, o := range objects {
		paths = append(paths, o.Paths...)
	}
	values := make([]string, len(paths))
	for i := range values {
		values[i] = unspecified
	}
	if attributes != nil && len(paths) > 0 {
		var err error
		if values, err = attributes.Zones(ctx, paths); err != nil {
			return nil, err
		}
	}
	if len(values) != len(paths) {
		return nil, fmt.Errorf("attributes of %d paths, asked for %d: %w", len(values), len(paths), blobstore.ErrMismatch)
	}
	ceiling := p.Consent.Ceiling(p.Public)
	all := make([]Settled, 0, len(objects))
	for _, o := range objects {
		all = append(all, p.settle(ceiling, o, values[:len(o.Paths)]))
		values = values[len(o.Paths):]
	}
	return all, nil
}

// settle settles one object by what its paths have.
func (p Policy) settle(ceiling Zone, o Sighting, values []string) Settled {
	s := Settled{Pointer: o.Pointer, Zone: Of(Private), Known: len(o.Paths) > 0}
	if !s.Known {
		if !o.Is.IsZero() {
			s.Zone, s.Known = o.Is, true
		}
		return s
	}
	zones := make([]Zone, len(values))
	for i, value := range values {
		zone, refused := p.ask(ceiling, value)
		for _, r := range refused {
			s.refuse(o.Paths[i], r)
		}
		if zones[i] = zone; i == 0 {
			s.Zone = zone
		}
		s.Zone = Meet(s.Zone, zone)
	}
	for i, zone := range zones {
		if zone != s.Zone {
			s.refuse(o.Paths[i], Refusal{Asked: zone.String(), Got: s.Zone, Why: Elsewhere})
		}
	}
	if o.Is.IsZero() || o.Is == s.Zone {
		return s
	}
	why := Stays
	if s.Zone.Within(o.Is) {
		why = Inward
	}
	s.refuse(o.Paths[0], Refusal{Asked: s.Zone.String(), Got: o.Is, Why: why})
	s.Zone = o.Is
	return s
}

// ask returns what one path gets for what it asks.
func (p Policy) ask(ceiling Zone, value string) (Zone, []Refusal) {
	if value == unspecified {
		return ceiling, nil
	}
	asked, err := Parse(value)
	switch {
	case err != nil || len(value) > maxValue:
		return Of(Private), []Refusal{{Asked: clip(value), Got: Of(Private), Why: Unreadable}}
	case asked.kind > ceiling.kind:
		return ceiling, []Refusal{{Asked: asked.String(), Got: ceiling, Why: Beyond}}
	case asked.kind != Shared:
		return asked, nil
	}
	allowed, why := p.Readers, NotReader
	if ceiling.kind == Shared {
		allowed, why = ceiling.Named(), Beyond
	}
	others := without(asked.Named(), p.Owner)
	got, out := shared(others).only(allowed), without(others, allowed)
	if len(out) == 0 {
		return got, nil
	}
	return got, []Refusal{{Asked: asked.String(), Got: got, Why: why, People: out}}
}

// refuse adds a refusal; not more than a few of one object.
func (s *Settled) refuse(path string, r Refusal) {
	const most = 8
	if len(s.Refused) < most {
		r.Path = path
		s.Refused = append(s.Refused, r)
	}
}
