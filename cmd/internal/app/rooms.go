package app

import (
	"context"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/cmd/internal/objects"
	"radswarm/cmd/internal/peers"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
)

// What one room has, in the words of another.

// people are those of package peers, as package objects sees them, and who lives here.
type people struct {
	*peers.Peers
	self radicle.DID
	own  blobstore.Holder // of what others have put here
}

var _ objects.People = people{}

// Holder implements objects.People.
func (p people) Holder(did radicle.DID) blobstore.Holder {
	if did == p.self {
		return p.own
	}
	return p.Peers.Holder(did)
}

// Reach implements objects.People.
func (p people) Reach(ctx context.Context, did radicle.DID) error {
	if did == p.self {
		return nil
	}
	return p.Peers.Reach(ctx, did)
}

func (p people) Person(did radicle.DID) objects.Person {
	if did == p.self {
		return objects.Person{Name: "you", Online: true, Seen: time.Now()}
	}
	one := p.Peers.Person(did)
	return objects.Person{Name: one.Name, Online: one.Online, Seen: one.Seen, Household: one.Household}
}

func (p people) Candidates() []objects.Candidate {
	var all []objects.Candidate
	for _, c := range p.Peers.Candidates() {
		all = append(all, objects.Candidate{Candidate: c.Candidate, Online: c.Online, Seen: c.Seen, Uptime: c.Uptime})
	}
	return all
}

func (p people) Friends() []radicle.DID {
	var all []radicle.DID
	for _, one := range p.People() {
		if one.Friend {
			all = append(all, one.DID)
		}
	}
	return all
}

// mover is package objects, as package peers sees it.
type mover struct{ *objects.Objects }

var _ peers.Mover = mover{}

func (m mover) Drain(ctx context.Context, did radicle.DID) (moved, left int, err error) {
	d, err := m.Objects.Drain(ctx, did, nil)
	return d.Moved, d.Left, err
}

var _ repos.Objects = (*objects.Objects)(nil)

// signTime bounds how long a signature may take for which nobody waits with a context of its own: an agent may ask a person.
const signTime = time.Minute

// ringOf is the keys, as package objects sees them.
type ringOf struct{ keys *Keys }

func (r ringOf) Keyring() (*keyring.Keyring, error) {
	ctx, cancel := context.WithTimeout(context.Background(), signTime)
	defer cancel()
	return r.keys.Keyring(ctx)
}
