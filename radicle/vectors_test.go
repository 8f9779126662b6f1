package radicle_test

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle"
)

// update rewrites the vectors from the tables below: go test -run Vectors ./radicle -update
var update = flag.Bool("update", false, "rewrite testdata/vectors/radicle/values")

type (
	keyVector struct {
		Seed, Public, NID, DID string
		X25519                 string // the public key on the Montgomery curve
		Shared                 string // with the X25519 private key 42…42
	}
	signatureVector struct{ Seed, Message, Signature, Text string }
	ridVector       struct{ Oid, RID, Canonical string }
	weakVector      struct{ Why, Key, NID string }
	refusedVector   struct{ Type, Why, Text string }
)

// TestVectors compares the files byte for byte with what the code makes of the seeds.
func TestVectors(t *testing.T) {
	checkVectors(t, "keys", keyVectors(t))
	checkVectors(t, "signatures", signatureVectors(t))
	checkVectors(t, "rids", ridVectors(t))
	checkVectors(t, "weak", weakVectors(t))
	checkVectors(t, "refused", refusedVectors(t))
}

func checkVectors(t *testing.T, name string, vectors any) {
	t.Helper()
	want, err := json.MarshalIndent(vectors, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	file := filepath.Join("..", "testdata", "vectors", "radicle", "values", name+".json")
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s does not hold what the code makes:\n%s", file, want)
	}
}

func keyVectors(t *testing.T) (vectors []keyVector) {
	peer, err := ecdh.X25519().NewPrivateKey(bytes.Repeat([]byte{0x42}, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []byte{0xff, 0xfe, 0x01, 0x00} {
		key, signer := seed(b), radicle.NewMemorySigner(seed(b))
		image, err := signer.NID().X25519()
		if err != nil {
			t.Fatal(err)
		}
		shared, err := peer.ECDH(image)
		if err != nil {
			t.Fatal(err)
		}
		if opened, err := signer.ECDHKey().ECDH(peer.PublicKey()); err != nil || !bytes.Equal(opened, shared) {
			t.Errorf("seed %x: the two ends share %x and %x, %v", key, shared, opened, err)
		}
		vectors = append(vectors, keyVector{
			Seed: hex.EncodeToString(key[:]), Public: hex.EncodeToString(signer.NID().PublicKey()),
			NID: signer.NID().String(), DID: signer.NID().DID().String(),
			X25519: hex.EncodeToString(image.Bytes()), Shared: hex.EncodeToString(shared),
		})
	}
	return vectors
}

func signatureVectors(t *testing.T) (vectors []signatureVector) {
	for _, message := range []string{sha1Oid, "fc8a67224be6088f6ace394748c6320934c946b5", ""} {
		key, raw := seed(0xff), mustHex(t, message)
		sig, err := radicle.NewMemorySigner(key).Sign(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		vectors = append(vectors, signatureVector{
			hex.EncodeToString(key[:]), message, hex.EncodeToString(sig[:]), radicle.Signature(sig).String(),
		})
	}
	return vectors
}

func ridVectors(t *testing.T) (vectors []ridVector) {
	for _, s := range []string{
		sha1Oid, strings.Repeat("ff", 20), "0000" + sha1Oid[4:], strings.Repeat("00", 20),
		strings.Repeat("ff", 32), "00" + strings.Repeat("ab", 31),
	} {
		oid, err := radicle.ParseOid(s)
		if err != nil {
			t.Fatal(err)
		}
		rid := radicle.NewRID(oid)
		vectors = append(vectors, ridVector{s, rid.String(), rid.Canonical()})
	}
	return vectors
}

func weakVectors(t *testing.T) (vectors []weakVector) {
	for _, weak := range weakKeys {
		vectors = append(vectors, weakVector{weak.name, weak.key, radicle.NID(mustHex(t, weak.key)).String()})
	}
	return vectors
}

func refusedVectors(t *testing.T) []refusedVector {
	vectors := []refusedVector{
		{"rid", "empty", "rad:z"},
		{"rid", "upper-case prefix", "RAD:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"},
		{"rid", "URL form", "rad://z42hL2jL4XNk6K8oHQaSWfMgCL7ji"},
		{"rid", "digit 0 is not base58", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7j0"},
		{"rid", "19 bytes", "rad:z1111111111111111111"},
		{"rid", "base16", "rad:f" + sha1Oid},
		{"rid", "a key", "rad:" + anaNID},
		{"nid", "base16, which Radicle reads", "fed0176a1592044a6e4f511265bca73a604d90b0529d1df602be30a19a9257660d1f5"},
		{"nid", "X25519 multicodec", "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"},
		{"nid", "a leading zero byte", "z1" + anaNID[1:]},
		{"did", "another method", "did:web:" + anaNID},
		{"did", "bare node id", anaNID},
		{"oid", "39 digits", sha1Oid[1:]},
		{"oid", "plus sign, which Radicle reads", "+" + sha1Oid[1:]},
		{"alias", "empty", ""},
		{"alias", "33 bytes", strings.Repeat("a", 33)},
		{"alias", "no-break space", "a\u00a0b"},
		{"alias", "control character", "a\u0085b"},
	}
	parsers := map[string]func(string) error{
		"rid":   func(s string) error { _, err := radicle.ParseRID(s); return err },
		"nid":   func(s string) error { _, err := radicle.ParseNID(s); return err },
		"did":   func(s string) error { _, err := radicle.ParseDID(s); return err },
		"oid":   func(s string) error { _, err := radicle.ParseOid(s); return err },
		"alias": func(s string) error { _, err := radicle.ParseAlias(s); return err },
	}
	for _, v := range vectors {
		if parsers[v.Type](v.Text) == nil {
			t.Errorf("%s %q (%s) was accepted", v.Type, v.Text, v.Why)
		}
	}
	return vectors
}

// TestPublishedValues holds the code to values that were not made by it: Radicle's documentation and real tools.
func TestPublishedValues(t *testing.T) {
	for _, v := range []struct {
		seed        byte
		public, nid string
	}{
		{0xff, "76a1592044a6e4f511265bca73a604d90b0529d1df602be30a19a9257660d1f5", anaNID},
		{0xfe, "", "z6Mkt67GdsW7715MEfRuP4pSZxJRJh6kj6Y48WRqVv4N1tRk"},
		{0x01, "", "z6Mkon3Necd6NkkyfoGoHxid2znGc59LU3K7mubaRcFbLfLX"},
	} {
		nid := radicle.NewMemorySigner(seed(v.seed)).NID()
		if nid.String() != v.nid || v.public != "" && hex.EncodeToString(nid[:]) != v.public {
			t.Errorf("seed %x: %s (%x)", v.seed, nid, nid[:])
		}
	}
	other, err := radicle.ParseNID("z6MktWkM9vcfysWFq1c2aaLjJ6j4PYYg93TLPswR4qtuoAeT")
	if want := "d0e85c8ae17274639cb1945d415dc6192ecb4f259133b0ae3d88a06b045faf90"; err != nil || hex.EncodeToString(other[:]) != want {
		t.Errorf("other key %x, %v", other[:], err)
	}
	signatures := signatureVectors(t)
	if got := signatures[0].Text; got != "z5nGqUvrmfiSyLjNCHWTWYvVMcPUZcvo9TxPKzEKXYBdSgUzbrqf1cYsmpGgbQvYunnsrLSsubEmxZaRdKM4quqQR" {
		t.Errorf("signature over the document's id %s", got)
	}
	if got := signatures[1].Signature; got != "d9a0e8b2c7619a257362bf3a7a381f12f0643fecc15e901437f1dc3370b19c8f"+
		"18571ce3428fefc29f5a2b4073a5ea1fafcda7bad1a384c41d08ca67a9bee609" {
		t.Errorf("signature over the tree's id %s", got)
	}
	if got := ridVectors(t)[0].RID; got != sha1RID {
		t.Errorf("repository id %s", got)
	}
}

func mustHex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
