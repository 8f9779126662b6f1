package keyring_test

import (
	"slices"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// TestAHomeRebuiltFromTheKeyAlone loses everything but the Radicle key. The cards come from the repositories.
func TestAHomeRebuiltFromTheKeyAlone(t *testing.T) {
	s := ana()
	group := keyring.Group{Kind: keyring.Members, RID: rid(t), Writer: bo().NID().DID()}

	// Before: a card, a rotation, a second card; an envelope to the bare DID and to each card.
	first := unlock(t, s)
	firstCard := cardOf(t, s, first, 0)
	second := must[*keyring.Keyring](t)(first.Rotate(t.Context(), s))
	secondCard := cardOf(t, s, second, firstCard.Seq())
	var keys []keyring.GroupKey
	var envelopes [][]byte
	for i, card := range []*keyring.Card{nil, firstCard, secondCard} {
		k := must[keyring.GroupKey](t)(keyring.NewGroupKey(keyring.Epoch{Group: group, Number: uint32(i)}))
		e := must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: second.DID(), Card: card}))
		keys, envelopes = append(keys, k), append(envelopes, e.Bytes())
	}
	object := blobstore.Params{OID: blobstore.OID{1}, Size: 5, Pad: blobstore.PadPadme}

	// After: the tree gives the newest card, or both in any order.
	newest := must[*keyring.Card](t)(keyring.ParseCard(secondCard.Bytes()))
	oldest := must[*keyring.Card](t)(keyring.ParseCard(firstCard.Bytes()))
	for _, cards := range [][]*keyring.Card{{newest}, {oldest, newest}, {newest, oldest}} {
		again := unlock(t, radicle.NewMemorySigner(seed(0xff)), cards...)
		if !slices.Equal(again.Salts(), second.Salts()) || again.Current() != second.Current() {
			t.Fatalf("salts %v, were %v", again.Salts(), second.Salts())
		}
		for _, salt := range second.Salts() {
			before := must[blobstore.DomainSecret](t)(second.Domain(salt.ID()))
			after := must[blobstore.DomainSecret](t)(again.Domain(salt.ID()))
			if before.Bytes() != after.Bytes() {
				t.Errorf("another domain secret under salt %v", salt.ID())
			}
			a := must[blobstore.ContentKey](t)(before.ContentKey(object))
			if !a.Equal(must[blobstore.ContentKey](t)(after.ContentKey(object))) {
				t.Error("another content key")
			}
		}
		for i, raw := range envelopes {
			e := must[keyring.Envelope](t)(keyring.ParseEnvelope(raw))
			k, err := again.Open(keys[i].Epoch(), e)
			if err != nil || k.ID() != keys[i].ID() {
				t.Errorf("envelope %d: %v", i, err)
			}
		}
	}
}

// TestWithoutTheNewCardTheOldSecretsRemain is a home rebuilt where the tree has only the first card.
func TestWithoutTheNewCardTheOldSecretsRemain(t *testing.T) {
	s := ana()
	rotated := must[*keyring.Keyring](t)(unlock(t, s).Rotate(t.Context(), s))
	e := keyring.Epoch{Group: keyring.Group{Kind: keyring.Members, RID: rid(t), Writer: bo().NID().DID()}}
	k := must[keyring.GroupKey](t)(keyring.NewGroupKey(e))
	sealed := must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: rotated.DID(), Card: cardOf(t, s, rotated, 0)}))
	_, err := unlock(t, s).Open(e, sealed)
	wantClass(t, err, "salt")
}

// TestARotatedKeyringOpensTheBareDID still has the key file.
func TestARotatedKeyringOpensTheBareDID(t *testing.T) {
	s := ana()
	rotated := must[*keyring.Keyring](t)(unlock(t, s).Rotate(t.Context(), s))
	k := newKey(t, keyring.Members, 0)
	e := must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: rotated.DID()}))
	must[keyring.GroupKey](t)(rotated.Open(k.Epoch(), e))
}

// TestTwoHomesRotateAtOnce joins what two machines with one Radicle key did without knowing of each other.
func TestTwoHomesRotateAtOnce(t *testing.T) {
	s := ana()
	a := cardOf(t, s, must[*keyring.Keyring](t)(unlock(t, s).Rotate(t.Context(), s)), 5)
	b := cardOf(t, s, must[*keyring.Keyring](t)(unlock(t, s).Rotate(t.Context(), s)), a.Seq())
	joined := unlock(t, s, b, a)
	want := append(a.Salts(), b.Salts()[1])
	if !slices.Equal(joined.Salts(), want) || joined.Current() != b.Current() {
		t.Errorf("%v, want %v", joined.Salts(), want)
	}
	next := cardOf(t, s, joined, b.Seq())
	if !slices.Equal(next.Salts(), want) {
		t.Errorf("the next card has %v", next.Salts())
	}
}
