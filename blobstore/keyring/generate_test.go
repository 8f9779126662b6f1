package keyring_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/mlkem"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// The generators make vectors as KEYS.md says it, from the standard library and without the package: what the package makes of
// them is for the readers to see.

func generate(t *testing.T) []vector {
	return slices.Concat(labelVectors(), secretVectors(t), unlockVectors(t), deviceKeyVectors(),
		certificateVectors(), certificatesVectors(), cardVectors(t), cardsVectors(t), envelopeVectors(t), wrapVectors(t))
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func same(b byte) string { return strings.Repeat(hexOf([]byte{b}), 32) }

// derived is what a seed and a salt give (KEYS.md §3, §4).
type derived struct{ sig, ps, domain, cardSeed, public []byte }

func derivedFrom(t *testing.T, seed [32]byte, salt []byte) derived {
	sig := ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), append([]byte("radswarm/personal-secret/v1\x00"), salt...))
	ps := hkdfPlain(sig, "radswarm/personal-secret/v1", "", 32)
	cardSeed := hkdfPlain(ps, "radswarm/card/v1", "kem\x64\x7a", 32)
	x := sha3.SumSHAKE256(cardSeed, 96)
	pq := must[*mlkem.DecapsulationKey768](t)(mlkem.NewDecapsulationKey768(x[:64]))
	ec := must[*ecdh.PrivateKey](t)(ecdh.X25519().NewPrivateKey(x[64:]))
	return derived{
		sig: sig, ps: ps, cardSeed: cardSeed, domain: hkdfPlain(ps, "radswarm/personal-domain/v1", "", 32),
		public: append(pq.EncapsulationKey().Bytes(), ec.PublicKey().Bytes()...),
	}
}

// someSalt is a salt as a rotation might draw it.
func someSalt(b byte) keyring.Salt { return keyring.Salt(sha256.Sum256([]byte{b})) }

func saltID(s []byte) string {
	sum := sha256.Sum256(s)
	return hexOf(sum[:8])
}

func labelVectors() (all []vector) {
	for name, c := range map[string][3]string{
		"signed":         {`radswarm/address/v1\0`, "ok", "what a device key signs"},
		"personal":       {`radswarm/personal-secret/v1\0`, "label", "a signature under it is a secret, and no others are given out"},
		"no-zero":        {`radswarm/address/v1`, "label", "without the zero byte"},
		"no-version":     {`radswarm/address\0`, "label", "without a version"},
		"other-product":  {`somewhere/address/v1\0`, "label", "of something else"},
		"upper-case":     {`radswarm/Address/v1\0`, "label", "not a lower-case letter"},
		"empty":          {`\0`, "label", "nothing but the zero byte"},
		"no-name":        {`radswarm//v1\0`, "label", "no name"},
		"version-letter": {`radswarm/address/va\0`, "label", "a version that is no number"},
	} {
		all = append(all, golden.New("label/"+name, nil, "label", c[0], "expect", c[1], "about", c[2], "seed", same(0xff)))
	}
	return all
}

func secretVectors(t *testing.T) (all []vector) {
	for name, c := range map[string]struct {
		seed byte
		salt keyring.Salt
	}{
		"zero-salt-ana": {0xff, keyring.Salt{}}, "zero-salt-bo": {0xfe, keyring.Salt{}}, "zero-salt-zero-seed": {0, keyring.Salt{}},
		"rotated-ana": {0xff, someSalt(1)}, "rotated-bo": {0xfe, someSalt(2)}, "ones": {0xff, keyring.Salt(seed(0xff))},
	} {
		d := derivedFrom(t, seed(c.seed), c.salt[:])
		all = append(all, golden.New("secret/"+name, d.public,
			"about", "what a key and a salt give; the bytes are the public key of the card", "expect", "ok",
			"seed", same(c.seed), "salt", hexOf(c.salt[:]), "salt-id", saltID(c.salt[:]), "signature", hexOf(d.sig), "secret", hexOf(d.ps),
			"domain", hexOf(d.domain), "card-seed", hexOf(d.cardSeed)))
	}
	return all
}

// unlockVectors are the two signatures that a signer returned for the zero salt, then a card if there is more.
func unlockVectors(t *testing.T) (all []vector) {
	zero := make([]byte, 32)
	d := derivedFrom(t, seed(0xff), zero)
	other := must[[64]byte](t)(otherNonces{seed: seed(0xff)}.
		Sign(t.Context(), append([]byte("radswarm/personal-secret/v1\x00"), zero...)))
	bos := derivedFrom(t, seed(0xfe), zero)
	card := cardBytes(ana(), 1, []keyring.Salt{{}}, 0x647a, d.public)
	unknown := cardBytes(ana(), 1, []keyring.Salt{{}}, 0x0050, []byte{1})
	bosCard := cardBytes(bo(), 1, []keyring.Salt{{}}, 0x647a, bos.public)
	for name, c := range map[string]struct {
		about, expect string
		parts         [][]byte
	}{
		"equal":        {"two equal signatures", "ok", [][]byte{d.sig, d.sig}},
		"card":         {"and the card that was made of them", "ok", [][]byte{d.sig, d.sig, card}},
		"unknown-card": {"and a card of a kind that cannot be compared", "ok", [][]byte{d.sig, d.sig, unknown}},
		"different":    {"two signatures of one key over the same bytes", "signer", [][]byte{d.sig, other[:]}},
		"not-hers":     {"two equal signatures of another key", "signer", [][]byte{bos.sig, bos.sig}},
		"other-secret": {"two equal signatures, but the card was made of another", "secret", [][]byte{other[:], other[:], card}},
		"bos-card":     {"somebody else's card", "mismatch", [][]byte{d.sig, d.sig, bosCard}},
	} {
		all = append(all, golden.New("unlock/"+name, bytes.Join(c.parts, nil), "about", c.about, "expect", c.expect, "seed", same(0xff)))
	}
	return all
}

// deviceKeyText is KEYS.md §7.
func deviceKeyText(seed, public []byte) string {
	return fmt.Sprintf("radswarm-device-key-v1\nseed %x\npublic %x\n", seed, public)
}

func deviceKeyVectors() (all []vector) {
	s := seed(7)
	public := ed25519.NewKeyFromSeed(s[:]).Public().(ed25519.PublicKey)
	text := deviceKeyText(s[:], public)
	add := func(name, about, expect, text string) {
		all = append(all, golden.New("device-key/"+name, []byte(text), "about", about, "expect", expect, "mode", "0600"))
	}
	add("good", "a device key", "ok", text)
	all[0].Header["device"] = hexOf(public)
	other := radicle.NewMemorySigner(seed(8)).NID()
	add("other-public", "the public half of another key", "mismatch", deviceKeyText(s[:], other[:]))
	add("empty", "nothing", "encoding", "")
	add("truncated", "without the last line feed", "encoding", text[:len(text)-1])
	add("first-line", "the first line alone", "encoding", text[:23])
	add("extended", "one byte more", "encoding", text+"\n")
	add("carriage-returns", "lines that end as on Windows", "encoding", strings.ReplaceAll(text, "\n", "\r\n"))
	add("version", "another version", "encoding", strings.Replace(text, "-v1", "-v2", 1))
	add("upper-case", "digits in upper case", "encoding", strings.Replace(text, hexOf(public), strings.ToUpper(hexOf(public)), 1))
	add("no-digit", "a digit that is none", "encoding", strings.Replace(text, "seed 0", "seed g", 1))
	add("field", "another name of a field", "encoding", strings.Replace(text, "seed", "salt", 1))
	add("no-line-feed", "a space for a line feed", "encoding", strings.Replace(text, "\npublic", " public", 1))
	all = append(all, golden.New("device-key/readable", []byte(text), "about", "a file that others may read", "expect", "mode", "mode", "0644"))
	return all
}
