package holder

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// Service is what this machine does for others. It is a [net.Handler]. All its methods are safe for concurrent use.
type Service struct {
	self    radicle.DID
	store   Store
	friends *friend.State
	members Members
	options Options
	now     func() time.Time

	public  atomic.Int32 // Public
	network atomic.Pointer[net.Network]
	house   house
	meters  *meters
	guests  guests
	twins   twins

	life    context.Context // ends with Close
	end     context.CancelFunc
	running sync.WaitGroup // control streams that Meet began, and what waits for connections to end

	mu     sync.Mutex // guards what follows
	closed bool
	links  map[net.Conn]*link
}

var _ net.Handler = (*Service)(nil)

// New returns a Service. It must be closed.
func New(o Options) *Service {
	o = o.withDefaults()
	s := &Service{
		self: o.Self, store: o.Store, friends: o.Friends, members: o.Members, options: o, now: o.Now,
		house: newHouse(), meters: newMeters(o.Limits), links: map[net.Conn]*link{},
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.public.Store(int32(o.Public))
	return s
}

// Attach tells which network the Service is the Handler of, so that [Service.Recheck] can have it look again.
func (s *Service) Attach(n net.Network) { s.network.Store(&n) }

// SetLimits changes the bounds of bytes, for what is under way too.
func (s *Service) SetLimits(l Limits) { s.meters.set(l) }

// SetPublic changes what happens with open shares from now on. Those that are here stay.
func (s *Service) SetPublic(p Public) { s.public.Store(int32(p)) }

// Public returns what happens with open shares.
func (s *Service) Public() Public { return Public(s.public.Load()) }

// For returns the store as a peer sees it, within its pledge and the limits. What the peer may do is looked up at every call.
func (s *Service) For(p Peer) blobstore.Holder { return &view{s, p} }

// Known is part of [net.Handler]: it says whether the device belongs to a friend, a member or a guest.
func (s *Service) Known(device keyring.Device) bool {
	_, ok := s.peer(device)
	return ok
}

// Close ends all streams and waits for those that Meet began. The network is closed first, or its Serves are cut here.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.running.Wait()
}

// Recheck cuts whoever may not be here any more: guests whose introduction was revoked or whose issuer is no friend any more,
// connections of those who have no access left, and streams that lived on an access that is gone. Whoever changes the state
// database or a membership calls it. It returns when they are cut.
func (s *Service) Recheck() {
	s.recheckGuests()
	for _, l := range s.all() {
		p, known := s.peer(l.conn.Device())
		if l.recheck(p, known, s.guests.issuers(p.Device, p.DID, s.now())) {
			_ = l.conn.Close(uint32(wire.CodeDenied)) // it is over in any case
		}
	}
	s.meters.keep(func(key meterKey) bool {
		return key.class == classOpen || s.access(key.did)&wire.AccessFriend != 0
	})
	s.twins.keep(func(did radicle.DID) bool { return s.access(did) != 0 })
	if n := s.network.Load(); n != nil {
		(*n).Recheck()
	}
}

func (s *Service) recheckGuests() {
	for _, p := range s.guests.list() {
		if err := s.friends.CheckIntroduction(s.life, p.Introduction, p.Guest()); err != nil {
			s.options.Log.Info("guest is let in no longer", "guest", p.Guest(), "issuer", p.DID(), "reason", err)
			s.guests.drop(p)
		}
	}
}

// all returns the connections that are known of.
func (s *Service) all() []*link {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*link, 0, len(s.links))
	for _, l := range s.links {
		all = append(all, l)
	}
	return all
}
