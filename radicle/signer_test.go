package radicle_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hpke"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"radswarm/radicle"
)

// seed returns 32 times b.
func seed(b byte) [radicle.SeedSize]byte {
	return [radicle.SeedSize]byte(bytes.Repeat([]byte{b}, radicle.SeedSize))
}

func TestMemorySigner(t *testing.T) {
	signer := radicle.NewMemorySigner(seed(0xff))
	if got := signer.NID().String(); got != anaNID {
		t.Errorf("node id %s", got)
	}
	msg := []byte("message")
	sig, err := signer.Sign(t.Context(), msg)
	if err != nil || !signer.NID().Verify(msg, sig) || !signer.NID().DID().Verify(msg, sig) {
		t.Errorf("signature %x does not verify, %v", sig, err)
	}
	if again, _ := signer.Sign(t.Context(), msg); again != sig {
		t.Error("two signatures over the same bytes differ")
	}
	sig[0] ^= 1
	if signer.NID().Verify(msg, sig) {
		t.Error("a changed signature verifies")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := signer.Sign(ctx, msg); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancel: %v", err)
	}
}

// TestSecretsAreRedacted prints a signer in every way that a careless line of code does, and looks for its bytes.
func TestSecretsAreRedacted(t *testing.T) {
	signer := radicle.NewMemorySigner(seed(0xfe))
	exchange := signer.ECDHKey()
	hidden := struct {
		signer any
		value  radicle.MemorySigner
		key    ecdh.KeyExchanger
	}{signer, *signer, exchange}
	logged := new(bytes.Buffer)
	slog.New(slog.NewTextHandler(logged, nil)).Info("x", "signer", signer, "value", *signer, "key", exchange)
	slog.New(slog.NewJSONHandler(logged, nil)).Info("x", "signer", signer, "value", *signer, "key", exchange)
	encoded, err := json.Marshal([]any{signer, *signer, exchange})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString(logged.String() + string(encoded))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		for _, v := range []any{signer, *signer, exchange} {
			if got := fmt.Sprintf(verb, v); got != "[redacted]" {
				t.Errorf("%s prints %q", verb, got)
			}
		}
		out.WriteString(fmt.Sprintf(verb, hidden))
	}
	for _, secret := range []string{"fefefe", "FEFEFE", "254 254", "254,254", "/v7+"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q in %s", secret, out.String())
		}
	}
	if reflect.TypeFor[radicle.MemorySigner]().Comparable() || reflect.TypeOf(exchange).Comparable() {
		t.Error("a secret compares with ==")
	}
}

// TestSealToBareDID is what the opener is for: HPKE to the public key alone, opened with the key file's secret.
func TestSealToBareDID(t *testing.T) {
	var opener radicle.Opener = radicle.NewMemorySigner(seed(0xfe))
	public, err := opener.NID().DID().X25519()
	if err != nil {
		t.Fatal(err)
	}
	if !public.Equal(opener.ECDHKey().PublicKey()) {
		t.Errorf("the map of the public key is %x, the secret scalar's public key %x", public.Bytes(), opener.ECDHKey().PublicKey().Bytes())
	}
	to, err := hpke.NewDHKEMPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("info"), []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := hpke.NewDHKEMPrivateKey(opener.ECDHKey())
	if err != nil {
		t.Fatal(err)
	}
	got, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), []byte("info"), sealed)
	if err != nil || string(got) != "secret" {
		t.Errorf("opened %q, %v", got, err)
	}
}

// weakKeys are public keys that Ed25519 verifiers take and nobody should seal to.
var weakKeys = []struct{ name, key string }{
	{"identity, order 1", "0100000000000000000000000000000000000000000000000000000000000000"},
	{"order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"order 4", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"order 4, negative", "0000000000000000000000000000000000000000000000000000000000000080"},
	{"order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
	{"order 8, negative", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
	{"order 8, the other y", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
	{"y = p, non-canonical 0", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"y = p + 1, non-canonical identity", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"y = p + 3, non-canonical, large order", "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"x = 0 with the sign of a negative number", "0100000000000000000000000000000000000000000000000000000000000080"},
	{"no point of the curve", "0200000000000000000000000000000000000000000000000000000000000000"},
}

func TestWeakKeysAreReadAndRefused(t *testing.T) {
	for _, weak := range weakKeys {
		key, err := hex.DecodeString(weak.key)
		if err != nil {
			t.Fatal(err)
		}
		nid, err := radicle.ParseNID(radicle.NID(key).String())
		if err != nil || !bytes.Equal(nid[:], key) {
			t.Errorf("%s: not read: %v", weak.name, err)
		}
		if err := nid.Validate(); !errors.Is(err, radicle.ErrWeakKey) {
			t.Errorf("%s: Validate: %v", weak.name, err)
		}
		if _, err := nid.DID().X25519(); !errors.Is(err, radicle.ErrWeakKey) {
			t.Errorf("%s: X25519: %v", weak.name, err)
		}
	}
	if err := radicle.NewMemorySigner(seed(1)).NID().DID().Validate(); err != nil {
		t.Errorf("an ordinary key: %v", err)
	}
}

// TestVerifyRefusesScalarPlusOrder adds the group's order to a signature's scalar: the same number, another encoding.
func TestVerifyRefusesScalarPlusOrder(t *testing.T) {
	signer := radicle.NewMemorySigner(seed(7))
	sig, _ := signer.Sign(t.Context(), []byte("m"))
	order, _ := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	carry := 0
	for i, b := range order {
		carry += int(sig[32+i]) + int(b)
		sig[32+i] = byte(carry)
		carry >>= 8
	}
	if signer.NID().Verify([]byte("m"), sig) {
		t.Error("a second encoding of the same signature verifies")
	}
}

// A signer as a program outside writes one is a Signer.
func TestOutsideSigner(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	var s radicle.Signer = keyOf{key}
	sig, err := s.Sign(t.Context(), []byte("m"))
	if err != nil || !s.NID().Verify([]byte("m"), sig) {
		t.Errorf("%v", err)
	}
}

// keyOf is a signer as a program outside writes one: the interface takes plain arrays.
type keyOf struct{ key ed25519.PrivateKey }

func (k keyOf) NID() radicle.NID { return radicle.NID(k.key.Public().(ed25519.PublicKey)) }

func (k keyOf) Sign(_ context.Context, msg []byte) ([64]byte, error) {
	return [64]byte(ed25519.Sign(k.key, msg)), nil
}
