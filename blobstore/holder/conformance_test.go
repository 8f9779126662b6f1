package holder

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// relay is a Handler that counts what is served.
type relay struct {
	*Service

	mu      sync.Mutex
	idle    *sync.Cond
	serving int // blk/1 streams, and ctl/1
}

func newRelay(s *Service) *relay {
	r := &relay{Service: s}
	r.idle = sync.NewCond(&r.mu)
	return r
}

func (r *relay) Serve(ctx context.Context, c net.Conn, s net.Stream) {
	r.count(1)
	defer r.count(-1)
	r.Service.Serve(ctx, c, s)
}

func (r *relay) count(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.serving += n
	r.idle.Broadcast()
}

// wait waits until nothing is served but the control streams.
func (r *relay) wait() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.serving > blobtest.People {
		r.idle.Wait()
	}
}

// swap is a Store that is another one for each test, so that connections last longer than tests do.
type swap struct{ now atomic.Pointer[disk.Store] }

func (s *swap) For(owner radicle.DID, pledge int64) blobstore.Holder {
	return s.now.Load().For(owner, pledge)
}

// deaf is the Handler of who only asks.
type deaf struct{}

func (deaf) Known(keyring.Device) bool                         { return true }
func (deaf) Serve(_ context.Context, _ net.Conn, s net.Stream) { _ = s.Reset(0) }

// settled is a Client whose Put, when it is cancelled, waits for what the holder does then.
type settled struct {
	*wire.Client
	relay *relay
}

func (s *settled) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	outcomes, err := s.Client.Put(ctx, offers)
	if err != nil {
		s.relay.wait()
	}
	return outcomes, err
}

// askers returns what makes stores on disk, each behind a Service and one network, and asked over the connections of all people.
func askers(t *testing.T, w world) blobtest.Make {
	t.Helper()
	store := new(swap)
	bo := newApart(t, 100, func(o *Options) { o.Store = store })
	r := newRelay(bo.service)
	n := w.join(t, bo.key, r)
	t.Cleanup(func() { n.Close() })
	people := map[radicle.DID]net.Conn{}
	for i := range blobtest.People {
		key := keyring.NewDeviceKey(seed(i, 1))
		cert, err := keyring.IssueCertificate(t.Context(), signer(i), keyring.CertificateRequest{Device: key.Device(), Now: bo.clock.now()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bo.state.AddCertificate(t.Context(), cert); err != nil {
			t.Fatal(err)
		}
		bo.give(cert.DID(), friend.MaxPledge)
		asking := w.join(t, key, deaf{})
		t.Cleanup(func() { asking.Close() })
		conn, err := asking.Connect(t.Context(), n.Device(), n.Addrs())
		if err != nil {
			t.Fatal(err)
		}
		greet(t, conn, cert)
		people[cert.DID()] = conn
	}
	return func(t *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		store.now.Store(newStore(t, limit))
		return func(peer radicle.DID) blobstore.Holder { return &settled{client(people[peer]), r} }
	}
}

// greet says HELLO, and hears the holder for as long as the connection lasts.
func greet(t *testing.T, conn net.Conn, cert *keyring.Certificate) {
	t.Helper()
	s, err := conn.Open(t.Context())
	if err == nil {
		err = wire.WriteOpen(t.Context(), s, wire.ProtocolControl)
	}
	if err != nil {
		t.Fatal(err)
	}
	met := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		mine := &wire.Hello{MinVersion: 1, MaxVersion: 1, Certificate: cert.Bytes()}
		_ = wire.NewCtl(s).Run(context.Background(), mine, func(m wire.Message) error { // until the network is closed
			if m.Kind() == wire.KindHello {
				close(met)
			}
			return nil
		})
	})
	t.Cleanup(func() {
		_ = conn.Close(0)
		running.Wait()
	})
	<-met
}

func newStore(t *testing.T, limit int64) *disk.Store {
	t.Helper()
	store, err := disk.Create(t.Context(), filepath.Join(t.TempDir(), "shares"), disk.Options{Limits: disk.Limits{Total: limit, Floor: noFloor}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestHolder(t *testing.T) {
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it is the disk that takes time
			blobtest.TestHolder(t, askers(t, make(t)))
		})
	}
}

// worlds are the backends of package net.
func worlds() map[string]func(testing.TB) world {
	return map[string]func(testing.TB) world{
		"Memory": func(testing.TB) world { return newMemory() },
		"TCP":    func(testing.TB) world { return sockets{net.TCP} },
		"QUIC":   func(testing.TB) world { return sockets{net.QUIC} },
	}
}
