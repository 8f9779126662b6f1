package peers

import (
	"cmp"
	"context"
	"slices"

	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Suggestions is GET /v1/suggestions: who is followed or a delegate with us, and no friend yet. Those who are both come first.
func (p *Peers) Suggestions(ctx context.Context) (control.Suggestions, error) {
	follows, err := p.o.Social.Follows(ctx)
	if err != nil {
		return control.Suggestions{}, err
	}
	delegates, err := p.o.Social.Delegates(ctx)
	if err != nil {
		return control.Suggestions{}, err
	}
	out := control.Suggestions{People: []control.Suggestion{}}
	add := func(did radicle.DID, follow bool) {
		if p.isFriend(did) || did == p.o.Self {
			return
		}
		_, device := p.state.Certificate(did)
		s := control.Suggestion{DID: did, Alias: follows[did], Repos: delegates[did], Device: device}
		s.Why = why(follow, s.Repos > 0)
		out.People = append(out.People, s)
	}
	for did := range follows {
		add(did, true)
	}
	for did := range delegates {
		if _, done := follows[did]; !done {
			add(did, false)
		}
	}
	slices.SortFunc(out.People, func(a, b control.Suggestion) int {
		return cmp.Or(-cmp.Compare(rank(a), rank(b)), -cmp.Compare(a.Repos, b.Repos), cmp.Compare(a.Alias, b.Alias), a.DID.Compare(b.DID))
	})
	return out, nil
}

func why(follow, delegate bool) string {
	switch {
	case follow && delegate:
		return "followed, and a delegate with us"
	case follow:
		return "followed"
	}
	return "a delegate with us"
}

// rank puts who is followed and a delegate before who is a delegate, and that before who is followed.
func rank(s control.Suggestion) int {
	switch s.Why {
	case why(true, true):
		return 2
	case why(false, true):
		return 1
	}
	return 0
}
