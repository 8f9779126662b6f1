package holder

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
)

// A friend who is removed is cut in the midst of a download and of an upload, and does not come back.
func TestRemovedFriendIsCut(t *testing.T) {
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			w := make(t)
			ana, bo := newHome(t, w, 0), newHome(t, w, 1)
			befriend(ana, bo, 100<<20)
			s := ana.meet(bo)
			h, sh := client(s.Conn), newShare(1, 1<<20)
			put(t, h, ana.did, sh)
			uploading, removed := signal(), signal()
			var upload error
			done := signal()
			go func() {
				defer close(done)
				offer := newShare(2, 1<<20).Offer(ana.did)
				open := offer.Share
				offer.Share = func() (io.ReadCloser, error) {
					close(uploading)
					<-removed
					return open()
				}
				_, upload = h.Put(context.Background(), []blobstore.Offer{offer})
			}()
			<-uploading
			err := h.Get(t.Context(), sh.Name, sh.Ranges(blobstore.MaxChunk), func(i int, _ []byte) error {
				if i == 0 {
					bo.remove(ana.did)
					close(removed)
				}
				return nil
			})
			<-done
			<-s.Conn.Done()
			if upload == nil {
				t.Error("the upload went on")
			}
			if err == nil {
				t.Log("all blocks were on their way already")
			}
			if _, err := ana.service.Meet(t.Context(), ana.dial(bo)); err == nil {
				t.Error("met again")
			}
			_ = bo.network.Close() // waits for what is served
			if n := bo.store.Charged(ana.did); n != sh.Charge() {
				t.Errorf("%d bytes charged, %d kept", n, sh.Charge())
			}
		})
	}
}

func signal() chan struct{} { return make(chan struct{}) }

// A guest whose introduction is revoked, or whose issuer is no friend any more, is cut; with another introduction it stays.
func TestRevokedGuestIsCut(t *testing.T) {
	w := newMemory()
	ana, bo, cy, dan := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2), newHome(t, w, 3)
	befriend(ana, bo, 10<<20)
	befriend(dan, bo, 10<<20)
	sh := newShare(1, 1000)
	put(t, dan.at(bo), dan.did, sh)
	byAna, byDan := ana.introduce(cy.did), dan.introduce(cy.did)
	knock := func(i *friend.Introduction) net.Conn {
		t.Helper()
		conn, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: i.Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	conn := knock(byAna)
	if knock(byDan) != conn {
		t.Fatal("two connections")
	}
	if _, err := cy.service.Meet(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	revoke := func(h *home, i *friend.Introduction) {
		t.Helper()
		r, err := friend.ParseRevocation(h.revoke(i))
		if err == nil {
			err = bo.state.AddRevocation(t.Context(), r)
		}
		if err != nil {
			t.Fatal(err)
		}
		bo.service.Recheck()
	}
	revoke(ana, byAna)
	mustHold(t, client(conn), sh)
	bo.remove(dan.did)
	<-conn.Done()
	if bo.service.Known(cy.device()) {
		t.Error("still known")
	}
}

// Who stops being a member is cut.
func TestFormerMemberIsCut(t *testing.T) {
	w := newMemory()
	bo, cy := newHome(t, w, 1), newHome(t, w, 2)
	bo.members.set(cy.did, true)
	bo.know(cy)
	s := cy.meet(bo)
	bo.members.set(cy.did, false)
	bo.service.Recheck()
	<-s.Conn.Done()
}

// A friend who stays a member keeps the connection, and loses what a friend has.
func TestFriendWhoStaysAMember(t *testing.T) {
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1)
	befriend(ana, bo, 10<<20)
	bo.members.set(ana.did, true)
	s := ana.meet(bo)
	h, sh := client(s.Conn), newShare(1, 1000)
	put(t, h, ana.did, sh)
	bo.remove(ana.did)
	if err := fetch(t, h, sh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("GET: %v", err)
	}
	if _, err := h.Hash(t.Context(), sh.Name, blobstore.Nonce{}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("HASH: %v", err)
	}
	select {
	case <-s.Conn.Done():
		t.Error("cut")
	default:
	}
}

// What a pledge becomes counts from the next offer. Lowering it deletes nothing.
func TestPledgeChanges(t *testing.T) {
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1)
	first, second, third := newShare(1, 50_000), newShare(2, 50_000), newShare(3, 50_000)
	befriend(ana, bo, first.Charge()+second.Charge())
	h := ana.at(bo)
	offer := func(sh one, want error) {
		t.Helper()
		outcomes, err := h.Put(t.Context(), []blobstore.Offer{sh.Offer(ana.did)})
		if err != nil || !errors.Is(outcomes[0].Err, want) {
			t.Errorf("%+v, %v, want %v", outcomes, err, want)
		}
	}
	pledge := func(edit func(*friend.Friend)) {
		t.Helper()
		err := bo.state.SetFriend(t.Context(), ana.did, func(f *friend.Friend) error { edit(f); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	put(t, h, ana.did, first, second)
	offer(third, blobstore.ErrFull)
	pledge(func(f *friend.Friend) { f.Give += third.Charge() })
	offer(third, nil)
	pledge(func(f *friend.Friend) { f.Give = 0 })
	offer(newShare(4, 1), blobstore.ErrFull)
	for _, sh := range []one{first, second, third} {
		mustHold(t, h, sh)
	}
	pledge(func(f *friend.Friend) { f.Give, f.Draining = 1<<30, time.Now() })
	if _, err := h.Put(t.Context(), []blobstore.Offer{newShare(5, 1).Offer(ana.did)}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("while the friendship is wound up: %v", err)
	}
	if err := h.Delete(t.Context(), []blobstore.ShareName{first.Name}); err != nil {
		t.Errorf("leaving: %v", err)
	}
}

// No goroutine outlives its connection, nor the Service.
func TestNothingIsLeftBehind(t *testing.T) {
	count := func() int {
		b := make([]byte, 1<<20)
		return strings.Count(string(b[:runtime.Stack(b, true)]), "blobstore/holder.(*")
	}
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			before := count()
			w := make(t)
			ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
			befriend(ana, bo, 10<<20)
			s := ana.meet(bo)
			h, sh := client(s.Conn), newShare(1, 100_000)
			put(t, h, ana.did, sh)
			mustHold(t, h, sh)
			for range 5 { // streams that say nothing, and some that say a little
				stream, err := s.Conn.Open(t.Context())
				if err == nil {
					_, err = stream.Write([]byte{5})
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			_, _, _ = cy.knock(bo, &wire.KnockMember{Certificate: cy.cert.Load().Bytes()})
			_ = s.Conn.Close(0)
			bo.control.ending(t)
			for _, h := range []*home{ana, bo, cy} {
				_ = h.network.Close()
				h.service.Close()
			}
			if after := count(); after > before {
				t.Errorf("%d goroutines, %d before", after, before)
			}
			if len(bo.service.links) > 0 {
				t.Error("connections are remembered")
			}
		})
	}
}

// A stream that lives on an access that is gone is cut, though the connection stays.
func TestStreamOfALostAccessIsCut(t *testing.T) {
	alone(t, func(h blobstore.Holder) blobstore.Holder { return blobtest.Slow(h, time.Hour) }, func(t *testing.T, ana, bo *home, _ *wrapped) {
		bo.members.set(ana.did, true)
		s := ana.meet(bo)
		time.AfterFunc(time.Minute, func() { bo.remove(ana.did) })
		var err error
		took := takes(func() { err = client(s.Conn).Delete(t.Context(), nil) })
		if err == nil || took > 2*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		select {
		case <-s.Conn.Done():
			t.Error("a member is cut")
		default:
		}
	})
}

// What a guest presented counts for as long as its connection lasts.
func TestGuestLeaves(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 1<<20)
	conn, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: ana.introduce(cy.did).Bytes()})
	if err != nil || !bo.service.Known(cy.device()) {
		t.Fatal(err)
	}
	if _, err := cy.service.Meet(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	bo.control.session(t, cy.did)
	_ = conn.Close(0)
	bo.control.ending(t)
	_ = bo.network.Close()
	bo.service.Close()
	if bo.service.Known(cy.device()) || len(bo.service.guests.all) > 0 {
		t.Error("known after it left")
	}
}

// An introduction that runs out while its guest is there counts no longer.
func TestIntroductionRunsOut(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 1<<20)
	sh := newShare(1, 1000)
	put(t, ana.at(bo), ana.did, sh)
	short := ana.introduce(cy.did, func(r *friend.IntroductionRequest) { r.Life = time.Hour })
	conn, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: short.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cy.service.Meet(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	mustHold(t, client(conn), sh)
	bo.clock.move(2 * time.Hour)
	if err := fetch(t, client(conn), sh); err == nil {
		t.Error("read on an introduction that ran out")
	}
}
