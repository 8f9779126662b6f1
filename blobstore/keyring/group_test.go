package keyring_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

func object() (keyring.Object, blobstore.ContentKey) {
	o := keyring.Object{OID: blobstore.OID{1, 2, 3}, Size: 12345, Gen: 1, Salt: keyring.Salt{}.ID()}
	return o, blobstore.NewContentKey(seed(0x77))
}

func TestWrap(t *testing.T) {
	k := newKey(t, keyring.Members, 0)
	o, ck := object()
	w := must[keyring.Wrap](t)(k.Wrap(o, ck))
	if len(w) != 60 {
		t.Errorf("%d bytes", len(w))
	}
	if got := must[blobstore.ContentKey](t)(k.Unwrap(o, w)); !got.Equal(ck) {
		t.Error("another content key")
	}
	if again := must[keyring.Wrap](t)(k.Wrap(o, ck)); again == w || bytes.Equal(again[:12], w[:12]) {
		t.Error("the nonce is not random")
	}
}

// TestWrapIsTheSpecifiedOne unwraps by hand, with a group key that went through an envelope that is opened by hand too: by an
// opener that shows what it got.
func TestWrapIsTheSpecifiedOne(t *testing.T) {
	k := newKey(t, keyring.Members, 7)
	o, ck := object()
	w := must[keyring.Wrap](t)(k.Wrap(o, ck))
	gk := openPlain(t, bo(), k.Epoch(), must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: bo().NID().DID()})).Bytes())

	place := placeOf(k.Epoch())
	info := append(bytes.Clone(place), o.OID[:]...)
	info = binary.BigEndian.AppendUint64(info, uint64(o.Size))
	info = append(binary.BigEndian.AppendUint32(info, o.Gen), o.Salt[:]...)
	block := must[cipher.Block](t)(aes.NewCipher(hkdfPlain(gk, "radswarm/wrap/v1", string(info), 32)))
	gcm := must[cipher.AEAD](t)(cipher.NewGCM(block))
	plain, err := gcm.Open(nil, w[:12], w[12:], nil)
	if want := ck.Bytes(); err != nil || !bytes.Equal(plain, want[:]) {
		t.Errorf("%v", err)
	}
	id := hkdfPlain(gk, "radswarm/epoch/v1", "\x01"+string(place), 16)
	if got := k.ID(); !bytes.Equal(got[:], id) {
		t.Errorf("key id %v, want %x", got, id)
	}
}

// placeOf is RID ‖ writer ‖ epoch.
func placeOf(e keyring.Epoch) []byte {
	oid := e.RID.Oid()
	b := append([]byte{byte(oid.Len())}, oid.Bytes()...)
	return binary.BigEndian.AppendUint32(append(b, e.Writer[:]...), e.Number)
}

func TestWrapIsBoundToItsObject(t *testing.T) {
	k := newKey(t, keyring.Members, 0)
	o, ck := object()
	w := must[keyring.Wrap](t)(k.Wrap(o, ck))
	for name, other := range map[string]keyring.Object{
		"oid":  {OID: blobstore.OID{9}, Size: o.Size, Gen: o.Gen, Salt: o.Salt},
		"size": {OID: o.OID, Size: o.Size + 1, Gen: o.Gen, Salt: o.Salt},
		"gen":  {OID: o.OID, Size: o.Size, Gen: o.Gen + 1, Salt: o.Salt},
		"salt": {OID: o.OID, Size: o.Size, Gen: o.Gen, Salt: keyring.SaltID{1}},
	} {
		_, err := k.Unwrap(other, w)
		if class(err) != "sealed" {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for bit := range 8 * keyring.WrapLen {
		changed := w
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := k.Unwrap(o, changed); class(err) != "sealed" {
			t.Errorf("bit %d flipped: %v", bit, err)
		}
	}
	if _, err := newKey(t, keyring.Members, 0).Unwrap(o, w); class(err) != "sealed" {
		t.Errorf("another key: %v", err)
	}
	for _, size := range []int64{-1, blobstore.MaxSize + 1} {
		o.Size = size
		_, err := k.Wrap(o, ck)
		wantClass(t, err, "bounds")
		_, err = k.Unwrap(o, w)
		wantClass(t, err, "bounds")
	}
}

// tree is what the writer keeps: its group, and every epoch with its envelopes.
type tree struct {
	t      *testing.T
	group  keyring.Group
	ring   *keyring.Keyring
	writer keyring.Recipient
	files  map[string]keyring.Envelope // number, key id and recipient, as a record would name a file
	ids    map[uint32][]keyring.KeyID
}

func newTree(t *testing.T, kind keyring.GroupKind) *tree {
	k, writer := withCard(t, ana())
	return &tree{
		t: t, ring: k, writer: writer, group: keyring.Group{Kind: kind, RID: rid(t), Writer: k.DID()},
		files: make(map[string]keyring.Envelope), ids: make(map[uint32][]keyring.KeyID),
	}
}

func fileName(number uint32, id keyring.KeyID, did radicle.DID) string {
	return fmt.Sprintf("%d/%v/%v", number, id, did)
}

// kept reads the tree as the writer does, from nothing but files and its keyring.
func (tr *tree) kept(people ...keyring.Recipient) (kept []keyring.Kept, next int64) {
	for _, number := range slices.Sorted(maps.Keys(tr.ids)) {
		next = max(next, int64(number)+1)
		for _, id := range tr.ids[number] {
			k := keyring.Kept{Number: number, Sealed: make(map[radicle.DID]keyring.Envelope)}
			for _, p := range append(people, tr.writer) {
				if e, ok := tr.files[fileName(number, id, p.DID)]; ok {
					k.Sealed[p.DID] = e
				}
			}
			at := keyring.Epoch{Group: tr.group, Number: number}
			if key, err := tr.ring.Open(at, k.Sealed[tr.writer.DID]); err == nil && key.ID() == id {
				k.Key = key
			}
			kept = append(kept, k)
		}
	}
	return kept, next
}

// plan plans for these readers, in a world where all of people have ever been readers, and commits.
func (tr *tree) plan(people []keyring.Recipient, readers ...keyring.Recipient) keyring.Plan {
	tr.t.Helper()
	kept, next := tr.kept(people...)
	p := must[keyring.Plan](tr.t)(tr.group.Plan(kept, next, tr.writer, readers))
	tr.commit(p)
	return p
}

func (tr *tree) commit(p keyring.Plan) {
	for _, s := range p.Sealings {
		if !slices.Contains(tr.ids[s.Number], s.ID) {
			tr.ids[s.Number] = append(tr.ids[s.Number], s.ID)
		}
		tr.files[fileName(s.Number, s.ID, s.Recipient)] = s.Envelope
	}
}

// reads says which epochs somebody opens.
func (tr *tree) reads(k *keyring.Keyring) (numbers []uint32) {
	for _, number := range slices.Sorted(maps.Keys(tr.ids)) {
		for _, id := range tr.ids[number] {
			e := tr.files[fileName(number, id, k.DID())]
			if key, err := k.Open(keyring.Epoch{Group: tr.group, Number: number}, e); err == nil && key.ID() == id {
				numbers = append(numbers, number)
			}
		}
	}
	return numbers
}

func (tr *tree) wantReads(k *keyring.Keyring, want ...uint32) {
	tr.t.Helper()
	if got := tr.reads(k); !slices.Equal(got, want) {
		tr.t.Errorf("%v opens epochs %v, want %v", k.DID(), got, want)
	}
}

func wantPlan(t *testing.T, p keyring.Plan, started bool, number uint32, sealings int) {
	t.Helper()
	if p.Started != started || p.Key.Epoch().Number != number || len(p.Sealings) != sealings {
		t.Errorf("started %v, epoch %d, %d envelopes; want %v, %d, %d",
			p.Started, p.Key.Epoch().Number, len(p.Sealings), started, number, sealings)
	}
}

func TestAGroupThroughItsLife(t *testing.T) {
	tr := newTree(t, keyring.Members)
	bos, b := withCard(t, bo())
	cys, c := withCard(t, cy())
	all := []keyring.Recipient{b, c}
	object, ck := object()

	wantPlan(t, tr.plan(all), true, 0, 1) // alone: the writer's own card
	wantPlan(t, tr.plan(all), false, 0, 0)
	wantPlan(t, tr.plan(all, b), false, 0, 1) // a member added reads everything old
	wantPlan(t, tr.plan(all, b, c, tr.writer, b), false, 0, 1)
	tr.wantReads(bos, 0)
	tr.wantReads(cys, 0)

	p := tr.plan(all, c) // Bo removed
	wantPlan(t, p, true, 1, 2)
	tr.wantReads(bos, 0)
	tr.wantReads(cys, 0, 1)
	w := must[keyring.Wrap](t)(p.Key.Wrap(object, ck))
	old := must[keyring.GroupKey](t)(bos.Open(keyring.Epoch{Group: tr.group}, tr.files[fileName(0, tr.ids[0][0], b.DID)]))
	if _, err := old.Unwrap(object, w); class(err) != "sealed" {
		t.Errorf("Bo opens what came after: %v", err)
	}

	wantPlan(t, tr.plan(all, c, b), false, 1, 1) // and back: the epoch he missed
	tr.wantReads(bos, 0, 1)
	tr.wantReads(tr.ring, 0, 1)
}

func TestAForkKeepsBothAndStartsTheNext(t *testing.T) {
	tr := newTree(t, keyring.Mine)
	bos, b := withCard(t, bo())
	all := []keyring.Recipient{b}
	for range 2 { // two machines, neither knows of the other
		tr.commit(must[keyring.Plan](t)(tr.group.Plan(nil, 0, tr.writer, nil)))
	}
	if len(tr.ids[0]) != 2 {
		t.Fatalf("%d epochs of number 0", len(tr.ids[0]))
	}
	wantPlan(t, tr.plan(all, b), true, 1, 4)
	tr.wantReads(bos, 0, 0, 1)
	wantPlan(t, tr.plan(all, b), false, 1, 0) // settled
	tr.wantReads(tr.ring, 0, 0, 1)
}

func TestSealedAgainWhenACardAppears(t *testing.T) {
	tr := newTree(t, keyring.Members)
	_, b := withCard(t, bo())
	bare := keyring.Recipient{DID: b.DID}
	agent := unlock(t, agentOnly{bo()})
	all := []keyring.Recipient{b}
	tr.plan(all, bare)
	tr.wantReads(agent)
	wantPlan(t, tr.plan(all, bare), false, 0, 0)
	wantPlan(t, tr.plan(all, b), false, 0, 1)
	tr.wantReads(agent, 0)
	wantPlan(t, tr.plan(all, bare), false, 0, 0) // a card that is not at hand does not make it worse
	wantPlan(t, tr.plan(all, b, bare), false, 0, 0)
}

func TestARotatedCardStartsTheNext(t *testing.T) {
	tr := newTree(t, keyring.Members)
	bos, b := withCard(t, bo())
	all := []keyring.Recipient{b}
	tr.plan(all, b)
	rotated := must[*keyring.Keyring](t)(bos.Rotate(t.Context(), bo()))
	b.Card = cardOf(t, bo(), rotated, b.Card.Seq())
	wantPlan(t, tr.plan(all, b), true, 1, 2)
	tr.wantReads(bos, 0)        // who stole the old secret
	tr.wantReads(rotated, 0, 1) // who has the card's
	wantPlan(t, tr.plan(all, b), false, 1, 0)
}

// TestTheNewestCardCounts names Bo with every card he ever had.
func TestTheNewestCardCounts(t *testing.T) {
	tr := newTree(t, keyring.Members)
	bos, old := withCard(t, bo())
	rotated := must[*keyring.Keyring](t)(bos.Rotate(t.Context(), bo()))
	renewed := keyring.Recipient{DID: old.DID, Card: cardOf(t, bo(), rotated, old.Card.Seq())}
	for _, order := range [][]keyring.Recipient{{old, renewed, {DID: old.DID}}, {renewed, {DID: old.DID}, old}} {
		for _, s := range must[keyring.Plan](t)(tr.group.Plan(nil, 0, tr.writer, order)).Sealings {
			if s.Recipient == old.DID && s.Envelope.Salt() != rotated.Current() {
				t.Errorf("sealed to salt %v, want %v", s.Envelope.Salt(), rotated.Current())
			}
		}
	}
	public := derivedFrom(t, seed(0xfe), make([]byte, 32)).public
	numberless := parseCard(t, cardBytes(bo(), 0, []keyring.Salt{{}}, 0x647a, public))
	first := []keyring.Recipient{{DID: old.DID}, {DID: old.DID, Card: numberless}}
	for _, s := range must[keyring.Plan](t)(tr.group.Plan(nil, 0, tr.writer, first)).Sealings {
		if s.Envelope.KEM() != keyring.KEMHybrid {
			t.Errorf("%v is sealed to without the card", s.Recipient)
		}
	}
}

func TestAnEpochTheWriterCannotOpen(t *testing.T) {
	tr := newTree(t, keyring.Members)
	_, b := withCard(t, bo())
	all := []keyring.Recipient{b}
	tr.plan(all)
	delete(tr.files, fileName(0, tr.ids[0][0], tr.writer.DID))
	wantPlan(t, tr.plan(all, b), true, 1, 2) // its number stays taken, and Bo cannot have it
}

func TestReadersWhoCannotBeSealedTo(t *testing.T) {
	tr := newTree(t, keyring.Members)
	_, b := withCard(t, bo())
	newKind := parseCard(t, cardBytes(cy(), 1, []keyring.Salt{{}}, 0x0050, []byte{1}))
	c := keyring.Recipient{DID: cy().NID().DID(), Card: newKind}
	weak := keyring.Recipient{DID: weakKeys()["low-order"]}
	for range 2 { // the second time nothing is new
		p := tr.plan([]keyring.Recipient{b, c}, weak, b, c)
		got := map[string]string{}
		for _, s := range p.Skipped {
			got[s.DID.String()] = class(&s)
		}
		if want := map[string]string{weak.DID.String(): "key", c.DID.String(): "kem"}; !maps.Equal(got, want) {
			t.Errorf("skipped %v", got)
		}
		if p.Key.Epoch().Number != 0 {
			t.Errorf("epoch %d", p.Key.Epoch().Number)
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	tr := newTree(t, keyring.Members)
	tr.plan(nil)
	kept, _ := tr.kept()
	_, b := withCard(t, bo())
	plan := func(g keyring.Group, kept []keyring.Kept, next int64, writer keyring.Recipient) string {
		_, err := g.Plan(kept, next, writer, nil)
		return class(err)
	}
	otherKind := tr.group
	otherKind.Kind = keyring.Named
	bosCard := keyring.Recipient{DID: tr.writer.DID, Card: b.Card}
	for name, got := range map[string][2]string{
		"a number that is taken":    {plan(tr.group, kept, 0, tr.writer), "bounds"},
		"numbers used up":           {plan(tr.group, nil, math.MaxUint32+1, tr.writer), "bounds"},
		"used up, but none needed":  {plan(tr.group, kept, math.MaxUint32+1, tr.writer), "ok"},
		"the last number":           {plan(tr.group, nil, math.MaxUint32, tr.writer), "ok"},
		"another writer":            {plan(tr.group, kept, 1, b), "mismatch"},
		"a writer without a card":   {plan(tr.group, kept, 1, keyring.Recipient{DID: tr.writer.DID}), "mismatch"},
		"a writer with Bo's card":   {plan(tr.group, nil, 0, bosCard), "mismatch"},
		"an epoch of another group": {plan(otherKind, kept, 1, tr.writer), "mismatch"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: class %q, want %q", name, got[0], got[1])
		}
	}
}

// TestKindsShareNumbers starts an epoch of another group after one that exists.
func TestKindsShareNumbers(t *testing.T) {
	tr := newTree(t, keyring.Members)
	tr.plan(nil)
	named := tr.group
	named.Kind = keyring.Named
	_, b := withCard(t, bo())
	wantPlan(t, must[keyring.Plan](t)(named.Plan(nil, 1, tr.writer, []keyring.Recipient{b})), true, 1, 2)
}
