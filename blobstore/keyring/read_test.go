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
	set.Each(t, "label", func(t *testing.T, v vector) {
		label := keyring.Label(strings.ReplaceAll(v.Header["label"], `\0`, "\x00"))
		sig, err := label.Sign(t.Context(), signerOf(t, v), v.Body)
		if v.Want(t, class(err), err); err == nil {
			check(t, label.Verify(signerOf(t, v).NID().DID(), v.Body, sig))
		}
	})
}

func TestSecretVectors(t *testing.T) {
	set.Each(t, "secret", func(t *testing.T, v vector) {
		s := signerOf(t, v)
		ring := unlock(t, s, saltCard(t, s, v.Bytes32(t, "salt")))
		v.WantField(t, "salt-id", ring.Current())
		domain := must[blobstore.DomainSecret](t)(ring.Domain(ring.Current()))
		if domain.Bytes() != v.Bytes32(t, "domain") {
			t.Error("another domain secret")
		}
		if card := cardOf(t, s, ring, 0).Bytes(); !bytes.Equal(card[len(card)-64-1216:len(card)-64], v.Body) {
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
	set.Each(t, "unlock", func(t *testing.T, v vector) {
		sigs := [][64]byte{[64]byte(v.Body), [64]byte(v.Body[64:])}
		s := replaying{nid: signerOf(t, v).NID(), sigs: func() [64]byte {
			next := sigs[0]
			sigs = append(sigs[1:], next)
			return next
		}}
		var cards []*keyring.Card
		if rest := v.Body[128:]; len(rest) > 0 {
			cards = append(cards, parseCard(t, rest))
		}
		_, err := keyring.Unlock(t.Context(), s, cards...)
		v.Want(t, class(err), err)
	})
}

func TestDeviceKeyVectors(t *testing.T) {
	set.Each(t, "device-key", func(t *testing.T, v vector) {
		mode := must[uint64](t)(strconv.ParseUint(v.Header["mode"], 8, 32))
		if mode != 0o600 && runtime.GOOS == "windows" {
			t.Skip("Windows has no such modes")
		}
		r := root(t)
		check(t, r.WriteFile(keyring.DeviceKeyFile, v.Body, fs.FileMode(mode)))
		check(t, os.Chmod(r.Name()+"/"+keyring.DeviceKeyFile, fs.FileMode(mode)))
		key, err := keyring.LoadDeviceKey(r)
		if v.Want(t, class(err), err); err == nil {
			v.WantField(t, "device", key.Device())
		}
	})
}

func TestCertificateVectors(t *testing.T) {
	set.Each(t, "certificate", func(t *testing.T, v vector) {
		cert, err := keyring.ParseCertificate(v.Body)
		if err == nil {
			if !bytes.Equal(cert.Bytes(), v.Body) {
				t.Error("other bytes again")
			}
			v.WantField(t, "did", cert.DID())
			v.WantField(t, "device", cert.Device())
			v.WantField(t, "number", cert.Seq())
			v.WantField(t, "not-before", cert.NotBefore().Unix())
			v.WantField(t, "not-after", cert.NotAfter().Unix())
			err = cert.Check(nowOf(t, v))
		}
		v.Want(t, class(err), err)
	})
}

func TestCertificatesVectors(t *testing.T) {
	set.Each(t, "certificates", func(t *testing.T, v vector) {
		clock := now
		certs := keyring.NewCertificates(func() time.Time { return clock })
		arrive(t, v, func(b []byte, at time.Time) string {
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
func arrive(t *testing.T, v vector, add func([]byte, time.Time) string) {
	t.Helper()
	var got []string
	times := strings.Fields(v.Header["now"])
	for i, part := range v.Parts(t) {
		at := must[int64](t)(strconv.ParseInt(times[i], 10, 64))
		got = append(got, add(part, time.Unix(at, 0)))
	}
	v.Want(t, strings.Join(got, " "), nil)
}

func TestCardVectors(t *testing.T) {
	set.Each(t, "card", func(t *testing.T, v vector) {
		card, err := keyring.ParseCard(v.Body)
		if err == nil {
			if !bytes.Equal(card.Bytes(), v.Body) {
				t.Error("other bytes again")
			}
			v.WantField(t, "did", card.DID())
			v.WantField(t, "number", card.Seq())
			v.WantField(t, "salt-id", card.Current())
			v.WantField(t, "salts", len(card.Salts()))
			v.WantField(t, "kem", fmt.Sprintf("%04x", uint16(card.KEM())))
			err = card.Check(nowOf(t, v))
		}
		v.Want(t, class(err), err)
	})
}

func TestCardsVectors(t *testing.T) {
	set.Each(t, "cards", func(t *testing.T, v vector) {
		clock := now
		cards := keyring.NewCards(func() time.Time { return clock })
		arrive(t, v, func(b []byte, at time.Time) string {
			clock = at
			return class(cards.Add(parseCard(t, b)))
		})
	})
}

// ring is the keyring of a vector's recipient.
func ring(t *testing.T, v vector) *keyring.Keyring {
	s := signerOf(t, v)
	var salts []keyring.Salt
	for text := range strings.FieldsSeq(v.Header["salts"]) {
		salts = append(salts, keyring.Salt(must[[]byte](t)(hex.DecodeString(text))))
	}
	card := saltCard(t, s, salts...)
	if v.Header["signer"] == "agent" {
		return unlock(t, agentOnly{s}, card)
	}
	return unlock(t, s, card)
}

func TestEnvelopeVectors(t *testing.T) {
	set.Each(t, "envelope", func(t *testing.T, v vector) {
		e, err := keyring.ParseEnvelope(v.Body)
		var key keyring.GroupKey
		if err == nil {
			if !bytes.Equal(e.Bytes(), v.Body) {
				t.Error("other bytes again")
			}
			key, err = ring(t, v).Open(epochOf(t, v), e)
		}
		if v.Want(t, class(err), err); err == nil {
			v.WantField(t, "key-id", key.ID())
			sealsAgain(t, v, key, e)
		}
	})
}

// sealsAgain seals with the randomness that the generator had, and wants the same bytes.
func sealsAgain(t *testing.T, v vector, key keyring.GroupKey, e keyring.Envelope) {
	to := keyring.Recipient{DID: signerOf(t, v).NID().DID()}
	if e.KEM() == keyring.KEMHybrid {
		salts := []keyring.Salt{{}}
		if id := salts[0].ID(); id != e.Salt() {
			salts = append(salts, keyring.Salt(v.Hex(t, "salts")))
		}
		public := derivedFrom(t, v.Bytes32(t, "seed"), must32(salts[len(salts)-1])).public
		to.Card = parseCard(t, cardBytes(signerOf(t, v), 0, salts, 0x647a, public))
	}
	cryptotest.SetGlobalRandom(t, 1)
	if again := must[keyring.Envelope](t)(key.Seal(to)); !bytes.Equal(again.Bytes(), v.Body) {
		t.Error("sealed again with the same randomness it is another envelope")
	}
}

func TestWrapVectors(t *testing.T) {
	set.Each(t, "wrap", func(t *testing.T, v vector) {
		at, gk := epochOf(t, v), v.Hex(t, "group-key")
		e := must[keyring.Envelope](t)(keyring.ParseEnvelope(sealPlain(t, gk, at, bo().NID(), nil, nil)))
		key := must[keyring.GroupKey](t)(unlock(t, bo()).Open(at, e))
		o := keyring.Object{
			OID: must[blobstore.OID](t)(blobstore.ParseOID(v.Header["oid"])), Size: v.Int(t, "size"),
			Gen: uint32(v.Int(t, "gen")), Salt: keyring.SaltID(v.Hex(t, "salt-id")),
		}
		ck, err := key.Unwrap(o, keyring.Wrap(v.Body))
		v.Want(t, class(err), err)
		if err == nil && ck.Bytes() != v.Bytes32(t, "content-key") {
			t.Error("another content key")
		}
		if err == nil {
			v.WantField(t, "key-id", key.ID())
		}
	})
}
