package keyring_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha3"
	"errors"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// hkdfPlain is RFC 5869 by hand.
func hkdfPlain(ikm []byte, salt, info string, n int) []byte {
	mac := func(key string, parts ...[]byte) []byte {
		h := hmac.New(sha256.New, []byte(key))
		h.Write(bytes.Join(parts, nil))
		return h.Sum(nil)
	}
	prk := string(mac(salt, ikm))
	var t, out []byte
	for i := byte(1); len(out) < n; i++ {
		t = mac(prk, t, []byte(info), []byte{i})
		out = append(out, t...)
	}
	return out[:n]
}

// personalPlain is KEYS.md §3 and §4 by hand: the domain secret and the public key of the card.
func personalPlain(t *testing.T, seed [32]byte, salt []byte) (domain, public []byte) {
	sig := ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), append([]byte("radswarm/personal-secret/v1\x00"), salt...))
	ps := hkdfPlain(sig, "radswarm/personal-secret/v1", "", 32)
	x := sha3.SumSHAKE256(hkdfPlain(ps, "radswarm/card/v1", "kem\x64\x7a", 32), 96)
	pq := must[*mlkem.DecapsulationKey768](t)(mlkem.NewDecapsulationKey768(x[:64]))
	ec := must[*ecdh.PrivateKey](t)(ecdh.X25519().NewPrivateKey(x[64:]))
	return hkdfPlain(ps, "radswarm/personal-domain/v1", "", 32), append(pq.EncapsulationKey().Bytes(), ec.PublicKey().Bytes()...)
}

func TestSecretsAreTheSpecifiedOnes(t *testing.T) {
	for _, b := range []byte{0xff, 0xfe, 1} {
		s := radicle.NewMemorySigner(seed(b))
		k := unlock(t, s)
		k = must[*keyring.Keyring](t)(k.Rotate(t.Context(), s))
		for i, salt := range k.Salts() {
			domain, public := personalPlain(t, seed(b), salt[:])
			got := must[blobstore.DomainSecret](t)(k.Domain(salt.ID()))
			if got.Bytes() != [32]byte(domain) {
				t.Errorf("seed %x, salt %d: domain secret differs from the specification", b, i)
			}
			if i == 1 && !bytes.Contains(cardOf(t, s, k, 0).Bytes(), public) {
				t.Errorf("seed %x: the card does not have the specified key", b)
			}
		}
	}
}

func TestTheZeroSaltComesFirst(t *testing.T) {
	k := unlock(t, ana())
	if salts := k.Salts(); len(salts) != 1 || salts[0] != (keyring.Salt{}) {
		t.Errorf("%v", salts)
	}
	if got := k.Current().String(); got != "66687aadf862bd77" {
		t.Errorf("salt id %s", got)
	}
}

func TestTwoSignaturesASalt(t *testing.T) {
	s := &counting{Signer: ana()}
	step := func(what string, want int32) {
		t.Helper()
		if got := s.n.Swap(0); got != want {
			t.Errorf("%s: %d signatures, want %d", what, got, want)
		}
	}
	k := unlock(t, s)
	step("unlock", 2)
	k = must[*keyring.Keyring](t)(k.Rotate(t.Context(), s))
	step("rotate", 2)
	card := cardOf(t, s, k, 0)
	step("card", 1)
	unlock(t, s, card)
	step("unlock two salts", 4)
	r := keyring.CertificateRequest{Device: device(1).Device(), Now: now}
	must[*keyring.Certificate](t)(keyring.IssueCertificate(t.Context(), s, r))
	step("certificate", 1)
	epoch := keyring.Epoch{Group: keyring.Group{Kind: keyring.Members, RID: rid(t), Writer: k.DID()}}
	gk := must[keyring.GroupKey](t)(keyring.NewGroupKey(epoch))
	e := must[keyring.Envelope](t)(gk.Seal(keyring.Recipient{DID: k.DID(), Card: card}))
	must[keyring.GroupKey](t)(k.Open(epoch, e))
	step("seal and open", 0)
}

func TestASignerThatRandomises(t *testing.T) {
	s := otherNonces{seed: seed(0xff), random: func() []byte {
		b := make([]byte, 32)
		_, _ = rand.Read(b)
		return b
	}}
	sig := must[[64]byte](t)(s.Sign(t.Context(), []byte("x")))
	if !s.NID().Verify([]byte("x"), sig) {
		t.Fatal("the signer of this test signs wrongly")
	}
	_, err := keyring.Unlock(t.Context(), s)
	e, ok := errors.AsType[*keyring.SignerError](err)
	if !ok || !e.Randomises || e.NID != ana().NID() || !errors.Is(err, keyring.ErrSigner) {
		t.Fatalf("%v", err)
	}
	text := err.Error()
	if strings.ContainsAny(text, "\n.") || !strings.Contains(text, "signs the same bytes differently each time") {
		t.Errorf("not one sentence: %q", text)
	}
}

// TestASignerThatIsNotRFC8032 signs validly and the same each time, but otherwise than the card was made: an agent of another
// make.
func TestASignerThatIsNotRFC8032(t *testing.T) {
	_, me := withCard(t, ana())
	other := otherNonces{seed: seed(0xff)}
	if _, err := keyring.Unlock(t.Context(), other); err != nil {
		t.Fatalf("without a card there is nothing to compare: %v", err)
	}
	_, err := keyring.Unlock(t.Context(), other, me.Card)
	e, ok := errors.AsType[*keyring.SecretError](err)
	if !ok || e.DID != me.DID || e.Seq != me.Card.Seq() || !errors.Is(err, keyring.ErrSecret) {
		t.Errorf("%v", err)
	}
}

func TestASignatureOfAnotherKey(t *testing.T) {
	s := replaying{nid: ana().NID(), sigs: func() [64]byte { return [64]byte(signBody(bo(), "", nil)) }}
	_, err := keyring.Unlock(t.Context(), s)
	if e, ok := errors.AsType[*keyring.SignerError](err); !ok || e.Randomises {
		t.Errorf("%v", err)
	}
	for name, key := range weakKeys() {
		_, err := keyring.Unlock(t.Context(), replaying{nid: key, sigs: signWeak})
		if class(err) != "key" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnlockPassesErrorsOn(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := keyring.Unlock(ctx, ana()); err != context.Canceled {
		t.Errorf("%v is not the context's error bare", err)
	}
	_, bosCard := withCard(t, bo())
	_, err := keyring.Unlock(t.Context(), ana(), bosCard.Card)
	wantClass(t, err, "mismatch")
	k := unlock(t, ana())
	_, err = k.Rotate(t.Context(), bo())
	wantClass(t, err, "mismatch")
	_, err = k.Card(t.Context(), bo(), 0, now)
	wantClass(t, err, "mismatch")
	_, err = k.Domain(keyring.SaltID{1})
	wantClass(t, err, "salt")
}

func TestAPublishedSignatureIsNeverTheSecretOne(t *testing.T) {
	s := &counting{Signer: ana()}
	_, err := keyring.Label("radswarm/personal-secret/v1\x00").Sign(t.Context(), s, make([]byte, 32))
	wantClass(t, err, "label")
	if s.n.Load() != 0 {
		t.Error("the signer was asked")
	}
}

func TestSaltsHaveABound(t *testing.T) {
	s := ana()
	k := unlock(t, s)
	for range keyring.MaxSalts - 1 {
		k = must[*keyring.Keyring](t)(k.Rotate(t.Context(), s))
	}
	full := cardOf(t, s, k, 0)
	if got := len(full.Salts()); got != keyring.MaxSalts || len(full.Bytes()) != 3391 {
		t.Errorf("%d salts, %d bytes", got, len(full.Bytes()))
	}
	_, err := k.Rotate(t.Context(), s)
	wantClass(t, err, "bounds")
	if len(unlock(t, s, full).Salts()) != keyring.MaxSalts {
		t.Error("the full card does not unlock")
	}
	one := must[*keyring.Keyring](t)(unlock(t, s).Rotate(t.Context(), s))
	_, err = keyring.Unlock(t.Context(), s, full, cardOf(t, s, one, 0))
	wantClass(t, err, "bounds")
}
