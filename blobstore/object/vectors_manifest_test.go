package object_test

import (
	"bytes"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/radicle"
)

// manifestFormat is FORMAT.md §7.
func manifestFormat() format {
	return format{
		name: "manifest",
		kinds: map[string]func(*reading){
			"manifest": readManifest, "check": readCheck, "sealed": readSealed, "extends": readExtends,
		},
		make: func() []vector {
			return slices.Concat(makeManifests(), makeMalformed(), makeFalseSignatures(), makeMismatches(), makeSealedManifests(),
				makeExtensions())
		},
	}
}

// rootsOf is n roots that are a content.
func rootsOf(label string, n int) (out []blobstore.Root) {
	b := content(label, 32*int64(n))
	for r := range slices.Chunk(b, 32) {
		out = append(out, blobstore.Root(r))
	}
	return out
}

func readManifest(r *reading) {
	b := r.body()
	m, err := manifest.Parse(b)
	if !r.judge("manifest.Parse", err) {
		return
	}
	coding := must(blobstore.NewCoding(r.number("ciphertext"), int(r.number("log2c")), int(r.number("k"))))
	gen, roots := uint32(r.number("gen")), rootsOf(r.text("content"), int(r.number("roots")))
	ck := blobstore.NewContentKey(r.bytes32("ck"))
	if m.Coding() != coding || m.Pad() != r.pad() || m.Gen() != gen || m.Roots() != len(roots) || m.Key() != ck.ManifestKey() {
		r.Errorf("parsed as %+v, padding %v, generation %d, %d roots", m.Coding(), m.Pad(), m.Gen(), m.Roots())
	}
	for j := range blobstore.MaxN {
		root, ok := m.Root(j)
		want := len(roots) == 1 || j < len(roots)
		if ok != want || ok && root != roots[j%len(roots)] {
			r.Errorf("root %d: %v, %v", j, root, ok)
		}
	}
	r.equal("hash", m.Hash())
	if got := must(m.MarshalBinary()); !bytes.Equal(got, b) {
		r.Error("manifest.MarshalBinary: other bytes")
	}
	signed := must(manifest.Sign(ck, r.pad(), gen, coding, roots))
	if got := must(signed.MarshalBinary()); !bytes.Equal(got, b) {
		r.Error("manifest.Sign: other bytes")
	}
}

// readCheck is a reader that knows the object.
func readCheck(r *reading) {
	m := must(manifest.Parse(r.body()))
	p := blobstore.Params{Size: r.number("size"), Pad: r.pad(), Gen: uint32(r.number("gen"))}
	r.judge("manifest.CheckObject", m.CheckObject(blobstore.NewContentKey(r.bytes32("ck")), p))
}

func readSealed(r *reading) {
	rk, k, place := blobstore.NewRepairKey(r.bytes32("rk")), int(r.number("k")), radicle.DID(r.bytes32("place"))
	sealed := r.body()
	m, err := manifest.Open(rk, k, place, sealed)
	if !r.judge("manifest.Open", err) {
		return
	}
	r.equal("hash", m.Hash())
	key, nonceKey := must2(rk.ManifestSeal(k, place))
	r.equal("mk", key)
	r.equal("mn", nonceKey)
	if again := must(manifest.Seal(rk, place, m)); bytes.Equal(again, sealed) != (r.or("canonical", "yes") == "yes") {
		r.Errorf("manifest.Seal: %x", again)
	}
}

func must2[A, B any](a A, b B, err error) (A, B) { must(a, err); return a, b }

// readExtends has two manifests in its body: the later one, and the earlier.
func readExtends(r *reading) {
	b, n := r.body(), r.number("first")
	later, earlier := must(manifest.Parse(b[:n])), must(manifest.Parse(b[n:]))
	r.judge("manifest.Parse", nil)
	if got := later.Extends(earlier); got != (r.text("extends") == "yes") {
		r.Errorf("manifest.Extends: %v", got)
	}
}
