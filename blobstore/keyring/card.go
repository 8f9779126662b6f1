package keyring

import (
	"bytes"
	"context"
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// KEM numbers a kind of encryption key (RFC 9180 §7.1 and its registry).
type KEM uint16

const (
	// KEMX25519 is DHKEM(X25519, HKDF-SHA256): the kind of envelopes to a bare DID.
	KEMX25519 KEM = 0x0020
	// KEMHybrid is MLKEM768-X25519, X-Wing: the kind of key cards.
	KEMHybrid KEM = 0x647a
)

// Lengths in bytes.
const (
	hybridKeyLen = 1184 + sizeX25519 // public key of KEMHybrid
	maxCardKey   = 4096              // public key of a KEM that is not known
	MaxCardLen   = len(labelCard) + 32 + 8 + 2 + 32*MaxSalts + 2 + 2 + maxCardKey + radicle.SignatureSize
)

// Card is a person's key card (KEYS.md §5). Its signature was verified and its keys are valid; whether it is the newest is the
// matter of [Cards].
type Card struct {
	raw    []byte
	did    radicle.DID
	seq    uint64
	salts  []Salt
	kem    KEM
	public []byte
	key    hpke.PublicKey // nil where the KEM is not known
}

// ParseCard reads a card and verifies its signature. A card with a key of an unknown kind is read; nothing can be sealed to it.
// Errors are of class encoding, key and signature. The bytes are copied.
func ParseCard(b []byte) (*Card, error) {
	c := &cursor{rest: b}
	label := c.take("label", len(labelCard))
	card := &Card{did: c.key("did"), seq: c.u64("number")}
	n := int(c.u16("number of salts"))
	if n > MaxSalts {
		return nil, malformed("card number of salts")
	}
	for range n {
		card.salts = append(card.salts, c.key("salt"))
	}
	card.kem = KEM(c.u16("kem"))
	card.public = bytes.Clone(c.take("key", int(c.u16("key length"))))
	sig := c.take("signature", radicle.SignatureSize)
	if err := c.end("card"); err != nil {
		return nil, err
	}
	if string(label) != labelCard {
		return nil, malformed("card label")
	}
	if err := card.check(); err != nil {
		return nil, err
	}
	body := b[len(labelCard) : len(b)-len(sig)]
	if err := Label(labelCard).Verify(card.did, body, [radicle.SignatureSize]byte(sig)); err != nil {
		return nil, err
	}
	card.raw = bytes.Clone(b)
	return card, nil
}

// check holds the fields against KEYS.md §5 and reads the public key. It leaves the DID to [Label.Verify].
func (c *Card) check() (err error) {
	if len(c.salts) == 0 || c.salts[0] != (Salt{}) {
		return malformed("card first salt")
	}
	for i, s := range c.salts {
		if slices.Contains(c.salts[:i], s) {
			return malformed("card salt that appears twice")
		}
	}
	if len(c.public) < 1 || len(c.public) > maxCardKey {
		return malformed("card key length")
	}
	if c.kem != KEMHybrid {
		return nil
	}
	c.key, err = parseHybrid(c.public)
	return err
}

// parseHybrid reads a public key of [KEMHybrid].
func parseHybrid(b []byte) (hpke.PublicKey, error) {
	if len(b) != hybridKeyLen {
		return nil, malformed("card key length")
	}
	if err := checkX25519(b[len(b)-sizeX25519:]); err != nil {
		return nil, in("card key", err)
	}
	key, err := hpke.MLKEM768X25519().NewPublicKey(b)
	if err != nil { // the modulus check of ML-KEM
		return nil, in("card key", fmt.Errorf("%w: %v", radicle.ErrWeakKey, err))
	}
	return key, nil
}

// signCard makes a card. It asks for one signature.
func signCard(ctx context.Context, s radicle.Signer, seq uint64, salts []Salt, public []byte) (*Card, error) {
	did := s.NID().DID()
	body := binary.BigEndian.AppendUint64(did[:], seq)
	body = binary.BigEndian.AppendUint16(body, uint16(len(salts)))
	for _, salt := range salts {
		body = append(body, salt[:]...)
	}
	body = binary.BigEndian.AppendUint16(body, uint16(KEMHybrid))
	body = binary.BigEndian.AppendUint16(body, uint16(len(public)))
	body = append(body, public...)
	sig, err := Label(labelCard).Sign(ctx, s, body)
	if err != nil {
		return nil, err
	}
	return ParseCard(append(append([]byte(labelCard), body...), sig[:]...))
}

// DID is whose card it is.
func (c *Card) DID() radicle.DID { return c.did }

// Seq is the number that the newest card of a DID has the highest of.
func (c *Card) Seq() uint64 { return c.seq }

// Salts returns the salts, oldest first: at least the zero one.
func (c *Card) Salts() []Salt { return slices.Clone(c.salts) }

// Current is the last salt, which the encryption key comes from.
func (c *Card) Current() SaltID { return c.salts[len(c.salts)-1].ID() }

// KEM is the kind of the encryption key. Only [KEMHybrid] can be sealed to.
func (c *Card) KEM() KEM { return c.kem }

// Bytes returns a copy of the encoding.
func (c *Card) Bytes() []byte { return bytes.Clone(c.raw) }

// Check refuses a card dated too far ahead of now: [*ClockError].
func (c *Card) Check(now time.Time) error {
	return checkAhead(fmt.Sprintf("the key card of %v", c.did), c.seq, now)
}

// fits reports whether a secret is the one of the card's last salt. A key of an unknown kind cannot be compared and fits.
func (c *Card) fits(p PersonalSecret) bool {
	return c.kem != KEMHybrid || bytes.Equal(p.cardKey().PublicKey().Bytes(), c.public)
}

// union returns the salts of all cards, oldest card first, each once; at least the zero one.
func union(cards []*Card) ([]Salt, error) {
	cards = slices.Clone(cards)
	slices.SortFunc(cards, func(a, b *Card) int { return byAge(a.seq, a.raw, b.seq, b.raw) })
	salts := []Salt{{}}
	for _, c := range cards {
		for _, s := range c.salts {
			if !slices.Contains(salts, s) {
				salts = append(salts, s)
			}
		}
	}
	if len(salts) > MaxSalts {
		return nil, &blobstore.BoundsError{What: "number of salts", Got: int64(len(salts)), Min: 1, Max: MaxSalts}
	}
	return salts, nil
}
