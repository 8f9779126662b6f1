package holder

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

func TestPublicText(t *testing.T) {
	for _, p := range []Public{PublicYes, PublicNo, PublicNamed} {
		if got, err := ParsePublic(p.String()); err != nil || got != p {
			t.Errorf("%v is read as %v: %v", p, got, err)
		}
	}
	for _, s := range []string{"", "Yes", "maybe", "public 7", Public(7).String()} {
		if _, err := ParsePublic(s); err == nil {
			t.Errorf("%q is read", s)
		}
	}
}

// Slots are counted for each and in all; who waits gets the one that is given back.
func TestSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(2, 3)
		ana, bo := radicle.DID{1}, radicle.DID{2}
		take := func(did radicle.DID, want bool) func() {
			t.Helper()
			release, ok := s.take(did)
			if ok != want {
				t.Errorf("taken: %v", ok)
			}
			return release
		}
		a := take(ana, true)
		take(ana, true)
		take(ana, false)
		b := take(bo, true)
		take(bo, false)
		a()
		a() // once is enough
		take(bo, true)
		take(ana, false)
		if _, err := s.wait(t.Context(), ana, time.Second); busyFor(err) == 0 {
			t.Error(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var waiting sync.WaitGroup
		for i := range 3 {
			waiting.Go(func() {
				release, err := s.wait(ctx, ana, time.Hour)
				if (err == nil) != (i == 0) && err != context.Canceled && err != nil {
					t.Error(err)
				}
				if err == nil {
					release()
				}
			})
		}
		synctest.Wait()
		b()
		waiting.Wait()
		cancel()
		if _, err := s.wait(ctx, ana, time.Hour); err != context.Canceled {
			t.Error(err)
		}
		if s.sum != 2 || len(s.used) != 2 {
			t.Errorf("%d are taken by %d", s.sum, len(s.used))
		}
	})
}

// Two homes of one DID are noticed when they are here together, and when one comes back after the other; one alone never is, nor
// one that was made anew.
func TestTwinsAreNoticed(t *testing.T) {
	var tw twins
	did := radicle.DID{1}
	met := func(home byte, want bool) *Session {
		t.Helper()
		s := &Session{Peer: Peer{DID: did}, Instance: [16]byte{home}}
		if _, found := tw.met(s); found != want {
			t.Errorf("home %d: noticed %v", home, found)
		}
		return s
	}
	a := met(1, false)
	a2 := met(1, false) // two connections of one
	tw.left(a)
	b := met(2, true) // together
	tw.left(a2)
	tw.left(b)
	did = radicle.DID{2}
	tw.left(met(1, false))
	tw.left(met(1, false))
	tw.left(met(2, false)) // made anew
	tw.left(met(2, false))
	tw.left(met(1, true)) // it is still there
	if len(tw.live) > 0 {
		t.Error("sessions are remembered that have left")
	}
	tw.keep(func(radicle.DID) bool { return false })
	if len(tw.seen) > 0 {
		t.Error("homes are remembered of who is nobody any more")
	}
	for i := range 2 * seenDIDs {
		did = radicle.DID{byte(i), byte(i >> 8), 1}
		tw.left(met(1, false))
	}
	if n := len(tw.seen); n > seenDIDs {
		t.Errorf("homes of %d are remembered", n)
	}
}

// All guests of one issuer share one bound, and so do all strangers.
func TestBytesOfGuestsAndStrangers(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 100_000)
		offer := sh.Offer(ana.did)
		offer.Open = true
		if outcomes, err := s.Memory.For(ana.did).Put(t.Context(), []blobstore.Offer{offer}); err != nil || outcomes[0].Err != nil {
			t.Fatal(outcomes, err)
		}
		bo.service.SetLimits(Limits{GuestUp: 10_000, OpenUp: 5000})
		both := func(read func(h *home) error) time.Duration {
			return takes(func() {
				var running sync.WaitGroup
				for i := range 2 {
					h := newHome(t, bo.world, 2+i)
					running.Go(func() {
						if err := read(h); err != nil {
							t.Error(err)
						}
						_ = h.network.Close()
					})
				}
				running.Wait()
			})
		}
		took := both(func(h *home) error {
			conn, _, err := h.knock(bo, &wire.KnockGuest{Certificate: h.cert.Load().Bytes(), Introduction: ana.introduce(h.did).Bytes()})
			if err != nil {
				return err
			}
			if _, err := h.service.Meet(t.Context(), conn); err != nil {
				return err
			}
			return fetch(t, client(conn), sh)
		})
		if took < 12*time.Second || took > 25*time.Second {
			t.Errorf("two guests, 100 kB each at 10 kB/s: %v", took)
		}
		took = both(func(h *home) error {
			stream, err := h.dial(bo).Open(t.Context())
			if err != nil {
				return err
			}
			return wire.KnockForBlocks(t.Context(), stream, &wire.KnockRead{Name: sh.Name, Ranges: sh.Ranges(1 << 14)}, func(int, []byte) error { return nil })
		})
		if took < 30*time.Second || took > 50*time.Second {
			t.Errorf("two strangers, 100 kB each at 5 kB/s: %v", took)
		}
		if took := takes(func() { mustHold(t, ana.at(bo), sh) }); took > time.Second {
			t.Errorf("the friend: %v", took)
		}
	})
}

// Strangers who read have few connections, and lose them when they read no more.
func TestReadersAreFew(t *testing.T) {
	alone(t, nil, func(t *testing.T, ana, bo *home, s *wrapped) {
		sh := newShare(1, 1000)
		offer := sh.Offer(ana.did)
		offer.Open = true
		if outcomes, err := s.Memory.For(ana.did).Put(t.Context(), []blobstore.Offer{offer}); err != nil || outcomes[0].Err != nil {
			t.Fatal(outcomes, err)
		}
		read := func(h *home) error {
			stream, err := h.dial(bo).Open(t.Context())
			if err != nil {
				return err
			}
			return wire.KnockForBlocks(t.Context(), stream, &wire.KnockRead{Name: sh.Name, Ranges: sh.Ranges(1000)}, func(int, []byte) error { return nil })
		}
		var readers []*home
		for i := range allReaders + 1 {
			h := newApart(t, 200)
			readers = append(readers, h)
			h.key = newDevice(i)
			h.join(bo.world)
			if err := read(h); (err != nil) != (i == allReaders) || err != nil && !errors.Is(err, blobstore.ErrBusy) {
				t.Errorf("reader %d: %v", i, err)
			}
		}
		for range 3 { // one connection, many reads
			if err := read(readers[0]); err != nil {
				t.Error(err)
			}
		}
		<-time.After(refusalTime + time.Second)
		if n := len(bo.network.Conns()); n != 0 {
			t.Errorf("%d connections are left", n)
		}
		if err := read(readers[allReaders]); err != nil {
			t.Errorf("after the others have gone: %v", err)
		}
	})
}
