package holder

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
)

// withCard gives a home a key card.
func withCard(t *testing.T, person int) (func(*Options), *keyring.Card) {
	t.Helper()
	ring, err := keyring.Unlock(t.Context(), signer(person))
	if err != nil {
		t.Fatal(err)
	}
	card, err := ring.Card(t.Context(), signer(person), 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return func(o *Options) { o.Card = func() *keyring.Card { return card } }, card
}

// After HELLO both sides know who the other is, what it may do, and which home it is. Only friends get the key card.
func TestHello(t *testing.T) {
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			w := make(t)
			anaCard, _ := withCard(t, 0)
			boCard, card := withCard(t, 1)
			features := func(names ...string) func(*Options) { return func(o *Options) { o.Features = names } }
			ana, bo, cy := newHome(t, w, 0, anaCard, features("a", "b")), newHome(t, w, 1, boCard, features("b", "c")), newHome(t, w, 2)
			befriend(ana, bo, 1<<20)
			bo.members.set(cy.did, true)
			bo.know(cy)
			cy.members.set(bo.did, true)

			s := ana.meet(bo)
			if s.DID != bo.did || s.Device != bo.device() || s.Access != wire.AccessFriend || s.Granted != wire.AccessFriend ||
				s.Instance != [16]byte{1, 1} || s.Software != "test" || s.Standing != keyring.Current {
				t.Errorf("%+v", s)
			}
			if len(s.Features) != 1 || s.Features[0] != "b" {
				t.Errorf("features %q", s.Features)
			}
			if s.Card == nil || s.Card.Seq() != card.Seq() || ana.state.Card(bo.did) == nil {
				t.Errorf("key card: %v", s.Card)
			}
			if again, err := ana.service.Meet(t.Context(), s.Conn); err != nil || again != s {
				t.Errorf("a second session: %v", err)
			}
			if err := s.Send(t.Context(), &wire.Pledge{Give: 5}); err != nil {
				t.Error(err)
			}
			if m := bo.control.await(t, wire.KindPledge).(*wire.Pledge); m.Give != 5 {
				t.Errorf("heard %+v", m)
			}
			there := bo.control.session(t, ana.did)
			if there.Access != wire.AccessFriend || there.Instance != [16]byte{0, 1} || !there.Conn.Inbound() {
				t.Errorf("the other side: %+v", there)
			}
			if f, _ := bo.state.Friend(ana.did); f.Seen.IsZero() {
				t.Error("a friend who was here was not seen")
			}
			if m := cy.meet(bo); m.Granted != wire.AccessMember || m.Card != nil || m.Access != wire.AccessMember {
				t.Errorf("member: %+v", m)
			}
		})
	}
}

// Who is refused is told why, in a sentence. (The holder's own HELLO has come by then.)
func TestHelloRefusals(t *testing.T) {
	w := newMemory()
	bo, dan := newHome(t, w, 1), newApart(t, 3)
	for name, c := range map[string]struct {
		cert func(cy *home) *keyring.Certificate
		text string
	}{
		"dated ahead":       {func(cy *home) *keyring.Certificate { return cy.issue(cy.device(), 25*time.Hour) }, "check the clocks"},
		"of another device": {func(cy *home) *keyring.Certificate { return cy.issue(bo.device(), time.Second) }, "names another device"},
		"of another person": {func(cy *home) *keyring.Certificate { return dan.issue(cy.device(), time.Second) }, "no access"},
		"of the holder":     {func(cy *home) *keyring.Certificate { return bo.issue(cy.device(), time.Second) }, "two machines"},
	} {
		t.Run(name, func(t *testing.T) {
			cy := newHome(t, w, 2)
			defer cy.network.Close()
			if _, ok := bo.state.Friend(cy.did); !ok {
				bo.give(cy.did, 1<<20)
			}
			bo.know(cy)
			cy.cert.Store(c.cert(cy))
			_, _ = cy.service.Meet(t.Context(), cy.dial(bo))
			err := cy.control.ending(t)
			remote, ok := errors.AsType[*wire.RemoteError](err)
			if !errors.Is(err, blobstore.ErrDenied) || !ok || !strings.Contains(remote.Text, c.text) {
				t.Errorf("%v", err)
			}
			if p, known := bo.service.peer(cy.device()); !known || p.DID != cy.did {
				t.Errorf("the device is known as %v", p)
			}
		})
	}
	if len(bo.control.met) > 0 {
		t.Error("somebody was met")
	}
}

// A device that a newer certificate replaced is let in nowhere, and cut where it is.
func TestRetiredDevice(t *testing.T) {
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1)
	befriend(ana, bo, 1<<20)
	s := ana.meet(bo)
	newer := ana.issue(keyring.NewDeviceKey(seed(0, 9)).Device(), time.Second)
	if _, err := bo.state.AddCertificate(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	bo.service.Recheck()
	<-s.Conn.Done()
	conn := ana.dial(bo)
	if _, err := ana.service.Meet(t.Context(), conn); err == nil {
		t.Error("a device that was replaced is met")
	}
}

// A certificate that ran out of a device that was met still reads and proves, and places nothing.
func TestExpiredDevice(t *testing.T) {
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1)
	befriend(ana, bo, 10<<20)
	h := ana.at(bo)
	sh, other := newShare(1, 5000), newShare(2, 10)
	put(t, h, ana.did, sh)
	bo.clock.move(91 * 24 * time.Hour)
	check := func(h blobstore.Holder) {
		t.Helper()
		mustHold(t, h, sh)
		mustProve(t, h, sh)
		if _, err := h.Manifests(t.Context(), sh.MID); err != nil {
			t.Errorf("MANIFEST: %v", err)
		}
		_, err := h.Put(t.Context(), []blobstore.Offer{other.Offer(ana.did)})
		if remote, ok := errors.AsType[*wire.RemoteError](err); !ok || remote.Code != wire.CodeDenied || !strings.Contains(remote.Text, "run out") {
			t.Errorf("PUT: %v", err)
		}
		if err := h.Delete(t.Context(), []blobstore.ShareName{sh.Name}); !errors.Is(err, blobstore.ErrDenied) {
			t.Errorf("DELETE: %v", err)
		}
		mustHold(t, h, sh)
	}
	check(h)
	_ = ana.network.Close()
	ana.join(w)
	s := ana.meet(bo)
	if there := bo.control.sessions(t, 2)[1]; there.Standing != keyring.Expired {
		t.Errorf("stands as %v", there.Standing)
	}
	check(client(s.Conn))
	ana.clock.move(91 * 24 * time.Hour)
	ana.certify(0)
	_ = ana.network.Close()
	ana.join(w)
	put(t, client(ana.meet(bo).Conn), ana.did, other)
}

// The Radicle key signs once for a certificate, and never for a connection or a restart.
func TestOneSignatureForACertificate(t *testing.T) {
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			w := make(t)
			ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
			befriend(ana, bo, 10<<20)
			befriend(ana, cy, 10<<20)
			for i := range 3 {
				if i > 0 {
					_ = ana.network.Close()
					ana.join(w)
				}
				put(t, ana.at(bo), ana.did, newShare(uint64(i), 1000))
				mustHold(t, cy.restore(ana, newShare(9, 10)), newShare(9, 10))
			}
			for _, h := range []*home{ana, bo, cy} {
				if n := h.signer.n.Load(); n != 1 {
					t.Errorf("%d signatures of %v", n, h.did)
				}
			}
			ana.certify(time.Second)
			ana.at(bo)
			if n := ana.signer.n.Load(); n != 2 {
				t.Errorf("%d signatures after the renewal", n)
			}
		})
	}
}

// restore puts a share of this home's at another one, if it is not there.
func (h *home) restore(at *home, sh one) *wire.Client {
	c := h.at(at)
	put(h.t, c, h.did, sh)
	return c
}

// One Radicle key on two machines is reported: at once, and when they take turns.
func TestTwins(t *testing.T) {
	w := newMemory()
	bo := newHome(t, w, 1)
	var homes []*home
	for i := range 2 {
		ana := newApart(t, 0, func(o *Options) { o.Instance = [16]byte{7, byte(i)} })
		ana.key = keyring.NewDeviceKey(seed(0, 20+i))
		ana.join(w)
		ana.know(bo)
		homes = append(homes, ana)
	}
	bo.give(homes[0].did, 1<<20)
	for i := range 3 { // each makes itself the newest in turn
		ana := homes[i%2]
		ana.certify(time.Duration(i) * time.Minute)
		conn, _, err := ana.knock(bo, &wire.KnockMember{Certificate: ana.cert.Load().Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ana.service.Meet(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		bo.control.sessions(t, i+1)
	}
	got := bo.control.noticed(t)
	if got[0].DID != homes[0].did || got[0].Instances[0] == got[0].Instances[1] {
		t.Errorf("%+v", got)
	}
}

// What a friend says of revocations takes effect before anything else is heard.
func TestRevocationOnControl(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 10<<20)
	s := ana.meet(bo)
	i := ana.introduce(cy.did)
	conn, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: i.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), &wire.Revocations{Notices: [][]byte{ana.revoke(i), {1, 2, 3}}}); err != nil {
		t.Fatal(err)
	}
	<-conn.Done()
	bo.control.await(t, wire.KindRevocations)
	if _, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: i.Bytes()}); !isCut(err) {
		t.Error(err)
	}
}

// A peer that talks and talks is heard at a pace, and does not keep others from being heard.
func TestTalkativePeer(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 1<<20)
	befriend(cy, bo, 1<<20)
	loud, quiet := ana.meet(bo), cy.meet(bo)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	for loud.Send(ctx, &wire.Pledge{Give: 1}) == nil {
	}
	if err := quiet.Send(t.Context(), &wire.Pledge{Give: 2}); err != nil {
		t.Fatal(err)
	}
	for bo.control.await(t, wire.KindPledge).(*wire.Pledge).Give != 2 {
	}
	if n := bo.control.count(); n > 100+messageRate*30 {
		t.Errorf("%d messages heard", n)
	}
}

// A member gets no key card, and a connection has one control stream.
func TestWhatAMemberHears(t *testing.T) {
	w := newMemory()
	edit, _ := withCard(t, 1)
	bo, cy := newHome(t, w, 1, edit), newHome(t, w, 2)
	bo.members.set(cy.did, true)
	bo.know(cy)
	conn := cy.dial(bo)
	heard := make(chan *wire.Hello, 1)
	say := func() error {
		s, err := conn.Open(t.Context())
		if err == nil {
			err = wire.WriteOpen(t.Context(), s, wire.ProtocolControl)
		}
		if err != nil {
			return err
		}
		mine := &wire.Hello{MinVersion: 1, MaxVersion: 1, Certificate: cy.cert.Load().Bytes()}
		return wire.NewCtl(s).Run(t.Context(), mine, func(m wire.Message) error {
			if hello, ok := m.(*wire.Hello); ok {
				heard <- hello
			}
			return nil
		})
	}
	first := make(chan error, 1)
	go func() { first <- say() }()
	if hello := <-heard; len(hello.Card) > 0 || hello.Access != wire.AccessMember {
		t.Errorf("a member hears %+v", hello)
	}
	bo.control.session(t, cy.did)
	if err := say(); !errors.Is(err, wire.ErrCancelled) {
		t.Errorf("a second control stream: %v", err)
	}
	select {
	case err := <-first:
		t.Errorf("the first has ended: %v", err)
	default:
	}
	_ = conn.Close(0)
	<-first
}
