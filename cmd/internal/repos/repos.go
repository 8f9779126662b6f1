package repos

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/record"
	"radswarm/blobstore/wire"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/profile"
	"radswarm/radicle/replicate"
	"radswarm/radicle/storage"
)

// Keys are the secrets of this home. Where the Radicle key is not at hand, both fail.
type Keys interface {
	Keyring(ctx context.Context) (*keyring.Keyring, error)
	Signer(ctx context.Context) (radicle.Signer, error)
}

// Objects are those that this home has stored; objects.Objects is one.
type Objects interface {
	// Unrecorded returns the repositories that have objects which are not recorded as they are now.
	Unrecorded(ctx context.Context) ([]radicle.RID, error)
	// Pending returns what is stored for a repository and not recorded as it is now.
	Pending(ctx context.Context, rid radicle.RID) ([]record.New, error)
	// Publish tells those who have shares of an object that they are open: bytes do not travel. It ends soon, and is done again
	// until nobody waits. An object of which no public record of ours is here is [fs.ErrNotExist].
	Publish(ctx context.Context, p blobstore.Pointer) (control.Published, error)
	// Recorded says that records of objects are signed and stored.
	Recorded(ctx context.Context, rid radicle.RID, objects []blobstore.Pointer) error
	// Holders returns who has shares of an object, each once.
	Holders(p blobstore.Pointer) []radicle.DID
}

// People are those whom this home has connections with.
type People interface {
	Online(did radicle.DID) bool
	Tell(ctx context.Context, did radicle.DID, m wire.Message) error
	// Open opens a stream of a protocol to somebody, who is dialled for it.
	Open(ctx context.Context, did radicle.DID, protocol string) (net.Stream, error)
	// Introduce returns our introduction of a guest: one that there is, or a new one.
	Introduce(ctx context.Context, guest radicle.DID, rid radicle.RID) (*friend.Introduction, error)
	Revoke(ctx context.Context, guest radicle.DID) error
}

// Options are what Repos work with. Profile, Storage, State and Keys are required; the parts that are nil know and do nothing.
type Options struct {
	Profile *profile.Profile
	Storage *storage.Storage
	State   *friend.State
	Keys    Keys
	Objects Objects
	People  People
	Node    *node.Client // the Radicle node of this home, which need not run; nil: never
	// Card and Certificate are the newest of this home, nil where there is none yet.
	Card        func() *keyring.Card
	Certificate func() *keyring.Certificate
	// Addresses are where this home can be reached; nil: not known.
	Addresses func() []string
	// Changed is called when the members of a repository have changed: whoever let members in looks again. It may be nil.
	Changed func()
	// Settings is the file with the zones of repositories: swarm/zones.json.
	Settings string
	// Patience is how long after the last agent's end a push may still come for the records. 0: 2 s.
	Patience time.Duration
	// Every is how often all repositories are looked at. 0: an hour.
	Every time.Duration
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: silence
}

// Defaults of Options.
const (
	patience = 2 * time.Second
	every    = time.Hour
)

func (o *Options) defaults() {
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Every == 0 {
		o.Every = every
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Repos are the repositories of a home.
type Repos struct {
	Options
	self     radicle.DID
	settings *settings
	lies     record.Lies
	server   *replicate.Server
	walking  chan struct{} // places for walks

	mu     sync.Mutex
	open   map[radicle.RID]*repository
	closed bool

	members members
	opener  opener
	queue   queue
	rounds  rounds
	syncs   syncs
	opening opening
}

// New returns the repositories of a home. They must be closed.
func New(o Options) (*Repos, error) {
	if o.Profile == nil || o.Storage == nil || o.State == nil || o.Keys == nil {
		return nil, errors.New("repos: profile, storage, state and keys are required")
	}
	o.defaults()
	s, err := readSettings(o.Settings)
	if err != nil {
		return nil, err
	}
	r := &Repos{Options: o, self: o.Profile.DID(), settings: s, open: make(map[radicle.RID]*repository)}
	r.walking = make(chan struct{}, maxWalks)
	r.members = members{of: make(map[radicle.RID][]radicle.DID), count: make(map[radicle.DID]int)}
	r.server = replicate.NewServer(o.Storage, replicate.ServerOptions{Seeds: r.seeds})
	r.queue.init()
	r.queue.open(s.toOpen())
	r.rounds.init()
	r.syncs.init()
	return r, nil
}

// SetPeople joins people who came later than New. It is called before Start.
func (r *Repos) SetPeople(p People) { r.People = p }

// SetObjects joins objects that came later than New. It is called before Start.
func (r *Repos) SetObjects(o Objects) { r.Objects = o }
