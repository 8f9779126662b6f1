package peers

import (
	"context"
	"errors"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

var errNotYet = errors.New("not built yet")

// Peers is the people of a home. It is a [holder.Control].
type Peers struct{ o Options }

// New returns a Peers that does nothing yet but answer from the database. It must be closed.
func New(o Options) *Peers { return &Peers{o: o.withDefaults()} }

// SetRepositories tells who knows the repositories. It is called before Start.
func (p *Peers) SetRepositories(r Repositories) {}

// SetMover tells who moves shares of ours. It is called before Start.
func (p *Peers) SetMover(m Mover) {}

// Start begins to keep connections with all friends.
func (p *Peers) Start(n net.Network, s *holder.Service) {}

// Close ends everything that Start began and waits for it. The network is closed after it.
func (p *Peers) Close() {}

// Holder returns somebody as a holder of shares. Each call of its methods opens a stream on the connection that there is, and
// dials where there is none: for at most 5 s, then it is an *[UnreachableError].
func (p *Peers) Holder(did radicle.DID) blobstore.Holder { return nil }

// HolderFor returns somebody as a holder of what another owns: of who is no friend too, if owner has introduced us and told
// where its holders are.
func (p *Peers) HolderFor(did, owner radicle.DID) blobstore.Holder { return nil }

// Online reports whether somebody is there.
func (p *Peers) Online(did radicle.DID) bool { return false }

// Person returns what is known of somebody.
func (p *Peers) Person(did radicle.DID) Person { return Person{DID: did, Uptime: -1} }

// People returns all friends, by name and then by DID.
func (p *Peers) People() []Person { return nil }

// Candidates returns friends who may take shares: they have room, were seen in the last 14 days, and are not being removed.
func (p *Peers) Candidates() []Candidate { return nil }

// Changes returns a channel on which there is something whenever somebody came, went or had another room since. Stop ends it.
func (p *Peers) Changes() (changed <-chan struct{}, stop func()) { return nil, func() {} }

// Reach connects with somebody, if that is not done. The error is an *[UnreachableError] or ctx's.
func (p *Peers) Reach(ctx context.Context, did radicle.DID) error { return errNotYet }

// Tell sends a message to who is there. Who is not is an *[UnreachableError].
func (p *Peers) Tell(ctx context.Context, did radicle.DID, m wire.Message) error { return errNotYet }

// Open opens a stream that speaks a protocol, of which nothing but its name is said yet. It dials as Reach does.
func (p *Peers) Open(ctx context.Context, did radicle.DID, protocol string) (net.Stream, error) {
	return nil, errNotYet
}

// Introduce returns an introduction of a guest: the one that was issued, or a new one where half of its life is over.
func (p *Peers) Introduce(ctx context.Context, guest radicle.DID, rid radicle.RID) (*friend.Introduction, error) {
	return nil, errNotYet
}

// Revoke takes back all introductions of a guest, and tells friends.
func (p *Peers) Revoke(ctx context.Context, guest radicle.DID) error { return errNotYet }

// Warnings returns what a person should do about people and connections.
func (p *Peers) Warnings() []control.Warning { return nil }

// Count sums up the friends.
func (p *Peers) Count() control.FriendCount { return control.FriendCount{} }

// Friends is GET /v1/friends.
func (p *Peers) Friends(ctx context.Context) (control.Friends, error) {
	return control.Friends{}, errNotYet
}

// Friend is GET /v1/friends/{who}.
func (p *Peers) Friend(ctx context.Context, who string) (control.Friend, error) {
	return control.Friend{}, errNotYet
}

// AddFriend is POST /v1/friends.
func (p *Peers) AddFriend(ctx context.Context, in control.AddFriend) (control.Friend, error) {
	return control.Friend{}, errNotYet
}

// SetFriend is PATCH /v1/friends/{who}.
func (p *Peers) SetFriend(ctx context.Context, who string, in control.SetFriend) (control.Friend, error) {
	return control.Friend{}, errNotYet
}

// RemoveFriend is DELETE /v1/friends/{who}.
func (p *Peers) RemoveFriend(
	ctx context.Context, who string, in control.RemoveFriend, tell func(control.Line),
) (control.RemovedFriend, error) {
	return control.RemovedFriend{}, errNotYet
}

// Suggestions is GET /v1/suggestions.
func (p *Peers) Suggestions(ctx context.Context) (control.Suggestions, error) {
	return control.Suggestions{}, errNotYet
}

// Invite is POST /v1/invitations.
func (p *Peers) Invite(ctx context.Context, in control.Invite) (control.Invitation, error) {
	return control.Invitation{}, errNotYet
}

// Uninvite is DELETE /v1/invitations/{id}.
func (p *Peers) Uninvite(ctx context.Context, id string) error { return errNotYet }

// Accept is POST /v1/accept.
func (p *Peers) Accept(ctx context.Context, in control.Accept, tell func(control.Line)) (control.Accepted, error) {
	return control.Accepted{}, errNotYet
}

// Devices is GET /v1/devices.
func (p *Peers) Devices(ctx context.Context) (control.Devices, error) {
	return control.Devices{}, errNotYet
}

// AddDevice is POST /v1/devices.
func (p *Peers) AddDevice(ctx context.Context, in control.Device) (control.Devices, error) {
	return control.Devices{}, errNotYet
}

// RemoveDevice is DELETE /v1/devices/{did}.
func (p *Peers) RemoveDevice(ctx context.Context, did radicle.DID) (control.Devices, error) {
	return control.Devices{}, errNotYet
}

// Net is GET /v1/net.
func (p *Peers) Net(ctx context.Context) (control.Net, error) { return control.Net{}, errNotYet }

// Dial is POST /v1/net/dial.
func (p *Peers) Dial(ctx context.Context, in control.Dial, tell func(control.Line)) (control.Dialled, error) {
	return control.Dialled{}, errNotYet
}

// Met is part of [holder.Control].
func (p *Peers) Met(s *holder.Session) {}

// Heard is part of [holder.Control].
func (p *Peers) Heard(ctx context.Context, s *holder.Session, m wire.Message) error { return nil }

// Left is part of [holder.Control].
func (p *Peers) Left(s *holder.Session, err error) {}

// Twins is part of [holder.Control].
func (p *Peers) Twins(t holder.Twins) {}

var _ holder.Control = (*Peers)(nil)
