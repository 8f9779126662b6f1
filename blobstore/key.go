package blobstore

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"lukechampine.com/blake3"

	"radswarm/radicle"
)

// Labels of FORMAT.md §1. Those used as info end in a zero byte.
const (
	saltBlob          = "radswarm/blob/v1"
	labelPublicDomain = "radswarm/public-domain/v1"
	labelContent      = "content\x00"
	labelData         = "data\x00"
	labelNonce        = "nonce\x00"
	labelSign         = "sign\x00"
	labelRepair       = "repair\x00"
	labelLocator      = "locator\x00"
	labelManifest     = "manifest\x00"
	labelManNonce     = "manifest-nonce\x00"
)

// DomainSecret is the secret of a deduplication domain (FORMAT.md §3.1): within one domain the same
// file has the same content key.
type DomainSecret struct{ secret }

// NewDomainSecret takes 32 secret bytes.
func NewDomainSecret(b [32]byte) DomainSecret { return DomainSecret{hide(b)} }

// PublicDomain returns the printed constant of FORMAT.md §3.1. Whatever is derived from it can be read by
// anyone who knows the OID.
func PublicDomain() DomainSecret { return NewDomainSecret(sha256.Sum256([]byte(labelPublicDomain))) }

// Params are what a content key depends on besides the domain's secret.
type Params struct {
	OID  OID
	Size int64  // plaintext bytes, 0 … [MaxSize]
	Pad  Pad    // [PadPadme] in the personal domain, [PadNone] in the public one
	Gen  uint32 // 0, raised by re-encryption
}

// Layout returns how the object is cut into chunks.
func (p Params) Layout() (Layout, error) { return NewLayout(p.Size, p.Pad) }

// ContentKey derives the key that reads an object (FORMAT.md §3.1). The error is an [ErrBounds].
func (d DomainSecret) ContentKey(p Params) (ContentKey, error) {
	l, err := p.Layout()
	if err != nil {
		return ContentKey{}, err
	}
	ikm := d.Bytes()
	prk, err := hkdf.Extract(sha256.New, ikm[:], []byte(saltBlob))
	if err != nil {
		return ContentKey{}, fmt.Errorf("extract: %w", err)
	}
	info := append([]byte(labelContent), byte(SuiteV1), byte(l.ChunkLog()), byte(p.Pad))
	info = append(info, p.OID[:]...)
	info = binary.BigEndian.AppendUint64(info, uint64(p.Size))
	info = binary.BigEndian.AppendUint32(info, p.Gen)
	return NewContentKey(expand(prk, string(info))), nil
}

// ContentKey reads one object, and vouches for a manifest of it.
type ContentKey struct{ secret }

// NewContentKey takes the 32 bytes that an envelope or a public record carried.
func NewContentKey(b [32]byte) ContentKey { return ContentKey{hide(b)} }

// Equal compares in constant time.
func (k ContentKey) Equal(o ContentKey) bool { return k.equal(o.secret) }

// DataKey returns the AES-256 key of the chunks (FORMAT.md §3.2).
func (k ContentKey) DataKey() [32]byte { return k.expand(labelData) }

// NonceKey returns the BLAKE3 key of the nonce tails (FORMAT.md §3.2).
func (k ContentKey) NonceKey() [32]byte { return k.expand(labelNonce) }

// SigningKey returns the key that signs manifests of this object (FORMAT.md §3.2).
func (k ContentKey) SigningKey() ed25519.PrivateKey {
	seed := k.expand(labelSign)
	return ed25519.NewKeyFromSeed(seed[:])
}

// ManifestKey returns the public half of [ContentKey.SigningKey].
func (k ContentKey) ManifestKey() ManifestKey {
	return ManifestKey(k.SigningKey().Public().(ed25519.PublicKey))
}

// Repair returns the repair capability (FORMAT.md §3.2).
func (k ContentKey) Repair() RepairKey {
	return NewRepairKey(k.expand(labelRepair))
}

// ManifestKey is the Ed25519 key that manifests of one object verify with. Only holders of the
// content key can sign for it.
type ManifestKey [32]byte

// String returns 64 lower-case hexadecimal digits.
func (k ManifestKey) String() string { return hex.EncodeToString(k[:]) }

// RepairKey finds, verifies, audits and rebuilds the shares of one object. It cannot read it.
type RepairKey struct{ secret }

// NewRepairKey takes the 32 bytes that somebody was given.
func NewRepairKey(b [32]byte) RepairKey { return RepairKey{hide(b)} }

// Equal compares in constant time.
func (k RepairKey) Equal(o RepairKey) bool { return k.equal(o.secret) }

// Locator names the shares of one coding at their holders (FORMAT.md §3.3). It is safe for concurrent use.
type Locator struct{ secret }

// Locator returns the locator of the coding with this K, 1 … [MaxK].
func (k RepairKey) Locator(needed int) (Locator, error) {
	info, err := codingInfo(labelLocator, needed)
	if err != nil {
		return Locator{}, err
	}
	return Locator{hide(k.expand(info))}, nil
}

// SID returns the name of share index (0 … [MaxIndex]) at a holder.
func (l Locator) SID(holder radicle.DID, index int) (SID, error) {
	if err := checkRange("share index", int64(index), 0, MaxIndex); err != nil {
		return SID{}, err
	}
	return SID(l.name(holder, uint16(index))), nil
}

// MID returns the name of the sealed manifest at a holder.
func (l Locator) MID(holder radicle.DID) MID { return MID(l.name(holder, 0xFFFF)) }

func (l Locator) name(holder radicle.DID, n uint16) [32]byte {
	key := l.Bytes()
	h := blake3.New(32, key[:])
	_, _ = h.Write(holder[:]) // a hash never fails
	_, _ = h.Write(binary.BigEndian.AppendUint16(nil, n))
	return [32]byte(h.Sum(nil))
}

// ManifestSeal returns the AES-256-GCM key and the BLAKE3 nonce key under which a manifest of the coding with
// this K is sealed at a place (FORMAT.md §7.4). The zero place is a record.
func (k RepairKey) ManifestSeal(needed int, place radicle.DID) (key, nonceKey [32]byte, err error) {
	for _, d := range []struct {
		label string
		dst   *[32]byte
	}{{labelManifest, &key}, {labelManNonce, &nonceKey}} {
		info, err := codingInfo(d.label, needed)
		if err != nil {
			return key, nonceKey, err
		}
		*d.dst = k.expand(info + string(place[:]))
	}
	return key, nonceKey, nil
}

// codingInfo is label ‖ code ‖ K.
func codingInfo(label string, needed int) (string, error) {
	if err := checkRange("K", int64(needed), 1, MaxK); err != nil {
		return "", err
	}
	return label + string([]byte{byte(CodeV1), byte(needed)}), nil
}

// expand is HKDF-Expand with SHA-256 to 32 bytes. It panics if the standard library refuses 32 bytes of
// output, which RFC 5869 never does.
func expand(prk []byte, info string) (out [32]byte) {
	b, err := hkdf.Expand(sha256.New, prk, info, len(out))
	if err != nil {
		panic("blobstore: hkdf: " + err.Error())
	}
	return [32]byte(b)
}
