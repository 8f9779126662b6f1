package holder

import (
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/wire"
)

// asked is what a holder answers to every operation but PUT about a share.
func asked(t testing.TB, h blobstore.Holder, sh one) map[string]string {
	t.Helper()
	ctx, names := t.Context(), []blobstore.ShareName{sh.Name}
	answer := func(v any, err error) string { return fmt.Sprintf("%v, %v", v, err) }
	blocks := 0
	got := map[string]string{
		"GET":         answer(0, h.Get(ctx, sh.Name, []blobstore.Range{{Len: 1}}, func(int, []byte) error { blocks++; return nil })),
		"GET outside": answer(0, h.Get(ctx, sh.Name, []blobstore.Range{{Off: 1 << 40, Len: 1}}, func(int, []byte) error { return nil })),
		"GET nothing": answer(0, h.Get(ctx, sh.Name, nil, func(int, []byte) error { return nil })),
		"DELETE":      answer(0, h.Delete(ctx, names)),
	}
	held, err := h.Have(ctx, names, blobstore.Nonce{})
	got["HAVE"] = answer(held, err)
	for what, ranges := range map[string][]blobstore.Range{"PROVE": {{Len: 1024}}, "PROVE no node": {{Off: 1, Len: 7}}, "PROVE nothing": nil} {
		proofs, err := h.Prove(ctx, sh.Name, ranges)
		got[what] = answer(proofs, err)
	}
	leaves, err := h.Audit(ctx, sh.Name, blobstore.Nonce{}, 5)
	got["AUDIT"] = answer(leaves, err)
	sum, err := h.Hash(ctx, sh.Name, blobstore.Nonce{})
	got["HASH"] = answer(sum, err)
	sealed, err := h.Manifests(ctx, sh.MID)
	got["MANIFEST"] = answer(sealed, err)
	got["blocks"] = fmt.Sprint(blocks)
	return got
}

// Whoever guesses a name learns nothing: for what is somebody else's all answers are those for what never was, in whatever state
// it is. This holds for a friend, for a guest of somebody else, and for a member.
func TestNothingIsLearnedByGuessing(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	dan, eve := newHome(t, w, 3), newHome(t, w, 4)
	befriend(ana, bo, 10<<20)
	befriend(cy, bo, 10<<20)
	bo.members.set(eve.did, true)
	bo.know(eve)
	held, trashed, never := newShare(1, 70_000), newShare(2, 70_000), newShare(3, 70_000)
	atBo := ana.at(bo)
	put(t, atBo, ana.did, held, trashed)
	if err := atBo.Delete(t.Context(), []blobstore.ShareName{trashed.Name}); err != nil {
		t.Fatal(err)
	}
	guest, _, err := dan.knock(bo, &wire.KnockGuest{Certificate: dan.cert.Load().Bytes(), Introduction: cy.introduce(dan.did).Bytes()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dan.service.Meet(t.Context(), guest); err != nil {
		t.Fatal(err)
	}
	for who, h := range map[string]*wire.Client{"friend": cy.at(bo), "guest": client(guest), "member": eve.at(bo)} {
		want := asked(t, h, never)
		for what, sh := range map[string]one{"held": held, "trashed": trashed} {
			if got := asked(t, h, sh); !reflect.DeepEqual(got, want) {
				t.Errorf("%s about a share that is %s: %v\nabout none: %v", who, what, got, want)
			}
		}
	}
	mustHold(t, atBo, held)
}

// A friend speaks for itself only.
func TestOwnerIsThePeer(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 10<<20)
	befriend(cy, bo, 10<<20)
	sh := newShare(1, 100)
	outcomes, err := ana.at(bo).Put(t.Context(), []blobstore.Offer{sh.Offer(cy.did), sh.Offer(ana.did)})
	if err != nil || !errors.Is(outcomes[0].Err, blobstore.ErrDenied) || outcomes[1].Err != nil {
		t.Errorf("%+v, %v", outcomes, err)
	}
	if bo.store.Charged(cy.did) != 0 || bo.store.Charged(ana.did) != sh.Charge() {
		t.Errorf("%d and %d bytes charged", bo.store.Charged(cy.did), bo.store.Charged(ana.did))
	}
}

// A guest reads and proves what its issuer has there, and does nothing else. A friend who is a guest as well does both.
func TestGuestReads(t *testing.T) {
	w := newMemory()
	ana, bo, cy, dan := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2), newHome(t, w, 3)
	befriend(ana, bo, 10<<20)
	befriend(cy, bo, 10<<20)
	sh, own := newShare(1, 200_000), newShare(2, 200_000)
	put(t, ana.at(bo), ana.did, sh)
	put(t, cy.at(bo), cy.did, own)
	ranges := []blobstore.Range{{Len: 1 << 16}}
	for _, h := range []*home{cy, dan} {
		conn, access, err := h.knock(bo, &wire.KnockGuest{Certificate: h.cert.Load().Bytes(), Introduction: ana.introduce(h.did).Bytes()})
		if err != nil || access&wire.AccessGuest == 0 {
			t.Fatalf("%v, %v", access, err)
		}
		if _, err := h.service.Meet(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		c := client(conn)
		mustHold(t, c, sh)
		held, err := c.Have(t.Context(), []blobstore.ShareName{own.Name, sh.Name, newShare(3, 1).Name}, blobstore.Nonce{9})
		if err != nil || held[1].Len != sh.Len() || held[2].Len != 0 || (held[0].Len != 0) != (h == cy) {
			t.Errorf("HAVE: %v", err)
		}
		if _, err := c.Prove(t.Context(), sh.Name, ranges); err != nil {
			t.Errorf("PROVE: %v", err)
		}
		want := blobstore.ErrDenied
		if h == cy {
			mustHold(t, c, own)
			mustProve(t, c, own)
			want = fs.ErrNotExist
		}
		if _, err := c.Audit(t.Context(), sh.Name, blobstore.Nonce{}, 1); !errors.Is(err, want) {
			t.Errorf("AUDIT: %v", err)
		}
		if _, err := c.Hash(t.Context(), sh.Name, blobstore.Nonce{}); !errors.Is(err, want) {
			t.Errorf("HASH: %v", err)
		}
		if _, err := c.Manifests(t.Context(), sh.MID); !errors.Is(err, want) {
			t.Errorf("MANIFEST: %v", err)
		}
	}
	c := client(dan.dial(bo))
	if _, err := c.Put(t.Context(), []blobstore.Offer{newShare(4, 10).Offer(dan.did)}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("PUT: %v", err)
	}
	if err := c.Delete(t.Context(), []blobstore.ShareName{sh.Name}); !errors.Is(err, blobstore.ErrDenied) {
		t.Errorf("DELETE: %v", err)
	}
	mustHold(t, ana.at(bo), sh)
}

// The further DIDs of the person whose machine it is read each other's shares, and end only their own leases.
func TestFurtherDIDs(t *testing.T) {
	w := newMemory()
	bo, laptop, phone := newHome(t, w, 1), newHome(t, w, 5), newHome(t, w, 6)
	for _, h := range []*home{laptop, phone} {
		if err := bo.state.AddMine(t.Context(), h.did); err != nil {
			t.Fatal(err)
		}
		bo.know(h)
		h.know(bo)
	}
	a, b, sh := laptop.at(bo), phone.at(bo), newShare(1, 100_000)
	put(t, a, laptop.did, sh)
	mustHold(t, b, sh)
	mustProve(t, b, sh)
	if _, err := b.Manifests(t.Context(), sh.MID); err != nil {
		t.Error(err)
	}
	if err := b.Delete(t.Context(), []blobstore.ShareName{sh.Name}); err != nil {
		t.Error(err)
	}
	mustHold(t, a, sh)
}

// Two own one share: who leaves takes nothing from the other. When both have left it is in the trash, and comes back without being
// sent; after a week it is gone.
func TestOwnersAndTrash(t *testing.T) {
	w := newMemory()
	ana, bo, cy := newHome(t, w, 0), newHome(t, w, 1), newHome(t, w, 2)
	befriend(ana, bo, 10<<20)
	befriend(cy, bo, 10<<20)
	a, c, sh := ana.at(bo), cy.at(bo), newShare(1, 200_000)
	put(t, a, ana.did, sh)
	names := []blobstore.ShareName{sh.Name}
	again := func(h *wire.Client, owner *home, had bool) {
		t.Helper()
		outcomes, err := h.Put(t.Context(), []blobstore.Offer{sh.Offer(owner.did)})
		if err != nil || outcomes[0].Err != nil || outcomes[0].Had != had {
			t.Errorf("put again: %+v, %v", outcomes, err)
		}
	}
	again(c, cy, true)
	if x, y := bo.store.Charged(ana.did), bo.store.Charged(cy.did); x != sh.Charge() || y != sh.Charge() {
		t.Errorf("%d and %d bytes charged for %d", x, y, sh.Charge())
	}
	if err := a.Delete(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	mustHold(t, c, sh)
	if err := fetch(t, a, sh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after leaving: %v", err)
	}
	if err := c.Delete(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	if err := fetch(t, c, sh); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in the trash: %v", err)
	}
	again(a, ana, true)
	mustHold(t, a, sh)
	if err := a.Delete(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	bo.clock.move(8 * 24 * 3600e9)
	if n, err := bo.store.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d: %v", n, err)
	}
	if n := bo.store.Charged(ana.did); n != 0 {
		t.Errorf("%d bytes charged for nothing", n)
	}
	again(a, ana, false)
	mustProve(t, a, sh)
}
