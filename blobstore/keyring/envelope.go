package keyring

import (
	"bytes"
	"crypto/hpke"
	"encoding/binary"
	"fmt"

	"radswarm/radicle"
)

// Lengths of envelopes, in bytes.
const (
	HybridEnvelopeLen = envelopeHead + hybridEncLen + envelopeBody // 1,178: to a card
	BareEnvelopeLen   = envelopeHead + sizeX25519 + envelopeBody   // 90: to a bare DID
	MaxEnvelopeLen    = 4096                                       // of a KEM that is not known

	envelopeHead = 2 + 8
	hybridEncLen = 1088 + sizeX25519
	envelopeBody = 32 + 16
)

// Envelope is a group key sealed to one person at one place (KEYS.md §9). The zero value is none.
type Envelope struct{ raw []byte }

// ParseEnvelope reads an envelope. It may be of a KEM that is not known; it is kept then, but does not open. Errors are of
// class encoding and key. The bytes are copied.
func ParseEnvelope(b []byte) (Envelope, error) {
	if len(b) <= envelopeHead || len(b) > MaxEnvelopeLen {
		return Envelope{}, malformed("envelope length")
	}
	e := Envelope{raw: bytes.Clone(b)}
	var want int
	switch e.KEM() {
	case KEMHybrid:
		want = HybridEnvelopeLen
	case KEMX25519:
		want = BareEnvelopeLen
	default:
		return e, nil
	}
	if len(b) != want {
		return Envelope{}, malformed("envelope length")
	}
	if e.KEM() == KEMX25519 && !e.Salt().IsZero() {
		return Envelope{}, malformed("envelope salt")
	}
	point := b[:len(b)-envelopeBody] // both kinds of encapsulated key end in an X25519 key
	if err := checkX25519(point[len(point)-sizeX25519:]); err != nil {
		return Envelope{}, in("envelope", err)
	}
	return e, nil
}

// KEM is the kind of key that it is sealed to; 0 for the zero value.
func (e Envelope) KEM() KEM {
	if e.IsZero() {
		return 0
	}
	return KEM(binary.BigEndian.Uint16(e.raw))
}

// Salt names the card's salt that the key comes from; zero for a bare DID.
func (e Envelope) Salt() (id SaltID) {
	if !e.IsZero() {
		copy(id[:], e.raw[2:])
	}
	return id
}

// IsZero reports whether there is no envelope.
func (e Envelope) IsZero() bool { return len(e.raw) == 0 }

// Bytes returns a copy of the encoding.
func (e Envelope) Bytes() []byte { return bytes.Clone(e.raw) }

// Recipient is somebody to seal to.
type Recipient struct {
	DID  radicle.DID
	Card *Card // nil where none is known: sealed to the bare DID
}

// key returns the head of an envelope to the recipient, and the key. Errors are of class key, [ErrMismatch] and [ErrKEM].
func (r Recipient) key() ([]byte, hpke.PublicKey, error) {
	var salt SaltID
	if r.Card == nil {
		point, err := r.DID.X25519()
		if err != nil {
			return nil, nil, err
		}
		key, err := hpke.NewDHKEMPublicKey(point)
		return envelopeStart(KEMX25519, salt), key, err
	}
	if r.Card.did != r.DID {
		return nil, nil, fmt.Errorf("key card of %v: %w than %v", r.Card.did, ErrMismatch, r.DID)
	}
	if r.Card.key == nil {
		return nil, nil, fmt.Errorf("key card of %v: %w: %#04x", r.DID, ErrKEM, uint16(r.Card.kem))
	}
	return envelopeStart(KEMHybrid, r.Card.Current()), r.Card.key, nil
}

func envelopeStart(kem KEM, salt SaltID) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(kem)), salt[:]...)
}

// Seal seals the group key to somebody. Errors are of class key, [ErrMismatch] where the card is another's, and [ErrKEM] where
// its key is of an unknown kind. It panics if the key was never set.
func (k GroupKey) Seal(to Recipient) (Envelope, error) {
	info, err := k.epoch.info(to.DID)
	if err != nil {
		return Envelope{}, err
	}
	head, key, err := to.key()
	if err != nil {
		return Envelope{}, err
	}
	plain := k.get()
	sealed, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.AES256GCM(), info, plain[:])
	if err != nil {
		return Envelope{}, fmt.Errorf("seal to %v: %w", to.DID, err)
	}
	return Envelope{raw: append(head, sealed...)}, nil
}

// Open opens an envelope to this person of an epoch. Where the epoch is kept under a key id, the caller compares [GroupKey.ID]
// with it. Errors are [ErrSealed] for an envelope of another place, person or key, or that was changed; [ErrSalt], [ErrOpener]
// and [ErrKEM] where the key for it is not here; and those of [Epoch.Validate].
func (k *Keyring) Open(at Epoch, e Envelope) (GroupKey, error) {
	r := k.get()
	info, err := at.info(r.did)
	if err != nil {
		return GroupKey{}, err
	}
	key, err := r.key(e)
	if err != nil {
		return GroupKey{}, fmt.Errorf("envelope of %v: %w", at, err)
	}
	plain, err := hpke.Open(key, hpke.HKDFSHA256(), hpke.AES256GCM(), info, e.raw[envelopeHead:])
	if err != nil || len(plain) != 32 { // the inner error says nothing that a person could act on
		return GroupKey{}, fmt.Errorf("envelope of %v: %w", at, ErrSealed)
	}
	return GroupKey{secret: newSecret([32]byte(plain)), epoch: at}, nil
}
