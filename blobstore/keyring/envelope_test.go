package keyring_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// newKey is the key of an epoch that Ana writes.
func newKey(tb testing.TB, kind keyring.GroupKind, number uint32) keyring.GroupKey {
	tb.Helper()
	g := keyring.Group{Kind: kind, RID: rid(tb), Writer: ana().NID().DID()}
	return must[keyring.GroupKey](tb)(keyring.NewGroupKey(keyring.Epoch{Group: g, Number: number}))
}

// forms are the two ways to seal to Bo.
func forms(tb testing.TB) (*keyring.Keyring, map[string]keyring.Recipient) {
	tb.Helper()
	k, withCard := withCard(tb, bo())
	return k, map[string]keyring.Recipient{"card": withCard, "bare": {DID: k.DID()}}
}

func TestEnvelopeOpens(t *testing.T) {
	bos, to := forms(t)
	for name, size := range map[string]int{"card": keyring.HybridEnvelopeLen, "bare": keyring.BareEnvelopeLen} {
		k := newKey(t, keyring.Members, 3)
		sealed := must[keyring.Envelope](t)(k.Seal(to[name]))
		if len(sealed.Bytes()) != size || size != map[string]int{"card": 1178, "bare": 90}[name] {
			t.Errorf("%s: %d bytes", name, len(sealed.Bytes()))
		}
		e := must[keyring.Envelope](t)(keyring.ParseEnvelope(sealed.Bytes()))
		got := must[keyring.GroupKey](t)(bos.Open(k.Epoch(), e))
		if got.ID() != k.ID() || got.Epoch() != k.Epoch() {
			t.Errorf("%s: another key", name)
		}
		if again := must[keyring.Envelope](t)(k.Seal(to[name])); bytes.Equal(again.Bytes(), sealed.Bytes()) {
			t.Errorf("%s: two envelopes are equal", name)
		}
	}
}

func TestEnvelopeIsBoundToItsPlace(t *testing.T) {
	bos, to := forms(t)
	k := newKey(t, keyring.Members, 3)
	for name, recipient := range to {
		e := must[keyring.Envelope](t)(k.Seal(recipient))
		for what, change := range map[string]func(*keyring.Epoch){
			"rid":          func(at *keyring.Epoch) { at.RID = otherRID(t) },
			"writer":       func(at *keyring.Epoch) { at.Writer = cy().NID().DID() },
			"kind":         func(at *keyring.Epoch) { at.Kind = keyring.Named },
			"epoch":        func(at *keyring.Epoch) { at.Number++ },
			"epoch before": func(at *keyring.Epoch) { at.Number-- },
		} {
			at := k.Epoch()
			change(&at)
			_, err := bos.Open(at, e)
			if class(err) != "sealed" {
				t.Errorf("%s at another %s: %v", name, what, err)
			}
		}
		// Copied to Cy: another key, and for the bare form another DID in info.
		_, err := unlock(t, cy()).Open(k.Epoch(), e)
		if class(err) != "sealed" {
			t.Errorf("%s to another recipient: %v", name, err)
		}
	}
}

// borrowed opens with Bo's secret under Cy's name: what remains is the recipient in info.
type borrowed struct {
	radicle.Signer
	key ecdh.KeyExchanger
}

func (b borrowed) ECDHKey() ecdh.KeyExchanger { return b.key }

func TestTheRecipientIsInTheInfo(t *testing.T) {
	k := newKey(t, keyring.Members, 0)
	e := must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: bo().NID().DID()}))
	_, err := unlock(t, borrowed{cy(), bo().ECDHKey()}).Open(k.Epoch(), e)
	wantClass(t, err, "sealed")
	must[keyring.GroupKey](t)(unlock(t, borrowed{bo(), bo().ECDHKey()}).Open(k.Epoch(), e))
}

func TestEveryBitOfAnEnvelopeCounts(t *testing.T) {
	bos, to := forms(t)
	k := newKey(t, keyring.Members, 0)
	for name, recipient := range to {
		raw := must[keyring.Envelope](t)(k.Seal(recipient)).Bytes()
		step := map[string]int{"card": 37, "bare": 1}[name] // every bit of the small one
		for bit := 0; bit < 8*len(raw); bit += step {
			changed := bytes.Clone(raw)
			changed[bit/8] ^= 1 << (bit % 8)
			e, err := keyring.ParseEnvelope(changed)
			if err == nil {
				_, err = bos.Open(k.Epoch(), e)
			}
			if err == nil {
				t.Errorf("%s: opens with bit %d flipped", name, bit)
			}
		}
	}
}

func TestParsedEnvelopesDoNotAlias(t *testing.T) {
	bos, to := forms(t)
	k := newKey(t, keyring.Members, 0)
	raw := must[keyring.Envelope](t)(k.Seal(to["card"])).Bytes()
	e := must[keyring.Envelope](t)(keyring.ParseEnvelope(raw))
	clear(raw)
	clear(e.Bytes())
	must[keyring.GroupKey](t)(bos.Open(k.Epoch(), e))
}

func TestAnAgentOpensOnlyCards(t *testing.T) {
	_, to := forms(t)
	agent := unlock(t, agentOnly{bo()})
	k := newKey(t, keyring.Members, 0)
	must[keyring.GroupKey](t)(agent.Open(k.Epoch(), must[keyring.Envelope](t)(k.Seal(to["card"]))))
	_, err := agent.Open(k.Epoch(), must[keyring.Envelope](t)(k.Seal(to["bare"])))
	wantClass(t, err, "opener")
}

func TestEnvelopeOfAnUnknownKind(t *testing.T) {
	raw := append([]byte{0x00, 0x50}, make([]byte, 1500)...)
	e := must[keyring.Envelope](t)(keyring.ParseEnvelope(raw))
	if e.KEM() != 0x50 || !bytes.Equal(e.Bytes(), raw) {
		t.Errorf("%#x", e.KEM())
	}
	at := newKey(t, keyring.Members, 0).Epoch()
	_, err := unlock(t, bo()).Open(at, e)
	wantClass(t, err, "kem")
	_, err = unlock(t, bo()).Open(at, keyring.Envelope{})
	wantClass(t, err, "kem")
	if (keyring.Envelope{}).Salt() != (keyring.SaltID{}) {
		t.Error("a salt of nothing")
	}
}

func TestNobodySealsToAWeakKey(t *testing.T) {
	k := newKey(t, keyring.Members, 0)
	_, bos := withCard(t, bo())
	for name, key := range weakKeys() {
		_, err := k.Seal(keyring.Recipient{DID: key})
		if class(err) != "key" {
			t.Errorf("bare %s: %v", name, err)
		}
		at := k.Epoch()
		at.Writer = key
		_, err = keyring.NewGroupKey(at)
		if class(err) != "key" {
			t.Errorf("writer %s: %v", name, err)
		}
		_, err = unlock(t, bo()).Open(at, must[keyring.Envelope](t)(k.Seal(bos)))
		if class(err) != "key" {
			t.Errorf("opens for writer %s: %v", name, err)
		}
	}
	_, err := k.Seal(keyring.Recipient{DID: cy().NID().DID(), Card: bos.Card})
	wantClass(t, err, "mismatch")
}

func TestEpochsHaveAPlace(t *testing.T) {
	at := newKey(t, keyring.Mine, 0).Epoch()
	for _, kind := range []keyring.GroupKind{0, 4, 255} {
		e := at
		e.Kind = kind
		wantClass(t, e.Validate(), "encoding")
	}
	at.RID = radicle.RID{}
	wantClass(t, at.Validate(), "encoding")
}

// TestX25519KeysAreChecked holds our check against what the library does with each key.
func TestX25519KeysAreChecked(t *testing.T) {
	mine := must[*ecdh.PrivateKey](t)(ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{0x42}, 32)))
	p := bytes.Repeat([]byte{0xff}, 32) // 2^255 − 19
	p[0], p[31] = 0xed, 0x7f
	at := func(low byte) []byte { u := bytes.Clone(p); u[0] = low; return u }
	high := func(u []byte) []byte { u = bytes.Clone(u); u[31] |= 0x80; return u }
	nine := make([]byte, 32)
	nine[0] = 9
	for name, c := range map[string]struct {
		u  []byte
		ok bool
	}{
		"9": {nine, true}, "9, top bit": {high(nine), false}, "0": {make([]byte, 32), false},
		"p - 2": {at(0xeb), true}, "p - 1": {at(0xec), false}, "p": {p, false}, "p + 1": {at(0xee), false}, "p + 9": {at(0xf6), false},
		"2^255 - 1": {at(0xff), false}, "high but canonical": {append(bytes.Repeat([]byte{0xff}, 30), 0xfe, 0x7f), true},
	} {
		if err := keyring.CheckX25519(c.u); (err == nil) != c.ok || !c.ok && class(err) != "key" {
			t.Errorf("%s: %v", name, err)
		}
	}
	refused := 0
	for _, u := range lowOrderPoints(t) {
		if _, err := mine.ECDH(must[*ecdh.PublicKey](t)(ecdh.X25519().NewPublicKey(u))); err == nil {
			t.Errorf("%x is not of low order", u)
		}
		wantClass(t, keyring.CheckX25519(u), "key")
		refused++
	}
	if refused != 5 {
		t.Errorf("%d points of low order", refused)
	}
}

// TestSealingNeedsNoSigner is what a locked daemon can still do.
func TestSealingNeedsNoSigner(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	bos := must[*keyring.Keyring](t)(keyring.Unlock(ctx, bo()))
	cancel()
	k := newKey(t, keyring.Members, 0)
	must[keyring.GroupKey](t)(bos.Open(k.Epoch(), must[keyring.Envelope](t)(k.Seal(keyring.Recipient{DID: bos.DID()}))))
}
