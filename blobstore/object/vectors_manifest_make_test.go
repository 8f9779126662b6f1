package object_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"radswarm/blobstore"
)

// rawManifest writes any fields there could be, by FORMAT.md §7.1 alone, and signs them.
type rawManifest struct {
	ck                               blobstore.ContentKey
	version, suite, code, log2c, pad int
	gen                              uint32
	cipher                           uint64
	k, r                             int
	roots                            []blobstore.Root // r of them, unless it is the number that is wrong
}

const manifestLabel = "radswarm/manifest/v1\x00"

// newRaw is the manifest of an object.
func newRaw(size int64, pad blobstore.Pad, k, r int) rawManifest {
	p := blobstore.Params{OID: bytes32("oid"), Size: size, Pad: pad}
	c := must(must(p.Layout()).Coding(k))
	if c.K() != k {
		panic("fewer chunks than K")
	}
	return rawManifest{
		must(domain().ContentKey(p)), 1, 1, 1, c.ChunkLog(), int(pad), 0, uint64(c.CipherSize()), k, r, rootsOf("roots", r),
	}
}

func (m rawManifest) body() []byte {
	b := []byte{byte(m.version), byte(m.suite), byte(m.code), byte(m.log2c), byte(m.pad)}
	b = binary.BigEndian.AppendUint32(b, m.gen)
	b = binary.BigEndian.AppendUint64(b, m.cipher)
	b = binary.BigEndian.AppendUint16(append(b, byte(m.k)), uint16(m.r))
	for _, r := range m.roots {
		b = append(b, r[:]...)
	}
	key := m.ck.ManifestKey()
	return append(b, key[:]...)
}

func (m rawManifest) signed() []byte {
	b := m.body()
	return append(b, ed25519.Sign(m.ck.SigningKey(), append([]byte(manifestLabel), b...))...)
}

func makeManifests() (out []vector) {
	const large = 64 << 12
	for _, c := range []struct {
		name string
		m    rawManifest
		gen  uint32
	}{
		{"k1-r1", newRaw(100_000, blobstore.PadPadme, 1, 1), 0},
		{"k2-r2", newRaw(100_000, blobstore.PadPadme, 2, 2), 0},
		{"k2-r10", newRaw(100_000, blobstore.PadPadme, 2, 10), 0},
		{"k3-r3", newRaw(100_000, blobstore.PadPadme, 3, 3), 0},
		{"k3-r10", newRaw(100_000, blobstore.PadPadme, 3, 10), 0},
		{"k3-r10-public", newRaw(100_000, blobstore.PadNone, 3, 10), 0},
		{"k3-r10-gen", newRaw(100_000, blobstore.PadPadme, 3, 10), 1<<32 - 1},
		{"k3-r256", newRaw(100_000, blobstore.PadPadme, 3, 256), 0},
		{"k10-r10", newRaw(100_000, blobstore.PadPadme, 10, 10), 0},
		{"k10-r30", newRaw(100_000, blobstore.PadPadme, 10, 30), 0},
		{"k64-r64", newRaw(large, blobstore.PadNone, 64, 64), 0},
		{"k64-r256", newRaw(large, blobstore.PadNone, 64, 256), 0},
		{"empty-object", newRaw(0, blobstore.PadPadme, 1, 1), 0},
		{"log2c-13", newRaw(large+1, blobstore.PadNone, 3, 10), 0},
		{"log2c-14", newRaw(2*large+1, blobstore.PadNone, 3, 10), 0},
		{"log2c-15", newRaw(4*large+1, blobstore.PadNone, 3, 10), 0},
		{"log2c-16", newRaw(8*large+1, blobstore.PadNone, 3, 10), 0},
		{"largest", newRaw(blobstore.MaxSize, blobstore.PadPadme, 10, 30), 0},
		{"last-chunk-of-a-byte", newRaw(25*plain4+1, blobstore.PadNone, 3, 10), 0},
		{"k-is-n", newRaw(3*plain4, blobstore.PadNone, 3, 10), 0},
	} {
		m := c.m
		m.gen = c.gen
		b := m.signed()
		h := header("a manifest", "manifest", "ok", "ck", m.ck.Bytes(), "log2c", m.log2c, "pad", m.pad, "gen", m.gen,
			"ciphertext", m.cipher, "k", m.k, "roots", m.r, "content", "roots", "hash", [32]byte(rootOf(b)))
		out = append(out, vector{"manifest/" + c.name, h, b})
	}
	return out
}

// rootOf is BLAKE3.
func rootOf(b []byte) blobstore.Root { root, _ := treeOf(b); return root }

func refusedManifest(name, about, class, field string, b []byte) vector {
	return vector{"manifest/" + name, header(about, "manifest", class, "field", field), b}
}

// makeMalformed: each is signed as it is, so that only the encoding is wrong.
func makeMalformed() (out []vector) {
	good := newRaw(100_000, blobstore.PadPadme, 3, 10)
	for _, c := range []struct {
		name, field, about string
		set                func(*rawManifest)
	}{
		{"version-0", "version", "version 0", func(m *rawManifest) { m.version = 0 }},
		{"version-2", "version", "version 2", func(m *rawManifest) { m.version = 2 }},
		{"suite-0", "suite", "suite 0", func(m *rawManifest) { m.suite = 0 }},
		{"suite-2", "suite", "suite 2", func(m *rawManifest) { m.suite = 2 }},
		{"code-0", "code", "code 0", func(m *rawManifest) { m.code = 0 }},
		{"code-2", "code", "code 2", func(m *rawManifest) { m.code = 2 }},
		{"log2c-11", "chunk size", "chunks of 2 KiB", func(m *rawManifest) { m.pad, m.log2c = 0, 11 }},
		{"log2c-17", "chunk size", "chunks of 128 KiB", func(m *rawManifest) { m.pad, m.log2c, m.cipher = 0, 17, 3<<17 }},
		{"pad-2", "padding policy", "a padding policy that is none", func(m *rawManifest) { m.pad = 2 }},
		{"pad-255", "padding policy", "a padding policy that is none", func(m *rawManifest) { m.pad = 255 }},
		{"log2c-of-larger", "ciphertext length", "chunks larger than the length asks for", func(m *rawManifest) { m.pad, m.log2c, m.cipher = 0, 13, 5*4096 }},
		{"log2c-of-smaller", "ciphertext length", "a thousand chunks of 4 KiB", func(m *rawManifest) { m.pad, m.cipher = 0, 1000*4096 }},
		{"length-0", "ciphertext length", "no ciphertext", func(m *rawManifest) { *m = m.ofOneChunk(0) }},
		{"length-23", "ciphertext length", "a ciphertext without room for tail and tag", func(m *rawManifest) { *m = m.ofOneChunk(23) }},
		{"length-tag-cut", "ciphertext length", "a last chunk of 23 bytes", func(m *rawManifest) { m.pad, m.cipher = 0, 4*4096+23 }},
		{"length-empty-chunk", "ciphertext length", "a last chunk of 24 bytes: it would carry nothing", func(m *rawManifest) {
			m.pad, m.cipher = 0, 4*4096+24
		}},
		{"length-padded-over", "ciphertext length", "a padded length of 64 TiB and a byte", func(m *rawManifest) {
			m.pad, m.log2c, m.cipher = 0, 16, maxCipher+1
		}},
		{"length-2-63", "ciphertext length", "a length that is negative to some", func(m *rawManifest) { m.pad, m.cipher = 0, 1<<63 }},
		{"length-max", "ciphertext length", "the largest number there is", func(m *rawManifest) { m.pad, m.cipher = 0, 1<<64-1 }},
		{"length-not-padme", "ciphertext length", "a length that Padmé never gives", func(m *rawManifest) { m.cipher++ }},
		{"k-0", "K", "K of 0", func(m *rawManifest) { m.k = 0 }},
		{"k-65", "K", "K over 64", func(m *rawManifest) {
			*m = newRaw(4<<20, blobstore.PadNone, 3, 70)
			m.cipher, m.k = 70*65536, 65
		}},
		{"k-over-chunks", "K", "K of 26 for 25 chunks", func(m *rawManifest) {
			*m = newRaw(100_000, blobstore.PadPadme, 25, 30)
			m.k = 26
		}},
		{"r-0", "length", "no roots: shorter than any manifest", func(m *rawManifest) { m.r, m.roots = 0, nil }},
		{"r-below-k", "roots", "two roots for K = 3", func(m *rawManifest) { m.r, m.roots = 2, m.roots[:2] }},
		{"r-2-of-k1", "roots", "two roots where all shares are equal", func(m *rawManifest) { m.k, m.r, m.roots = 1, 2, m.roots[:2] }},
		{"r-257", "length", "257 roots: longer than any manifest", func(m *rawManifest) { m.r, m.roots = 257, rootsOf("roots", 257) }},
		{"r-more", "length", "eleven roots said, ten there", func(m *rawManifest) { m.r = 11 }},
		{"r-fewer", "length", "nine roots said, ten there", func(m *rawManifest) { m.r = 9 }},
	} {
		m := good
		c.set(&m)
		out = append(out, refusedManifest("encoding-"+c.name, c.about, "encoding", c.field, m.signed()))
	}
	b := good.signed()
	return append(out,
		refusedManifest("encoding-empty", "nothing", "encoding", "length", nil),
		refusedManifest("encoding-head", "only the fields before the roots", "encoding", "length", b[:20]),
		refusedManifest("encoding-short", "a byte less", "encoding", "length", b[:len(b)-1]),
		refusedManifest("encoding-long", "a byte more", "encoding", "length", append(bytes.Clone(b), 0)),
		refusedManifest("encoding-twice", "a manifest and another", "encoding", "length", slices.Concat(b, b)),
	)
}

// ofOneChunk is m with a ciphertext of n bytes, and K = 1 because there is one chunk.
func (m rawManifest) ofOneChunk(n uint64) rawManifest {
	m.pad, m.cipher, m.k, m.r, m.roots = 0, n, 1, 1, m.roots[:1]
	return m
}

func makeFalseSignatures() (out []vector) {
	good := newRaw(100_000, blobstore.PadPadme, 3, 10)
	b := good.signed()
	refuse := func(name, about string, b []byte) {
		out = append(out, vector{"manifest/signature-" + name, header(about, "manifest", "signature"), b})
	}
	flip := func(at int) []byte { b := bytes.Clone(b); b[at] ^= 1; return b }
	refuse("gen", "another generation under the same signature", flip(8))
	refuse("first-root", "a flipped bit in the first root", flip(20))
	refuse("last-root", "a flipped bit in the last root", flip(20+320-1))
	refuse("key", "a flipped bit in the signing key", flip(340))
	refuse("r", "a flipped bit in the first half of the signature", flip(372))
	refuse("s", "a flipped bit in the second half", flip(372+32))
	zero := bytes.Clone(b)
	clear(zero[372:])
	refuse("zeros", "a signature of zeros", zero)
	refuse("without-prefix", "signed without the label", append(good.body(), ed25519.Sign(good.ck.SigningKey(), good.body())...))
	stranger := newRaw(100_001, blobstore.PadPadme, 3, 10).ck.SigningKey()
	refuse("by-another", "signed by another key than it carries",
		append(good.body(), ed25519.Sign(stranger, append([]byte(manifestLabel), good.body()...))...))
	refuse("s-not-reduced", "the order added to S: the same number, another encoding", addOrder(b))
	refuse("with-cofactor", "R with a point of order 2 added: it verifies only times the cofactor", withTorsion(good))
	return out
}

// order is that of Ed25519's group.
func order() *big.Int {
	l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
}

func littleEndian(b []byte) *big.Int {
	b = bytes.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func littleBytes(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

func addOrder(signed []byte) []byte {
	at := len(signed) - 32
	s := littleEndian(signed[at:])
	return append(bytes.Clone(signed[:at]), littleBytes(s.Add(s, order()))...)
}

// withTorsion signs with R + T, T = (0, −1) the point of order 2: (x, y) + T = (−x, −y).
func withTorsion(m rawManifest) []byte {
	body := m.body()
	msg := append([]byte(manifestLabel), body...)
	sig := ed25519.Sign(m.ck.SigningKey(), msg)
	key := m.ck.ManifestKey()
	digest := func(r []byte) *big.Int {
		h := sha512.Sum512(slices.Concat(r, key[:], msg))
		return littleEndian(h[:])
	}
	seed := sha512.Sum512(m.ck.SigningKey().Seed())
	seed[0], seed[31] = seed[0]&248, seed[31]&127|64
	a := littleEndian(seed[:32])

	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	y := bytes.Clone(sig[:32])
	sign := y[31] & 0x80
	y[31] &^= 0x80
	r := littleBytes(p.Sub(p, littleEndian(y)))
	r[31] |= sign ^ 0x80

	// S = r + H·a; the r of the honest signature is S − H·a.
	s := littleEndian(sig[32:])
	s.Sub(s, new(big.Int).Mul(digest(sig[:32]), a))
	s.Add(s, new(big.Int).Mul(digest(r), a))
	return slices.Concat(body, r, littleBytes(s.Mod(s, order())))
}

func makeMismatches() (out []vector) {
	const size = 8192 // padded to itself, so that only one field differs
	for _, c := range []struct {
		name, field, about string
		pad                blobstore.Pad
		set                func(*rawManifest)
	}{
		{"nothing", "", "the manifest of the object", 1, func(*rawManifest) {}},
		{"pad", "padding policy", "the same length without padding", 1, func(m *rawManifest) { m.pad = 0 }},
		{"gen", "gen", "another generation", 1, func(m *rawManifest) { m.gen = 1 }},
		{"log2c", "chunk size", "chunks of a larger object", 0, func(m *rawManifest) {
			larger := newRaw(64*4096+1, blobstore.PadNone, 3, 10)
			m.log2c, m.cipher = larger.log2c, larger.cipher
		}},
		{"length", "ciphertext length", "another length", 1, func(m *rawManifest) { m.cipher += 512 }},
		{"key", "signing key", "signed by the key of another object", 1, func(m *rawManifest) {
			m.ck = newRaw(size+1, blobstore.PadPadme, 3, 10).ck
		}},
	} {
		good := newRaw(size, c.pad, 3, 10)
		m := good
		c.set(&m)
		more := []any{"ck", good.ck.Bytes(), "size", size, "pad", good.pad, "gen", good.gen}
		expect := "ok"
		if c.field != "" {
			expect, more = "mismatch", append(more, "field", c.field)
		}
		out = append(out, vector{"manifest/mismatch-" + c.name, header(c.about, "check", expect, more...), m.signed()})
	}
	return out
}

func makeExtensions() (out []vector) {
	base := newRaw(100_000, blobstore.PadPadme, 3, 10)
	for _, c := range []struct {
		name, about, extends string
		set                  func(*rawManifest)
	}{
		{"itself", "a manifest extends itself", "yes", func(*rawManifest) {}},
		{"longer", "more roots", "yes", func(m *rawManifest) { m.r, m.roots = 30, rootsOf("roots", 30) }},
		{"shorter", "fewer roots", "no", func(m *rawManifest) { m.r, m.roots = 9, m.roots[:9] }},
		{"last-root", "another last root", "no", func(m *rawManifest) { m.roots = slices.Concat(m.roots[:9], rootsOf("other", 1)) }},
		{"longer-other", "more roots, and another first", "no", func(m *rawManifest) { m.r, m.roots = 30, rootsOf("other", 30) }},
		{"pad", "another padding policy, all else equal", "no", func(m *rawManifest) { m.pad = 0 }},
		{"gen", "another generation, all else equal", "no", func(m *rawManifest) { m.gen = 1 }},
		{"length", "another length, all else equal", "no", func(m *rawManifest) { m.cipher = 102_400 + 24*26 }},
		{"k", "another K, all else equal", "no", func(m *rawManifest) { m.k = 2 }},
		{"key", "another signing key, all else equal", "no", func(m *rawManifest) { m.ck = newRaw(100_001, blobstore.PadPadme, 3, 10).ck }},
	} {
		m := base
		c.set(&m)
		b := m.signed()
		h := header(c.about, "extends", "ok", "first", len(b), "extends", c.extends)
		out = append(out, vector{fmt.Sprintf("manifest/extends-%s", c.name), h, append(b, base.signed()...)})
	}
	return out
}
