package holder

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// wrapped is a Store in memory, behind what a test makes of it.
type wrapped struct {
	blobtest.Memory
	wrap func(blobstore.Holder) blobstore.Holder
}

func (w *wrapped) For(owner radicle.DID, _ int64) blobstore.Holder {
	if w.wrap == nil {
		return w.Memory.For(owner)
	}
	return w.wrap(w.Memory.For(owner))
}

// alone runs a test with a holder in memory and one friend of it, in a time of its own.
func alone(t *testing.T, wrap func(blobstore.Holder) blobstore.Holder, test func(t *testing.T, ana, bo *home, s *wrapped)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := &wrapped{wrap: wrap}
		w := newMemory()
		ana, bo := newHome(t, w, 0), newHome(t, w, 1, func(o *Options) { o.Store = store })
		befriend(ana, bo, 1<<30)
		test(t, ana, bo, store)
	})
}

// busyFor returns after how long a holder says to come again.
func busyFor(err error) time.Duration {
	if busy, ok := errors.AsType[*wire.BusyError](err); ok {
		return busy.RetryAfter
	}
	return 0
}

// Streams beyond what one friend may have wait for a moment, and are then told when to come again. Another friend is served.
func TestTooManyStreams(t *testing.T) {
	gate := make(chan struct{})
	slow := func(h blobstore.Holder) blobstore.Holder {
		return blobtest.Gated(h, func(ctx context.Context) error {
			select {
			case <-gate:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}
	alone(t, slow, func(t *testing.T, ana, bo *home, s *wrapped) {
		gate = make(chan struct{})
		h := ana.at(bo)
		sh := newShare(1, 1000)
		var running sync.WaitGroup
		var served, refused atomic.Int64
		for range friendStreams + 3 {
			running.Go(func() {
				err := h.Get(t.Context(), sh.Name, nil, func(int, []byte) error { return nil })
				if busyFor(err) > 0 {
					refused.Add(1)
				} else {
					served.Add(1)
				}
			})
		}
		<-time.After(streamPatience + time.Second)
		if n := refused.Load(); n != 3 {
			t.Errorf("%d were refused", n)
		}
		close(gate)
		running.Wait()
		if n := served.Load(); n != friendStreams {
			t.Errorf("%d were served", n)
		}
	})
}

// Possession is hashed for one friend one at a time.
func TestOneHashAtATime(t *testing.T) {
	var now, most atomic.Int64
	slow := func(h blobstore.Holder) blobstore.Holder {
		return &hashing{h, func() {
			most.Store(max(most.Load(), now.Add(1)))
			<-time.After(7 * time.Second)
			now.Add(-1)
		}}
	}
	alone(t, slow, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 1000)
		blobtest.MustPut(t, s.Memory.For(ana.did), ana.did, sh)
		h := ana.at(bo)
		var running sync.WaitGroup
		var refused atomic.Int64
		for range 4 {
			running.Go(func() {
				_, err := h.Hash(t.Context(), sh.Name, blobstore.Nonce{})
				if busyFor(err) > 0 {
					refused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		running.Wait()
		if most.Load() != 1 || refused.Load() != 2 {
			t.Errorf("%d at once, %d refused after %v", most.Load(), refused.Load(), patience)
		}
	})
}

// What was hashed is owed: a big share is hashed at once, and the next one is told to come later. Small questions go on.
func TestHashesAreOwed(t *testing.T) {
	long := func(h blobstore.Holder) blobstore.Holder { return &huge{h} }
	alone(t, long, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 1000)
		blobtest.MustPut(t, s.Memory.For(ana.did), ana.did, sh)
		h := bo.service.For(bo.peerOf(t, ana))
		if took := takes(func() { _, _ = h.Hash(t.Context(), sh.Name, blobstore.Nonce{}) }); took > time.Second {
			t.Errorf("the first took %v", took)
		}
		_, err := h.Hash(t.Context(), sh.Name, blobstore.Nonce{})
		if wait := busyFor(err); wait < time.Minute {
			t.Errorf("the second: %v", err)
		}
		if _, err := h.Audit(t.Context(), sh.Name, blobstore.Nonce{}, 10); err != nil {
			t.Errorf("AUDIT: %v", err)
		}
		<-time.After(5 * time.Minute)
		if _, err := h.Hash(t.Context(), sh.Name, blobstore.Nonce{}); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}

// huge is a Holder whose shares are long.
type huge struct{ blobstore.Holder }

func (h *huge) Have(context.Context, []blobstore.ShareName, blobstore.Nonce) ([]blobstore.Held, error) {
	return []blobstore.Held{{Len: 10 << 30}}, nil
}

// peerOf returns another home as this one knows it.
func (h *home) peerOf(t *testing.T, other *home) Peer {
	t.Helper()
	p, ok := h.service.peer(other.device())
	if !ok {
		t.Fatal("not known")
	}
	return p
}

// hashing is a Holder that takes its time to hash.
type hashing struct {
	blobstore.Holder
	during func()
}

func (h *hashing) Hash(ctx context.Context, name blobstore.ShareName, nonce blobstore.Nonce) ([32]byte, error) {
	h.during()
	return h.Holder.Hash(ctx, name, nonce)
}

// Questions that make the disk read much and answer little keep to a rate, whether anything is there or not, one by one and many
// at once; who waits too long is told when to come again.
func TestQuestionsAreCounted(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, _ *wrapped) {
		h, names := ana.at(bo), make([]blobstore.ShareName, blobstore.MaxNames)
		amplified := make([]blobstore.Range, blobstore.MaxRanges) // a byte of each group
		for i := range amplified {
			amplified[i] = blobstore.Range{Off: int64(i) << 16, Len: 1}
		}
		for what, c := range map[string]struct {
			reads int64 // bytes
			ask   func() error
		}{
			"HAVE": {blobstore.MaxNames * blobstore.HaveLeaves << 16, func() error { _, err := h.Have(t.Context(), names, blobstore.Nonce{}); return err }},
			"AUDIT": {blobstore.MaxLeaves << 16, func() error {
				_, err := h.Audit(t.Context(), names[0], blobstore.Nonce{}, blobstore.MaxLeaves)
				return err
			}},
			"GET": {blobstore.MaxRanges << 16, func() error { return h.Get(t.Context(), names[0], amplified, nil) }},
		} {
			<-time.After(time.Minute)
			took := takes(func() {
				for range 20 {
					if err := c.ask(); err != nil && !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("%s: %v", what, err)
					}
				}
			})
			least := time.Duration(19*c.reads/friendDisk-1)*time.Second - diskBurst
			if took < least || took > least+10*time.Second {
				t.Errorf("20 of %s in %v, want %v", what, took, least)
			}
		}
		// At once they share the rate in pieces, so that how many wait too long for theirs is a matter of turns.
		<-time.After(time.Minute)
		var served atomic.Int64
		var running sync.WaitGroup
		took := takes(func() {
			for range friendStreams {
				running.Go(func() {
					if _, err := h.Have(t.Context(), names, blobstore.Nonce{}); err == nil {
						served.Add(1)
					} else if busyFor(err) <= 0 {
						t.Error(err)
					}
				})
			}
			running.Wait()
		})
		least := time.Duration(served.Load()*blobstore.MaxNames*blobstore.HaveLeaves<<16/friendDisk-1)*time.Second - diskBurst
		if served.Load() == 0 || took < least {
			t.Errorf("%d of %d at once in %v, want %v", served.Load(), friendStreams, took, least)
		}
	})
}

// A friend's bounds hold for what it gets and what it sends, change while it does, and nobody is called slow for them.
func TestBytesOfAFriend(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		bounds := func(up, down int64) {
			t.Helper()
			err := bo.state.SetFriend(t.Context(), ana.did, func(f *friend.Friend) error { f.Up, f.Down = up, down; return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		h, sh := ana.at(bo), newShare(1, 300_000)
		bounds(0, 10_000)
		if took := takes(func() { put(t, h, ana.did, sh) }); took < 20*time.Second || took > 60*time.Second {
			t.Errorf("300 kB at 10 kB/s arrive in %v", took)
		}
		bounds(2000, 0) // slower than PROTOCOL.md §4 lets peers be
		if took := takes(func() { mustHold(t, h, sh) }); took < 80*time.Second || took > 200*time.Second {
			t.Errorf("300 kB at 2 kB/s leave in %v", took)
		}
		bounds(0, 0)
		if took := takes(func() { mustHold(t, h, sh) }); took > time.Second {
			t.Errorf("without a bound: %v", took)
		}
		bo.service.SetLimits(Limits{Up: 30_000})
		if took := takes(func() { mustHold(t, h, sh) }); took < 6*time.Second || took > 20*time.Second {
			t.Errorf("300 kB at 30 kB/s of all leave in %v", took)
		}
	})
}

// What this side sends and takes when it is the one who asks is bounded by the same rates.
func TestBytesWeAskFor(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		conn := ana.meet(bo).Conn
		h := &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
			stream, err := conn.Open(ctx)
			if err != nil {
				return nil, err
			}
			return ana.service.Bound(ctx, bo.did, stream), nil
		}}
		bounds := func(up, down int64) {
			t.Helper()
			err := ana.state.SetFriend(t.Context(), bo.did, func(f *friend.Friend) error { f.Up, f.Down = up, down; return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		sh := newShare(1, 300_000)
		bounds(20_000, 0)
		if took := takes(func() { put(t, h, ana.did, sh) }); took < 10*time.Second || took > 30*time.Second {
			t.Errorf("300 kB at 20 kB/s leave in %v", took)
		}
		bounds(0, 20_000)
		if took := takes(func() { mustHold(t, h, sh) }); took < 10*time.Second || took > 30*time.Second {
			t.Errorf("300 kB at 20 kB/s arrive in %v", took)
		}
		bounds(0, 0)
		ana.service.SetLimits(Limits{Down: 20_000})
		if took := takes(func() { mustHold(t, h, sh) }); took < 5*time.Second || took > 30*time.Second {
			t.Errorf("300 kB at 20 kB/s of all arrive in %v", took)
		}
	})
}

func takes(do func()) time.Duration {
	start := time.Now()
	do()
	return time.Since(start)
}

// Friends go first: a stranger who reads an open share gets what is left.
func TestFriendsGoFirst(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 500_000)
		offer := sh.Offer(ana.did)
		offer.Open = true
		if outcomes, err := s.Memory.For(ana.did).Put(t.Context(), []blobstore.Offer{offer}); err != nil || outcomes[0].Err != nil {
			t.Fatal(outcomes, err)
		}
		cy := newHome(t, bo.world, 2)
		bo.service.SetLimits(Limits{Up: 50_000})
		h := ana.at(bo)
		var stranger time.Duration
		var running sync.WaitGroup
		start := time.Now()
		running.Go(func() {
			stream, err := cy.dial(bo).Open(t.Context())
			if err == nil {
				err = wire.KnockForBlocks(t.Context(), stream, &wire.KnockRead{Name: sh.Name, Ranges: sh.Ranges(1 << 16)}, func(int, []byte) error { return nil })
			}
			stranger = time.Since(start)
			if err != nil {
				t.Errorf("stranger: %v", err)
			}
		})
		<-time.After(100 * time.Millisecond)
		mustHold(t, h, sh)
		if friend := time.Since(start); friend > 14*time.Second {
			t.Errorf("the friend had to wait: %v", friend)
		}
		running.Wait()
		if stranger < 17*time.Second {
			t.Errorf("the stranger was done in %v", stranger)
		}
	})
}

// A peer that asks and does not read, or says half and stops, is cut in a bounded time, and its places are free again.
func TestMutePeers(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 8<<20)
		blobtest.MustPut(t, s.Memory.For(ana.did), ana.did, sh)
		conn := ana.meet(bo).Conn
		open := wire.AppendFrame(nil, &wire.Open{Protocol: wire.ProtocolBlocks})
		for _, b := range [][]byte{open[:3], open, append(open, 3)} {
			for range 5 {
				say(t, conn, b)
			}
		}
		stuck := make(chan struct{})
		err := client(conn).Get(t.Context(), sh.Name, sh.Ranges(1<<16), func(int, []byte) error {
			select {
			case <-stuck:
			default:
				close(stuck)
				<-time.After(2 * time.Minute)
			}
			return nil
		})
		if err == nil {
			t.Error("a reader that was away for two minutes got everything") // more than a window was under way
		}
		synctest.Wait()
		bo.service.house.friends.mu.Lock()
		defer bo.service.house.friends.mu.Unlock()
		if n := bo.service.house.friends.sum; n != 0 {
			t.Errorf("%d places are taken", n)
		}
	})
}

// say opens a stream, says something, and stays.
func say(t testing.TB, conn net.Conn, b []byte) net.Stream {
	t.Helper()
	s, err := conn.Open(t.Context())
	if err == nil {
		_, err = s.Write(b)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A connection has so many streams and no more, whatever they are.
func TestStreamsOfAConnection(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, _ *wrapped) {
		conn := ana.meet(bo).Conn
		var streams []net.Stream
		for range connStreams + 20 {
			streams = append(streams, say(t, conn, []byte{5}))
		}
		synctest.Wait()
		reset := 0
		for _, s := range streams {
			_ = s.SetDeadline(time.Now().Add(time.Second))
			_, err := s.Read(make([]byte, 1))
			if e, ok := errors.AsType[*net.ResetError](err); ok && e.Code == uint32(wire.CodeBusy) {
				reset++
			}
		}
		if reset != 21 { // one is ctl/1
			t.Errorf("%d of %d streams were reset", reset, len(streams))
		}
	})
}
