package manifest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"radswarm/blobstore"
	"radswarm/radicle"
)

var params = blobstore.Params{OID: sha256.Sum256([]byte("film")), Size: 10_000_000, Pad: blobstore.PadPadme}

func contentKey(t testing.TB, p blobstore.Params) blobstore.ContentKey {
	t.Helper()
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	return ck
}

func coding(t testing.TB, p blobstore.Params, needed int) blobstore.Coding {
	t.Helper()
	l, err := p.Layout()
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Coding(needed)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func roots(n int) []blobstore.Root {
	out := make([]blobstore.Root, n)
	for i := range out {
		out[i] = sha256.Sum256([]byte{byte(i)})
	}
	return out
}

func signed(t testing.TB, needed, n int) *Manifest {
	t.Helper()
	m, err := Sign(contentKey(t, params), params.Pad, params.Gen, coding(t, params, needed), roots(n))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func encoded(t testing.TB, m *Manifest) []byte {
	t.Helper()
	b, err := m.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestLengths(t *testing.T) {
	for _, c := range []struct{ needed, n, want int }{
		{1, 1, 148}, {3, 3, 212}, {3, 10, 436}, {10, 30, 1076}, {64, 256, 8308},
	} {
		b := encoded(t, signed(t, c.needed, c.n))
		if len(b) != c.want {
			t.Errorf("%d roots: %d bytes, want %d", c.n, len(b), c.want)
		}
		if c.n == 10 && len(b) >= 600 {
			t.Errorf("ten roots take %d bytes", len(b))
		}
	}
	if MaxLen != 8308 {
		t.Errorf("MaxLen is %d, FORMAT.md says 8308", MaxLen)
	}
}

func TestCommit(t *testing.T) {
	for _, c := range []struct{ needed, n, want int }{
		{1, 1, 1}, {1, 30, 1}, {2, 4, 10}, {3, 10, 10}, {10, 30, 30}, {64, 64, 64}, {20, 5, 20},
	} {
		if got := Commit(c.needed, c.n); got != c.want {
			t.Errorf("%d-of-%d commits to %d roots, want %d", c.needed, c.n, got, c.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct{ needed, n int }{{1, 1}, {2, 10}, {3, 10}, {10, 30}, {64, 256}} {
		m := signed(t, c.needed, c.n)
		back, err := Parse(encoded(t, m))
		if err != nil || !bytes.Equal(encoded(t, back), encoded(t, m)) || back.Hash() != m.Hash() {
			t.Fatalf("%d of %d: %v", c.needed, c.n, err)
		}
		if back.Coding() != coding(t, params, c.needed) || back.Pad() != params.Pad || back.Gen() != 0 || back.Roots() != c.n {
			t.Errorf("%d of %d reads back as %+v", c.needed, c.n, back)
		}
		if err := back.CheckObject(contentKey(t, params), params); err != nil {
			t.Error(err)
		}
		for j, want := range roots(c.n) {
			if got, ok := back.Root(j); !ok || got != want {
				t.Errorf("root %d is %v", j, got)
			}
		}
		if _, ok := back.Root(c.n); ok != (c.needed == 1) {
			t.Errorf("%d of %d: root %d is there: %v", c.needed, c.n, c.n, ok)
		}
		for _, j := range []int{-1, 256} {
			if _, ok := back.Root(j); ok {
				t.Errorf("root %d is there", j)
			}
		}
	}
}

// A value has one encoding: whatever parses encodes to the same bytes, and no other bytes parse to it.
func TestEveryOtherByteIsRefused(t *testing.T) {
	good := encoded(t, signed(t, 3, 10))
	for i := range good {
		for _, x := range []byte{0x01, 0x80, 0xff} {
			bad := bytes.Clone(good)
			bad[i] ^= x
			if m, err := Parse(bad); err == nil {
				t.Errorf("byte %d: parses as %+v", i, m)
			}
		}
	}
}

// resigned changes bytes and signs again, as a hostile reader who knows CK could.
func resigned(t *testing.T, b []byte, change func([]byte) []byte) []byte {
	t.Helper()
	body := change(bytes.Clone(b[:len(b)-sigLen]))
	return append(body, ed25519.Sign(contentKey(t, params).SigningKey(), append([]byte(signLabel), body...))...)
}

func TestRefusedThoughSigned(t *testing.T) {
	good := encoded(t, signed(t, 3, 10))
	single := encoded(t, signed(t, 1, 1))
	set := func(i int, v ...byte) func([]byte) []byte {
		return func(b []byte) []byte { copy(b[i:], v); return b }
	}
	size := func(n uint64) func([]byte) []byte { return set(9, binary.BigEndian.AppendUint64(nil, n)...) }
	for _, c := range []struct {
		name   string
		base   []byte
		change func([]byte) []byte
	}{
		{"version 2", good, set(0, 2)},
		{"suite 0", good, set(1, 0)},
		{"suite 2", good, set(1, 2)},
		{"code 2", good, set(2, 2)},
		{"chunks of 2 KiB", good, set(3, 11)},
		{"chunks of 128 KiB", good, set(3, 17)},
		{"padding policy 2", good, set(4, 2)},
		{"length 0", good, size(0)},
		{"length that is no padded one", good, size(10_000_000 + 24*153 + 1)},
		{"length with an empty last chunk", good, size(65536*160 + 24)},
		{"length past 64 TiB", good, size(1 << 47)},
		{"length past int64", good, size(1 << 63)},
		{"K 0", good, set(17, 0)},
		{"K 65", good, set(17, 65)},
		{"K over the chunks", good, size(65536)},
		{"fewer roots than K", good, func(b []byte) []byte { b[17] = 11; return b }},
		{"two roots though K is 1", single, func(b []byte) []byte {
			b[19] = 2
			return append(b[:headLen:headLen], append(make([]byte, 32), b[headLen:]...)...)
		}},
		{"no roots", single, func(b []byte) []byte { b[19] = 0; return append(b[:headLen], b[headLen+32:]...) }},
		{"257 roots", good, set(18, 1, 1)},
		{"one root fewer than said", good, func(b []byte) []byte { return append(b[:headLen], b[headLen+32:]...) }},
		{"one byte more", good, func(b []byte) []byte { return append(b, 0) }},
	} {
		if m, err := Parse(resigned(t, c.base, c.change)); !errors.Is(err, blobstore.ErrEncoding) {
			t.Errorf("%s: %+v, %v", c.name, m, err)
		}
	}
}

func TestSignature(t *testing.T) {
	good := encoded(t, signed(t, 3, 10))
	plain := bytes.Clone(good[:len(good)-sigLen])
	noPrefix := append(plain, ed25519.Sign(contentKey(t, params).SigningKey(), plain)...)
	otherKey := bytes.Clone(good)
	p := params
	p.Gen = 9
	k := contentKey(t, p).ManifestKey()
	copy(otherKey[len(good)-sigLen-keyLen:], k[:])
	flipped := bytes.Clone(good)
	flipped[len(good)-1] ^= 1
	for name, b := range map[string][]byte{"without its prefix": noPrefix, "another key": otherKey, "a flipped bit": flipped} {
		if _, err := Parse(b); !errors.Is(err, blobstore.ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckObject(t *testing.T) {
	m := signed(t, 3, 10)
	ck := contentKey(t, params)
	for _, c := range []struct {
		field  string
		ck     blobstore.ContentKey
		change func(*blobstore.Params)
	}{
		{"gen", ck, func(p *blobstore.Params) { p.Gen = 1 }},
		{"padding policy", ck, func(p *blobstore.Params) { p.Pad = blobstore.PadNone }},
		{"ciphertext length", ck, func(p *blobstore.Params) { p.Size *= 2 }},
		{"chunk size", ck, func(p *blobstore.Params) { p.Size = 1000 }},
		{"signing key", blobstore.NewContentKey([32]byte{1}), func(*blobstore.Params) {}},
	} {
		p := params
		c.change(&p)
		e, ok := errors.AsType[*blobstore.FieldError](m.CheckObject(c.ck, p))
		if !ok || e.Field != c.field || e.Err != blobstore.ErrMismatch {
			t.Errorf("another %s: %v", c.field, e)
		}
	}
}

func TestExtends(t *testing.T) {
	short, long := signed(t, 3, 10), signed(t, 3, 12)
	if !long.Extends(short) || short.Extends(long) || !short.Extends(short) {
		t.Error("twelve roots extend their first ten, and not the other way round")
	}
	lie := roots(12)
	lie[9][0] ^= 1
	other, err := Sign(contentKey(t, params), params.Pad, params.Gen, coding(t, params, 3), lie)
	if err != nil {
		t.Fatal(err)
	}
	if other.Extends(short) {
		t.Error("a longer manifest with another root passes for an extension")
	}
	if signed(t, 2, 12).Extends(short) {
		t.Error("another K passes for an extension")
	}
	p := params
	p.Gen = 1
	regen, err := Sign(contentKey(t, params), params.Pad, 1, coding(t, p, 3), roots(12))
	if err != nil {
		t.Fatal(err)
	}
	if regen.Extends(short) {
		t.Error("another gen passes for an extension")
	}
}

func TestSealed(t *testing.T) {
	m, rk := signed(t, 3, 10), contentKey(t, params).Repair()
	ana, bo := radicle.DID{1}, radicle.DID{2}
	at := map[radicle.DID][]byte{}
	for _, place := range []radicle.DID{Record, ana, bo} {
		b, err := Seal(rk, place, m)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := Seal(rk, place, m)
		if !bytes.Equal(b, again) || len(b) != 436+28 {
			t.Errorf("%d bytes, the same twice: %v", len(b), bytes.Equal(b, again))
		}
		back, err := Open(rk, 3, place, b)
		if err != nil || back.Hash() != m.Hash() {
			t.Errorf("does not open: %v", err)
		}
		at[place] = b
	}
	// No two places hold equal bytes, not even a run of them.
	if bytes.Equal(at[ana][:12], at[bo][:12]) || bytes.Equal(at[ana][12:28], at[bo][12:28]) {
		t.Error("two places hold equal bytes")
	}
	flipped := bytes.Clone(at[ana])
	flipped[20] ^= 1
	for name, c := range map[string]struct {
		rk    blobstore.RepairKey
		k     int
		place radicle.DID
		b     []byte
	}{
		"another place": {rk, 3, bo, at[ana]},
		"another K":     {rk, 2, ana, at[ana]},
		"another key":   {blobstore.NewRepairKey([32]byte{1}), 3, ana, at[ana]},
		"a flipped bit": {rk, 3, ana, flipped},
		"cut":           {rk, 3, ana, at[ana][:len(at[ana])-1]},
		"nothing":       {rk, 3, ana, nil},
		"too long":      {rk, 3, ana, make([]byte, MaxSealed+1)},
	} {
		if _, err := Open(c.rk, c.k, c.place, c.b); !errors.Is(err, blobstore.ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(rk, 0, ana, at[ana]); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("K 0: %v", err)
	}
}

func TestSignRefusesWhatItCouldNotParse(t *testing.T) {
	ck := contentKey(t, params)
	for name, try := range map[string]func() (*Manifest, error){
		"no roots": func() (*Manifest, error) { return Sign(ck, 1, 0, coding(t, params, 3), nil) },
		"too few":  func() (*Manifest, error) { return Sign(ck, 1, 0, coding(t, params, 3), roots(2)) },
		"too many": func() (*Manifest, error) { return Sign(ck, 1, 0, coding(t, params, 3), roots(257)) },
		"two of 1": func() (*Manifest, error) { return Sign(ck, 1, 0, coding(t, params, 1), roots(2)) },
		"pad":      func() (*Manifest, error) { return Sign(ck, 2, 0, coding(t, params, 3), roots(10)) },
		"zero":     func() (*Manifest, error) { return Sign(ck, 1, 0, blobstore.Coding{}, roots(10)) },
	} {
		if m, err := try(); err == nil {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range []struct{ needed, n int }{{1, 1}, {3, 10}, {64, 256}} {
		f.Add(encoded(f, signed(f, c.needed, c.n)))
	}
	f.Add([]byte{})
	vectors, err := filepath.Glob("../../testdata/vectors/manifest/*")
	if err != nil || len(vectors) == 0 {
		f.Fatalf("%d vectors, %v", len(vectors), err)
	}
	for _, name := range vectors {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		_, body, _ := bytes.Cut(b, []byte("\n\n"))
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// Without the signature, so that the fuzzer gets past it.
		m, err := decode(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.raw, b) || m.Roots() == 0 || m.Coding().Chunks() < int64(m.Coding().K()) {
			t.Errorf("%x reads as %+v", b, m)
		}
	})
}

func FuzzOpen(f *testing.F) {
	rk := contentKey(f, params).Repair()
	b, err := Seal(rk, Record, signed(f, 3, 10))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, 3)
	f.Add(b[:100], 1)
	f.Fuzz(func(t *testing.T, sealed []byte, needed int) {
		if _, err := Open(rk, needed, Record, sealed); err == nil && !bytes.Equal(sealed, b) {
			t.Error("opened what nobody sealed")
		}
	})
}
