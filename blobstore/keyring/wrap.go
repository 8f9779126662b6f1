package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"

	"radswarm/blobstore"
)

// WrapLen is the length of every wrap, in bytes.
const WrapLen = 12 + 32 + 16

// Wrap is a content key under a group key (KEYS.md §11). It is public.
type Wrap [WrapLen]byte

// Object is what a wrapped content key is of.
type Object struct {
	OID  blobstore.OID
	Size int64  // plaintext bytes, 0 … [blobstore.MaxSize]
	Gen  uint32 // see [blobstore.Params]
	Salt SaltID // of the domain secret that the content key comes from
}

// Wrap seals the content key of an object. The error is a [blobstore.ErrBounds]. It panics if the key was never set.
func (k GroupKey) Wrap(o Object, ck blobstore.ContentKey) (w Wrap, err error) {
	aead, err := k.aead(o)
	if err != nil {
		return w, err
	}
	plain := ck.Bytes()
	copy(w[:], aead.Seal(nil, nil, plain[:], nil))
	return w, nil
}

// Unwrap opens a wrap. The content key still has to be checked against the object's manifest. Errors are [ErrSealed] for the
// wrap of another object or epoch or one that was changed, and [blobstore.ErrBounds]. It panics if the key was never set.
func (k GroupKey) Unwrap(o Object, w Wrap) (blobstore.ContentKey, error) {
	aead, err := k.aead(o)
	if err != nil {
		return blobstore.ContentKey{}, err
	}
	plain, err := aead.Open(nil, nil, w[:], nil)
	if err != nil {
		return blobstore.ContentKey{}, fmt.Errorf("wrap of %v in %v: %w", o.OID, k.epoch, ErrSealed)
	}
	return blobstore.NewContentKey([32]byte(plain)), nil
}

// aead is AES-256-GCM under wk, with a random nonce in front.
func (k GroupKey) aead(o Object) (cipher.AEAD, error) {
	if o.Size < 0 || o.Size > blobstore.MaxSize {
		return nil, &blobstore.BoundsError{What: "size", Got: o.Size, Max: blobstore.MaxSize}
	}
	info := append(k.epoch.place(nil), o.OID[:]...)
	info = binary.BigEndian.AppendUint64(info, uint64(o.Size))
	info = binary.BigEndian.AppendUint32(info, o.Gen)
	info = append(info, o.Salt[:]...)
	block, err := aes.NewCipher(k.derive(saltWrap, string(info), 32))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
