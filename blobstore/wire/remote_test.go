package wire

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/disk"
	"radswarm/radicle"
)

// dialer makes a new stream: the asker's side and the holder's.
type dialer func() (asker, holder Stream, err error)

func pipe() (asker, holder Stream, err error) {
	a, b := net.Pipe()
	return a, b, nil
}

// loopback returns a dialer of real TCP connections.
func loopback(tb testing.TB) dialer {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	var one sync.Mutex
	return func() (Stream, Stream, error) {
		one.Lock() // so that the connection accepted is the one dialled
		defer one.Unlock()
		a, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			return nil, nil, err
		}
		b, err := l.Accept()
		return a, b, err
	}
}

// remote is a Client in front of a Holder: every stream is served until the test ends.
type remote struct {
	*Client
	serving sync.WaitGroup
	tell    func(error) // what Serve returned
}

// newRemote returns one; tell may be nil.
func newRemote(tb testing.TB, dial dialer, h blobstore.Holder, tell func(error)) *remote {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &remote{tell: tell}
	r.Client = &Client{Open: func(context.Context) (Stream, error) {
		a, b, err := dial()
		if err == nil {
			r.serving.Go(func() { r.serve(ctx, b, h) })
		}
		return a, err
	}}
	tb.Cleanup(func() {
		cancel()
		r.serving.Wait()
	})
	return r
}

// serve is what a listener does with a stream.
func (r *remote) serve(ctx context.Context, s Stream, h blobstore.Holder) {
	m, err := ReadFirst(ctx, s)
	if err == nil {
		if open, ok := m.(*Open); !ok || open.Protocol != ProtocolBlocks {
			err = Refuse(ctx, s, ErrUnknown)
		} else {
			err = Serve(ctx, s, h)
		}
	}
	if r.tell != nil {
		r.tell(err)
	}
}

// settled waits with every method until the other side is done as well, so that what a cancelled one leaves behind can
// be looked at.
type settled struct {
	open func(context.Context, *sync.WaitGroup) (Stream, error)
}

func newSettled(tb testing.TB, dial dialer, h blobstore.Holder) *settled {
	r := newRemote(tb, dial, h, nil)
	return &settled{func(ctx context.Context, wg *sync.WaitGroup) (Stream, error) {
		a, b, err := dial()
		if err == nil {
			wg.Go(func() { r.serve(context.WithoutCancel(ctx), b, h) })
		}
		return a, err
	}}
}

// call returns a Client for one call, and what waits for its stream.
func (s *settled) call() (c *Client, wait func()) {
	var wg sync.WaitGroup
	return &Client{Open: func(ctx context.Context) (Stream, error) { return s.open(ctx, &wg) }}, wg.Wait
}

func (s *settled) Put(ctx context.Context, offers []blobstore.Offer) ([]blobstore.Outcome, error) {
	c, wait := s.call()
	defer wait()
	return c.Put(ctx, offers)
}

func (s *settled) Get(
	ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range, visit func(i int, b []byte) error,
) error {
	c, wait := s.call()
	defer wait()
	return c.Get(ctx, name, ranges, visit)
}

func (s *settled) Prove(ctx context.Context, name blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	c, wait := s.call()
	defer wait()
	return c.Prove(ctx, name, ranges)
}

func (s *settled) Audit(
	ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce, leaves int,
) ([]blobstore.Leaf, error) {
	c, wait := s.call()
	defer wait()
	return c.Audit(ctx, name, nonce, leaves)
}

func (s *settled) Have(ctx context.Context, names []blobstore.ShareName, nonce blobstore.Nonce) ([]blobstore.Held, error) {
	c, wait := s.call()
	defer wait()
	return c.Have(ctx, names, nonce)
}

func (s *settled) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	c, wait := s.call()
	defer wait()
	return c.Hash(ctx, name, nonce)
}

func (s *settled) Delete(ctx context.Context, names []blobstore.ShareName) error {
	c, wait := s.call()
	defer wait()
	return c.Delete(ctx, names)
}

func (s *settled) Manifests(ctx context.Context, mid blobstore.MID) ([][]byte, error) {
	c, wait := s.call()
	defer wait()
	return c.Manifests(ctx, mid)
}

func TestHolder(t *testing.T) {
	memory := func(_ *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
		return (&blobtest.Memory{Limit: limit}).For
	}
	for name, run := range map[string]struct {
		dial   func(testing.TB) dialer
		holder blobtest.Make
	}{
		"Pipe": {func(testing.TB) dialer { return pipe }, memory},
		"TCP":  {loopback, memory},
		"Disk": {loopback, onDisk},
	} {
		t.Run(name, func(t *testing.T) {
			blobtest.TestHolder(t, func(t *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
				h, dial := run.holder(t, limit), run.dial(t)
				return func(peer radicle.DID) blobstore.Holder { return newSettled(t, dial, h(peer)) }
			})
		})
	}
}

func onDisk(t *testing.T, limit int64) func(radicle.DID) blobstore.Holder {
	t.Helper()
	s, err := disk.Create(t.Context(), filepath.Join(t.TempDir(), "shares"), disk.Options{Limits: disk.Limits{Total: limit, Floor: -1}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(peer radicle.DID) blobstore.Holder { return s.For(peer, disk.NoLimit) }
}
