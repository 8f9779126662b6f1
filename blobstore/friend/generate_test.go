package friend_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/golden"
)

// The generators make vectors as FRIEND.md says it, from the standard library and without the package: what the package makes of
// them is for the readers to see.

const (
	addressLabel      = "radswarm/address/v1\x00"
	introductionLabel = "radswarm/introduction/v1\x00"
	revocationLabel   = "radswarm/revocation/v1\x00"
	certificateLabel  = "radswarm/device-certificate/v1\x00"

	unixDay = 86_400
)

func generate() []vector {
	return slices.Concat(addressVectors(), introductionVectors(), revocationVectors(), arriveVectors(), invitationVectors(), lineVectors())
}

// unix is the clock of the vectors, in seconds.
func unix() uint64 { return uint64(now.Unix()) }

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func public(seed [32]byte) []byte {
	return ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey)
}

func didText(key []byte) string { return radicle.DID(key).String() }

func u16(n int) []byte    { return binary.BigEndian.AppendUint16(nil, uint16(n)) }
func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

func text(s string) []byte { return append(u16(len(s)), s...) }

func list(all ...string) []byte {
	b := u16(len(all))
	for _, s := range all {
		b = append(b, text(s)...)
	}
	return b
}

// signed is label ‖ body ‖ signature.
func signed(seed [32]byte, label string, body ...[]byte) []byte {
	msg := append([]byte(label), bytes.Join(body, nil)...)
	return append(msg, ed25519.Sign(ed25519.NewKeyFromSeed(seed[:]), msg)...)
}

// machine is somebody's, with a certificate of 90 days from a time, relative to now in seconds.
type machine struct {
	person, device byte // seeds
	from           int64
}

func (m machine) certificate() []byte {
	first := uint64(int64(unix()) + m.from)
	return signed(seed(m.person), certificateLabel, public(seed(m.person)), public(seed(m.device)),
		u64(first*1000), u64(first), u64(first+90*unixDay))
}

func (m machine) says(label string, fields ...[]byte) []byte {
	return signed(seed(m.device), label, m.certificate(), bytes.Join(fields, nil))
}

// Bo's and Cy's, and Bo's second.
func bos() machine    { return machine{0xfe, 0x02, 0} }
func bosTwo() machine { return machine{0xfe, 0x12, 60} }
func cys() machine    { return machine{0xfd, 0x03, 0} }

// weak are keys that nobody owns.
func weak() map[string][]byte {
	return map[string][]byte{
		"low-order":  append([]byte{1}, make([]byte, 31)...),
		"zero":       make([]byte, 32),
		"other-name": append(append([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30)...), 0x7f), // y = 1, written as p + 1
	}
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// broken are words that are refused for what stands around the fields.
func broken(kind, label string, fields []byte) (all []vector) {
	good := bos().says(label, fields)
	add := func(name, about, expect string, b []byte) {
		all = append(all, golden.New(kind+"/"+name, b, "about", about, "expect", expect, "now", fmt.Sprint(unix())))
	}
	inner := len(label)
	add("empty", "nothing", "encoding", nil)
	add("label-alone", "the label alone", "encoding", good[:inner])
	add("truncated", "a byte is missing", "encoding", good[:len(good)-1])
	add("extended", "a byte more", "encoding", append(bytes.Clone(good), 0))
	add("field-extended", "a byte more in the fields, and signed so", "encoding", bos().says(label, fields, []byte{0}))
	add("field-short", "a byte less in the fields, and signed so", "encoding", bos().says(label, fields[:len(fields)-1]))
	add("no-fields", "no fields, and signed so", "encoding", bos().says(label))
	add("label", "another label, and signed so", "encoding", bos().says(strings.Replace(label, "v1", "v2", 1), fields))
	add("long", "1,025 bytes, and signed so", "encoding", bos().says(label, fields, make([]byte, 1025-len(good))))
	add("signature", "a bit of the signature", "signature", flip(good, len(good)-1))
	add("signature-field", "a field that was not signed", "signature", flip(good, len(good)-64-1))
	add("signature-of-the-person", "signed with the Radicle key", "signature", signed(seed(0xfe), label, bos().certificate(), fields))
	add("signature-of-another", "signed by another device", "signature", signed(seed(0x03), label, bos().certificate(), fields))
	add("certificate-signature", "a bit of the certificate's signature, and signed so", "signature",
		signed(seed(0x02), label, flip(bos().certificate(), 182), fields))
	add("certificate-label", "another label of the certificate, and signed so", "encoding",
		signed(seed(0x02), label, flip(bos().certificate(), 3), fields))
	add("certificate-ahead", "a certificate of the day after tomorrow", "clock", machine{0xfe, 0x02, 2 * unixDay}.says(label, fields))
	for name, key := range weak() {
		cert := bytes.Clone(bos().certificate())
		copy(cert[len(certificateLabel):], key)
		copy(cert[len(cert)-64:], append([]byte{1}, make([]byte, 63)...)) // verifies under the identity point
		add("did-"+name, "a did that nobody owns", "key", signed(seed(0x02), label, cert, fields))
	}
	return all
}

// addressFields are those of an address record.
type addressFields struct {
	seq, last uint64
	flags     int
	addresses []byte
	dialled   string
}

func goodAddress() addressFields {
	return addressFields{
		unix() * 1000, unix() + 30*unixDay, 0, list("192.0.2.1:8777", "[2001:db8::1]:8777", "bo.example:443"),
		"192.0.2.1:8777 [2001:db8::1]:8777 bo.example:443",
	}
}

func (f addressFields) encode() []byte {
	return bytes.Join([][]byte{u64(f.seq), u64(f.last), u16(f.flags), f.addresses}, nil)
}

// ofLength is an address of so many letters, 204 to 264.
func ofLength(n int, letter string) string {
	return strings.Repeat(strings.Repeat(letter, 49)+".", 4) + strings.Repeat(letter, n-202) + ":1"
}

func addressVectors() (all []vector) {
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprintf("192.0.2.%d:8777", i+1)
	}
	longest := strings.Repeat(strings.Repeat("a", 49)+".", 5) + "a:1" // 253 characters
	for name, c := range map[string]struct {
		about, expect string
		change        func(*addressFields)
	}{
		"good":      {"three ways to Bo", "ok", func(*addressFields) {}},
		"nowhere":   {"no address: it cannot be reached", "ok", func(f *addressFields) { f.addresses, f.dialled = list(), "" }},
		"named":     {"may be named to strangers", "ok", func(f *addressFields) { f.flags = 1 }},
		"flags":     {"flags without a meaning", "ok", func(f *addressFields) { f.flags = 0xfffe }},
		"most":      {"16 addresses", "ok", func(f *addressFields) { f.addresses, f.dialled = list(many[:16]...), strings.Join(many[:16], " ") }},
		"a-second":  {"ends a second after it was made", "ok", func(f *addressFields) { f.last = unix() + 1 }},
		"day-ahead": {"a number 24 h ahead", "ok", func(f *addressFields) { f.seq += unixDay * 1000 }},
		"later-kind": {"an address of a later version, which is skipped", "ok", func(f *addressFields) {
			f.addresses, f.dialled = list("/relay/x", "192.0.2.1:8777"), "192.0.2.1:8777"
		}},
		"other-spelling": {"no address of this version is written so", "ok", func(f *addressFields) {
			f.addresses, f.dialled = list("192.0.2.01:8777", "[2001:DB8::1]:8777", "192.0.2.1:08777", "BO:1", "0.0.0.0:1", "224.0.0.1:1"), ""
		}},
		"longest-address": {"255 characters", "ok", func(f *addressFields) { f.addresses, f.dialled = list(longest+"11"), longest+"11" }},
		"ended":           {"ended a second ago", "ended", func(f *addressFields) { f.seq, f.last = (unix()-unixDay)*1000, unix()-1 }},
		"ends-now":        {"not-after is not within", "ended", func(f *addressFields) { f.seq, f.last = (unix()-unixDay)*1000, unix() }},
		"number-ahead":    {"a number more than 24 h ahead", "clock", func(f *addressFields) { f.seq += (unixDay + 1) * 1000; f.last += unixDay }},
		"window-empty":    {"not-after is when it was made", "encoding", func(f *addressFields) { f.last = unix() }},
		"window-long":     {"30 days and a second", "encoding", func(f *addressFields) { f.last++ }},
		"year-10000":      {"not-after past the year 9999", "encoding", func(f *addressFields) { f.seq, f.last = 253402300799_000, 253402300800 }},
		"number-highest":  {"the highest number", "encoding", func(f *addressFields) { f.seq = math.MaxUint64 }},
		"too-many":        {"17 addresses", "encoding", func(f *addressFields) { f.addresses = list(many...) }},
		"longest": {"1,024 bytes in all", "ok", func(f *addressFields) {
			all := []string{ofLength(244, "a"), ofLength(244, "b"), ofLength(243, "c")}
			f.addresses, f.dialled = list(all...), strings.Join(all, " ")
		}},
		"too-long": {"1,025 bytes in all", "encoding", func(f *addressFields) {
			f.addresses = list(ofLength(244, "a"), ofLength(244, "b"), ofLength(244, "c"))
		}},
		"twice":         {"an address twice", "encoding", func(f *addressFields) { f.addresses = list(many[0], many[1], many[0]) }},
		"empty-address": {"an address without a character", "encoding", func(f *addressFields) { f.addresses = list("") }},
		"long-address":  {"256 characters", "encoding", func(f *addressFields) { f.addresses = list(longest + "111") }},
		"space":         {"a space in an address", "encoding", func(f *addressFields) { f.addresses = list("a b:1") }},
		"control":       {"a line feed in an address", "encoding", func(f *addressFields) { f.addresses = list("a:1\n") }},
		"not-ascii":     {"an address that is not ASCII", "encoding", func(f *addressFields) { f.addresses = list("ä:1") }},
		"count":         {"fewer addresses than it says", "encoding", func(f *addressFields) { f.addresses = append(u16(2), text("a:1")...) }},
	} {
		f := goodAddress()
		c.change(&f)
		v := golden.New("address/"+name, bos().says(addressLabel, f.encode()), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.And(map[string]string{
				"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02))), "number": fmt.Sprint(f.seq),
				"not-after": fmt.Sprint(f.last), "flags": fmt.Sprint(f.flags & 1), "addresses": f.dialled,
			})
		}
		all = append(all, v)
	}
	ranOut := machine{0xfe, 0x02, -100 * unixDay}
	all = append(all, golden.New("address/certificate-ran-out", ranOut.says(addressLabel, goodAddress().encode()),
		"about", "the certificate has run out", "expect", "ok", "now", fmt.Sprint(unix())))
	return append(all, broken("address", addressLabel, goodAddress().encode())...)
}

// introductionFields are those of an introduction.
type introductionFields struct {
	guest       []byte
	first, last uint64
	rid         []byte
}

func heartwood() []byte {
	b, _ := hex.DecodeString("d96f425412c9f8ad5d9a9a05c9831d0728e2338d")
	return b
}

func introductionID(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }

func goodIntroduction() introductionFields {
	return introductionFields{public(seed(0xfd)), unix(), unix() + 400*unixDay, append([]byte{20}, heartwood()...)}
}

func (f introductionFields) encode(id byte) []byte {
	return bytes.Join([][]byte{f.guest, introductionID(id), u64(f.first), u64(f.last), f.rid}, nil)
}

func introductionVectors() (all []vector) {
	for name, c := range map[string]struct {
		about, expect string
		change        func(*introductionFields)
	}{
		"good":            {"Bo introduces Cy for 400 days", "ok", func(*introductionFields) {}},
		"no-rid":          {"to no repository in particular", "ok", func(f *introductionFields) { f.rid = []byte{0} }},
		"sha256-rid":      {"to a repository of 32 bytes", "ok", func(f *introductionFields) { f.rid = append([]byte{32}, bytes.Repeat([]byte{7}, 32)...) }},
		"a-second":        {"for a second", "ok", func(f *introductionFields) { f.last = f.first + 1 }},
		"day-ahead":       {"from 24 h ahead", "ok", func(f *introductionFields) { f.first += unixDay }},
		"last-moment":     {"in the last second of the certificate", "clock", func(f *introductionFields) { f.first += 90*unixDay - 1 }},
		"too-late":        {"when the certificate has run out", "encoding", func(f *introductionFields) { f.first += 90 * unixDay; f.last += 90 * unixDay }},
		"before":          {"dated before the certificate", "ok", func(f *introductionFields) { f.first -= unixDay; f.last -= unixDay }},
		"ended":           {"ended a second ago", "ended", func(f *introductionFields) { f.first -= unixDay; f.last = unix() - 1 }},
		"ends-now":        {"not-after is not within", "ended", func(f *introductionFields) { f.first -= unixDay; f.last = unix() }},
		"ahead":           {"from more than 24 h ahead", "clock", func(f *introductionFields) { f.first += unixDay + 1 }},
		"window-empty":    {"not-after is not-before", "encoding", func(f *introductionFields) { f.last = f.first }},
		"window-long":     {"400 days and a second", "encoding", func(f *introductionFields) { f.last++ }},
		"year-10000":      {"not-after past the year 9999", "encoding", func(f *introductionFields) { f.last = 253402300800 }},
		"window-overflow": {"the latest of all times", "encoding", func(f *introductionFields) { f.last = math.MaxUint64 }},
		"itself":          {"Bo introduces Bo", "encoding", func(f *introductionFields) { f.guest = public(seed(0xfe)) }},
		"rid-19":          {"a repository of 19 bytes", "encoding", func(f *introductionFields) { f.rid = append([]byte{19}, heartwood()[:19]...) }},
		"rid-missing":     {"the repository ends early", "encoding", func(f *introductionFields) { f.rid[0] = 32 }},
		"guest-low-order": {"a guest of low order", "key", func(f *introductionFields) { f.guest = weak()["low-order"] }},
		"guest-zero":      {"no guest", "key", func(f *introductionFields) { f.guest = weak()["zero"] }},
		"guest-two-names": {"a guest with two names", "key", func(f *introductionFields) { f.guest = weak()["other-name"] }},
	} {
		f := goodIntroduction()
		c.change(&f)
		v := golden.New("introduction/"+name, bos().says(introductionLabel, f.encode(9)), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.And(map[string]string{
				"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02))), "id": hexOf(introductionID(9)),
				"guest": didText(f.guest), "not-before": fmt.Sprint(f.first), "not-after": fmt.Sprint(f.last), "rid": hexOf(f.rid[1:]),
			})
		}
		all = append(all, v)
	}
	f := goodIntroduction()
	f.first -= 99 * unixDay
	f.last -= 99 * unixDay
	all = append(all, golden.New("introduction/certificate-ran-out", machine{0xfe, 0x02, -100 * unixDay}.says(introductionLabel, f.encode(9)),
		"about", "the certificate has run out since", "expect", "ok", "now", fmt.Sprint(unix())))
	return append(all, broken("introduction", introductionLabel, goodIntroduction().encode(9))...)
}

func endsOne(id byte, until uint64) []byte {
	return bytes.Join([][]byte{{1}, introductionID(id), u64(until)}, nil)
}

func endsGuest(guest []byte, before uint64) []byte {
	return bytes.Join([][]byte{{2}, guest, u64(before)}, nil)
}

func revocationVectors() (all []vector) {
	guest := public(seed(0xfd))
	until := unix() + 400*unixDay
	for name, c := range map[string]struct {
		about, expect string
		fields        []byte
	}{
		"one":             {"ends one introduction", "ok", endsOne(9, until)},
		"guest":           {"ends all of Cy's until now", "ok", endsGuest(guest, unix())},
		"one-long-ago":    {"of one that has run out", "ended", endsOne(9, unix())},
		"one-last":        {"of one that runs out in a second", "ok", endsOne(9, unix()+1)},
		"guest-long-ago":  {"of what has run out", "ended", endsGuest(guest, unix()-400*unixDay)},
		"guest-last":      {"of what runs out in a second", "ok", endsGuest(guest, unix()-400*unixDay+1)},
		"one-day-ahead":   {"of one from 24 h ahead", "ok", endsOne(9, until+unixDay)},
		"guest-day-ahead": {"of what is issued within 24 h", "ok", endsGuest(guest, unix()+unixDay)},
		"one-ahead":       {"of one that cannot be valid yet", "clock", endsOne(9, until+unixDay+1)},
		"guest-ahead":     {"of what is issued later", "clock", endsGuest(guest, unix()+unixDay+1)},
		"one-year-10000":  {"until past the year 9999", "encoding", endsOne(9, 253402300800)},
		"guest-overflow":  {"the latest of all times", "encoding", endsGuest(guest, math.MaxUint64)},
		"kind-0":          {"another kind", "encoding", append([]byte{0}, endsOne(9, until)[1:]...)},
		"kind-3":          {"another kind", "encoding", append([]byte{3}, endsGuest(guest, unix())[1:]...)},
		"kinds-mixed":     {"a guest where an id should be", "encoding", append([]byte{1}, endsGuest(guest, unix())[1:]...)},
		"guest-zero":      {"no guest", "key", endsGuest(weak()["zero"], unix())},
		"guest-low-order": {"a guest of low order", "key", endsGuest(weak()["low-order"], unix())},
	} {
		v := golden.New("revocation/"+name, bos().says(revocationLabel, c.fields), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.And(map[string]string{"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02)))})
			v = v.And(revocationHeader(c.fields))
		}
		all = append(all, v)
	}
	return append(all, broken("revocation", revocationLabel, endsOne(9, until))...)
}

func revocationHeader(fields []byte) map[string]string {
	last := binary.BigEndian.Uint64(fields[len(fields)-8:])
	if fields[0] == 1 {
		return map[string]string{"id": hexOf(fields[1:17]), "until": fmt.Sprint(last)}
	}
	return map[string]string{
		"guest": didText(fields[1:33]), "before": fmt.Sprint(last), "until": fmt.Sprint(last + 400*unixDay),
	}
}
