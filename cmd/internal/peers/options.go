package peers

import (
	"context"
	"log/slog"
	"time"

	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Options are what a Peers works with. Self, State, Store, Key and Certificate are required.
type Options struct {
	// Self is the DID of this home.
	Self radicle.DID
	// Alias returns what this person calls itself; nil or empty for nothing.
	Alias func() string
	// State is the database of friends.
	State *friend.State
	// Store says how much is kept for whom.
	Store Store
	// Key is the key of this device. It signs address records, introductions and revocations.
	Key *keyring.DeviceKey
	// Certificate returns the certificate of this device, nil while there is none.
	Certificate func() *keyring.Certificate
	// Advertise returns addresses, host:port, at which others reach this machine although it does not know them itself: those of
	// its router. They are told first. Nil for none.
	Advertise func() []string
	// Guess returns addresses, host:port, at which somebody may be although they never said so. They are tried last. It must be
	// quick. Nil for none.
	Guess func(ctx context.Context, did radicle.DID) []string
	// Named reports whether this person agreed to be named to strangers as a holder of open shares; nil for no.
	Named func() bool
	// Limits returns the bounds of bytes of the machine as a whole, to be shown; nil for none.
	Limits func() holder.Limits
	// Social knows people from Radicle; nil for nobody.
	Social Social
	// Now is the clock of what is signed and kept; nil for time.Now.
	Now func() time.Time
	// Log hears what nobody is told through an error. Nil for silence.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Alias == nil {
		o.Alias = func() string { return "" }
	}
	if o.Advertise == nil {
		o.Advertise = func() []string { return nil }
	}
	if o.Guess == nil {
		o.Guess = func(context.Context, radicle.DID) []string { return nil }
	}
	if o.Named == nil {
		o.Named = func() bool { return false }
	}
	if o.Limits == nil {
		o.Limits = func() holder.Limits { return holder.Limits{} }
	}
	if o.Social == nil {
		o.Social = nobody{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store says how much is kept for whom. [OnDisk] is the one there is.
type Store interface {
	// Charged returns the bytes that are charged to an owner, the trash and promises included. It must be quick.
	Charged(owner radicle.DID) int64
	// Kept returns the bytes that are charged for shares of an owner that are not in the trash.
	Kept(ctx context.Context, owner radicle.DID) (int64, error)
	// Room returns the bytes that may still be charged in all, whosever they are.
	Room(ctx context.Context) (int64, error)
	// Drop puts all shares of an owner into the trash, those of other owners' excepted.
	Drop(ctx context.Context, owner radicle.DID) error
}

// OnDisk returns the Store that is a [disk.Store], whose limits the function returns.
func OnDisk(s *disk.Store, limits func() disk.Limits) Store { return onDisk{s, limits} }

// Social knows people from Radicle: whom this person follows, and with whom it is a delegate.
type Social interface {
	// Follows returns who is followed, with the alias, which may be empty.
	Follows(ctx context.Context) (map[radicle.DID]string, error)
	// Delegates returns who is a delegate of a repository of which this person is one too, and of how many.
	Delegates(ctx context.Context) (map[radicle.DID]int, error)
}

// Mover places shares elsewhere. Package objects is one.
type Mover interface {
	// Drain places shares of ours that somebody keeps with others, and has them deleted there. It returns how many it moved in
	// this call, and how many are still there. It is called again later, until none is left.
	Drain(ctx context.Context, did radicle.DID) (moved, left int, err error)
	// Held returns how many shares of ours somebody keeps, as far as is known here. It must be quick.
	Held(did radicle.DID) int
}

// Repositories is what peers asks of whoever knows the repositories of this home. Its methods must not wait for a peer.
type Repositories interface {
	// Met is told of everybody who is there, and Left of who is gone.
	Met(s *holder.Session)
	Left(s *holder.Session)
	// Heard is told of *[wire.Refs], *[wire.Has] and *[wire.Holds]. While it runs nothing more of this peer is heard. An error ends
	// the connection.
	Heard(ctx context.Context, s *holder.Session, m wire.Message) error
	// Reads reports whether somebody reads a repository now, so that its introduction is renewed.
	Reads(guest radicle.DID, rid radicle.RID) bool
	// Published returns the device certificates of somebody that repositories here carry; none is no error.
	Published(ctx context.Context, did radicle.DID) ([]*keyring.Certificate, error)
	// Joined is told of a member's line that was accepted. Its introduction and addresses are kept already.
	Joined(ctx context.Context, line friend.MemberLine) error
}
