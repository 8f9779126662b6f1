package keyring_test

import (
	"bytes"
	"testing"

	"radswarm/blobstore/keyring"
)

// addBodies seeds a target with the bodies of a folder of vectors.
func addBodies(f *testing.F, folders ...string) {
	f.Helper()
	for _, kind := range folders {
		for _, v := range set.Load(f, kind) {
			f.Add(v.Body)
		}
	}
}

func FuzzParseCertificate(f *testing.F) {
	addBodies(f, "certificate")
	f.Fuzz(func(t *testing.T, b []byte) {
		cert, err := keyring.ParseCertificate(b)
		if err != nil {
			knownClass(t, err)
			return
		}
		if !bytes.Equal(cert.Bytes(), b) {
			t.Errorf("%x is encoded as %x", b, cert.Bytes())
		}
		knownClass(t, cert.Check(now))
		if cert.RenewAt().After(cert.NotAfter()) || cert.NotAfter().Sub(cert.NotBefore()) > keyring.MaxLife {
			t.Errorf("%v, %v, %v", cert.NotBefore(), cert.RenewAt(), cert.NotAfter())
		}
	})
}

func knownClass(t *testing.T, err error) {
	t.Helper()
	for _, c := range classes() {
		if class(err) == c.name {
			return
		}
	}
	if err != nil {
		t.Errorf("of no class: %v", err)
	}
}

// FuzzParseCard gives the start of a card, and adds the end of a good one where it is asked to: with whole cards of 1.4 KB the
// fuzzer spends its time on making them shorter.
func FuzzParseCard(f *testing.F) {
	_, me := withCard(f, ana())
	good := me.Card.Bytes()
	const start = len(labelCard) + 32 + 8 + 2 + 32
	f.Add(good[:start], true)
	f.Add(good[:start+4], false)
	f.Add(cardBytes(ana(), 1, []keyring.Salt{{}, someSalt(1)}, 0x0050, []byte{1}), false)
	for _, v := range set.Load(f, "card") {
		if len(v.Body) < 300 {
			f.Add(v.Body, false)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		if whole {
			b = append(bytes.Clone(b), good[start:]...)
		}
		card, err := keyring.ParseCard(b)
		if err != nil {
			knownClass(t, err)
			return
		}
		if !bytes.Equal(card.Bytes(), b) {
			t.Errorf("%x is encoded as %x", b, card.Bytes())
		}
		_ = card.Current()
		_, err = newKey(t, keyring.Members, 0).Seal(keyring.Recipient{DID: card.DID(), Card: card})
		knownClass(t, err)
	})
}

// FuzzOpenEnvelope gives the start of an envelope, and adds the rest of a good one to a card where it is asked to.
func FuzzOpenEnvelope(f *testing.F) {
	ring, at := unlock(f, bo()), vectorEpoch(f)
	var good []byte
	known := make(map[string]bool) // key ids that the vectors open to
	for _, v := range set.Load(f, "envelope") {
		known[v.Header["key-id"]] = true
		if len(v.Body) < 300 {
			f.Add(v.Body, false)
		}
		if v.Name == "envelope/card" {
			good = v.Body
			f.Add(good[:12], true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		if whole && len(b) < len(good) {
			b = append(bytes.Clone(b), good[len(b):]...)
		}
		e, err := keyring.ParseEnvelope(b)
		if err == nil && !bytes.Equal(e.Bytes(), b) {
			t.Errorf("%x is encoded as %x", b, e.Bytes())
		}
		var key keyring.GroupKey
		if err == nil {
			key, err = ring.Open(at, e)
		}
		if err != nil {
			knownClass(t, err)
			return
		}
		if !known[key.ID().String()] {
			t.Errorf("an envelope that nobody sealed opens: %x", b)
		}
	})
}

func FuzzParseDeviceKey(f *testing.F) {
	addBodies(f, "device-key")
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := keyring.ParseDeviceKey(b)
		if err != nil {
			knownClass(t, err)
			return
		}
		device := key.Device()
		if text := deviceKeyText(key.PrivateKey().Seed(), device[:]); text != string(b) {
			t.Errorf("%q is encoded as %q", b, text)
		}
	})
}

func FuzzUnwrap(f *testing.F) {
	addBodies(f, "wrap")
	key := newKey(f, keyring.Members, 0)
	o, ck := object()
	good := must[keyring.Wrap](f)(key.Wrap(o, ck))
	f.Add(good[:])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != keyring.WrapLen {
			return
		}
		if _, err := key.Unwrap(o, keyring.Wrap(b)); err == nil && !bytes.Equal(b, good[:]) {
			t.Errorf("%x opens", b)
		} else {
			knownClass(t, err)
		}
	})
}

func FuzzLabel(f *testing.F) {
	for _, v := range set.Load(f, "label") {
		f.Add(v.Header["label"])
	}
	f.Add("radswarm/address/v1\x00")
	f.Fuzz(func(t *testing.T, s string) {
		sig, err := device(1).Sign(keyring.Label(s), nil)
		if err != nil {
			knownClass(t, err)
			return
		}
		if productLabel.FindString(s) != s || s[len(s)-1] != 0 {
			t.Errorf("%q is signed", s)
		}
		check(t, device(1).Device().Verify(keyring.Label(s), nil, sig))
	})
}

func FuzzParseDevice(f *testing.F) {
	f.Add(device(1).Device().String())
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := keyring.ParseDevice(s); err != nil {
			knownClass(t, err)
		} else if d.String() != s {
			t.Errorf("%q prints as %v", s, d)
		}
	})
}
