package remote

import (
	"context"
	"errors"

	"radswarm/radicle/identity"
)

// errNoRule is for a document that says nothing about its default branch.
var errNoRule = errors.New("no rule for the default branch")

// canonicalHead is the default branch, and what the delegates agree on for it.
func (s *session) canonicalHead(ctx context.Context) (string, identity.Object, error) {
	doc, err := s.document()
	if err != nil {
		return "", identity.Object{}, err
	}
	refs, err := doc.CanonicalRefs()
	if err != nil {
		return "", identity.Object{}, err
	}
	rule, ok := refs.Match(refs.Head())
	if !ok {
		return "", identity.Object{}, errNoRule
	}
	o, err := s.repo.Quorum(ctx, rule, refs.Head())
	return refs.Head(), o, err
}
