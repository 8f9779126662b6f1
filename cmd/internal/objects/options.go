package objects

import (
	"context"
	"log/slog"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// People are those who keep shares for us. All methods answer at once, from memory, except Reach.
type People interface {
	// Holder returns the holder of somebody. It dials when it is used, at most 5 s, and fails with a typed error.
	Holder(did radicle.DID) blobstore.Holder
	// Person says what is known of somebody; of a stranger, nothing.
	Person(did radicle.DID) Person
	// Candidates returns friends with room, seen in the last 14 days, that are not draining.
	Candidates() []Candidate
	// Friends returns everybody who may keep shares of ours.
	Friends() []radicle.DID
	// Keepers returns those of whom an owner told that they keep its shares.
	Keepers(owner radicle.DID) []radicle.DID
	// Where asks who stored an open object of a repository who holds it. Those holders only read, and last until ctx is done.
	Where(ctx context.Context, writer radicle.DID, rid radicle.RID, oid blobstore.OID) ([]swarm.Person, error)
	// Changes returns a channel that gets a value some time after somebody came, went, or has other room than before; one value
	// may stand for several changes. Stop ends that.
	Changes() (changes <-chan struct{}, stop func())
	// Reach tries to connect to somebody, at most 5 s.
	Reach(ctx context.Context, did radicle.DID) error
}

// Person is what is known of somebody.
type Person struct {
	Name      string // what we call them, or they themselves; may be empty
	Online    bool
	Seen      time.Time // zero: never
	Household string
}

// Candidate is somebody who could take a share.
type Candidate struct {
	swarm.Candidate
	Online bool
	Seen   time.Time // zero: never
	Uptime float64   // part of the time that they are there, 0 … 1; below 0: not known
}

// Keys is where the secrets are. The keyring of a locked home is an error, which is returned to whoever asked for something.
type Keys interface {
	Keyring() (*keyring.Keyring, error)
}

// Records is what repositories know of objects.
type Records interface {
	// FindFrom is Find for who reads a certain namespace or patch of a repository.
	FindFrom(ctx context.Context, rid radicle.RID, from control.From, oid blobstore.OID, size int64) ([]record.Choice, error)
	// Find returns records by which an object can be read, the best first; none is no error. The zero RID means any
	// repository, a size below 0 any size.
	Find(ctx context.Context, rid radicle.RID, oid blobstore.OID, size int64) ([]record.Choice, error)
	// Public reports whether what is stored for a repository is for everyone, unless a path says otherwise.
	Public(ctx context.Context, rid radicle.RID) bool
	// Stored says that an object of a repository has placements to be recorded, or others than before. It must not call Objects.
	Stored(ctx context.Context, rid radicle.RID, n record.New)
}

// State keeps the index: *friend.State.
type State interface {
	EachObject(ctx context.Context, f func(friend.Object) error) error
	ObjectManifests(ctx context.Context, p blobstore.Pointer) (manifest, next []byte, err error)
	Farewells(ctx context.Context) ([]friend.Farewell, error)
	ChangeObjects(ctx context.Context, f func(*friend.ObjectChange) error) error
}

// Options of [New].
type Options struct {
	// Self is the DID of this home, who is charged for what is stored. Required.
	Self radicle.DID
	// Dir is the swarm folder. In pending there lie links to what was put, in fetching what verifying reads back. Required.
	Dir string
	// State is the database. Required; it is closed after Objects.
	State State
	// People and Keys are required.
	People People
	Keys   Keys
	// Records may be nil: nothing belongs to a repository then.
	Records Records
	// Log hears what nobody is told through an error. Nil for silence.
	Log *slog.Logger

	// Patience is how long a client waits when no bytes move. Default: 20 s (DESIGN.md §9).
	Patience time.Duration
	// Notice is how long somebody may be silent before the client is told. Default: 3 s, so that it is within 5 s.
	Notice time.Duration
	// Settle is how long friends must stay as many as they are before objects are coded again for them. Default: 10 min:
	// who makes ten friends in an evening sends each object once.
	Settle time.Duration
	// Retry is after how long work that failed is tried again though nobody came. Default: 5 min.
	Retry time.Duration
	// Link is how long a link to the file is kept while not all shares are placed. Default: 24 h (DESIGN.md §9).
	Link time.Duration
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		of *time.Duration
		to time.Duration
	}{
		{&o.Patience, 20 * time.Second},
		{&o.Notice, 3 * time.Second},
		{&o.Settle, 10 * time.Minute},
		{&o.Retry, 5 * time.Minute},
		{&o.Link, 24 * time.Hour},
	} {
		if *d.of == 0 {
			*d.of = d.to
		}
	}
	return o
}
