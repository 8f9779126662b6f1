package peers

import (
	"context"
	"sync"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/net"
	"radswarm/radicle"
)

// Peers is the people of a home. It is a [holder.Control].
type Peers struct {
	o       Options
	state   *friend.State
	changes changes
	turn    chan struct{} // of whoever removes a friend

	life    context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup
	ours    map[radicle.DID]bool // who keeps shares of ours, as tellKeepers saw last; its alone

	mu       sync.Mutex // guards what follows, and all of contacts and lines
	closed   bool
	started  time.Time // zero: not yet
	network  net.Network
	service  *holder.Service
	repos    Repositories
	mover    Mover
	contacts map[radicle.DID]*contact
	uptime   map[radicle.DID]friend.Uptime // as of the last sample
	reached  time.Time                     // when somebody connected to us last
	outward  int                           // lines that this side dialled, without one that another did
	twins    map[radicle.DID]time.Time     // whose keys were seen on two machines
	keepers  map[radicle.DID][]radicle.DID // of those who keep shares of others: whose, as these told
}

var _ holder.Control = (*Peers)(nil)

// New returns a Peers that does nothing yet but answer from the database. It must be closed.
func New(o Options) *Peers {
	o = o.withDefaults()
	p := &Peers{
		o: o, state: o.State, contacts: map[radicle.DID]*contact{}, uptime: map[radicle.DID]friend.Uptime{},
		twins: map[radicle.DID]time.Time{}, keepers: map[radicle.DID][]radicle.DID{}, repos: noRepositories{}, mover: noMover{o.State},
		ours: map[radicle.DID]bool{},
		turn: make(chan struct{}, 1),
	}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// SetRepositories tells who knows the repositories. It is called before Start.
func (p *Peers) SetRepositories(r Repositories) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.repos = r
}

// SetMover tells who moves shares of ours. It is called before Start.
func (p *Peers) SetMover(m Mover) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mover = m
}

// Start begins to keep connections with all friends, and to do what is due from time to time.
func (p *Peers) Start(n net.Network, s *holder.Service) {
	p.mu.Lock()
	p.network, p.service, p.started = n, s, time.Now()
	p.mu.Unlock()
	p.readKeepers(p.life)
	p.housekeep()
	p.keepAll()
}

// Close ends everything that Start began and waits for it. The network is closed after it.
func (p *Peers) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.end()
	p.running.Wait()
}

// spawn runs f in a goroutine that Close waits for, unless it is closed already.
func (p *Peers) spawn(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spawnLocked(f)
}

func (p *Peers) spawnLocked(f func()) bool {
	if p.closed {
		return false
	}
	p.running.Go(f)
	return true
}

// house returns what Start was given.
func (p *Peers) house() (net.Network, *holder.Service, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.network == nil || p.closed {
		return nil, nil, ErrStopped
	}
	return p.network, p.service, nil
}

// recheck has those cut who may not be here any more.
func (p *Peers) recheck() {
	if _, service, err := p.house(); err == nil {
		service.Recheck()
	}
}

func (p *Peers) repositories() Repositories {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.repos
}

// isFriend reports whether somebody is to be connected with at all times: a friend, or a further DID of this person.
func (p *Peers) isFriend(did radicle.DID) bool {
	_, ok := p.state.Friend(did)
	return ok || did != p.o.Self && p.state.IsMine(did)
}
