package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/net/p2p"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/objects"
	"radswarm/cmd/internal/peers"
	"radswarm/cmd/internal/repos"
	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/profile"
	"radswarm/radicle/storage"
)

// Options are what an App is made of.
type Options struct {
	// Home is whose daemon it is. Required.
	Home profile.Home
	// Env is where passphrase, agent and systemd credentials are looked for. Nil: os.LookupEnv.
	Env profile.Env
	// Software is told to clients and peers. Required.
	Software string
	// NewStore begins an empty share store where the folder of the shares is empty or not there, although this home has had
	// one. What others have stored in that one counts as lost.
	NewStore bool
	// Log hears what nobody is told through an answer. Nil for silence.
	Log *slog.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Daemon returns the options of the daemon of a home, for daemon.Run and daemon.Detached.
func Daemon(o Options) daemon.Options {
	o = o.withDefaults()
	return daemon.Options{
		Place: control.At(o.Home), Software: o.Software, Log: o.Log, Explain: Explain,
		Open: func(ctx context.Context) (*daemon.Routes, io.Closer, error) {
			beModest()
			a, err := Open(ctx, o)
			if err != nil {
				return nil, nil, err
			}
			return a.Routes(), a, nil
		},
	}
}

// App is a daemon's inside. It must be closed.
type App struct {
	options Options
	place   control.Place
	profile *profile.Profile
	started time.Time
	log     *slog.Logger

	config   atomic.Pointer[Config] // as it is acted upon
	setting  sync.Mutex             // changes config and its file
	root     *os.Root               // the swarm folder
	instance [16]byte
	keys     *Keys
	state    *friend.State
	shares   *Shares
	service  *holder.Service
	network  *p2p.Network
	peers    *peers.Peers
	objects  *objects.Objects
	repos    *repos.Repos
	router   *router
	routes   *daemon.Routes

	background background
}

// Open builds a home's daemon. Who calls it holds the lock of the place: daemon.Run does. What is wrong with the home, its
// settings, its databases or the port is an error; a key that is locked and shares that are away are not.
func Open(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o.withDefaults()}
	a.background.ctx, a.background.cancel = context.WithCancel(context.Background())
	a.place, a.log, a.started = control.At(o.Home), a.options.Log, a.options.Now().UTC()
	for _, step := range []func(context.Context) error{
		a.openHome, a.openKeys, a.openStores, a.openRooms, a.openNetwork, a.begin,
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	a.routes = a.answers()
	return a, nil
}

// Close ends everything that leans on something before that: what goes on in the background, repositories and objects, people,
// the network, the service, the stores. Of an App that was not opened whole it closes what there is.
func (a *App) Close() error {
	errs := []error{a.background.end()}
	if a.repos != nil {
		errs = append(errs, a.repos.Close())
	}
	if a.objects != nil {
		errs = append(errs, a.objects.Close())
	}
	if a.peers != nil {
		a.peers.Close()
	}
	if a.network != nil {
		errs = append(errs, a.network.Close())
	}
	if a.service != nil {
		a.service.Close()
	}
	if a.shares != nil {
		errs = append(errs, a.shares.Close())
	}
	if a.state != nil {
		errs = append(errs, a.state.Close())
	}
	if a.root != nil {
		errs = append(errs, a.root.Close())
	}
	return errors.Join(errs...)
}

// Routes returns what the daemon answers.
func (a *App) Routes() *daemon.Routes { return a.routes }

// openHome reads who this is, and the settings.
func (a *App) openHome(context.Context) error {
	var err error
	if a.profile, err = profile.Load(a.options.Home); err != nil {
		return err
	}
	if err := a.place.Make(); err != nil {
		return err
	}
	config, err := LoadConfig(a.place)
	if err != nil {
		return err
	}
	a.config.Store(&config)
	if a.root, err = os.OpenRoot(a.place.Dir); err != nil {
		return err
	}
	if err := clearTemps(a.root); err != nil {
		return err
	}
	a.instance, err = instanceID(a.root)
	return err
}

// openKeys finds the keys, and has signed what is due if that is possible now.
func (a *App) openKeys(ctx context.Context) error {
	var err error
	a.keys, err = openKeys(ctx, a.root, a.profile, a.options)
	return err
}

// openStores opens what is on the disk.
func (a *App) openStores(ctx context.Context) error {
	var err error
	a.state, err = friend.Open(ctx, filepath.Join(a.place.Dir, friend.FileName), friend.Options{
		Self: a.profile.DID(), Now: a.options.Now, Log: a.log,
	})
	if err != nil {
		return err
	}
	a.keys.told = func() told {
		self := told{card: a.state.Card(a.profile.DID())}
		if known, ok := a.state.Certificate(a.profile.DID()); ok {
			self.certificate = known.Certificate.Seq()
		}
		return self
	}
	c := a.config.Load()
	a.shares = newShares(a.root, c.dir(a.place), c.diskLimits(), a.options)
	return a.settle(ctx)
}

// settleTime is how long a start waits for what may take longer: an agent that asks a person, an index that is made anew. After
// that it goes on in the background.
const settleTime = 5 * time.Second

// settle has signed what is due, and opens the shares.
func (a *App) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, settleTime, errSettle)
	defer cancel()
	tended := a.background.do(func(ctx context.Context) {
		if err := a.tend(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("radicle key does not sign", "err", err)
		}
	})
	looked := a.background.do(func(ctx context.Context) { _ = a.shares.Look(ctx) })
	for _, done := range []<-chan struct{}{tended, looked} {
		select {
		case <-done:
		case <-ctx.Done():
		}
	}
	if err := context.Cause(ctx); !errors.Is(err, errSettle) {
		return err
	}
	return nil
}

var errSettle = errors.New("a start does not wait any longer")

// background is what goes on without a request.
type background struct {
	ctx     context.Context // of all that goes on, until the end
	cancel  context.CancelFunc
	working sync.WaitGroup
}

// do begins something. What it returns is closed when that has ended.
func (b *background) do(f func(context.Context)) <-chan struct{} {
	done := make(chan struct{})
	b.working.Go(func() {
		defer close(done)
		f(b.ctx)
	})
	return done
}

// end ends all and waits.
func (b *background) end() error {
	b.cancel()
	b.working.Wait()
	return nil
}

// openRooms makes repositories, people, service and objects, and joins them.
func (a *App) openRooms(ctx context.Context) error {
	if err := a.openRepositories(ctx); err != nil {
		return err
	}
	a.router = a.newRouter()
	known := &social{self: a.profile.DID(), home: a.profile.Home, repositories: a.repos}
	a.peers = peers.New(peers.Options{
		Self: a.profile.DID(), Alias: a.alias, State: a.state, Store: a.shares,
		Key: a.keys.Device(), Certificate: a.keys.Certificate,
		Advertise: a.advertise,
		Named:     func() bool { return a.config.Load().public() == holder.PublicNamed },
		Limits:    func() holder.Limits { return a.config.Load().limits() },
		Social:    known,
		Guess: func(ctx context.Context, did radicle.DID) []string {
			if !a.config.Load().Guess {
				return nil
			}
			return known.guess(ctx, did)
		},
		Now: a.options.Now, Log: a.log.With("room", "peers"),
	})
	c := a.config.Load()
	a.service = holder.New(holder.Options{
		Self: a.profile.DID(), Store: a.shares, Friends: a.state,
		Certificate: a.keys.Certificate, Card: a.keys.Card, Instance: a.instance, Software: a.options.Software,
		Members: a.repos, Where: a.repos, Git: a.repos, Control: a.peers,
		Public: c.public(), Limits: c.limits(), Now: a.options.Now, Log: a.log.With("room", "holder"),
	})
	var err error
	a.objects, err = objects.New(objects.Options{
		Self: a.profile.DID(), Dir: a.place.Dir, State: a.state, People: a.people(), Keys: ringOf{a.keys},
		Records: a.repos, Log: a.log.With("room", "objects"),
	})
	if err != nil {
		return err
	}
	a.peers.SetRepositories(a.repos)
	a.peers.SetMover(mover{a.objects})
	a.repos.SetPeople(a.peers)
	a.repos.SetObjects(a.objects)
	return nil
}

// advertise returns where others reach this machine although it has no such address: what its person says, and its router.
func (a *App) advertise() []string {
	all := slices.Clone(a.config.Load().Advertise)
	if at, ok := a.router.Address(); ok {
		all = append(all, at.String())
	}
	return all
}

// openRepositories opens Radicle's storage.
func (a *App) openRepositories(ctx context.Context) error {
	store, err := storage.Open(ctx, a.profile.Home.Storage(), storage.Options{Now: a.options.Now})
	if err != nil {
		return err
	}
	a.repos, err = repos.New(repos.Options{
		Profile: a.profile, Storage: store, State: a.state, Keys: a.keys,
		Node: node.New(node.SocketPath(a.profile.Home.Dir(), a.options.Env)),
		Card: a.keys.Card, Certificate: a.keys.Certificate,
		Addresses: func() []string { return a.peers.Addresses() },
		Changed:   func() { a.service.Recheck() },
		Settings:  filepath.Join(a.place.Dir, "zones.json"),
		Now:       a.options.Now, Log: a.log.With("room", "repos"),
	})
	return err
}

// openNetwork listens, and begins to keep connections.
func (a *App) openNetwork(context.Context) error {
	var err error
	if a.network, err = listen(a.config.Load(), filepath.Join(a.place.Dir, ConfigFile), a.keys.Device(), a.service, a.log); err != nil {
		return err
	}
	a.service.Attach(a.network)
	a.peers.Start(a.network, a.service)
	return nil
}

// begin begins what happens in the background.
func (a *App) begin(context.Context) error {
	a.repos.Start()
	a.chores()
	a.background.do(a.router.run)
	return nil
}

// alias is what this person calls itself.
func (a *App) alias() string { return a.profile.Config.Alias.String() }
