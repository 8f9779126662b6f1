package friend_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"radswarm/radicle/golden"
)

func secretOf(b byte) []byte { return bytes.Repeat([]byte{b}, 16) }

func invitationVectors() (all []vector) {
	for name, c := range map[string][2]byte{"ana": {0xff, 1}, "bo": {0xfe, 1}, "other-secret": {0xff, 2}, "zero-secret": {0xff, 0}} {
		inviter, secret := public(seed(c[0])), secretOf(c[1])
		sum := sha256.Sum256(slices.Concat([]byte("radswarm/invitation/v1\x00"), inviter, secret))
		all = append(all, golden.New("invitation/"+name, nil, "about", "what an inviter keeps of a secret", "expect", "ok",
			"did", didText(inviter), "secret", hexOf(secret), "id", hexOf(sum[:])))
	}
	// What becomes of secrets that arrive, from whom: a home of Ana's has the invitation of secret 01.
	return append(all, golden.New("invitation/accepted", slices.Concat(secretOf(1), bos().certificate(), secretOf(1), bos().certificate(),
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
	return inviteFields{
		public(seed(0xff)), public(seed(0x01)), secretOf(1), unix() + 7*unixDay, 50 << 30, "ana",
		list("192.0.2.1:8777", "ana.example:8777"),
	}
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
		v := golden.New("line/"+name, []byte(lineOf("swarminvite1", f.encode())), "about", c.about, "expect", c.expect, "kind", "invite")
		if c.expect == "ok" {
			v = v.And(map[string]string{
				"did": didText(f.did), "device": hexOf(f.device), "secret": hexOf(f.secret), "not-after": fmt.Sprint(f.last),
				"give": fmt.Sprint(f.give), "name": f.name, "addresses": "192.0.2.1:8777 ana.example:8777",
			})
			if name == "invite-shortest" {
				v.Header["addresses"] = ""
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
		all = append(all, golden.New("line/"+name, []byte(line), "about", about, "expect", expect, "kind", "invite"))
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
		v := golden.New("line/"+name, []byte(lineOf("swarmmember1", payload)), "about", about, "expect", expect, "kind", "member")
		if expect == "ok" {
			v = v.And(map[string]string{
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
