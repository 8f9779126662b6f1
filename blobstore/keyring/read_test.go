package keyring_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// What the package makes of the vectors, folder by folder.

func TestLabelVectors(t *testing.T) {
	each(t, "label", func(t *testing.T, v vector) {
		label := keyring.Label(strings.ReplaceAll(v.header["label"], `\0`, "\x00"))
		sig, err := label.Sign(t.Context(), v.signer(t), v.body)
		if v.want(t, class(err), err); err == nil {
			check(t, label.Verify(v.signer(t).NID().DID(), v.body, sig))
		}
	})
}

func TestSecretVectors(t *testing.T) {
	each(t, "secret", func(t *testing.T, v vector) {
		s := v.signer(t)
		ring := unlock(t, s, saltCard(t, s, v.bytes32(t, "salt")))
		v.wantField(t, "salt-id", ring.Current())
		domain := must[blobstore.DomainSecret](t)(ring.Domain(ring.Current()))
		if domain.Bytes() != v.bytes32(t, "domain") {
			t.Error("another domain secret")
		}
		if card := cardOf(t, s, ring, 0).Bytes(); !bytes.Equal(card[len(card)-64-1216:len(card)-64], v.body) {
			t.Error("another encryption key")
		}
	})
}

// saltCard makes a card that lists salts and cannot be compared.
func saltCard(t *testing.T, s *radicle.MemorySigner, salts ...keyring.Salt) *keyring.Card {
	list := []keyring.Salt{{}}
	for _, salt := range salts {
		if salt != (keyring.Salt{}) {
			list = append(list, salt)
		}
	}
	return parseCard(t, cardBytes(s, 0, list, 0xffff, []byte{0}))
}

func TestUnlockVectors(t *testing.T) {
	each(t, "unlock", func(t *testing.T, v vector) {
		sigs := [][64]byte{[64]byte(v.body), [64]byte(v.body[64:])}
		s := replaying{nid: v.signer(t).NID(), sigs: func() [64]byte {
			next := sigs[0]
			sigs = append(sigs[1:], next)
			return next
		}}
		var cards []*keyring.Card
		if rest := v.body[128:]; len(rest) > 0 {
			cards = append(cards, parseCard(t, rest))
		}
		_, err := keyring.Unlock(t.Context(), s, cards...)
		v.want(t, class(err), err)
	})
}

func TestDeviceKeyVectors(t *testing.T) {
	each(t, "device-key", func(t *testing.T, v vector) {
		mode := must[uint64](t)(strconv.ParseUint(v.header["mode"], 8, 32))
		if mode != 0o600 && runtime.GOOS == "windows" {
			t.Skip("Windows has no such modes")
		}
		r := root(t)
		check(t, r.WriteFile(keyring.DeviceKeyFile, v.body, fs.FileMode(mode)))
		check(t, os.Chmod(r.Name()+"/"+keyring.DeviceKeyFile, fs.FileMode(mode)))
		key, err := keyring.LoadDeviceKey(r)
		if v.want(t, class(err), err); err == nil {
			v.wantField(t, "device", key.Device())
		}
	})
}

func TestCertificateVectors(t *testing.T) {
	each(t, "certificate", func(t *testing.T, v vector) {
		cert, err := keyring.ParseCertificate(v.body)
		if err == nil {
			if !bytes.Equal(cert.Bytes(), v.body) {
				t.Error("other bytes again")
			}
			v.wantField(t, "did", cert.DID())
			v.wantField(t, "device", cert.Device())
			v.wantField(t, "number", cert.Seq())
			v.wantField(t, "not-before", cert.NotBefore().Unix())
			v.wantField(t, "not-after", cert.NotAfter().Unix())
			err = cert.Check(v.time(t))
		}
		v.want(t, class(err), err)
	})
}

func TestCertificatesVectors(t *testing.T) {
	each(t, "certificates", func(t *testing.T, v vector) {
		clock := now
		certs := keyring.NewCertificates(func() time.Time { return clock })
		v.arrive(t, func(b []byte, at time.Time) string {
			clock = at
			s, err := certs.Add(must[*keyring.Certificate](t)(keyring.ParseCertificate(b)))
			switch {
			case err != nil:
				return class(err)
			case s == keyring.Expired:
				return "expired-known"
			}
			return s.String()
		})
	})
}

// arrive cuts the body into its items and compares what becomes of them.
func (v vector) arrive(t *testing.T, add func([]byte, time.Time) string) {
	t.Helper()
	var got []string
	rest, times := v.body, strings.Fields(v.header["now"])
	for i, text := range strings.Fields(v.header["lengths"]) {
		n := must[int](t)(strconv.Atoi(text))
		at := must[int64](t)(strconv.ParseInt(times[i], 10, 64))
		got = append(got, add(rest[:n], time.Unix(at, 0)))
		rest = rest[n:]
	}
	v.want(t, strings.Join(got, " "), nil)
}

func TestCardVectors(t *testing.T) {
	each(t, "card", func(t *testing.T, v vector) {
		card, err := keyring.ParseCard(v.body)
		if err == nil {
			if !bytes.Equal(card.Bytes(), v.body) {
				t.Error("other bytes again")
			}
			v.wantField(t, "did", card.DID())
			v.wantField(t, "number", card.Seq())
			v.wantField(t, "salt-id", card.Current())
			v.wantField(t, "salts", len(card.Salts()))
			v.wantField(t, "kem", fmt.Sprintf("%04x", uint16(card.KEM())))
			err = card.Check(v.time(t))
		}
		v.want(t, class(err), err)
	})
}

func TestCardsVectors(t *testing.T) {
	each(t, "cards", func(t *testing.T, v vector) {
		clock := now
		cards := keyring.NewCards(func() time.Time { return clock })
		v.arrive(t, func(b []byte, at time.Time) string {
			clock = at
			return class(cards.Add(parseCard(t, b)))
		})
	})
}

// ring is the keyring of a vector's recipient.
func (v vector) ring(t *testing.T) *keyring.Keyring {
	s := v.signer(t)
	var salts []keyring.Salt
	for text := range strings.FieldsSeq(v.header["salts"]) {
		salts = append(salts, keyring.Salt(must[[]byte](t)(hex.DecodeString(text))))
	}
	card := saltCard(t, s, salts...)
	if v.header["signer"] == "agent" {
		return unlock(t, agentOnly{s}, card)
	}
	return unlock(t, s, card)
}

func TestEnvelopeVectors(t *testing.T) {
	each(t, "envelope", func(t *testing.T, v vector) {
		e, err := keyring.ParseEnvelope(v.body)
		var key keyring.GroupKey
		if err == nil {
			if !bytes.Equal(e.Bytes(), v.body) {
				t.Error("other bytes again")
			}
			key, err = v.ring(t).Open(v.epochOf(t), e)
		}
		if v.want(t, class(err), err); err == nil {
			v.wantField(t, "key-id", key.ID())
			v.sealsAgain(t, key, e)
		}
	})
}

// sealsAgain seals with the randomness that the generator had, and wants the same bytes.
func (v vector) sealsAgain(t *testing.T, key keyring.GroupKey, e keyring.Envelope) {
	to := keyring.Recipient{DID: v.signer(t).NID().DID()}
	if e.KEM() == keyring.KEMHybrid {
		salts := []keyring.Salt{{}}
		if id := salts[0].ID(); id != e.Salt() {
			salts = append(salts, keyring.Salt(v.hex(t, "salts")))
		}
		public := derivedFrom(t, v.bytes32(t, "seed"), must32(salts[len(salts)-1])).public
		to.Card = parseCard(t, cardBytes(v.signer(t), 0, salts, 0x647a, public))
	}
	cryptotest.SetGlobalRandom(t, 1)
	if again := must[keyring.Envelope](t)(key.Seal(to)); !bytes.Equal(again.Bytes(), v.body) {
		t.Error("sealed again with the same randomness it is another envelope")
	}
}

func TestWrapVectors(t *testing.T) {
	each(t, "wrap", func(t *testing.T, v vector) {
		at, gk := v.epochOf(t), v.hex(t, "group-key")
		e := must[keyring.Envelope](t)(keyring.ParseEnvelope(sealPlain(t, gk, at, bo().NID(), nil, nil)))
		key := must[keyring.GroupKey](t)(unlock(t, bo()).Open(at, e))
		o := keyring.Object{
			OID: must[blobstore.OID](t)(blobstore.ParseOID(v.header["oid"])), Size: int64(v.uint(t, "size")),
			Gen: uint32(v.uint(t, "gen")), Salt: keyring.SaltID(v.hex(t, "salt-id")),
		}
		ck, err := key.Unwrap(o, keyring.Wrap(v.body))
		v.want(t, class(err), err)
		if err == nil && ck.Bytes() != v.bytes32(t, "content-key") {
			t.Error("another content key")
		}
		if err == nil {
			v.wantField(t, "key-id", key.ID())
		}
	})
}
