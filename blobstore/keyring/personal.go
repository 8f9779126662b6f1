package keyring

import (
	"context"
	"crypto/hpke"
	"encoding/binary"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// PersonalSecret is what everything private under one salt comes from (KEYS.md §3).
type PersonalSecret struct{ secret }

// DerivePersonalSecret asks a signer twice for the signature over a salt and derives the secret from it. A signer that gives
// two different signatures, or one that is not of its key, is a [*SignerError]; other errors are the signer's. Whether the
// signer will give the same secret next year shows only in the key card: [Unlock] compares.
func DerivePersonalSecret(ctx context.Context, s radicle.Signer, salt Salt) (PersonalSecret, error) {
	var sigs [2][radicle.SignatureSize]byte
	for i := range sigs {
		sig, err := Label(labelSecret).sign(ctx, s, salt[:])
		if err != nil {
			return PersonalSecret{}, err
		}
		sigs[i] = sig
	}
	if sigs[0] != sigs[1] {
		return PersonalSecret{}, &SignerError{NID: s.NID(), Randomises: true}
	}
	return PersonalSecret{newSecret([32]byte(derive(sigs[0][:], saltSecret, "", 32)))}, nil
}

// Domain derives the secret of the personal domain (KEYS.md §4, FORMAT.md §3.1).
func (p PersonalSecret) Domain() blobstore.DomainSecret {
	return blobstore.NewDomainSecret([32]byte(p.derive(saltDomain, "", 32)))
}

// cardKey derives the encryption key of the card (KEYS.md §4). It panics if the standard library refuses a seed of 32 bytes,
// which it never does.
func (p PersonalSecret) cardKey() hpke.PrivateKey {
	info := binary.BigEndian.AppendUint16([]byte(infoKEM), uint16(KEMHybrid))
	key, err := hpke.MLKEM768X25519().NewPrivateKey(p.derive(saltCard, string(info), 32))
	if err != nil {
		panic("keyring: hybrid key: " + err.Error())
	}
	return key
}
