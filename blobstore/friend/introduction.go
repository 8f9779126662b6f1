package friend

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// MaxIntroductionLife is how long an introduction is valid at most.
const MaxIntroductionLife = 400 * 24 * time.Hour

// ID names an introduction. It is drawn at random.
type ID [16]byte

// String returns 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// Introduction is an owner's word that a guest may read the owner's shares at holders (FRIEND.md §4). Whether a holder believes
// it is the matter of [State.CheckIntroduction].
type Introduction struct {
	word
	id          ID
	guest       radicle.DID
	first, last int64 // Unix seconds: not-before, not-after
	rid         radicle.RID
}

// IntroductionRequest is what an introduction is made of.
type IntroductionRequest struct {
	Guest radicle.DID
	RID   radicle.RID   // the repository that the guest reads; zero: not said
	Life  time.Duration // whole seconds, at most MaxIntroductionLife; 0: MaxIntroductionLife
	Now   time.Time
}

// NewIntroduction makes an introduction that is valid from now on. Errors are those of [keyring.Certificate.Check],
// [keyring.ErrMismatch] for the key of another device, [blobstore.ErrBounds] for Life, and those of [ParseIntroduction].
func NewIntroduction(key *keyring.DeviceKey, cert *keyring.Certificate, r IntroductionRequest) (*Introduction, error) {
	life, err := wholeSeconds("life of an introduction in seconds", r.Life, MaxIntroductionLife)
	if err != nil {
		return nil, err
	}
	var id ID
	_, _ = rand.Read(id[:]) // never fails
	first := max(0, r.Now.Unix())
	fields := append(r.Guest[:], id[:]...)
	fields = binary.BigEndian.AppendUint64(fields, uint64(first))
	fields = binary.BigEndian.AppendUint64(fields, uint64(first+life))
	b, err := signWord(labelIntroduction, key, cert, appendRID(fields, r.RID), r.Now)
	if err != nil {
		return nil, err
	}
	return ParseIntroduction(b)
}

// ParseIntroduction reads an introduction and verifies both signatures. Errors are of class encoding, key and signature. The
// bytes are copied.
func ParseIntroduction(b []byte) (*Introduction, error) {
	c, err := splitWord("introduction", labelIntroduction, b)
	if err != nil {
		return nil, err
	}
	i := &Introduction{guest: c.key("guest")}
	copy(i.id[:], c.take("id", len(i.id)))
	i.first, i.last, i.rid = c.unix("not-before"), c.unix("not-after"), c.rid("rid")
	if err := c.end("introduction"); err != nil {
		return nil, err
	}
	if i.last <= i.first || i.last-i.first > int64(MaxIntroductionLife/time.Second) {
		return nil, malformed("introduction window")
	}
	if err := i.guest.Validate(); err != nil {
		return nil, in("introduction guest", err)
	}
	if i.word, err = verifyWord(labelIntroduction, b); err != nil {
		return nil, err
	}
	if i.guest == i.DID() {
		return nil, malformed("introduction guest")
	}
	if i.first >= i.cert.NotAfter().Unix() { // a certificate that ran out issues nothing
		return nil, malformed("introduction window")
	}
	return i, nil
}

// ID names it.
func (i *Introduction) ID() ID { return i.id }

// Guest is who is let in. The guest presents a certificate of its own beside it.
func (i *Introduction) Guest() radicle.DID { return i.guest }

// RID is the repository that the guest reads, zero where it is not said. It tells the guest what it is good for; a holder, who
// cannot know which shares belong to which repository, lets the guest read all shares of the issuer.
func (i *Introduction) RID() radicle.RID { return i.rid }

// NotBefore is when it was issued, to the second.
func (i *Introduction) NotBefore() time.Time { return time.Unix(i.first, 0) }

// NotAfter is when it ends; it is no longer valid then.
func (i *Introduction) NotAfter() time.Time { return time.Unix(i.last, 0) }

// RenewAt is half of its life: the time to issue the next.
func (i *Introduction) RenewAt() time.Time { return time.Unix(i.first+(i.last-i.first)/2, 0) }

// Check says whether the introduction is valid by itself at a time: [keyring.ErrClock] where it is dated too far ahead,
// [ErrEnded] where it ran out.
func (i *Introduction) Check(now time.Time) error {
	return i.check("introduction", i.first, i.last, now)
}

// newer orders two signed values of one DID (KEYS.md §6).
func newer(aSeq uint64, a []byte, bSeq uint64, b []byte) bool {
	return cmp.Or(cmp.Compare(aSeq, bSeq), bytes.Compare(a, b)) > 0
}
