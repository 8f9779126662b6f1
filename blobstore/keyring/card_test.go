package keyring_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
)

func TestCardOfAKeyring(t *testing.T) {
	k, me := withCard(t, ana())
	card := must[*keyring.Card](t)(keyring.ParseCard(me.Card.Bytes()))
	switch {
	case len(card.Bytes()) != 1375:
		t.Errorf("%d bytes", len(card.Bytes()))
	case card.DID() != k.DID() || card.Seq() != uint64(now.UnixMilli()) || card.KEM() != keyring.KEMHybrid:
		t.Errorf("%v %d %#x", card.DID(), card.Seq(), card.KEM())
	case !slices.Equal(card.Salts(), k.Salts()) || card.Current() != k.Current():
		t.Errorf("%v", card.Salts())
	}
	next := cardOf(t, ana(), k, card.Seq())
	if next.Seq() != card.Seq()+1 {
		t.Errorf("number %d after %d", next.Seq(), card.Seq())
	}
	_, err := k.Card(t.Context(), ana(), card.Seq()+1e9, now)
	wantClass(t, err, "clock")
}

func TestNewestCardWins(t *testing.T) {
	k, me := withCard(t, ana())
	cards := keyring.NewCards(fixed)
	if cards.Get(me.DID) != nil {
		t.Error("a card from nowhere")
	}
	newer := cardOf(t, ana(), k, me.Card.Seq())
	check(t, cards.Add(me.Card))
	check(t, cards.Add(newer))
	check(t, cards.Add(newer))
	err := cards.Add(me.Card)
	if e, ok := errors.AsType[*keyring.RollbackError](err); !ok || e.DID != me.DID || e.Seq+1 != e.Known || class(err) != "rollback" {
		t.Errorf("%v", err)
	}
	_, bos := withCard(t, bo())
	check(t, cards.Add(bos.Card))
	if cards.Get(me.DID) != newer || cards.Get(bos.DID) != bos.Card {
		t.Error("not the newest")
	}
	cards.Forget(me.DID)
	check(t, cards.Add(me.Card))
}

func TestCardsOfOneNumberConverge(t *testing.T) {
	a := parseCard(t, cardBytes(ana(), 7, []keyring.Salt{{}}, 1, []byte("a")))
	b := parseCard(t, cardBytes(ana(), 7, []keyring.Salt{{}}, 1, []byte("b")))
	for _, order := range [][]*keyring.Card{{a, b}, {b, a}} {
		cards := keyring.NewCards(fixed)
		for _, c := range order {
			_ = cards.Add(c)
		}
		if cards.Get(a.DID()) != b {
			t.Error("depends on the order")
		}
	}
}

// A memory that is read back from a database believes what it held, though the clock was set back, and never an older card.
func TestCardsRestored(t *testing.T) {
	old := parseCard(t, cardBytes(bo(), 1, []keyring.Salt{{}}, 0x0050, []byte{1}))
	newer := parseCard(t, cardBytes(bo(), unix()*1000, []keyring.Salt{{}}, 0x0050, []byte{1}))
	cards := keyring.NewCards(func() time.Time { return now.AddDate(-40, 0, 0) })
	cards.Restore(newer)
	cards.Restore(old)
	cards.Restore(nil)
	if cards.Get(newer.DID()) != newer {
		t.Error("not the newest")
	}
	wantClass(t, cards.Add(old), "rollback")
}

func parseCard(tb testing.TB, b []byte) *keyring.Card {
	tb.Helper()
	return must[*keyring.Card](tb)(keyring.ParseCard(b))
}

func TestACardOfAnotherKindIsKept(t *testing.T) {
	unknown := parseCard(t, cardBytes(bo(), 1, []keyring.Salt{{}}, 0x0050, make([]byte, 1249)))
	check(t, keyring.NewCards(fixed).Add(unknown))
	k := newKey(t, keyring.Members, 0)
	_, err := k.Seal(keyring.Recipient{DID: unknown.DID(), Card: unknown})
	wantClass(t, err, "kem")
	// Its owner, with this older program, cannot compare it, but finds the salts.
	if _, err := keyring.Unlock(t.Context(), bo(), unknown); err != nil {
		t.Error(err)
	}
}

func TestParsedCardsDoNotAlias(t *testing.T) {
	_, me := withCard(t, ana())
	raw := me.Card.Bytes()
	card := parseCard(t, raw)
	clear(raw)
	clear(card.Bytes())
	card.Salts()[0] = keyring.Salt{1}
	if !bytes.Equal(card.Bytes(), me.Card.Bytes()) || card.Salts()[0] != (keyring.Salt{}) {
		t.Error("somebody else's bytes")
	}
	unlock(t, ana(), card) // which compares the key
}
