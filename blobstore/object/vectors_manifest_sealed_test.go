package object_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

// sealedAt seals any bytes at a place by FORMAT.md §7.4, with any nonce.
func sealedAt(rk blobstore.RepairKey, k int, place radicle.DID, nonce, b []byte) []byte {
	key, _ := must2(rk.ManifestSeal(k, place))
	aead := must(cipher.NewGCM(must(aes.NewCipher(key[:]))))
	return aead.Seal(bytes.Clone(nonce), nonce, b, nil)
}

func makeSealedManifests() (out []vector) {
	ana, bo := holder("ana"), holder("bo")
	for _, c := range []struct {
		name, about string
		place       radicle.DID
		m           rawManifest
	}{
		{"record", "sealed into a record", manifest.Record, newRaw(100_000, blobstore.PadPadme, 3, 10)},
		{"holder", "the same manifest for a holder", ana, newRaw(100_000, blobstore.PadPadme, 3, 10)},
		{"holder-other", "the same manifest for another holder", bo, newRaw(100_000, blobstore.PadPadme, 3, 10)},
		{"k1", "the shortest", ana, newRaw(100_000, blobstore.PadPadme, 1, 1)},
		{"k10", "another coding of the same object", ana, newRaw(100_000, blobstore.PadPadme, 10, 30)},
		{"longest", "the longest", ana, newRaw(64<<12, blobstore.PadNone, 64, 256)},
	} {
		rk := c.m.ck.Repair()
		m := must(manifest.Parse(c.m.signed()))
		key, nonceKey := must2(rk.ManifestSeal(c.m.k, c.place))
		h := header(c.about, "sealed", "ok", "rk", rk.Bytes(), "k", c.m.k, "place", [32]byte(c.place), "mk", key, "mn", nonceKey,
			"hash", m.Hash())
		out = append(out, vector{"manifest/sealed-" + c.name, h, must(manifest.Seal(rk, c.place, m))})
	}
	return slices.Concat(out, makeFalseSealed(ana, bo), makeSealedOthers(ana))
}

// makeFalseSealed do not open.
func makeFalseSealed(ana, bo radicle.DID) (out []vector) {
	raw := newRaw(100_000, blobstore.PadPadme, 3, 10)
	rk, other := raw.ck.Repair(), newRaw(100_001, blobstore.PadPadme, 3, 10).ck.Repair()
	good := must(manifest.Seal(rk, ana, must(manifest.Parse(raw.signed()))))
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for _, c := range []struct {
		name, about string
		rk          blobstore.RepairKey
		k           int
		place       radicle.DID
		b           []byte
	}{
		{"at-another", "sealed for one holder, found at another", rk, 3, bo, good},
		{"in-a-record", "sealed for a holder, found in a record", rk, 3, manifest.Record, good},
		{"k", "sealed for K = 3, opened for 2", rk, 2, ana, good},
		{"rk", "the repair key of another object", other, 3, ana, good},
		{"nonce-flipped", "a flipped bit in the nonce", rk, 3, ana, flip(0)},
		{"body-flipped", "a flipped bit in the body", rk, 3, ana, flip(12)},
		{"tag-flipped", "a flipped bit in the tag", rk, 3, ana, flip(len(good) - 1)},
		{"nothing", "nothing", rk, 3, ana, nil},
		{"nonce-only", "a nonce", rk, 3, ana, good[:12]},
		{"short", "a byte less", rk, 3, ana, good[:len(good)-1]},
		{"long", "a byte more", rk, 3, ana, append(bytes.Clone(good), 0)},
	} {
		h := header(c.about, "sealed", "sealed", "rk", c.rk.Bytes(), "k", c.k, "place", [32]byte(c.place))
		out = append(out, vector{"manifest/sealed-false-" + c.name, h, c.b})
	}
	return out
}

// makeSealedOthers open, and hold something else than a writer would have put there.
func makeSealedOthers(ana radicle.DID) (out []vector) {
	raw := newRaw(100_000, blobstore.PadPadme, 3, 10)
	rk, nonce := raw.ck.Repair(), content("nonce", 12)
	add := func(name, about, expect string, k int, b []byte, more ...any) {
		more = append([]any{"rk", rk.Bytes(), "k", k, "place", [32]byte(ana)}, more...)
		out = append(out, vector{"manifest/sealed-" + name, header(about, "sealed", expect, more...), sealedAt(rk, k, ana, nonce, b)})
	}
	m := must(manifest.Parse(raw.signed()))
	key, nonceKey := must2(rk.ManifestSeal(3, ana))
	add("foreign-nonce", "a nonce that is not the hash: no reader computes it", "ok", 3, raw.signed(), "canonical", "no",
		"hash", m.Hash(), "mk", key, "mn", nonceKey)
	add("other-k", "a manifest of K = 3 sealed under K = 2", "mismatch", 2, raw.signed(), "field", "K")
	version := raw
	version.version = 2
	add("not-a-manifest", "bytes that are no manifest", "encoding", 3, version.signed(), "field", "version")
	unsigned := raw.signed()
	unsigned[len(unsigned)-1] ^= 1
	add("unsigned", "a manifest whose signature is false", "signature", 3, unsigned)
	return out
}
