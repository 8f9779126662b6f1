package keyring_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"testing"
	"testing/cryptotest"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// vectorEpoch is where the envelopes of the vectors belong.
func vectorEpoch(tb testing.TB) keyring.Epoch {
	return keyring.Epoch{Group: keyring.Group{Kind: keyring.Members, RID: rid(tb), Writer: ana().NID().DID()}, Number: 3}
}

func epochHeader(e keyring.Epoch) map[string]string {
	return map[string]string{
		"kind": strconv.Itoa(int(e.Kind)), "rid": e.RID.String(), "writer": e.Writer.String(), "epoch": strconv.Itoa(int(e.Number)),
	}
}

// epochOf reads them back.
func epochOf(t *testing.T, v vector) keyring.Epoch {
	writer := must[radicle.DID](t)(radicle.ParseDID(v.Header["writer"]))
	g := keyring.Group{Kind: keyring.GroupKind(v.Int(t, "kind")), RID: parseRID(t, v.Header["rid"]), Writer: writer}
	return keyring.Epoch{Group: g, Number: uint32(v.Int(t, "epoch"))}
}

// infoOf is the HPKE info of KEYS.md §9.
func infoOf(at keyring.Epoch, to radicle.NID) []byte {
	place := placeOf(at)
	end := len(place) - 4
	return slices.Concat([]byte("radswarm/envelope/v1\x00"), []byte{byte(at.Kind)}, place[:end], to[:], place[end:])
}

// sealPlain makes an envelope: to a hybrid key of a salt, or with no public key to the bare DID. Its randomness is always the
// same.
func sealPlain(t *testing.T, gk []byte, at keyring.Epoch, to radicle.NID, salt, public []byte) []byte {
	t.Helper()
	head := make([]byte, 10)
	var key hpke.PublicKey
	if public == nil {
		binary.BigEndian.PutUint16(head, 0x0020)
		key = must[hpke.PublicKey](t)(hpke.NewDHKEMPublicKey(must[*ecdh.PublicKey](t)(to.X25519())))
	} else {
		binary.BigEndian.PutUint16(head, 0x647a)
		id := sha256.Sum256(salt)
		copy(head[2:], id[:])
		key = must[hpke.PublicKey](t)(hpke.MLKEM768X25519().NewPublicKey(public))
	}
	cryptotest.SetGlobalRandom(t, 1)
	return append(head, must[[]byte](t)(hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), infoOf(at, to), gk))...)
}

// keyIDOf is the id of a group key (KEYS.md §10).
func keyIDOf(gk []byte, at keyring.Epoch) string {
	return hexOf(hkdfPlain(gk, "radswarm/epoch/v1", string(rune(at.Kind))+string(placeOf(at)), 16))
}

// envelopeCases is a generator of envelopes to Bo.
type envelopeCases struct {
	t          *testing.T
	gk         [32]byte
	at         keyring.Epoch
	card, bare []byte
	all        []vector
}

// add adds one that Bo opens with his key file and the zero salt, unless more says otherwise.
func (c *envelopeCases) add(name, about, expect string, b []byte, more ...string) {
	v := golden.New("envelope/"+name, b, append([]string{"about", about, "expect", expect, "seed", same(0xfe), "signer", "key"}, more...)...)
	at := epochHeader(c.at)
	for key := range v.Header {
		delete(at, key)
	}
	if v = v.And(at); expect == "ok" {
		v = v.And(map[string]string{"group-key": hexOf(c.gk[:]), "key-id": keyIDOf(c.gk[:], epochOf(c.t, v))})
	}
	c.all = append(c.all, v)
}

func envelopeVectors(t *testing.T) []vector {
	zero, one := make([]byte, 32), must32(someSalt(1))
	public := derivedFrom(t, seed(0xfe), zero).public
	c := &envelopeCases{t: t, gk: seed(0x55), at: vectorEpoch(t)}
	seal := func(at keyring.Epoch, to *radicle.MemorySigner, salt, public []byte) []byte {
		return sealPlain(t, c.gk[:], at, to.NID(), salt, public)
	}
	c.card, c.bare = seal(c.at, bo(), zero, public), seal(c.at, bo(), nil, nil)
	rotated := seal(c.at, bo(), one, derivedFrom(t, seed(0xfe), one).public)
	c.add("card", "to a card", "ok", c.card)
	c.add("card-agent", "to a card, with an agent", "ok", c.card, "signer", "agent")
	c.add("card-rotated", "to a card after a rotation", "ok", rotated, "salts", hexOf(one))
	c.add("card-before", "to the card before the rotation", "ok", c.card, "salts", hexOf(one))
	c.add("bare", "to the bare did", "ok", c.bare)
	for name, kind := range map[string]keyring.GroupKind{"mine": keyring.Mine, "named": keyring.Named} {
		at := c.at
		at.Kind = kind
		c.add("kind-"+name, "of another kind", "ok", seal(at, bo(), zero, public), "kind", strconv.Itoa(int(kind)))
	}
	long := c.at
	long.RID = radicle.NewRID(must[radicle.Oid](t)(radicle.OidFromBytes(bytes.Repeat([]byte{9}, 32))))
	c.add("rid-sha256", "in a repository of SHA-256", "ok", seal(long, bo(), zero, public), "rid", long.RID.String())
	high := c.at
	high.Number = math.MaxUint32
	c.add("epoch-highest", "of the last epoch of all", "ok", seal(high, bo(), nil, nil), "epoch", fmt.Sprint(high.Number))
	c.add("salt-unknown", "to a card whose salt is not known", "salt", rotated)
	c.add("bare-agent", "to the bare did, with an agent", "opener", c.bare, "signer", "agent")
	c.add("card-for-cy", "to Bo's key, but with Cy in the info", "sealed", sealAs(t, c, cy(), zero, public))
	for name, b := range map[string][]byte{"card": c.card, "bare": c.bare} {
		c.moved(t, name, b)
		c.broken(name, b)
	}
	return c.unusual()
}

// sealAs seals to the key of Bo, with another recipient in the info.
func sealAs(t *testing.T, c *envelopeCases, to *radicle.MemorySigner, salt, public []byte) []byte {
	return sealPlain(t, c.gk[:], c.at, to.NID(), salt, public)
}

// moved are copies of an envelope at other places.
func (c *envelopeCases) moved(t *testing.T, name string, b []byte) {
	other := map[string]string{
		"rid": otherRID(t).String(), "writer": cy().NID().DID().String(), "kind": "3", "epoch": "4", "seed": same(0xfd),
	}
	for _, key := range slices.Sorted(maps.Keys(other)) {
		what := map[string]string{"seed": "recipient"}[key]
		if what == "" {
			what = key
		}
		c.add("moved-"+name+"-"+what, "copied to another "+what, "sealed", b, key, other[key])
	}
}

// broken are refused for their bytes.
func (c *envelopeCases) broken(name string, b []byte) {
	add := func(what, about, expect string, b []byte) { c.add(name+"-"+what, about, expect, b) }
	point := len(b) - 48 - 32 // of the X25519 half
	replaced := func(u []byte) []byte { return slices.Concat(b[:point], u, b[point+32:]) }
	add("truncated", "a byte is missing", "encoding", b[:len(b)-1])
	add("extended", "a byte more", "encoding", append(bytes.Clone(b), 0))
	add("tag", "a bit of the tag", "sealed", flip(b, len(b)-1, 1))
	add("ciphertext", "a bit of the ciphertext", "sealed", flip(b, len(b)-48, 1))
	add("encapsulated", "a bit of the encapsulated key", "sealed", flip(b, 12, 1))
	add("top-bit", "the bit of the X25519 half that nobody reads", "key", flip(b, point+31, 0x80))
	add("above-prime", "9 with a second name", "key", replaced(append([]byte{0xf6}, append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...)))
	for i, u := range lowOrderPoints(c.t) {
		add(fmt.Sprintf("low-order-%d", i), "an X25519 half of low order", "key", replaced(u))
	}
}

// unusual are those that fit neither form.
func (c *envelopeCases) unusual() []vector {
	c.add("bare-salt", "a salt where there is no card", "encoding", flip(c.bare, 2, 1))
	c.add("bare-as-card", "the kem of the other form", "encoding", slices.Concat(c.card[:2], c.bare[2:]))
	c.add("kem-unknown", "of a kind that is not known", "kem", slices.Concat([]byte{0, 0x50}, c.card[2:]))
	c.add("kem-unknown-longest", "4,096 bytes", "kem", append([]byte{0, 0x50}, make([]byte, 4094)...))
	c.add("kem-unknown-shortest", "11 bytes", "kem", append([]byte{0, 0x50}, make([]byte, 9)...))
	c.add("kem-unknown-long", "4,097 bytes", "encoding", append([]byte{0, 0x50}, make([]byte, 4095)...))
	c.add("kem-unknown-head", "10 bytes", "encoding", append([]byte{0, 0x50}, make([]byte, 8)...))
	c.add("empty", "nothing", "encoding", nil)
	c.add("head", "a head and nothing more", "encoding", c.card[:10])
	return c.all
}

// wrapPlain is KEYS.md §11 with a given nonce.
func wrapPlain(t *testing.T, gk []byte, at keyring.Epoch, o keyring.Object, nonce, ck []byte) []byte {
	t.Helper()
	info := append(placeOf(at), o.OID[:]...)
	info = binary.BigEndian.AppendUint64(info, uint64(o.Size))
	info = append(binary.BigEndian.AppendUint32(info, o.Gen), o.Salt[:]...)
	block := must[cipher.Block](t)(aes.NewCipher(hkdfPlain(gk, "radswarm/wrap/v1", string(info), 32)))
	return must[cipher.AEAD](t)(cipher.NewGCM(block)).Seal(bytes.Clone(nonce), nonce, ck, nil)
}

func wrapVectors(t *testing.T) (all []vector) {
	gk, ck, nonce, at := seed(0x55), seed(0x77), make([]byte, 12), vectorEpoch(t)
	object := keyring.Object{OID: blobstore.OID(seed(0x11)), Size: 123456789, Salt: keyring.Salt{}.ID()}
	add := func(name, about, expect string, o keyring.Object, e keyring.Epoch, wrap []byte) {
		v := golden.New("wrap/"+name, wrap, "about", about, "expect", expect, "group-key", hexOf(gk[:]), "oid", o.OID.String(),
			"size", fmt.Sprint(o.Size), "gen", fmt.Sprint(o.Gen), "salt-id", o.Salt.String()).And(epochHeader(e))
		if expect == "ok" {
			v = v.And(map[string]string{"content-key": hexOf(ck[:]), "key-id": keyIDOf(gk[:], e)})
		}
		all = append(all, v)
	}
	good := wrapPlain(t, gk[:], at, object, nonce, ck[:])
	add("good", "a content key", "ok", object, at, good)
	for name, change := range map[string]func(*keyring.Object, *keyring.Epoch){
		"size-0":       func(o *keyring.Object, _ *keyring.Epoch) { o.Size = 0 },
		"size-largest": func(o *keyring.Object, _ *keyring.Epoch) { o.Size = blobstore.MaxSize },
		"gen-highest":  func(o *keyring.Object, _ *keyring.Epoch) { o.Gen = math.MaxUint32 },
		"oid":          func(o *keyring.Object, _ *keyring.Epoch) { o.OID[0]++ },
		"salt":         func(o *keyring.Object, _ *keyring.Epoch) { o.Salt[0]++ },
		"epoch":        func(_ *keyring.Object, e *keyring.Epoch) { e.Number++ },
		"writer":       func(_ *keyring.Object, e *keyring.Epoch) { e.Writer = cy().NID().DID() },
		"rid":          func(_ *keyring.Object, e *keyring.Epoch) { e.RID = otherRID(t) },
	} {
		o, e := object, at
		change(&o, &e)
		nonce := bytes.Repeat([]byte{byte(len(name))}, 12)
		add(name, "with another field", "ok", o, e, wrapPlain(t, gk[:], e, o, nonce, ck[:]))
		add("moved-"+name, "the good one, with another field", "sealed", o, e, good)
	}
	add("nonce", "a bit of the nonce", "sealed", object, at, flip(good, 0, 1))
	add("ciphertext", "a bit of the ciphertext", "sealed", object, at, flip(good, 12, 1))
	add("tag", "a bit of the tag", "sealed", object, at, flip(good, 59, 1))
	object.Size = blobstore.MaxSize + 1
	add("size-too-large", "a byte more than the largest object", "bounds", object, at, wrapPlain(t, gk[:], at, object, nonce, ck[:]))
	return all
}
