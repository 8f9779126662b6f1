package keyring_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
)

// outer hides a value in a field that fmt may read and not ask.
type outer struct {
	hidden any
	list   []any
}

// TestSecretsDoNotPrint prints every secret in every way, by itself, by pointer and inside others.
func TestSecretsDoNotPrint(t *testing.T) {
	dev := device(0xd1)
	ps := must[keyring.PersonalSecret](t)(keyring.DerivePersonalSecret(t.Context(), ana(), keyring.Salt{}))
	gk := newKey(t, keyring.Members, 0)
	plain := openPlain(t, bo(), gk.Epoch(), must[keyring.Envelope](t)(gk.Seal(keyring.Recipient{DID: bo().NID().DID()})).Bytes())
	domain := ps.Domain().Bytes()
	ring := unlock(t, ana())
	cardSeed := hkdfPlain(personalBytes(t), "radswarm/card/v1", "kem\x64\x7a", 32)
	for _, c := range []struct {
		value any
		raw   []byte
	}{
		{dev, bytes.Repeat([]byte{0xd1}, 32)},
		{*dev, bytes.Repeat([]byte{0xd1}, 32)},
		{ps, personalBytes(t)},
		{&ps, personalBytes(t)},
		{gk, plain},
		{keyring.Plan{Key: gk}, plain},
		{keyring.Kept{Key: gk}, plain},
		{ring, domain[:]},
		{*ring, cardSeed},
	} {
		for _, text := range printed(t, c.value) {
			if leaks(text, c.raw) {
				t.Errorf("%T prints its secret: %.200q", c.value, text)
			}
		}
	}
	for _, v := range []any{dev, ps, gk, ring} {
		if got := fmt.Sprintf("%v %+v %#v %x %s %q %d", v, v, v, v, v, v, v); strings.Count(got, "[redacted]") != 7 {
			t.Errorf("%T prints %q", v, got)
		}
	}
	for _, v := range []any{*dev, ps, gk, *ring} {
		if reflect.TypeOf(v).Comparable() {
			t.Errorf("%T compares with ==, in variable time", v)
		}
	}
}

// personalBytes is Ana's PS of the zero salt, by hand.
func personalBytes(tb testing.TB) []byte {
	sig := must[[64]byte](tb)(ana().Sign(tb.Context(), append([]byte("radswarm/personal-secret/v1\x00"), make([]byte, 32)...)))
	return hkdfPlain(sig[:], "radswarm/personal-secret/v1", "", 32)
}

// printed is a value in all forms that end in logs, errors and files.
func printed(t *testing.T, v any) (texts []string) {
	t.Helper()
	for _, in := range []any{v, outer{hidden: v, list: []any{v}}, &outer{hidden: v}, []any{v}, map[string]any{"k": v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			texts = append(texts, fmt.Sprintf(verb, in))
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", in)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", in)
		js := must[[]byte](t)(json.Marshal(in))
		texts = append(texts, log.String(), string(js), fmt.Errorf("x: %v", in).Error())
	}
	return texts
}

// leaks looks for the first bytes of a secret as they are, in hexadecimal and in decimal.
func leaks(text string, raw []byte) bool {
	for _, form := range []string{string(raw[:4]), hex.EncodeToString(raw[:4]), strings.Trim(fmt.Sprint(raw[:4]), "[]")} {
		if strings.Contains(strings.ToLower(text), form) {
			return true
		}
	}
	return false
}

// TestThisTestWouldSee makes sure that printed and leaks find what is there to find.
func TestThisTestWouldSee(t *testing.T) {
	raw := seed(0xd1)
	found := 0
	for _, text := range printed(t, outer{hidden: raw}) {
		if leaks(text, raw[:]) {
			found++
		}
	}
	if found == 0 {
		t.Error("bytes in a hidden field are not seen")
	}
}

func TestSecretsThatWereNeverSet(t *testing.T) {
	var gk keyring.GroupKey
	if !gk.IsZero() || newKey(t, keyring.Members, 0).IsZero() {
		t.Error("IsZero")
	}
	defer func() {
		if recover() == nil {
			t.Error("a key of nothing wraps")
		}
	}()
	_, _ = gk.Wrap(keyring.Object{}, blobstore.ContentKey{})
}
