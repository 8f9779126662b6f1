package peers

import (
	"context"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// nobody is the Social of who knows no one.
type nobody struct{}

func (nobody) Follows(context.Context) (map[radicle.DID]string, error) { return nil, nil }
func (nobody) Delegates(context.Context) (map[radicle.DID]int, error)  { return nil, nil }

// noRepositories is the Repositories of a home without any.
type noRepositories struct{}

func (noRepositories) Met(*holder.Session)                                        {}
func (noRepositories) Left(*holder.Session)                                       {}
func (noRepositories) Heard(context.Context, *holder.Session, wire.Message) error { return nil }

func (noRepositories) Reads(radicle.DID, radicle.RID) bool { return true }

func (noRepositories) Joined(context.Context, friend.MemberLine) error { return nil }

func (noRepositories) Published(context.Context, radicle.DID) ([]*keyring.Certificate, error) {
	return nil, nil
}

// noMover cannot move anything: what is left is what the holder says.
type noMover struct{ state *friend.State }

func (noMover) Held(radicle.DID) int { return 0 }

func (m noMover) Drain(_ context.Context, did radicle.DID) (moved, left int, err error) {
	if f, ok := m.state.Friend(did); ok && f.Given.Used > 0 {
		left = 1 // at least
	}
	return 0, left, nil
}
