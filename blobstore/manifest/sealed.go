package manifest

import (
	"crypto/aes"
	"crypto/cipher"

	"lukechampine.com/blake3"

	"radswarm/blobstore"
	"radswarm/radicle"
)

const (
	nonceLen = 12
	tagLen   = 16

	// MaxSealed is the length of the longest sealed manifest in bytes.
	MaxSealed = nonceLen + MaxLen + tagLen
)

// Record is the place of a manifest that is sealed into a record instead of for a holder.
var Record = radicle.DID{}

// Seal returns the form that is kept at a place: a holder's DID, or [Record] (FORMAT.md §7.4). The same manifest
// has other bytes at every place, and always the same at one.
func Seal(rk blobstore.RepairKey, place radicle.DID, m *Manifest) ([]byte, error) {
	key, nonceKey, err := rk.ManifestSeal(m.coding.K(), place)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	h := blake3.New(32, nonceKey[:])
	_, _ = h.Write(m.raw) // a hash never fails
	sealed := h.Sum(make([]byte, 0, nonceLen+len(m.raw)+tagLen))[:nonceLen]
	return aead.Seal(sealed, sealed, m.raw, nil), nil
}

// Open is the inverse of [Seal] for the coding with K = needed. The error is of class sealed if the bytes were not sealed
// for this place with this key and K; otherwise it is that of [Parse]. A manifest of another K is of class mismatch.
func Open(rk blobstore.RepairKey, needed int, place radicle.DID, sealed []byte) (*Manifest, error) {
	if len(sealed) < nonceLen+minLen+tagLen || len(sealed) > MaxSealed {
		return nil, &blobstore.FieldError{Field: "length", Err: blobstore.ErrSealed}
	}
	key, _, err := rk.ManifestSeal(needed, place)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	b, err := aead.Open(nil, sealed[:nonceLen], sealed[nonceLen:], nil)
	if err != nil {
		return nil, &blobstore.FieldError{Field: "tag", Err: blobstore.ErrSealed}
	}
	m, err := Parse(b)
	if err != nil {
		return nil, err
	}
	if m.coding.K() != needed {
		return nil, &blobstore.FieldError{Field: "K", Err: blobstore.ErrMismatch}
	}
	return m, nil
}

func newGCM(key [32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
