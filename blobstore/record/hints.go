package record

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"slices"

	"lukechampine.com/blake3"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// labelHints is the HKDF info of RECORD.md §5, under a repair key.
const labelHints = "hints\x00"

// Place is a writer in a repository: where a branch is, and what all in it is bound to. It is comparable.
type Place struct {
	RID    radicle.RID
	Writer radicle.DID
}

// hintKeys derives the AEAD of hints and the key of their nonces.
func (p Place) hintKeys(rk blobstore.RepairKey, needed int) (cipher.AEAD, []byte, error) {
	rid := p.RID.Oid()
	info := append([]byte(labelHints), byte(blobstore.CodeV1), byte(needed), byte(rid.Len()))
	info = append(rid.AppendBytes(info), p.Writer[:]...)
	secret := rk.Bytes()
	keys, err := hkdf.Expand(sha256.New, secret[:], string(info), 64)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, keys[32:], err
}

// sealHints encodes and seals who holds which share (RECORD.md §5); nil where nobody holds one.
func (p Place) sealHints(rk blobstore.RepairKey, needed int, holders []radicle.DID) ([]byte, error) {
	for len(holders) > 0 && holders[len(holders)-1].IsZero() {
		holders = holders[:len(holders)-1]
	}
	if len(holders) > blobstore.MaxN {
		return nil, tooMany("holders", len(holders), blobstore.MaxN)
	}
	if len(holders) == 0 {
		return nil, nil
	}
	aead, nonceKey, err := p.hintKeys(rk, needed)
	if err != nil {
		return nil, err
	}
	var plain []byte
	for _, h := range holders {
		plain = append(plain, h[:]...)
	}
	sum := blake3.New(32, nonceKey)
	_, _ = sum.Write(plain) // a hash never fails
	nonce := sum.Sum(nil)[:aead.NonceSize()]
	return aead.Seal(slices.Clone(nonce), nonce, plain, nil), nil
}

// openHints is the inverse of [Place.sealHints].
func (p Place) openHints(rk blobstore.RepairKey, needed int, sealed []byte) ([]radicle.DID, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	if len(sealed) < hintsHead+radicle.KeySize {
		return nil, in("hints", blobstore.ErrSealed)
	}
	aead, _, err := p.hintKeys(rk, needed)
	if err != nil {
		return nil, err
	}
	n := aead.NonceSize()
	plain, err := aead.Open(nil, sealed[:n], sealed[n:], nil)
	if err != nil {
		return nil, in("hints", blobstore.ErrSealed)
	}
	var holders []radicle.DID
	for entry := range slices.Chunk(plain, radicle.KeySize) {
		holders = append(holders, radicle.DID(entry))
	}
	if holders[len(holders)-1].IsZero() {
		return nil, malformed("hints")
	}
	return holders, nil
}
