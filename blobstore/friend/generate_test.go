package friend_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"radswarm/radicle"
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

// Ana's, Bo's and Cy's, and Bo's second.
func anas() machine   { return machine{0xff, 0x01, 0} }
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
		all = append(all, with(kind+"/"+name, b, "about", about, "expect", expect, "now", fmt.Sprint(unix())))
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
	return addressFields{unix() * 1000, unix() + 30*unixDay, 0, list("192.0.2.1:8777", "[2001:db8::1]:8777", "bo.example:443"),
		"192.0.2.1:8777 [2001:db8::1]:8777 bo.example:443"}
}

func (f addressFields) encode() []byte {
	return bytes.Join([][]byte{u64(f.seq), u64(f.last), u16(f.flags), f.addresses}, nil)
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
		"twice":           {"an address twice", "encoding", func(f *addressFields) { f.addresses = list(many[0], many[1], many[0]) }},
		"empty-address":   {"an address without a character", "encoding", func(f *addressFields) { f.addresses = list("") }},
		"long-address":    {"256 characters", "encoding", func(f *addressFields) { f.addresses = list(longest + "111") }},
		"space":           {"a space in an address", "encoding", func(f *addressFields) { f.addresses = list("a b:1") }},
		"control":         {"a line feed in an address", "encoding", func(f *addressFields) { f.addresses = list("a:1\n") }},
		"not-ascii":       {"an address that is not ASCII", "encoding", func(f *addressFields) { f.addresses = list("ä:1") }},
		"count":           {"fewer addresses than it says", "encoding", func(f *addressFields) { f.addresses = append(u16(2), text("a:1")...) }},
	} {
		f := goodAddress()
		c.change(&f)
		v := with("address/"+name, bos().says(addressLabel, f.encode()), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.and(map[string]string{
				"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02))), "number": fmt.Sprint(f.seq),
				"not-after": fmt.Sprint(f.last), "flags": fmt.Sprint(f.flags & 1), "addresses": f.dialled,
			})
		}
		all = append(all, v)
	}
	ranOut := machine{0xfe, 0x02, -100 * unixDay}
	all = append(all, with("address/certificate-ran-out", ranOut.says(addressLabel, goodAddress().encode()),
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
		v := with("introduction/"+name, bos().says(introductionLabel, f.encode(9)), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.and(map[string]string{
				"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02))), "id": hexOf(introductionID(9)),
				"guest": didText(f.guest), "not-before": fmt.Sprint(f.first), "not-after": fmt.Sprint(f.last), "rid": hexOf(f.rid[1:]),
			})
		}
		all = append(all, v)
	}
	f := goodIntroduction()
	f.first -= 99 * unixDay
	f.last -= 99 * unixDay
	all = append(all, with("introduction/certificate-ran-out", machine{0xfe, 0x02, -100 * unixDay}.says(introductionLabel, f.encode(9)),
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
		v := with("revocation/"+name, bos().says(revocationLabel, c.fields), "about", c.about, "expect", c.expect, "now", fmt.Sprint(unix()))
		if c.expect == "ok" {
			v = v.and(map[string]string{"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02)))})
			v = v.and(revocationHeader(c.fields))
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

// arrives is what reaches a home of Ana's, one after the other, each at its time after now in seconds.
func arrives(name, about, friends, expect string, at []int64, items ...[]byte) vector {
	var lengths, times []string
	for i, b := range items {
		lengths = append(lengths, strconv.Itoa(len(b)))
		times = append(times, strconv.FormatInt(now.Unix()+at[i], 10))
	}
	return with("arrive/"+name, bytes.Join(items, nil), "about", about, "expect", expect, "friends", friends,
		"lengths", strings.Join(lengths, " "), "now", strings.Join(times, " "))
}

func arriveVectors() []vector {
	bo, cy := didText(public(seed(0xfe))), didText(public(seed(0xfd)))
	guest := public(seed(0xfd))
	introduces := func(m machine, id byte, from int64) []byte {
		f := goodIntroduction()
		f.first, f.last = uint64(now.Unix()+from), uint64(now.Unix()+from+399*unixDay)
		return m.says(introductionLabel, f.encode(id))
	}
	revokes := func(m machine, fields []byte) []byte { return m.says(revocationLabel, fields) }
	record := func(m machine, seq uint64) []byte {
		f := goodAddress()
		f.seq += seq
		return m.says(addressLabel, f.encode())
	}
	later := bos()
	later.from = 50 * unixDay // the same device, renewed
	zero := make([]int64, 8)
	even, odd := goodAddress(), goodAddress()
	odd.flags = 1
	equal := [][]byte{bos().says(addressLabel, even.encode()), bos().says(addressLabel, odd.encode())}
	slices.SortFunc(equal, bytes.Compare)
	return []vector{
		arrives("introduced", "by a friend", bo, "ok", zero, introduces(bos(), 1, 0)),
		arrives("stranger", "by somebody who is no friend", cy, "stranger", zero, introduces(bos(), 1, 0)),
		arrives("another-guest", "presented by somebody else", bo, "mismatch", zero, introduces(bos(), 1, 0)).
			and(map[string]string{"guest": bo}),
		arrives("retired", "by a machine that another replaced", bo, "ok current retired", []int64{0, 60, 60},
			introduces(bos(), 1, 0), bosTwo().certificate(), introduces(bos(), 1, 0)),
		arrives("next-machine", "the next machine shows itself by what it says", bo, "ok ok retired", []int64{0, 60, 60},
			introduces(bos(), 1, 0), introduces(bosTwo(), 2, 60), introduces(bos(), 1, 0)),
		arrives("renewed", "under a certificate that was renewed since", bo, "current ok", []int64{50 * unixDay, 50 * unixDay},
			later.certificate(), introduces(bos(), 1, 0)),
		arrives("away", "long after the certificate, by a machine never met", bo, "ok expired", []int64{300 * unixDay, 300 * unixDay},
			introduces(bos(), 1, 0), bos().certificate()),
		arrives("ended", "after its end", bo, "ok ended", []int64{0, 399 * unixDay}, introduces(bos(), 1, 0), introduces(bos(), 1, 0)),
		arrives("revoked-one", "one of two", bo, "ok ok revoked ok", zero,
			introduces(bos(), 1, 0), revokes(bos(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0), introduces(bos(), 2, 0)),
		arrives("revoked-before", "before it was seen", bo, "ok revoked", zero,
			revokes(bos(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0)),
		arrives("revoked-guest", "all that was issued before now", bo, "ok revoked ok", zero,
			revokes(bos(), endsGuest(guest, unix())), introduces(bos(), 1, -1), introduces(bos(), 2, 0)),
		arrives("revoked-earlier", "an earlier time takes nothing back", bo, "ok ok revoked", zero,
			revokes(bos(), endsGuest(guest, unix())), revokes(bos(), endsGuest(guest, unix()-60)), introduces(bos(), 1, -1)),
		arrives("revoked-by-another", "by another friend", bo+" "+cy, "ok ok ok", zero,
			revokes(cys(), endsOne(1, unix()+399*unixDay)), revokes(cys(), endsGuest(public(seed(0xfe)), unix()+1)), introduces(bos(), 1, 0)),
		arrives("revoked-by-stranger", "by somebody who is no friend", bo, "stranger ok", zero,
			revokes(cys(), endsOne(1, unix()+399*unixDay)), introduces(bos(), 1, 0)),
		arrives("revoked-by-retired", "by a machine that was replaced", bo, "current retired", []int64{60, 60},
			bosTwo().certificate(), revokes(bos(), endsOne(1, unix()+399*unixDay))),
		arrives("addresses", "the newest is kept", bo, "ok ok superseded ok", zero,
			record(bos(), 1), record(bos(), 2), record(bos(), 1), record(bos(), 2)),
		arrives("addresses-equal", "the greater bytes win", bo, "ok superseded", zero, equal[1], equal[0]),
		arrives("addresses-equal-reversed", "in either order", bo, "ok ok", zero, equal[0], equal[1]),
		arrives("addresses-clock", "too far ahead, and not kept", bo, "ok clock ok", zero,
			record(bos(), 1), record(bos(), 2*unixDay*1000), record(bos(), 2)),
		arrives("addresses-device", "of a stranger's next machine", "", "ok ok superseded", []int64{60, 60, 60},
			record(bos(), 90_000), record(bosTwo(), 60_000), record(bos(), 100_000)),
		arrives("addresses-retired", "of a friend's machine that was replaced", bo, "current ok retired", []int64{0, 60, 60},
			bos().certificate(), record(bosTwo(), 60_000), record(bos(), 100_000)),
	}
}

func secretOf(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }

func invitationVectors() (all []vector) {
	for name, c := range map[string][2]byte{"ana": {0xff, 1}, "bo": {0xfe, 1}, "other-secret": {0xff, 2}, "zero-secret": {0xff, 0}} {
		inviter, secret := public(seed(c[0])), secretOf(c[1])
		sum := sha256.Sum256(slices.Concat([]byte("radswarm/invitation/v1\x00"), inviter, secret))
		all = append(all, with("invitation/"+name, nil, "about", "what an inviter keeps of a secret", "expect", "ok",
			"did", didText(inviter), "secret", hexOf(secret), "id", hexOf(sum[:])))
	}
	// What becomes of secrets that arrive, from whom: a home of Ana's has the invitation of secret 01.
	return append(all, with("invitation/accepted", slices.Concat(secretOf(1), bos().certificate(), secretOf(1), bos().certificate(),
		secretOf(1), cys().certificate(), secretOf(2), cys().certificate()),
		"about", "secrets and certificates of who knocks; only 01 is of an invitation", "expect", "ok ok used invitation"))
}

// base58 is that of Bitcoin, by division.
func base58Of(b []byte) string {
	const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
	var out []byte
	n, radix, digit := new(big.Int).SetBytes(b), big.NewInt(58), new(big.Int)
	for n.Sign() > 0 {
		n.DivMod(n, radix, digit)
		out = append(out, alphabet[digit.Int64()])
	}
	for _, c := range b {
		if c != 0 {
			break
		}
		out = append(out, '1')
	}
	slices.Reverse(out)
	return string(out)
}

func lineOf(kind string, payload []byte) string {
	sum := sha256.Sum256(append([]byte(kind), payload...))
	return kind + base58Of(slices.Concat(payload, sum[:4]))
}

// inviteFields are those of an invitation line.
type inviteFields struct {
	did, device, secret []byte
	last, give          uint64
	name                string
	addresses           []byte
}

func goodInvite() inviteFields {
	return inviteFields{public(seed(0xff)), public(seed(0x01)), secretOf(1), unix() + 7*unixDay, 50 << 30, "ana",
		list("192.0.2.1:8777", "ana.example:8777")}
}

func (f inviteFields) encode() []byte {
	return slices.Concat(f.did, f.device, f.secret, u64(f.last), u64(f.give), text(f.name), f.addresses)
}

func lineVectors() (all []vector) {
	for name, c := range map[string]struct {
		about, expect string
		change        func(*inviteFields)
	}{
		"invite":           {"an invitation by Ana", "ok", func(*inviteFields) {}},
		"invite-shortest":  {"without name and addresses", "ok", func(f *inviteFields) { f.name, f.addresses = "", list() }},
		"invite-most":      {"the most that can be given", "ok", func(f *inviteFields) { f.give = 1 << 62 }},
		"invite-name":      {"a name that is not ASCII", "ok", func(f *inviteFields) { f.name = "Änne" }},
		"invite-give":      {"more than can be given", "encoding", func(f *inviteFields) { f.give = 1<<62 + 1 }},
		"invite-year":      {"not-after past the year 9999", "encoding", func(f *inviteFields) { f.last = 253402300800 }},
		"invite-long-name": {"a name of 33 bytes", "encoding", func(f *inviteFields) { f.name = strings.Repeat("a", 33) }},
		"invite-bad-name":  {"a name that turns the line around", "encoding", func(f *inviteFields) { f.name = "\u202eana" }},
		"invite-flag":      {"a name that starts as a flag", "encoding", func(f *inviteFields) { f.name = "-ana" }},
		"invite-extended":  {"a byte more", "encoding", func(f *inviteFields) { f.addresses = append(f.addresses, 0) }},
		"invite-truncated": {"a byte less", "encoding", func(f *inviteFields) { f.addresses = f.addresses[:len(f.addresses)-1] }},
		"invite-addresses": {"an address twice", "encoding", func(f *inviteFields) { f.addresses = list("a:1", "a:1") }},
		"invite-did":       {"a did that nobody owns", "key", func(f *inviteFields) { f.did = weak()["low-order"] }},
		"invite-device":    {"a device that anybody can be", "key", func(f *inviteFields) { f.device = weak()["zero"] }},
		"invite-same":      {"a device that is the did", "key", func(f *inviteFields) { f.device = f.did }},
		"invite-zeros":     {"a did of zeros, for base58 begins with ones", "key", func(f *inviteFields) { f.did = weak()["zero"] }},
	} {
		f := goodInvite()
		c.change(&f)
		v := with("line/"+name, []byte(lineOf("swarminvite1", f.encode())), "about", c.about, "expect", c.expect, "kind", "invite")
		if c.expect == "ok" {
			v = v.and(map[string]string{
				"did": didText(f.did), "device": hexOf(f.device), "secret": hexOf(f.secret), "not-after": fmt.Sprint(f.last),
				"give": fmt.Sprint(f.give), "name": f.name, "addresses": "192.0.2.1:8777 ana.example:8777",
			})
			if name == "invite-shortest" {
				v.header["addresses"] = ""
			}
		}
		all = append(all, v)
	}
	return slices.Concat(all, lineTexts(), memberVectors())
}

// lineTexts are refused, or not, for how they are written.
func lineTexts() (all []vector) {
	good := lineOf("swarminvite1", goodInvite().encode())
	add := func(name, about, expect, line string) {
		all = append(all, with("line/"+name, []byte(line), "about", about, "expect", expect, "kind", "invite"))
	}
	add("text-wrapped", "as a terminal wraps it, with quotes", "ok", "  \""+good[:40]+"\r\n\t "+good[40:80]+"\u00a0\u200b"+good[80:]+"\"\n")
	add("text-angles", "as mail programs mark it", "ok", "<"+good+">")
	add("text-empty", "nothing", "line", "")
	add("text-kind", "another kind of line", "line", "swarmmember1"+good[len("swarminvite1"):])
	add("text-version", "another version", "line", "swarminvite2"+good[len("swarminvite1"):])
	add("text-upper", "in upper case", "line", strings.ToUpper(good))
	add("text-long", "more than 4,096 bytes", "line", good+strings.Repeat(" ", 4097-len(good)))
	add("text-longest", "4,096 bytes", "ok", good+strings.Repeat(" ", 4096-len(good)))
	add("text-kind-alone", "the kind alone", "checksum", "swarminvite1")
	add("text-short", "the last letter is missing", "checksum", good[:len(good)-1])
	add("text-more", "a letter more", "checksum", good+"1")
	other := "2"
	if good[60] == '2' {
		other = "3"
	}
	add("text-letter", "a letter differs", "checksum", good[:60]+other+good[61:])
	add("text-zero", "a letter that base58 does not have", "checksum", good[:60]+"0"+good[61:])
	add("text-ones", "a one in front, which base58 reads as a zero byte", "checksum", "swarminvite1"+"1"+good[len("swarminvite1"):])
	return all
}

func memberVectors() (all []vector) {
	introduction := func(change func(*introductionFields)) []byte {
		f := goodIntroduction()
		change(&f)
		return bos().says(introductionLabel, f.encode(9))
	}
	line := func(introduction []byte, name string, addresses []byte) []byte {
		return slices.Concat(u16(len(introduction)), introduction, text(name), addresses)
	}
	good := introduction(func(*introductionFields) {})
	add := func(name, about, expect string, payload []byte) {
		v := with("line/"+name, []byte(lineOf("swarmmember1", payload)), "about", about, "expect", expect, "kind", "member")
		if expect == "ok" {
			v = v.and(map[string]string{
				"did": didText(public(seed(0xfe))), "device": hexOf(public(seed(0x02))), "guest": didText(public(seed(0xfd))),
				"rid": hexOf(heartwood()),
			})
		}
		all = append(all, v)
	}
	add("member", "Bo lets Cy in", "ok", line(good, "bo", list("192.0.2.1:8777")))
	add("member-shortest", "without name and addresses", "ok", line(good, "", list()))
	add("member-no-rid", "an introduction without a repository", "encoding", line(introduction(func(f *introductionFields) { f.rid = []byte{0} }), "", list()))
	add("member-signature", "an introduction that was changed", "signature", line(flip(good, len(good)-1), "", list()))
	add("member-guest", "a guest that nobody is", "key", line(introduction(func(f *introductionFields) { f.guest = weak()["zero"] }), "", list()))
	add("member-name", "a name with a space", "encoding", line(good, "a b", list()))
	add("member-extended", "a byte more", "encoding", append(line(good, "", list()), 0))
	add("member-truncated", "the introduction ends early", "encoding", u16(400))
	return all
}
