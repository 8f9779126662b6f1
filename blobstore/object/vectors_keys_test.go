package object_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"strings"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// keysFormat is FORMAT.md §3: keys and names.
func keysFormat() format {
	return format{
		name:  "keys",
		kinds: map[string]func(*reading){"keys": readKeys, "names": readNames},
		make:  func() []vector { return append(makeKeys(), makeNames()...) },
	}
}

// domain is the secret of the personal domain of all vectors.
func domain() blobstore.DomainSecret { return blobstore.NewDomainSecret(bytes32("domain")) }

// bytes32 is the start of a content.
func bytes32(label string) [32]byte { return [32]byte(content(label, 32)) }

// holder is a DID: the public half of an Ed25519 key.
func holder(label string) radicle.DID {
	seed := bytes32(label)
	return radicle.DID(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
}

func readKeys(r *reading) {
	secret := blobstore.NewDomainSecret(r.bytes32("domain"))
	if r.has("public") && r.text("public") == "yes" && secret.Bytes() != blobstore.PublicDomain().Bytes() {
		r.Errorf("the public domain is %x", blobstore.PublicDomain().Bytes())
	}
	p := blobstore.Params{
		OID: r.bytes32("oid"), Size: r.number("size"), Pad: r.pad(), Gen: uint32(r.number("gen")),
	}
	ck, err := secret.ContentKey(p)
	if !r.judge("content key", err) {
		return
	}
	r.equal("ck", ck.Bytes())
	r.equal("dk", ck.DataKey())
	r.equal("nk", ck.NonceKey())
	r.equal("ms", [32]byte(ck.SigningKey().Seed()))
	r.equal("mp", ck.ManifestKey())
	r.equal("rk", ck.Repair().Bytes())
	again := blobstore.NewContentKey(ck.Bytes()) // as an envelope carries it
	r.equal("rk", again.Repair().Bytes())
}

func makeKeys() (out []vector) {
	public := blobstore.PublicDomain()
	oid := sha256.Sum256(content("plaintext", 1000))
	for _, c := range []struct {
		name, about string
		domain      blobstore.DomainSecret
		p           blobstore.Params
		expect      string
		more        []any
	}{
		{"personal", "personal domain", domain(), blobstore.Params{OID: oid, Size: 1000, Pad: 1}, "ok", nil},
		{"public", "public domain", public, blobstore.Params{OID: oid, Size: 1000}, "ok", []any{"public", "yes"}},
		{"empty", "the empty object", domain(), blobstore.Params{OID: sha256.Sum256(nil), Pad: 1}, "ok", nil},
		{"gen-1", "encrypted again once", domain(), blobstore.Params{OID: oid, Size: 1000, Pad: 1, Gen: 1}, "ok", nil},
		{"gen-max", "the last generation", domain(), blobstore.Params{OID: oid, Size: 1000, Pad: 1, Gen: 1<<32 - 1}, "ok", nil},
		{"size-other", "one byte more than the others", domain(), blobstore.Params{OID: oid, Size: 1001, Pad: 1}, "ok", nil},
		{"pad-other", "no padding", domain(), blobstore.Params{OID: oid, Size: 1000}, "ok", nil},
		{"log2c-12", "the largest object in chunks of 4 KiB", domain(), blobstore.Params{OID: oid, Size: 64 << 12, Pad: 1}, "ok", nil},
		{"log2c-13", "the smallest object in chunks of 8 KiB", domain(), blobstore.Params{OID: oid, Size: 64<<12 + 1, Pad: 1}, "ok", nil},
		{"log2c-16", "the smallest object in chunks of 64 KiB", domain(), blobstore.Params{OID: oid, Size: 64<<15 + 1, Pad: 1}, "ok", nil},
		{"size-max", "64 TiB", domain(), blobstore.Params{OID: oid, Size: blobstore.MaxSize, Pad: 1}, "ok", nil},
		{
			"size-over", "one byte more than 64 TiB", domain(),
			blobstore.Params{OID: oid, Size: blobstore.MaxSize + 1, Pad: 1},
			"bounds",
			[]any{"value", int64(blobstore.MaxSize + 1)},
		},
		{"pad-2", "a padding policy that is none", domain(), blobstore.Params{OID: oid, Size: 1, Pad: 2}, "bounds", []any{"value", 2}},
	} {
		h := header(c.about, "keys", c.expect, append([]any{
			"domain", c.domain.Bytes(), "oid", c.p.OID, "size", c.p.Size, "pad", uint8(c.p.Pad), "gen", c.p.Gen,
		}, c.more...)...)
		if c.expect == "ok" {
			ck := must(c.domain.ContentKey(c.p))
			h = append(h, header("", "", "", "ck", ck.Bytes(), "dk", ck.DataKey(), "nk", ck.NonceKey(),
				"ms", [32]byte(ck.SigningKey().Seed()), "mp", ck.ManifestKey(), "rk", ck.Repair().Bytes())[3:]...)
		}
		out = append(out, vector{"keys/" + c.name, h, nil})
	}
	return out
}

func readNames(r *reading) {
	rk := blobstore.NewRepairKey(r.bytes32("rk"))
	h := radicle.DID(r.bytes32("holder"))
	l, err := rk.Locator(int(r.number("k")))
	if err == nil && r.has("index") {
		_, err = l.SID(h, int(r.number("index")))
	}
	if !r.judge("name", err) {
		return
	}
	r.equal("lk", l.Bytes())
	r.equal("mid", l.MID(h))
	for _, line := range r.table("index sid") {
		index, want, _ := strings.Cut(line, " ")
		if got, err := l.SID(h, int(r.parse(index))); err != nil || got.String() != want {
			r.Errorf("share %s: %v, %v, want %s", index, got, err, want)
		}
	}
}

func makeNames() (out []vector) {
	ck := must(domain().ContentKey(blobstore.Params{OID: bytes32("oid"), Size: 1 << 30, Pad: 1}))
	rk := ck.Repair()
	common := func(who radicle.DID, k int) []any { return []any{"rk", rk.Bytes(), "holder", [32]byte(who), "k", k} }
	for _, label := range []string{"ana", "bo"} {
		for _, k := range []int{1, 2, 3, 10, 64} {
			who, l := holder(label), must(rk.Locator(k))
			var rows [][]any
			for _, j := range []int{0, 1, 2, 9, 63, 64, 255} {
				rows = append(rows, []any{j, must(l.SID(who, j))})
			}
			more := append(common(who, k), "lk", l.Bytes(), "mid", l.MID(who), "columns", "index sid")
			h := header("names of shares and manifest at one holder", "names", "ok", more...)
			out = append(out, vector{fmt.Sprintf("keys/names-%s-k%d", label, k), h, tableOf(rows)})
		}
	}
	for _, c := range []struct {
		name, about string
		k           int
		more        []any
	}{
		{"names-k0", "K of 0", 0, []any{"value", 0}},
		{"names-k65", "K over 64", 65, []any{"value", 65}},
		{"names-index-256", "an index over 255", 3, []any{"index", 256, "value", 256}},
		{"names-index-65535", "the index that would be the manifest's name", 3, []any{"index", 65535, "value", 65535}},
	} {
		more := append(common(holder("ana"), c.k), c.more...)
		out = append(out, vector{"keys/" + c.name, header(c.about, "names", "bounds", more...), nil})
	}
	return out
}
