package keyring

import (
	"context"
	"crypto/hpke"
	"fmt"
	"maps"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Keyring holds the secrets of one person in memory. It never changes; [Keyring.Rotate] returns another one. It needs no signer
// once it is made, except for cards.
type Keyring struct {
	hidden
	get func() *ring
}

type ring struct {
	did    radicle.DID
	salts  []Salt // oldest first; the last is current
	keys   map[SaltID]saltKeys
	opener radicle.Opener // nil: only an agent is at hand
}

// saltKeys is what one salt gives.
type saltKeys struct {
	domain blobstore.DomainSecret
	card   hpke.PrivateKey
}

// Unlock makes the keyring of a signer's key: the secrets of the zero salt and of all salts in the person's own cards, of which
// it needs one of each rotation, and takes all in any order (KEYS.md §12). It asks for two signatures a salt. Where the signer
// is a [radicle.Opener], the keyring opens what is sealed to the bare DID too.
//
// Errors are those of [DerivePersonalSecret], [ErrMismatch] for somebody else's card, [blobstore.ErrBounds] for too many salts,
// and a [*SecretError] where the signer gives another secret than a card was made with.
func Unlock(ctx context.Context, s radicle.Signer, cards ...*Card) (*Keyring, error) {
	did := s.NID().DID()
	for _, c := range cards {
		if c.did != did {
			return nil, fmt.Errorf("key card of %v: %w than %v", c.did, ErrMismatch, did)
		}
	}
	salts, err := union(cards)
	if err != nil {
		return nil, err
	}
	r := &ring{did: did, salts: salts, keys: make(map[SaltID]saltKeys, len(salts))}
	r.opener, _ = s.(radicle.Opener)
	for _, salt := range salts {
		if err := r.derive(ctx, s, salt, cards); err != nil {
			return nil, err
		}
	}
	return newKeyring(r), nil
}

func newKeyring(r *ring) *Keyring { return &Keyring{get: func() *ring { return r }} }

// derive adds the secret of a salt and compares it with the cards that were made from it.
func (r *ring) derive(ctx context.Context, s radicle.Signer, salt Salt, cards []*Card) error {
	secret, err := DerivePersonalSecret(ctx, s, salt)
	if err != nil {
		return err
	}
	id := salt.ID()
	for _, c := range cards {
		if c.Current() == id && !c.fits(secret) {
			return &SecretError{DID: r.did, Seq: c.seq}
		}
	}
	r.keys[id] = saltKeys{domain: secret.Domain(), card: secret.cardKey()}
	return nil
}

// Rotate returns a keyring with one more salt, drawn at random, as the current one. It takes effect for others when a card of
// it is published. It asks for two signatures; errors are those of [Unlock].
func (k *Keyring) Rotate(ctx context.Context, s radicle.Signer) (*Keyring, error) {
	old := k.get()
	if err := old.owns(s); err != nil {
		return nil, err
	}
	if len(old.salts) >= MaxSalts {
		return nil, &blobstore.BoundsError{What: "number of salts", Got: int64(len(old.salts)) + 1, Min: 1, Max: MaxSalts}
	}
	salt := newSalt()
	r := &ring{did: old.did, salts: append(slices.Clone(old.salts), salt), keys: maps.Clone(old.keys), opener: old.opener}
	if err := r.derive(ctx, s, salt, nil); err != nil {
		return nil, err
	}
	return newKeyring(r), nil
}

// owns refuses a signer of another key.
func (r *ring) owns(s radicle.Signer) error {
	if did := s.NID().DID(); did != r.did {
		return fmt.Errorf("signer of %v: %w than %v", did, ErrMismatch, r.did)
	}
	return nil
}

// Card makes the person's card with all salts and the current encryption key. Known is the highest number of a card of this
// person that was seen, 0 for none. It asks for one signature. Errors are the signer's, [ErrMismatch] for the signer of another
// key, and [ErrClock].
func (k *Keyring) Card(ctx context.Context, s radicle.Signer, known uint64, now time.Time) (*Card, error) {
	r := k.get()
	if err := r.owns(s); err != nil {
		return nil, err
	}
	seq, err := NextSeq(known, now)
	if err != nil {
		return nil, err
	}
	return signCard(ctx, s, seq, r.salts, r.keys[k.Current()].card.PublicKey().Bytes())
}

// DID is whose keyring it is.
func (k *Keyring) DID() radicle.DID { return k.get().did }

// Salts returns the salts, oldest first.
func (k *Keyring) Salts() []Salt { return slices.Clone(k.get().salts) }

// Current is the salt of new objects: the last.
func (k *Keyring) Current() SaltID {
	salts := k.get().salts
	return salts[len(salts)-1].ID()
}

// Domain returns the secret of the personal domain under a salt (FORMAT.md §3.1), or [ErrSalt].
func (k *Keyring) Domain(id SaltID) (blobstore.DomainSecret, error) {
	keys, ok := k.get().keys[id]
	if !ok {
		return blobstore.DomainSecret{}, fmt.Errorf("salt %v: %w", id, ErrSalt)
	}
	return keys.domain, nil
}

// key returns the private key that an envelope with this head opens with.
func (r *ring) key(e Envelope) (hpke.PrivateKey, error) {
	switch e.KEM() {
	case KEMHybrid:
		keys, ok := r.keys[e.Salt()]
		if !ok {
			return nil, fmt.Errorf("salt %v: %w", e.Salt(), ErrSalt)
		}
		return keys.card, nil
	case KEMX25519:
		if r.opener == nil {
			return nil, ErrOpener
		}
		return hpke.NewDHKEMPrivateKey(r.opener.ECDHKey())
	}
	return nil, fmt.Errorf("%w: %#04x", ErrKEM, uint16(e.KEM()))
}
