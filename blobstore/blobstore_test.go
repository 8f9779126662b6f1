package blobstore

import (
	"crypto/sha256"
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

func TestSecretsDoNotPrint(t *testing.T) {
	raw := sha256.Sum256([]byte("secret"))
	ck := NewContentKey(raw)
	loc, err := ck.Repair().Locator(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []any{NewDomainSecret(raw), ck, ck.Repair(), loc, NewRepairKey(raw)} {
		// Also as a field, behind a pointer, and in a collection: the ways a secret gets into a log.
		for _, v := range []any{s, &s, []any{s}, struct{ Key any }{s}} {
			var log strings.Builder
			slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", v)
			js, err := json.Marshal(v)
			if err != nil {
				t.Fatalf("%T: %v", s, err)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				checkHidden(t, raw, fmt.Sprintf(verb, v))
			}
			checkHidden(t, raw, log.String())
			checkHidden(t, raw, string(js))
		}
		if got := fmt.Sprintf("%x", s); got != "[redacted]" {
			t.Errorf("%T prints %q with %%x", s, got)
		}
		if reflect.TypeOf(s).Comparable() {
			t.Errorf("%T is comparable: == would compare keys in variable time", s)
		}
	}
}

// fmt does not ask the methods of a field that is not exported.
func TestSecretsDoNotPrintInOtherStructs(t *testing.T) {
	raw := sha256.Sum256([]byte("secret"))
	type holder struct {
		domain DomainSecret
		key    ContentKey
		repair *RepairKey
	}
	rk := NewRepairKey(raw)
	v := holder{NewDomainSecret(raw), NewContentKey(raw), &rk}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		checkHidden(t, raw, fmt.Sprintf(verb, v))
	}
}

func checkHidden(t *testing.T, raw [32]byte, s string) {
	t.Helper()
	for _, form := range []string{string(raw[:4]), hex.EncodeToString(raw[:4]), fmt.Sprint(raw[:4])[1:8]} {
		if strings.Contains(strings.ToLower(s), form) {
			t.Errorf("%q contains %q of the secret", s, form)
		}
	}
}

func TestKeysEqualInValue(t *testing.T) {
	a, b := NewContentKey([32]byte{1}), NewContentKey([32]byte{2})
	if !a.Equal(NewContentKey([32]byte{1})) || a.Equal(b) {
		t.Error("content keys compare wrongly")
	}
	if !a.Repair().Equal(NewRepairKey(a.Repair().Bytes())) || a.Repair().Equal(b.Repair()) {
		t.Error("repair keys compare wrongly")
	}
	if !(DomainSecret{}).IsZero() || PublicDomain().IsZero() {
		t.Error("IsZero is wrong")
	}
}

// Everything that changes the ciphertext changes the content key; K does not.
func TestContentKeyDependsOnEveryParameter(t *testing.T) {
	base := Params{OID: sha256.Sum256(nil), Size: 1000, Pad: PadPadme}
	seen := map[[32]byte]string{}
	add := func(name string, d DomainSecret, p Params) {
		t.Helper()
		ck, err := d.ContentKey(p)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[ck.Bytes()]; ok {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[ck.Bytes()] = name
	}
	d := NewDomainSecret([32]byte{7})
	add("base", d, base)
	add("domain", PublicDomain(), base)
	p := base
	p.OID[31] ^= 1
	add("oid", d, p)
	p = base
	p.Size = 1001
	add("size", d, p)
	p.Size = 1 << 20 // another chunk size too
	add("chunk size", d, p)
	p = base
	p.Pad = PadNone
	add("pad", d, p)
	p = base
	p.Gen = 1
	add("gen", d, p)
}

func TestContentKeyBounds(t *testing.T) {
	for _, p := range []Params{{Size: -1}, {Size: MaxSize + 1}, {Pad: 2}} {
		if _, err := PublicDomain().ContentKey(p); !errors.Is(err, ErrBounds) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestNamesAreBlinded(t *testing.T) {
	ck, err := PublicDomain().ContentKey(Params{OID: sha256.Sum256([]byte("a"))})
	if err != nil {
		t.Fatal(err)
	}
	rk, seen := ck.Repair(), map[[32]byte]bool{}
	for _, k := range []int{1, 3, MaxK} {
		loc, err := rk.Locator(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, holder := range []radicle.DID{{1}, {2}} {
			for _, j := range []int{0, 1, MaxIndex} {
				sid, err := loc.SID(holder, j)
				if err != nil {
					t.Fatal(err)
				}
				seen[sid] = true
			}
			seen[loc.MID(holder)] = true
		}
	}
	if len(seen) != 3*2*4 {
		t.Errorf("%d names for %d places", len(seen), 3*2*4)
	}
	loc, _ := rk.Locator(1)
	for _, j := range []int{-1, MaxIndex + 1, 0xFFFF} {
		if _, err := loc.SID(radicle.DID{1}, j); !errors.Is(err, ErrBounds) {
			t.Errorf("share index %d: %v", j, err)
		}
	}
	for _, k := range []int{0, MaxK + 1, 257} {
		if _, err := rk.Locator(k); !errors.Is(err, ErrBounds) {
			t.Errorf("K %d: %v", k, err)
		}
		if _, _, err := rk.ManifestSeal(k, radicle.DID{}); !errors.Is(err, ErrBounds) {
			t.Errorf("K %d: %v", k, err)
		}
	}
}

// name is what the hexadecimal names have in common.
type name interface {
	comparable
	fmt.Stringer
	IsZero() bool
	MarshalText() ([]byte, error)
}

func checkName[T name](t *testing.T, parse func(string) (T, error), unmarshal func(*T, []byte) error) {
	t.Helper()
	const text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff"
	v, err := parse(text)
	if err != nil || v.String() != text || v.IsZero() {
		t.Errorf("%T: %v, %v", v, v, err)
	}
	b, err := v.MarshalText()
	var back T
	if err != nil || unmarshal(&back, b) != nil || back != v {
		t.Errorf("%T does not survive its text %q: %v", v, b, err)
	}
	bad := []string{"", text[1:], text + "0", strings.ToUpper(text), text[:63] + "g", text[:62] + "é", " " + text[1:]}
	for _, s := range bad {
		if got, err := parse(s); !errors.Is(err, ErrEncoding) || !got.IsZero() {
			t.Errorf("%T %q: %v, %v", v, s, got, err)
		}
	}
}

func TestNames(t *testing.T) {
	checkName(t, ParseOID, func(v *OID, b []byte) error { return v.UnmarshalText(b) })
	checkName(t, ParseRoot, func(v *Root, b []byte) error { return v.UnmarshalText(b) })
	checkName(t, ParseSID, func(v *SID, b []byte) error { return v.UnmarshalText(b) })
	checkName(t, ParseMID, func(v *MID, b []byte) error { return v.UnmarshalText(b) })
}

func TestNotEnoughShares(t *testing.T) {
	err := fmt.Errorf("film.mp4: %w", &NotEnoughSharesError{Need: 3, Got: 1, Failed: []error{
		&ShareError{Index: 4, Offset: 65536, Err: ErrRoot},
		&ShareError{Index: 7, Offset: -1, Err: ErrTruncated},
	}})
	want := "film.mp4: 3 shares needed, 1 present: share 4 at byte 65536: hash is not the share root; share 7: ends early"
	if err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
	for _, class := range []error{ErrShares, ErrRoot, ErrTruncated} {
		if !errors.Is(err, class) {
			t.Errorf("is not %v", class)
		}
	}
	if e, ok := errors.AsType[*ShareError](err); !ok || e.Index != 4 {
		t.Errorf("does not name share 4: %v", e)
	}
}
