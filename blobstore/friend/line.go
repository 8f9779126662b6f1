package friend

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/mr-tron/base58"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// The words that lines start with; the digit is the version (FRIEND.md §7).
const (
	wordInvite = "swarminvite1"
	wordMember = "swarmmember1"
)

const (
	maxLine     = 4096 // bytes of a line before white space is taken out
	checksumLen = 4
)

// MaxInvitationLife is how long an invitation can be accepted at most.
const MaxInvitationLife = 90 * 24 * time.Hour

// InvitationLine is what `rad swarm invite` prints and `rad swarm accept` reads (FRIEND.md §7). Nothing of it is signed: it is
// as good as the way on which it came.
type InvitationLine struct {
	DID       radicle.DID    // the inviter
	Device    keyring.Device // to be dialled
	Secret    Secret
	NotAfter  time.Time // to the second
	Give      int64     // bytes that the inviter will give
	Name      string    // what the inviter calls itself; may be empty, see [CheckName]
	Addresses []string  // hints, the best first; at most MaxAddresses
}

// MemberLine is what `rad swarm member add` prints: it lets a new member find and read (FRIEND.md §7). The introduction is
// signed, the rest is as good as the way on which it came.
type MemberLine struct {
	Introduction *Introduction // with a RID; its certificate names DID and device
	Name         string        // what the issuer calls itself; may be empty
	Addresses    []string      // hints, the best first; at most MaxAddresses
}

// Encode returns the line: one word of letters and digits. It contains the secret. Errors are those of [ParseInvitationLine].
func (l InvitationLine) Encode() (string, error) {
	if l.Secret.IsZero() {
		return "", malformed("invitation secret")
	}
	b := append(append(l.DID[:], l.Device[:]...), l.Secret.Bytes()...)
	b = binary.BigEndian.AppendUint64(b, uint64(max(0, l.NotAfter.Unix())))
	b = binary.BigEndian.AppendUint64(b, uint64(l.Give))
	return encodeLine(wordInvite, appendTail(b, l.Name, l.Addresses), l.Addresses, func(s string) error {
		_, err := ParseInvitationLine(s)
		return err
	})
}

// ParseInvitationLine reads a line. White space anywhere and quotes around it do not matter. Errors are [ErrLine] for something
// else, [ErrChecksum] for one that was not copied whole, and of class encoding and key.
func ParseInvitationLine(s string) (l InvitationLine, err error) {
	b, err := decodeLine(wordInvite, s)
	if err != nil {
		return l, err
	}
	c := &cursor{rest: b}
	l.DID, l.Device = c.key("did"), c.key("device")
	secret := c.take("secret", SecretLen)
	l.NotAfter = time.Unix(c.unix("not-after"), 0)
	give := c.u64("give")
	l.Name, l.Addresses = c.text("name"), c.addresses("addresses")
	if err := c.end("invitation"); err != nil {
		return InvitationLine{}, err
	}
	l.Secret, l.Give, l.Addresses = hide([SecretLen]byte(secret)), int64(give), dialable(l.Addresses)
	if give > MaxPledge {
		return InvitationLine{}, malformed("invitation give")
	}
	if err := l.check(); err != nil {
		return InvitationLine{}, err
	}
	return l, nil
}

func (l InvitationLine) check() error {
	if err := l.DID.Validate(); err != nil {
		return in("invitation did", err)
	}
	if err := l.Device.Validate(); err != nil {
		return in("invitation device", err)
	}
	if l.Device == keyring.Device(l.DID) {
		return in("invitation device", fmt.Errorf("%w: the did itself", radicle.ErrWeakKey))
	}
	return checkLineName(l.Name)
}

// Encode returns the line: one word of letters and digits. Errors are those of [ParseMemberLine].
func (l MemberLine) Encode() (string, error) {
	if l.Introduction == nil {
		return "", malformed("member introduction")
	}
	b := appendText(nil, string(l.Introduction.raw))
	return encodeLine(wordMember, appendTail(b, l.Name, l.Addresses), l.Addresses, func(s string) error {
		_, err := ParseMemberLine(s)
		return err
	})
}

// ParseMemberLine reads a line and verifies the introduction. White space anywhere and quotes around it do not matter. Errors
// are [ErrLine], [ErrChecksum], and those of [ParseIntroduction].
func ParseMemberLine(s string) (l MemberLine, err error) {
	b, err := decodeLine(wordMember, s)
	if err != nil {
		return l, err
	}
	c := &cursor{rest: b}
	raw := c.text("introduction")
	l.Name, l.Addresses = c.text("name"), dialable(c.addresses("addresses"))
	if err := c.end("member line"); err != nil {
		return MemberLine{}, err
	}
	if err := checkLineName(l.Name); err != nil {
		return MemberLine{}, err
	}
	if l.Introduction, err = ParseIntroduction([]byte(raw)); err != nil {
		return MemberLine{}, err
	}
	if l.Introduction.rid.IsZero() {
		return MemberLine{}, malformed("member line rid")
	}
	return l, nil
}

func checkLineName(name string) error {
	if name == "" {
		return nil
	}
	if err := CheckName(name); err != nil {
		return malformed("line name")
	}
	return nil
}

func appendTail(b []byte, name string, addresses []string) []byte {
	return appendAddresses(appendText(b, name), addresses)
}

// encodeLine returns word and base58 of payload and checksum, after it was read back.
func encodeLine(word string, payload []byte, addresses []string, parse func(string) error) (string, error) {
	if err := checkAddresses(addresses); err != nil {
		return "", err
	}
	s := word + base58.Encode(append(payload, checksum(word, payload)...))
	if len(s) > maxLine {
		return "", malformed("line length")
	}
	return s, parse(s)
}

func checksum(word string, payload []byte) []byte {
	sum := sha256.Sum256(append([]byte(word), payload...))
	return sum[:checksumLen]
}

// decodeLine takes white space and quotes away and returns the payload.
func decodeLine(word, s string) ([]byte, error) {
	if len(s) > maxLine {
		return nil, fmt.Errorf("%w: %d bytes", ErrLine, len(s))
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) { // and what does not print: zero-width spaces, byte order marks
			return -1
		}
		return r
	}, s)
	text, ok := strings.CutPrefix(strings.Trim(s, "\"'`<>"), word)
	if !ok {
		return nil, fmt.Errorf("%w: it starts with %s", ErrLine, word)
	}
	b, err := base58.Decode(text)
	if err != nil || len(b) < checksumLen {
		return nil, ErrChecksum
	}
	payload, sum := b[:len(b)-checksumLen], b[len(b)-checksumLen:]
	if string(checksum(word, payload)) != string(sum) {
		return nil, ErrChecksum
	}
	return payload, nil
}
