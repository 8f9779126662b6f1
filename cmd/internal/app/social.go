package app

import (
	"context"
	"errors"
	"io/fs"
	stdnet "net"
	"slices"
	"strconv"
	"strings"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/net/p2p"
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

// guess returns where somebody may be: on the machines of their Radicle node, at our default port. What is not known, or
// cannot be read, is nothing.
func (s *social) guess(ctx context.Context, did radicle.DID) (all []string) {
	addresses, err := nodedb.OpenBook(s.home.Node()).Addresses(ctx, did.NID())
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		host, _, err := stdnet.SplitHostPort(a.Value)
		if err != nil || a.Banned || a.Type != "ipv4" && a.Type != "ipv6" && a.Type != "dns" {
			continue
		}
		to := stdnet.JoinHostPort(strings.ToLower(host), strconv.Itoa(p2p.DefaultPort))
		if friend.ValidAddress(to) && !slices.Contains(all, to) {
			all = append(all, to)
		}
	}
	return all[:min(len(all), maxGuesses)]
}

// maxGuesses bounds what is tried of a node that has many addresses.
const maxGuesses = 4

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
