package holder

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Options are what a Service works with. Self, Store, Friends and Certificate are required.
type Options struct {
	// Self is the DID of this home.
	Self radicle.DID
	// Store is where shares are kept. Its limits are its own.
	Store Store
	// Friends is the state database.
	Friends *friend.State
	// Certificate returns the certificate of this device; the newest one, at any time. Nil: there is none yet, and nobody gets
	// a HELLO.
	Certificate func() *keyring.Certificate
	// Card returns the key card, which friends get. The function or what it returns may be nil.
	Card func() *keyring.Card
	// Instance is the id of this home, drawn at random when it was made (PROTOCOL.md §7).
	Instance [16]byte
	// Features are told in HELLO (PROTOCOL.md §7). Version 1 has none.
	Features []string
	// Software is told in HELLO; at most [wire.MaxSoftware] bytes.
	Software string

	// Members, Where, Git and Control are the parts of the house that know more. Nil ones know nothing.
	Members Members
	Where   Where
	Git     Git
	Control Control

	// Public says what happens with open shares. It can be changed later.
	Public Public
	// Limits bound bytes. They can be changed later.
	Limits Limits
	// Now is the clock; nil for time.Now.
	Now func() time.Time
	// Log hears of peers that were refused and of streams that failed. Nil for silence.
	Log *slog.Logger
}

// Store keeps shares. [OnDisk] is the one there is.
type Store interface {
	// For returns the store as an owner sees it: its shares and open ones; only open ones for the zero DID. Pledge is the most
	// that may be charged to it, in bytes. It is called for every operation.
	For(owner radicle.DID, pledge int64) blobstore.Holder
}

// OnDisk returns the Store that is a [disk.Store].
func OnDisk(s *disk.Store) Store { return onDisk{s} }

type onDisk struct{ store *disk.Store }

func (d onDisk) For(owner radicle.DID, pledge int64) blobstore.Holder {
	return d.store.For(owner, pledge)
}

// Members knows whom the repositories here name.
type Members interface {
	// IsMember says whether the accepted identity document of any repository here names a DID. It is asked at every connection,
	// and must be quick once it is known.
	IsMember(did radicle.DID) bool
}

// Where knows who holds open objects.
type Where interface {
	// Holders returns at most [wire.MaxList] address records of holders of an open object that agreed to be named; none where
	// nothing is known. Anybody may ask.
	Holders(ctx context.Context, rid radicle.RID, oid blobstore.OID) ([][]byte, error)
}

// Git serves git/1 streams.
type Git interface {
	// ServeGit answers a stream of a member, whose first frame was read. It returns when it has ended it. Which repositories
	// the member is one of, it finds out by itself.
	ServeGit(ctx context.Context, p Peer, s net.Stream) error
}

// Control hears what peers say on ctl/1. Its methods may be called from many goroutines; of one session one at a time, in
// order: Met, Heard for each message, Left.
type Control interface {
	// Met is called when a peer's HELLO was accepted: it is there. It must not wait for the peer.
	Met(s *Session)
	// Heard is called with each message after HELLO; of a *[wire.Revocations] after it took effect. While it runs nothing more
	// is read. An error ends the connection.
	Heard(ctx context.Context, s *Session, m wire.Message) error
	// Left is called when a session that was met has ended, with what [wire.Ctl.Run] returned.
	Left(s *Session, err error)
	// Twins is called when one Radicle key was found on two machines.
	Twins(t Twins)
}

// Twins are two machines with one Radicle key. What both sign will fork.
type Twins struct {
	DID       radicle.DID // Self: it is the key of this home
	Instances [2][16]byte // of the homes: the one known before, or this one, and the other; zero where it did not say
}

// Public says what a machine does with open shares.
type Public int32

// What there is to say.
const (
	PublicYes   Public = iota // takes them, and lets anybody read them
	PublicNo                  // takes none, and serves none to strangers
	PublicNamed               // as PublicYes, and is named to who asks where they are
)

// ParsePublic reads "yes", "no" or "named".
func ParsePublic(s string) (Public, error) {
	for _, p := range []Public{PublicYes, PublicNo, PublicNamed} {
		if s == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("accept-public is yes, no or named, not %.20q", s)
}

// String returns what ParsePublic reads.
func (p Public) String() string {
	switch p {
	case PublicYes:
		return "yes"
	case PublicNo:
		return "no"
	case PublicNamed:
		return "named"
	}
	return fmt.Sprintf("public %d", int32(p))
}

func (o Options) withDefaults() Options {
	if o.Card == nil {
		o.Card = func() *keyring.Card { return nil }
	}
	if o.Members == nil {
		o.Members = nobody{}
	}
	if o.Where == nil {
		o.Where = nobody{}
	}
	if o.Control == nil {
		o.Control = nobody{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// nobody knows nothing.
type nobody struct{}

func (nobody) IsMember(radicle.DID) bool { return false }

func (nobody) Holders(context.Context, radicle.RID, blobstore.OID) ([][]byte, error) { return nil, nil }
func (nobody) Met(*Session)                                                          {}
func (nobody) Heard(context.Context, *Session, wire.Message) error                   { return nil }
func (nobody) Left(*Session, error)                                                  {}
func (nobody) Twins(Twins)                                                           {}
