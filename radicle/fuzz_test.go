package radicle_test

import (
	"bytes"
	"encoding"
	"strings"
	"testing"

	"radswarm/radicle"
)

// FuzzParse gives the same text to every parser: what one accepts it prints again, and reads back as the same value.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "z", sha1Oid, strings.Repeat("0", 64), sha1RID, sha1RID[4:], anaNID, "did:key:" + anaNID, "ana",
		"z5nGqUvrmfiSyLjNCHWTWYvVMcPUZcvo9TxPKzEKXYBdSgUzbrqf1cYsmpGgbQvYunnsrLSsubEmxZaRdKM4quqQR",
		"z11111111111111111111", "z" + strings.Repeat("z", 100), "\xff", "z\x80",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		roundTrip[radicle.Oid](t, s, strings.ToLower(s))
		roundTrip[radicle.RID](t, s, "rad:"+strings.TrimPrefix(s, "rad:"))
		roundTrip[radicle.NID](t, s, s)
		roundTrip[radicle.DID](t, s, s)
		roundTrip[radicle.Alias](t, s, s)
		roundTrip[radicle.Signature](t, s, s)
	})
}

// text is a pointer to a value of type T with both directions.
type text[T any] interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

func roundTrip[T comparable, P text[T]](t *testing.T, s, printed string) {
	var first, second T
	if P(&first).UnmarshalText([]byte(s)) != nil {
		if first != *new(T) {
			t.Errorf("%T: %q is refused and left %v behind", first, s, first)
		}
		return
	}
	got, err := P(&first).MarshalText()
	if err != nil || string(got) != printed {
		t.Errorf("%T: %q prints as %q, %v", first, s, got, err)
	}
	if err := P(&second).UnmarshalText(got); err != nil || second != first {
		t.Errorf("%T: %q read back as %v, %v", first, got, second, err)
	}
}

// FuzzValidate holds that a key which passes has an image on the Montgomery curve, and that the image is not zero.
func FuzzValidate(f *testing.F) {
	for _, weak := range weakKeys {
		f.Add([]byte(weak.key[:32]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != radicle.KeySize || radicle.NID(b).Validate() != nil {
			return
		}
		key, err := radicle.NID(b).X25519()
		if err != nil || bytes.Equal(key.Bytes(), make([]byte, 32)) {
			t.Errorf("%x maps to %v, %v", b, key, err)
		}
	})
}
