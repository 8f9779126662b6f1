package holder

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// knock opens a connection and knocks.
func (h *home) knock(other *home, m wire.Message) (net.Conn, wire.Access, error) {
	h.t.Helper()
	conn := h.dial(other)
	s, err := conn.Open(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	access, err := wire.Knock(h.t.Context(), s, m)
	if err != nil {
		<-conn.Done()
	}
	return conn, access, err
}

// isCut reports whether an error is what somebody gets who is cut without an answer.
func isCut(err error) bool {
	return errors.Is(err, blobstore.ErrDenied) || errors.Is(err, wire.ErrCancelled) || errors.Is(err, net.ErrCut)
}

// introduce makes an introduction by an owner.
func (h *home) introduce(guest radicle.DID, edit ...func(*friend.IntroductionRequest)) *friend.Introduction {
	h.t.Helper()
	r := friend.IntroductionRequest{Guest: guest, Now: h.clock.now()}
	for _, f := range edit {
		f(&r)
	}
	i, err := friend.NewIntroduction(h.key, h.cert.Load(), r)
	if err != nil {
		h.t.Fatal(err)
	}
	return i
}

func TestKnockOfAMember(t *testing.T) {
	w := newMemory()
	bo, cy := newHome(t, w, 1), newHome(t, w, 2)
	m := &wire.KnockMember{Certificate: cy.cert.Load().Bytes()}
	if _, _, err := cy.knock(bo, m); !isCut(err) {
		t.Fatalf("nobody: %v", err)
	}
	bo.members.set(cy.did, true)
	conn, access, err := cy.knock(bo, m)
	if err != nil || access != wire.AccessMember {
		t.Fatalf("%v, %v", access, err)
	}
	if s, err := cy.service.Meet(t.Context(), conn); err != nil || s.Granted != wire.AccessMember || s.DID != bo.did {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := client(conn).Have(t.Context(), make([]blobstore.ShareName, 1), blobstore.Nonce{}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("HAVE of a member: %v", err)
	}
}

// A friend whose device is new comes in as a member does, and the old device is cut.
func TestFriendWithANewDevice(t *testing.T) {
	w := newMemory()
	ana, bo := newHome(t, w, 0), newHome(t, w, 1)
	befriend(ana, bo, 10<<20)
	old := ana.meet(bo)
	other := newApart(t, 0)
	other.key = keyring.NewDeviceKey(seed(0, 9))
	other.certify(time.Second)
	other.join(w)
	other.know(bo)
	if _, access, err := other.knock(bo, &wire.KnockMember{Certificate: other.cert.Load().Bytes()}); err != nil || access != wire.AccessFriend {
		t.Fatalf("%v, %v", access, err)
	}
	<-old.Conn.Done()
	if conn, access, err := ana.knock(bo, &wire.KnockMember{Certificate: ana.cert.Load().Bytes()}); !isCut(err) {
		t.Errorf("the old device is let in by %v with %v: %v", conn.Device(), access, err)
	}
	if got := bo.control.noticed(t); got[0].DID != ana.did {
		t.Errorf("the old one goes on, and bo is told of %+v", got)
	}
}

func TestKnockOfAGuest(t *testing.T) {
	w := newMemory()
	ana, bo, cy, dan := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2), newHome(t, w, 3)
	befriend(ana, bo, 10<<20)
	sh := blobtest.NewShare(1, 100_000)
	blobtest.MustPut(t, ana.at(bo), ana.did, sh)
	guest := func(h *home, i *friend.Introduction) (net.Conn, wire.Access, error) {
		return h.knock(bo, &wire.KnockGuest{Certificate: h.cert.Load().Bytes(), Introduction: i.Bytes()})
	}
	short := ana.introduce(cy.did, func(r *friend.IntroductionRequest) { r.Life = time.Second })
	revoked := ana.introduce(cy.did)
	notice, err := friend.RevokeOne(ana.key, ana.cert.Load(), revoked, ana.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if err := bo.state.AddRevocation(t.Context(), notice); err != nil {
		t.Fatal(err)
	}
	bo.clock.move(time.Minute)
	for name, i := range map[string]*friend.Introduction{
		"of another guest":  ana.introduce(dan.did),
		"by no friend":      dan.introduce(cy.did),
		"that has run out":  short,
		"that was revoked":  revoked,
		"of days to come":   ana.introduce(cy.did, func(r *friend.IntroductionRequest) { r.Now = r.Now.Add(48 * time.Hour) }),
		"by the one itself": cy.introduce(dan.did),
	} {
		if _, _, err := guest(cy, i); !isCut(err) {
			t.Errorf("introduction %s: %v", name, err)
		}
	}
	conn, access, err := guest(cy, ana.introduce(cy.did))
	if err != nil || access != wire.AccessGuest {
		t.Fatalf("%v, %v", access, err)
	}
	s, err := cy.service.Meet(t.Context(), conn)
	if err != nil || s.Granted != wire.AccessGuest || s.Card != nil {
		t.Fatalf("%+v, %v", s, err)
	}
	mustHold(t, client(conn), sh)
}

func TestKnockWithAnInvitation(t *testing.T) {
	w := newMemory()
	bo, cy, dan := newHome(t, w, 1), newHome(t, w, 2), newHome(t, w, 3)
	secret, _, err := bo.state.Invite(t.Context(), 5<<20, "cy", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	record, err := friend.NewAddressRecord(cy.key, cy.cert.Load(), friend.AddressRequest{Addresses: []string{"192.0.2.1:8777"}, Now: cy.clock.now()})
	if err != nil {
		t.Fatal(err)
	}
	accept := func(h *home, secret []byte) (wire.Access, error) {
		_, access, err := h.knock(bo, &wire.KnockInvitation{
			Certificate: h.cert.Load().Bytes(), Secret: secret, Give: 7 << 20, Records: [][]byte{record.Bytes()},
		})
		return access, err
	}
	if _, err := accept(dan, bytes.Repeat([]byte{1}, 16)); !isCut(err) {
		t.Errorf("guessed: %v", err)
	}
	for range 2 { // the answer may have been lost
		if access, err := accept(cy, secret.Bytes()); err != nil || access != wire.AccessFriend {
			t.Fatalf("%v, %v", access, err)
		}
	}
	if _, err := accept(dan, secret.Bytes()); !isCut(err) {
		t.Errorf("a second one: %v", err)
	}
	f, ok := bo.state.Friend(cy.did)
	if !ok || f.Give != 5<<20 || f.Given.Give != 7<<20 || f.Name != "cy" {
		t.Errorf("%+v, %v", f, ok)
	}
	if _, ok := bo.state.Friend(dan.did); ok {
		t.Error("two accepted one invitation")
	}
	for _, c := range []struct{ says, called string }{{"dan", "dan"}, {"cy", ""}, {"no name", ""}} { // cy is another friend's
		if err := bo.state.RemoveFriend(t.Context(), dan.did); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		secret, _, err := bo.state.Invite(t.Context(), 5<<20, "", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = dan.knock(bo, &wire.KnockInvitation{Certificate: dan.cert.Load().Bytes(), Secret: secret.Bytes(), Name: c.says})
		if f, ok := bo.state.Friend(dan.did); err != nil || !ok || f.Name != c.called {
			t.Errorf("calls itself %q, is called %q: %v", c.says, f.Name, err)
		}
	}
	if r, err := bo.state.Address(t.Context(), cy.did); err != nil || r == nil || len(r.Addresses()) != 1 {
		t.Errorf("address record: %v, %v", r, err)
	}
}

// A certificate opens no door on another device, or out of its time.
func TestKnockWithAFalseCertificate(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	bo.give(ana.did, 1<<20)
	bo.members.set(ana.did, true)
	bent := ana.cert.Load().Bytes()
	bent[100] ^= 1
	for name, cert := range map[string][]byte{
		"of somebody else": ana.cert.Load().Bytes(),
		"bent":             bent,
		"empty but for 1":  {1},
		"of next week":     ana.issue(cy.device(), 7*24*time.Hour).Bytes(),
		"of last year":     ana.issue(cy.device(), -365*24*time.Hour).Bytes(),
		"of the holder":    bo.issue(cy.device(), 0).Bytes(),
	} {
		if _, _, err := cy.knock(bo, &wire.KnockMember{Certificate: cert}); !isCut(err) {
			t.Errorf("certificate %s: %v", name, err)
		}
	}
	if got := bo.control.reported(); len(got) != 1 || got[0].DID != bo.did {
		t.Errorf("key of the holder on another device: %+v", got)
	}
	if _, ok := bo.state.Certificate(ana.did); ok {
		t.Error("a certificate that opened nothing is remembered")
	}
}

// Somebody unknown gets the knock and nothing else: whatever it says, there is no byte for it.
func TestUnknownPeerIsCut(t *testing.T) {
	for name, make := range worlds() {
		t.Run(name, func(t *testing.T) {
			w := make(t)
			bo, cy := newHome(t, w, 1), newHome(t, w, 2)
			open := func(protocol string) []byte { return wire.AppendFrame(nil, &wire.Open{Protocol: protocol}) }
			for said, b := range map[string][]byte{
				"ctl/1": append(open("ctl/1"), wire.AppendFrame(nil, &wire.Hello{MinVersion: 1, MaxVersion: 1, Certificate: cy.cert.Load().Bytes()})...),
				"blk/1": open("blk/1"), "git/1": open("git/1"), "another": open("x"), "HELLO": wire.AppendFrame(nil, &wire.Hello{}),
				"WELCOME": wire.AppendFrame(nil, &wire.Welcome{Access: 7}), "no frame": []byte(strings.Repeat("x", 100)), "the end": nil,
			} {
				conn := cy.dial(bo)
				s, err := conn.Open(t.Context())
				if err == nil {
					_, err = s.Write(b)
				}
				if err == nil && b == nil {
					err = s.CloseWrite()
				}
				if err != nil {
					t.Fatalf("%s: %v", said, err)
				}
				if got, err := io.ReadAll(s); len(got) > 0 {
					t.Errorf("%s: answered with %x, %v", said, got, err)
				}
				<-conn.Done()
			}
			if len(bo.control.met) > 0 {
				t.Error("somebody was met")
			}
		})
	}
}

// Open shares are read by anybody who can name them, unless the holder does not want that.
func TestReadOfAnOpenShare(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 10<<20)
	open, closed := blobtest.NewShare(1, 200_000), blobtest.NewShare(2, 1000)
	offer := open.Offer(ana.did)
	offer.Open = true
	h := ana.at(bo)
	if outcomes, err := h.Put(t.Context(), []blobstore.Offer{offer, closed.Offer(ana.did)}); err != nil || outcomes[0].Err != nil {
		t.Fatal(outcomes, err)
	}
	read := func(sh blobtest.Share) error {
		s, err := cy.dial(bo).Open(t.Context())
		if err != nil {
			return err
		}
		ranges := sh.Ranges(blobstore.MaxChunk)
		return wire.KnockForBlocks(t.Context(), s, &wire.KnockRead{Name: sh.Name, Ranges: ranges}, func(i int, b []byte) error {
			if !bytes.Equal(b, sh.At(ranges[i])) {
				return errors.New("other bytes")
			}
			return nil
		})
	}
	for _, p := range []Public{PublicYes, PublicNamed} {
		bo.service.SetPublic(p)
		if err := read(open); err != nil {
			t.Errorf("open, %v: %v", p, err)
		}
		closedErr, absentErr := read(closed), read(blobtest.NewShare(3, 1000))
		if !errors.Is(closedErr, absentErr) || closedErr == nil {
			t.Errorf("%v: of what is not open: %v; of nothing: %v", p, closedErr, absentErr)
		}
	}
	bo.service.SetPublic(PublicNo)
	if err := read(open); !isCut(err) {
		t.Errorf("the holder keeps none for strangers: %v", err)
	}
	more := blobtest.NewShare(4, 1000).Offer(ana.did)
	more.Open = true
	if outcomes, err := h.Put(t.Context(), []blobstore.Offer{more, blobtest.NewShare(5, 10).Offer(ana.did)}); err != nil ||
		!errors.Is(outcomes[0].Err, blobstore.ErrDenied) || outcomes[1].Err != nil {
		t.Errorf("open offer: %+v, %v", outcomes, err)
	}
}

// places is a Where.
type places struct{ records [][]byte }

func (p places) Holders(context.Context, radicle.RID, blobstore.OID) ([][]byte, error) {
	return p.records, nil
}

func TestWhere(t *testing.T) {
	w := newMemory()
	records := [][]byte{{1}, {2, 3}}
	bo := newHome(t, w, 1, func(o *Options) { o.Where = places{records} })
	cy := newHome(t, w, 2)
	s, err := cy.dial(bo).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id, _ := radicle.OidFromBytes(make([]byte, 20))
	got, err := wire.KnockForHolders(t.Context(), s, &wire.KnockWhere{RID: radicle.NewRID(id)})
	if err != nil || len(got) != 2 || !bytes.Equal(got[1], records[1]) {
		t.Errorf("%x, %v", got, err)
	}
}

func TestIssuersAreThoseWhoseIntroductionHolds(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 1<<20)
	i := ana.introduce(cy.did)
	conn, _, err := cy.knock(bo, &wire.KnockGuest{Certificate: cy.cert.Load().Bytes(), Introduction: i.Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	p := Peer{DID: cy.did, Device: cy.device()}
	if got := bo.service.Issuers(p); len(got) != 1 || got[0] != ana.did {
		t.Errorf("%v", got)
	}
	if got := bo.service.Issuers(Peer{DID: ana.did, Device: ana.device()}); len(got) != 0 {
		t.Errorf("of somebody else: %v", got)
	}
	bo.clock.move(friend.MaxIntroductionLife)
	if got := bo.service.Issuers(p); len(got) != 0 {
		t.Errorf("when it has run out: %v", got)
	}
	_ = conn.Close(0)
}
