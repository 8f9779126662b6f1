package app

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/peers"
	"radswarm/radicle"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/profile"
)

// social is whom this person knows from Radicle.
type social struct {
	self         radicle.DID
	home         profile.Home
	repositories interface {
		Repositories(ctx context.Context) (control.Repositories, error)
	}
}

var _ peers.Social = (*social)(nil)

// Follows implements peers.Social: whom the Radicle node follows. Where no node has ever run it is nobody.
func (s *social) Follows(ctx context.Context) (map[radicle.DID]string, error) {
	follows, err := nodedb.OpenPolicies(s.home.Node()).Follows(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	book := nodedb.OpenBook(s.home.Node())
	all := make(map[radicle.DID]string)
	for _, f := range follows {
		if !f.Allowed {
			continue
		}
		alias := f.Alias
		if alias == "" {
			if n, err := book.Node(ctx, f.NID); err == nil { // else it has none that is known
				alias = n.Alias
			}
		}
		all[f.NID.DID()] = alias.String()
	}
	return all, ctx.Err()
}

// Delegates implements peers.Social.
func (s *social) Delegates(ctx context.Context) (map[radicle.DID]int, error) {
	all, err := s.repositories.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	with := make(map[radicle.DID]int)
	for _, r := range all.Repositories {
		if !slices.Contains(r.Delegates, s.self) {
			continue
		}
		for _, did := range r.Delegates {
			if did != s.self {
				with[did]++
			}
		}
	}
	return with, nil
}
