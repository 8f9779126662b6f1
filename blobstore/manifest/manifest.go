package manifest

import (
	"crypto/ed25519"
	"encoding/binary"
	"math"
	"slices"

	"lukechampine.com/blake3"

	"radswarm/blobstore"
)

// Lengths in bytes.
const (
	headLen   = 1 + 1 + 1 + 1 + 1 + 4 + 8 + 1 + 2 // up to and with the number of roots
	rootLen   = 32
	keyLen    = ed25519.PublicKeySize
	sigLen    = ed25519.SignatureSize
	minLen    = headLen + rootLen + keyLen + sigLen
	MaxLen    = headLen + rootLen*blobstore.MaxN + keyLen + sigLen // 8,308: the longest manifest
	MinRoots  = 10                                                 // a writer commits to at least so many shares
	version   = 1
	signLabel = "radswarm/manifest/v1\x00"
)

// Manifest commits to the shares of one object in one coding.
type Manifest struct {
	raw    []byte // the canonical encoding
	pad    blobstore.Pad
	gen    uint32
	coding blobstore.Coding
	roots  []blobstore.Root
	key    blobstore.ManifestKey
}

// Commit is the number of roots that a writer of n shares with K = needed commits to (FORMAT.md §7.1): one
// where all shares are equal, otherwise at least [MinRoots], so that shares may be placed later.
func Commit(needed, n int) int {
	if needed == 1 {
		return 1
	}
	return max(MinRoots, n, needed)
}

// Sign makes the manifest of the object that ck reads. The roots are those of shares 0, 1, …; exactly one where K is 1.
func Sign(ck blobstore.ContentKey, pad blobstore.Pad, gen uint32, c blobstore.Coding, roots []blobstore.Root) (*Manifest, error) {
	if pad > blobstore.PadPadme {
		return nil, &blobstore.BoundsError{What: "padding policy", Got: int64(pad), Max: int64(blobstore.PadPadme)}
	}
	if err := checkRoots(c.K(), len(roots)); err != nil {
		return nil, err
	}
	b := make([]byte, 0, minLen+rootLen*len(roots))
	b = append(b, version, byte(blobstore.SuiteV1), byte(blobstore.CodeV1), byte(c.ChunkLog()), byte(pad))
	b = binary.BigEndian.AppendUint32(b, gen)
	b = binary.BigEndian.AppendUint64(b, uint64(c.CipherSize()))
	b = append(b, byte(c.K()))
	b = binary.BigEndian.AppendUint16(b, uint16(len(roots)))
	for _, r := range roots {
		b = append(b, r[:]...)
	}
	key := ck.ManifestKey()
	b = append(b, key[:]...)
	sig := ed25519.Sign(ck.SigningKey(), append([]byte(signLabel), b...))
	return Parse(append(b, sig...))
}

// checkRoots checks the number of roots against K.
func checkRoots(needed, n int) error {
	lo, hi := needed, blobstore.MaxN
	if needed == 1 {
		hi = 1
	}
	if n < lo || n > hi {
		return &blobstore.BoundsError{What: "number of roots", Got: int64(n), Min: int64(lo), Max: int64(hi)}
	}
	return nil
}

// Parse reads the canonical encoding and verifies the signature. Errors are *blobstore.FieldError of class encoding or
// signature. The bytes are copied.
func Parse(b []byte) (*Manifest, error) {
	m, err := decode(b)
	if err != nil {
		return nil, err
	}
	body, sig := b[:len(b)-sigLen], b[len(b)-sigLen:]
	if !ed25519.Verify(m.key[:], append([]byte(signLabel), body...), sig) {
		return nil, &blobstore.FieldError{Field: "signature", Err: blobstore.ErrSignature}
	}
	return m, nil
}

// decode reads all but the signature.
func decode(b []byte) (*Manifest, error) {
	if len(b) < minLen || len(b) > MaxLen {
		return nil, malformed("length")
	}
	for i, f := range []struct {
		name string
		want byte
	}{{"version", version}, {"suite", byte(blobstore.SuiteV1)}, {"code", byte(blobstore.CodeV1)}} {
		if b[i] != f.want {
			return nil, malformed(f.name)
		}
	}
	chunkLog, pad := int(b[3]), blobstore.Pad(b[4])
	gen, size, needed, n := binary.BigEndian.Uint32(b[5:]), binary.BigEndian.Uint64(b[9:]), int(b[17]), int(binary.BigEndian.Uint16(b[18:]))
	if pad > blobstore.PadPadme {
		return nil, malformed("padding policy")
	}
	if chunkLog < blobstore.MinChunkLog || chunkLog > blobstore.MaxChunkLog {
		return nil, malformed("chunk size")
	}
	c, err := blobstore.NewCoding(int64(min(size, math.MaxInt64)), chunkLog, 1)
	if err != nil || pad.Padded(c.Padded()) != c.Padded() {
		return nil, malformed("ciphertext length")
	}
	if c, err = blobstore.NewCoding(c.CipherSize(), chunkLog, needed); err != nil {
		return nil, malformed("K")
	}
	if checkRoots(needed, n) != nil {
		return nil, malformed("roots")
	}
	if len(b) != minLen+rootLen*(n-1) {
		return nil, malformed("length")
	}
	m := &Manifest{raw: slices.Clone(b), pad: pad, gen: gen, coding: c, roots: make([]blobstore.Root, n)}
	for i := range m.roots {
		m.roots[i] = blobstore.Root(b[headLen+rootLen*i:])
	}
	m.key = blobstore.ManifestKey(b[headLen+rootLen*n:])
	return m, nil
}

func malformed(field string) error {
	return &blobstore.FieldError{Field: field, Err: blobstore.ErrEncoding}
}

// MarshalBinary returns the canonical encoding, at most [MaxLen] bytes.
func (m *Manifest) MarshalBinary() ([]byte, error) { return slices.Clone(m.raw), nil }

// Hash returns the manifest hash (FORMAT.md §7.3), by which one is remembered.
func (m *Manifest) Hash() [32]byte { return blake3.Sum256(m.raw) }

// Coding returns chunk size, length and K.
func (m *Manifest) Coding() blobstore.Coding { return m.coding }

// Pad returns the padding policy.
func (m *Manifest) Pad() blobstore.Pad { return m.pad }

// Gen returns the re-encryption counter.
func (m *Manifest) Gen() uint32 { return m.gen }

// Key returns the key that the signature verifies with.
func (m *Manifest) Key() blobstore.ManifestKey { return m.key }

// Roots returns how many roots the manifest commits to.
func (m *Manifest) Roots() int { return len(m.roots) }

// Root returns the root of share index, and whether the manifest commits to one. With K = 1 it commits to all 256:
// they are equal.
func (m *Manifest) Root(index int) (blobstore.Root, bool) {
	if index < 0 || index > blobstore.MaxIndex {
		return blobstore.Root{}, false
	}
	if m.coding.K() == 1 {
		index = 0
	}
	if index >= len(m.roots) {
		return blobstore.Root{}, false
	}
	return m.roots[index], true
}

// CheckObject reports whether the manifest is of the object with these parameters, for a reader that has its content
// key. The error is a *blobstore.FieldError of class mismatch.
func (m *Manifest) CheckObject(ck blobstore.ContentKey, p blobstore.Params) error {
	l, err := p.Layout()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		same bool
	}{
		{"padding policy", m.pad == p.Pad},
		{"gen", m.gen == p.Gen},
		{"chunk size", m.coding.ChunkLog() == l.ChunkLog()},
		{"ciphertext length", m.coding.CipherSize() == l.CipherSize()},
		{"signing key", m.key == ck.ManifestKey()},
	} {
		if !f.same {
			return &blobstore.FieldError{Field: f.name, Err: blobstore.ErrMismatch}
		}
	}
	return nil
}

// Extends reports whether m speaks of the same shares as old and of as many or more (FORMAT.md §7.3). A
// manifest extends itself.
func (m *Manifest) Extends(old *Manifest) bool {
	return m.pad == old.pad && m.gen == old.gen && m.coding == old.coding && m.key == old.key &&
		len(m.roots) >= len(old.roots) && slices.Equal(m.roots[:len(old.roots)], old.roots)
}
