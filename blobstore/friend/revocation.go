package friend

import (
	"encoding/binary"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// The kinds of revocations.
const (
	revokesOne   = 1 // by id
	revokesGuest = 2 // everything of a guest that was issued before a time
)

// Revocation is an owner's word that introductions of its own are void (FRIEND.md §5).
type Revocation struct {
	word
	kind   byte
	id     ID
	guest  radicle.DID
	before int64 // Unix seconds; introductions that were issued before it end
	until  int64 // Unix seconds; everything that it ends has run out then
}

// RevokeOne makes the revocation of one introduction.
func RevokeOne(key *keyring.DeviceKey, cert *keyring.Certificate, i *Introduction, now time.Time) (*Revocation, error) {
	fields := append([]byte{revokesOne}, i.id[:]...)
	return newRevocation(key, cert, binary.BigEndian.AppendUint64(fields, uint64(i.last)), now)
}

// RevokeGuest makes the revocation of everything that was issued to a guest before a time, to the second. Errors are those of
// [keyring.Certificate.Check], [keyring.ErrMismatch], and those of [ParseRevocation].
func RevokeGuest(
	key *keyring.DeviceKey, cert *keyring.Certificate, guest radicle.DID, before, now time.Time,
) (*Revocation, error) {
	fields := append([]byte{revokesGuest}, guest[:]...)
	return newRevocation(key, cert, binary.BigEndian.AppendUint64(fields, uint64(max(0, before.Unix()))), now)
}

func newRevocation(key *keyring.DeviceKey, cert *keyring.Certificate, fields []byte, now time.Time) (*Revocation, error) {
	b, err := signWord(labelRevocation, key, cert, fields, now)
	if err != nil {
		return nil, err
	}
	return ParseRevocation(b)
}

// ParseRevocation reads a revocation and verifies both signatures. Errors are of class encoding, key and signature. The bytes
// are copied.
func ParseRevocation(b []byte) (*Revocation, error) {
	c, err := splitWord("revocation", labelRevocation, b)
	if err != nil {
		return nil, err
	}
	r := &Revocation{kind: c.u8("kind")}
	switch r.kind {
	case revokesOne:
		copy(r.id[:], c.take("id", len(r.id)))
		r.until = c.unix("until")
	case revokesGuest:
		r.guest, r.before = c.key("guest"), c.unix("before")
		r.until = r.before + int64(MaxIntroductionLife/time.Second)
	default:
		return nil, malformed("revocation kind")
	}
	if err := c.end("revocation"); err != nil {
		return nil, err
	}
	if r.kind == revokesGuest {
		if err := r.guest.Validate(); err != nil {
			return nil, in("revocation guest", err)
		}
	}
	if r.word, err = verifyWord(labelRevocation, b); err != nil {
		return nil, err
	}
	return r, nil
}

// One returns the introduction that ends, if it ends only one.
func (r *Revocation) One() (ID, bool) { return r.id, r.kind == revokesOne }

// Guest returns whose introductions end, if all of a guest's do that were issued before a time.
func (r *Revocation) Guest() (guest radicle.DID, before time.Time, ok bool) {
	return r.guest, time.Unix(r.before, 0), r.kind == revokesGuest
}

// Until is when everything that it ends has run out, and it means nothing any more.
func (r *Revocation) Until() time.Time { return time.Unix(r.until, 0) }

// Check says whether the revocation means anything at a time: [keyring.ErrClock] where it is dated too far ahead, [ErrEnded]
// where everything that it ends has run out.
func (r *Revocation) Check(now time.Time) error {
	// The latest introduction that may be issued now ends then.
	return r.check("revocation", r.until-int64(MaxIntroductionLife/time.Second), r.until, now)
}
