package keyring_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// unix is the clock of the vectors, in seconds; its day is a day.
func unix() uint64 { return uint64(now.Unix()) }

const unixDay = 86_400

// fields are those of a certificate.
type fields struct {
	did              radicle.NID
	device           keyring.Device
	seq, first, last uint64
}

func goodFields() fields {
	return fields{ana().NID(), device(1).Device(), unix() * 1000, unix(), unix() + 90*unixDay}
}

func (f fields) sign() []byte { return certificateBytes(ana(), f.device, f.seq, f.first, f.last) }

// unsigned has a signature that verifies under the identity point, whatever was signed.
func (f fields) unsigned() []byte {
	sig := signWeak()
	return slices.Concat([]byte(labelCertificate), certificateBody(f.did, f.device, f.seq, f.first, f.last), sig[:])
}

func (f fields) header() map[string]string {
	return map[string]string{
		"did": f.did.DID().String(), "device": hexOf(f.device[:]), "number": strconv.FormatUint(f.seq, 10),
		"not-before": strconv.FormatUint(f.first, 10), "not-after": strconv.FormatUint(f.last, 10),
	}
}

func certificateVectors() (all []vector) {
	clock := fmt.Sprint(unix())
	for name, c := range map[string]struct {
		about, expect string
		change        func(*fields)
	}{
		"longest":                {"90 days", "ok", func(*fields) {}},
		"shortest":               {"a second", "ok", func(f *fields) { f.last = f.first + 1 }},
		"last-second":            {"ends in a second", "ok", func(f *fields) { f.first, f.last = unix()-unixDay, unix()+1 }},
		"number-0":               {"any number is a number", "ok", func(f *fields) { f.seq = 0 }},
		"day-ahead":              {"a number 24 h ahead", "ok", func(f *fields) { f.seq += unixDay * 1000 }},
		"starts-tomorrow":        {"not-before 24 h ahead", "ok", func(f *fields) { f.first += unixDay }},
		"ends-now":               {"not-after is not within", "expired", func(f *fields) { f.first, f.last = unix()-unixDay, unix() }},
		"long-ago":               {"of 1970", "expired", func(f *fields) { f.first, f.last = 0, 1 }},
		"number-ahead":           {"a number more than 24 h ahead", "clock", func(f *fields) { f.seq += unixDay*1000 + 1 }},
		"number-highest":         {"the highest number", "clock", func(f *fields) { f.seq = math.MaxUint64 }},
		"starts-later":           {"not-before more than 24 h ahead", "clock", func(f *fields) { f.first += unixDay + 1 }},
		"window-empty":           {"not-after is not-before", "encoding", func(f *fields) { f.last = f.first }},
		"window-backwards":       {"not-after before not-before", "encoding", func(f *fields) { f.last = f.first - 1 }},
		"window-long":            {"90 days and a second", "encoding", func(f *fields) { f.last++ }},
		"year-9999":              {"its last second", "clock", func(f *fields) { f.first, f.last = 253402300798, 253402300799 }},
		"year-10000":             {"the second after", "encoding", func(f *fields) { f.first, f.last = 253402300799, 253402300800 }},
		"window-overflows":       {"the latest of all times", "encoding", func(f *fields) { f.first, f.last = math.MaxUint64-1, math.MaxUint64 }},
		"device-is-the-did":      {"a device key that is the Radicle key", "key", func(f *fields) { f.device = keyring.Device(f.did) }},
		"device-weak-low-order":  {"a device key of low order", "key", func(f *fields) { f.device = weakKeys()["low-order"] }},
		"device-weak-zero":       {"no device key", "key", func(f *fields) { f.device = weakKeys()["zero"] }},
		"device-weak-off-curve":  {"a device key that is no point", "key", func(f *fields) { f.device = weakKeys()["off-curve"] }},
		"device-weak-other-name": {"a device key with two names", "key", func(f *fields) { f.device = weakKeys()["not-canonical"] }},
	} {
		f := goodFields()
		c.change(&f)
		v := golden.New("certificate/"+name, f.sign(), "about", c.about, "expect", c.expect, "now", clock)
		if c.expect == "ok" {
			v = v.And(f.header())
		}
		all = append(all, v)
	}
	return append(all, brokenCertificates(clock)...)
}

// brokenCertificates are refused for their bytes.
func brokenCertificates(clock string) (all []vector) {
	good := goodFields().sign()
	add := func(name, about, expect string, b []byte) {
		all = append(all, golden.New("certificate/"+name, b, "about", about, "expect", expect, "now", clock))
	}
	for name, key := range weakKeys() {
		f := goodFields()
		f.did = key
		add("did-weak-"+name, "a did that nobody owns, with the signature that verifies for the identity", "key", f.unsigned())
	}
	add("empty", "nothing", "encoding", nil)
	add("label-alone", "the label alone", "encoding", good[:len(labelCertificate)])
	add("truncated", "a byte is missing", "encoding", good[:len(good)-1])
	add("extended", "a byte more", "encoding", append(bytes.Clone(good), 0))
	add("label", "the label of a card, and signed so", "encoding",
		signBody(ana(), "radswarm/device-certificatE/v1\x00", good[len(labelCertificate):len(good)-64]))
	add("signature", "a bit of the signature", "signature", flip(good, len(good)-1, 0x01))
	add("signature-number", "a number that was not signed", "signature", flip(good, len(labelCertificate)+32+32+7, 0x01))
	add("signature-of-bo", "signed by somebody else", "signature",
		signBody(bo(), labelCertificate, good[len(labelCertificate):len(good)-64]))
	add("signature-no-prefix", "signed without the label", "signature",
		slices.Concat([]byte(labelCertificate), signBody(ana(), "", good[len(labelCertificate):len(good)-64])))
	add("signature-s", "the same signature with S plus the group order", "signature", addOrder(good))
	return all
}

func flip(b []byte, at int, mask byte) []byte {
	b = bytes.Clone(b)
	b[at] ^= mask
	return b
}

// addOrder adds the order of the group to the last 32 bytes, little-endian.
func addOrder(b []byte) []byte {
	order := [32]byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 31: 0x10,
	}
	b = bytes.Clone(b)
	s, carry := b[len(b)-32:], 0
	for i := range s {
		sum := int(s[i]) + int(order[i]) + carry
		s[i], carry = byte(sum), sum>>8
	}
	return b
}

// sequence is what arrives, one after the other, each at its time after now.
func sequence(name, about string, items [][]byte, at []time.Duration, expect string) vector {
	var lengths, times []string
	for i, b := range items {
		lengths = append(lengths, strconv.Itoa(len(b)))
		times = append(times, strconv.FormatInt(now.Add(at[i]).Unix(), 10))
	}
	return golden.New(name, bytes.Join(items, nil), "about", about, "expect", expect,
		"lengths", strings.Join(lengths, " "), "now", strings.Join(times, " "))
}

func certificatesVectors() []vector {
	cert := func(d byte, seq, first, last uint64) []byte {
		return certificateBytes(ana(), device(d).Device(), unix()*1000+seq, unix()+first, unix()+last)
	}
	one, two := cert(1, 1, 0, 90*unixDay), cert(2, 2, 0, 90*unixDay)
	brief, renewed := cert(1, 1, 0, unixDay), cert(1, 2, 2*unixDay, 3*unixDay)
	briefTwo := cert(2, 2, 0, unixDay)
	ahead := cert(2, 2*unixDay*1000, 0, unixDay)
	even, odd := cert(1, 3, 0, 90*unixDay), cert(2, 3, 0, 90*unixDay)
	if bytes.Compare(even, odd) > 0 {
		even, odd = odd, even
	}
	at := func(days ...int) (d []time.Duration) {
		for _, n := range days {
			d = append(d, time.Duration(n)*day)
		}
		return d
	}
	return []vector{
		sequence("certificates/retired", "a newer one of another device", [][]byte{one, two, one}, at(0, 0, 0), "current current retired"),
		sequence("certificates/retired-at-once", "the newer one first", [][]byte{two, one}, at(0, 0), "current retired"),
		sequence("certificates/met", "ran out, of a device met before", [][]byte{brief, brief}, at(0, 2), "current expired-known"),
		sequence("certificates/not-met", "ran out, never met", [][]byte{brief}, at(2), "expired"),
		sequence("certificates/renewed", "ran out and renewed", [][]byte{brief, brief, renewed}, at(0, 2, 2), "current expired-known current"),
		sequence("certificates/renewed-and-older", "an older one of the same device", [][]byte{renewed, brief}, at(2, 2), "current current"),
		sequence("certificates/retired-by-expired", "a newer one that ran out retires too",
			[][]byte{one, briefTwo, one}, at(0, 2, 2), "current expired retired"),
		sequence("certificates/clock", "too far ahead, and not remembered", [][]byte{one, ahead, one}, at(0, 0, 0), "current clock current"),
		sequence("certificates/equal-numbers", "the greater bytes win", [][]byte{even, odd, even}, at(0, 0, 0), "current current retired"),
		sequence("certificates/equal-numbers-reversed", "in either order", [][]byte{odd, even}, at(0, 0), "current retired"),
	}
}

func cardVectors(t *testing.T) (all []vector) {
	zero := []keyring.Salt{{}}
	public := derivedFrom(t, seed(0xff), make([]byte, 32)).public
	rotated := derivedFrom(t, seed(0xff), bytes.Clone(must32(someSalt(1)))).public
	full := []keyring.Salt{{}}
	for i := byte(1); len(full) < keyring.MaxSalts; i++ {
		full = append(full, someSalt(i))
	}
	number, clock := unix()*1000, fmt.Sprint(unix())
	add := func(name, about, expect string, seq uint64, salts []keyring.Salt, kem uint16, public []byte) {
		v := golden.New("card/"+name, cardBytes(ana(), seq, salts, kem, public), "about", about, "expect", expect, "now", clock)
		if expect == "ok" {
			last := salts[len(salts)-1]
			v = v.And(map[string]string{
				"did": ana().NID().DID().String(), "number": fmt.Sprint(seq), "salt-id": saltID(last[:]),
				"salts": fmt.Sprint(len(salts)), "kem": fmt.Sprintf("%04x", kem),
			})
		}
		all = append(all, v)
	}
	add("first", "the first card", "ok", number, zero, 0x647a, public)
	add("rotated", "after a rotation", "ok", number, []keyring.Salt{{}, someSalt(1)}, 0x647a, rotated)
	add("most-salts", "64 salts", "ok", number, full, 0x647a, public)
	add("unknown-kem", "a key of a kind that is not known", "ok", number, zero, 0x0050, bytes.Repeat([]byte{1}, 1249))
	add("unknown-kem-longest", "the longest key", "ok", number, full, 0xffff, bytes.Repeat([]byte{1}, 4096))
	add("x25519-kem", "a kind that only bare envelopes have", "ok", number, zero, 0x0020, public[1184:])
	add("day-ahead", "a number 24 h ahead", "ok", number+unixDay*1000, zero, 0x647a, public)
	add("number-ahead", "a number more than 24 h ahead", "clock", number+unixDay*1000+1, zero, 0x647a, public)
	add("no-salts", "no salt", "encoding", number, nil, 0x647a, public)
	add("first-salt", "the first salt is not zero", "encoding", number, []keyring.Salt{someSalt(1)}, 0x647a, public)
	add("salt-twice", "a salt appears twice", "encoding", number, []keyring.Salt{{}, someSalt(1), someSalt(2), someSalt(1)}, 0x647a, public)
	add("too-many-salts", "65 salts", "encoding", number, append(full, someSalt(99)), 0x647a, public)
	add("key-short", "a byte of the key is missing", "encoding", number, zero, 0x647a, public[:1215])
	add("key-long", "a key with a byte more", "encoding", number, zero, 0x647a, append(bytes.Clone(public), 0))
	add("key-empty", "no key", "encoding", number, zero, 0x0050, nil)
	add("key-too-long", "4,097 bytes of a key", "encoding", number, zero, 0x0050, bytes.Repeat([]byte{1}, 4097))
	add("key-modulus", "ML-KEM coefficients above the modulus", "key", number, zero, 0x647a, append(bytes.Repeat([]byte{0xff}, 1184), public[1184:]...))
	for i, u := range lowOrderPoints(t) {
		add(fmt.Sprintf("key-low-order-%d", i), "an X25519 half of low order", "key", number, zero, 0x647a, append(bytes.Clone(public[:1184]), u...))
	}
	add("key-top-bit", "the X25519 half with the bit that nobody reads", "key", number, zero, 0x647a, flip(public, 1215, 0x80))
	prime := append(append(bytes.Clone(public[:1184]), 0xf6), append(bytes.Repeat([]byte{0xff}, 30), 0x7f)...)
	add("key-above-prime", "9 with a second name", "key", number, zero, 0x647a, prime)
	return append(all, brokenCards(cardBytes(ana(), number, zero, 0x647a, public), clock)...)
}

func must32(s keyring.Salt) []byte { return s[:] }

// brokenCards are refused for their bytes.
func brokenCards(good []byte, clock string) (all []vector) {
	add := func(name, about, expect string, b []byte) {
		all = append(all, golden.New("card/"+name, b, "about", about, "expect", expect, "now", clock))
	}
	add("empty", "nothing", "encoding", nil)
	add("truncated", "a byte is missing", "encoding", good[:len(good)-1])
	add("truncated-salts", "ends in the salts", "encoding", good[:70])
	add("extended", "a byte more", "encoding", append(bytes.Clone(good), 0))
	add("long", "longer than any card", "encoding", append(bytes.Clone(good), make([]byte, 6272)...))
	add("label", "another label, and signed so", "encoding", signBody(ana(), "radswarm/carD/v1\x00", good[len(labelCard):len(good)-64]))
	add("signature", "a bit of the signature", "signature", flip(good, len(good)-1, 0x01))
	add("signature-number", "a number that was not signed", "signature", flip(good, len(labelCard)+32+7, 0x01))
	add("signature-of-bo", "signed by somebody else", "signature", signBody(bo(), labelCard, good[len(labelCard):len(good)-64]))
	add("signature-s", "the same signature with S plus the group order", "signature", addOrder(good))
	for name, key := range weakKeys() {
		sig := signWeak()
		b := slices.Concat([]byte(labelCard), key[:], good[len(labelCard)+32:len(good)-64], sig[:])
		add("did-weak-"+name, "a did that nobody owns, with the signature that verifies for the identity", "key", b)
	}
	return all
}

func cardsVectors(t *testing.T) []vector {
	public := derivedFrom(t, seed(0xff), make([]byte, 32)).public
	card := func(seq uint64) []byte { return cardBytes(ana(), unix()*1000+seq, []keyring.Salt{{}}, 0x647a, public) }
	one, two := card(1), card(2)
	even, odd := cardBytes(ana(), 1, []keyring.Salt{{}}, 0x0050, []byte{1}), cardBytes(ana(), 1, []keyring.Salt{{}}, 0x0050, []byte{2})
	at := make([]time.Duration, 4)
	return []vector{
		sequence("cards/rollback", "an older one after a newer", [][]byte{one, two, one, two}, at, "ok ok rollback ok"),
		sequence("cards/clock", "too far ahead, and not remembered", [][]byte{one, card(2 * unixDay * 1000), one}, at, "ok clock ok"),
		sequence("cards/equal-numbers", "the greater bytes win", [][]byte{even, odd, even}, at, "ok ok rollback"),
		sequence("cards/equal-numbers-reversed", "in either order", [][]byte{odd, even}, at, "ok rollback"),
	}
}
