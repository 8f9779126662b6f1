package blobstore

import (
	"fmt"
	"math/bits"
)

// Bounds of FORMAT.md §2.
const (
	MaxSize  = 1 << 46 // plaintext bytes of an object, 64 TiB
	MaxK     = 64      // blocks that bring a stripe back
	MaxN     = 256     // shares of an object
	MaxIndex = MaxN - 1

	MinChunkLog = 12 // 4 KiB
	MaxChunkLog = 16 // 64 KiB
	MaxChunk    = 1 << MaxChunkLog

	// ChunkOverhead is what sealing adds to a chunk: 8 bytes of nonce tail and 16 of tag.
	ChunkOverhead = 24
)

// Suite numbers the algorithms of sealing.
type Suite uint8

// SuiteV1 is FORMAT.md: HKDF-SHA256, BLAKE3, AES-256-GCM.
const SuiteV1 Suite = 1

// Code numbers the erasure codes.
type Code uint8

// CodeV1 is FORMAT.md §5: systematic Reed–Solomon over GF(2^8).
const CodeV1 Code = 1

// Pad is the padding policy of an object (FORMAT.md §2.1).
type Pad uint8

// The padding policies.
const (
	PadNone  Pad = 0 // the public domain
	PadPadme Pad = 1 // the personal domain: at most 12 % longer, under 3.2 % from 1 MB
)

// String returns "none" or "padmé".
func (p Pad) String() string {
	switch p {
	case PadNone:
		return "none"
	case PadPadme:
		return "padmé"
	}
	return fmt.Sprintf("pad %d", uint8(p))
}

// Padded returns the length to which size bytes are filled with zeros (FORMAT.md §2.1). Size is 0 … [MaxSize].
func (p Pad) Padded(size int64) int64 {
	if p != PadPadme || size < 2 {
		return size
	}
	exp := bits.Len64(uint64(size)) - 1 // floor(log2 size)
	keep := bits.Len(uint(exp))         // floor(log2 exp) + 1
	if exp <= keep {
		return size
	}
	mask := int64(1)<<(exp-keep) - 1
	return (size + mask) &^ mask
}

// Layout is how an object is cut into chunks (FORMAT.md §2). Only [NewLayout] makes a valid one.
type Layout struct {
	size, padded int64
	pad          Pad
	chunkLog     uint8
}

// NewLayout returns the layout of an object of size bytes, 0 … [MaxSize].
func NewLayout(size int64, pad Pad) (Layout, error) {
	if err := checkRange("object size", size, 0, MaxSize); err != nil {
		return Layout{}, err
	}
	if err := checkRange("padding policy", int64(pad), int64(PadNone), int64(PadPadme)); err != nil {
		return Layout{}, err
	}
	return Layout{size: size, padded: pad.Padded(size), pad: pad, chunkLog: chunkLogOf(size)}, nil
}

// chunkLogOf is the rule of FORMAT.md §2.2. Size and padded length give the same, because every limit is a power of two.
func chunkLogOf(size int64) uint8 {
	log := uint8(MinChunkLog)
	for log < MaxChunkLog && size > 64<<log {
		log++
	}
	return log
}

// Size returns the length of the plaintext, without padding.
func (l Layout) Size() int64 { return l.size }

// Padded returns the length of the plaintext with its padding.
func (l Layout) Padded() int64 { return l.padded }

// Pad returns the padding policy.
func (l Layout) Pad() Pad { return l.pad }

// ChunkLog returns log2 of the length of a full sealed chunk.
func (l Layout) ChunkLog() int { return int(l.chunkLog) }

// ChunkSize returns the length of a full sealed chunk: C of the specification.
func (l Layout) ChunkSize() int { return 1 << l.chunkLog }

// PlainSize returns the plaintext bytes in a full chunk: P of the specification.
func (l Layout) PlainSize() int { return l.ChunkSize() - ChunkOverhead }

// Chunks returns the number of chunks, at least 1.
func (l Layout) Chunks() int64 {
	p := int64(l.PlainSize())
	return max(1, (l.padded+p-1)/p)
}

// PlainLen returns the plaintext bytes, padding included, that chunk i (0 ≤ i < Chunks) carries.
func (l Layout) PlainLen(i int64) int {
	p := int64(l.PlainSize())
	return int(min(p, l.padded-i*p))
}

// CipherSize returns the length of all sealed chunks together.
func (l Layout) CipherSize() int64 { return l.padded + ChunkOverhead*l.Chunks() }

// Coding returns how the object becomes shares when K = needed is asked for. Objects of fewer chunks take
// the smaller K (FORMAT.md §5.4).
func (l Layout) Coding(needed int) (Coding, error) {
	if err := checkRange("K", int64(needed), 1, MaxK); err != nil {
		return Coding{}, err
	}
	k := int(min(int64(needed), l.Chunks()))
	return Coding{cipher: l.CipherSize(), chunkLog: l.chunkLog, k: uint8(k)}, nil
}

// Coding is how a ciphertext becomes shares (FORMAT.md §5). It knows neither keys nor N. Only
// [NewCoding] and [Layout.Coding] make a valid one.
type Coding struct {
	cipher   int64
	chunkLog uint8
	k        uint8
}

// NewCoding returns the coding of a ciphertext of this length in chunks of 2^chunkLog bytes with K = needed. It
// refuses lengths that no object has; unlike [Layout.Coding] it does not lower K.
func NewCoding(cipherSize int64, chunkLog, needed int) (Coding, error) {
	if err := checkRange("chunk size exponent", int64(chunkLog), MinChunkLog, MaxChunkLog); err != nil {
		return Coding{}, err
	}
	const maxCipher = MaxSize + ChunkOverhead*(MaxSize/(1<<MaxChunkLog-ChunkOverhead)+1)
	if err := checkRange("ciphertext length", cipherSize, ChunkOverhead, maxCipher); err != nil {
		return Coding{}, err
	}
	c := Coding{cipher: cipherSize, chunkLog: uint8(chunkLog), k: 1}
	n := c.Chunks()
	if last := c.ChunkLen(n - 1); n > 1 && last <= ChunkOverhead {
		return Coding{}, &BoundsError{"last chunk's length", int64(last), ChunkOverhead + 1, int64(c.ChunkSize())}
	}
	if err := checkRange("padded length", c.Padded(), 0, MaxSize); err != nil {
		return Coding{}, err
	}
	want := int64(chunkLogOf(c.Padded()))
	if err := checkRange("chunk size exponent", int64(chunkLog), want, want); err != nil {
		return Coding{}, err
	}
	if err := checkRange("K", int64(needed), 1, min(MaxK, n)); err != nil {
		return Coding{}, err
	}
	c.k = uint8(needed)
	return c, nil
}

// K returns how many blocks bring a stripe back.
func (c Coding) K() int { return int(c.k) }

// ChunkLog returns log2 of [Coding.ChunkSize].
func (c Coding) ChunkLog() int { return int(c.chunkLog) }

// ChunkSize returns the length of a full chunk and so of a full block: C of the specification.
func (c Coding) ChunkSize() int { return 1 << c.chunkLog }

// CipherSize returns the length of the ciphertext.
func (c Coding) CipherSize() int64 { return c.cipher }

// Padded returns the plaintext bytes, padding included, that the ciphertext carries.
func (c Coding) Padded() int64 { return c.cipher - ChunkOverhead*c.Chunks() }

// Chunks returns the number of chunks, at least 1.
func (c Coding) Chunks() int64 {
	return (c.cipher + int64(c.ChunkSize()) - 1) >> c.chunkLog
}

// ChunkLen returns the length of sealed chunk i, and 0 for i ≥ Chunks: a chunk of known zeros.
func (c Coding) ChunkLen(i int64) int {
	return int(min(int64(c.ChunkSize()), max(0, c.cipher-i<<c.chunkLog)))
}

// Stripes returns the number of stripes, at least 1.
func (c Coding) Stripes() int64 {
	k := int64(c.k)
	return (c.Chunks() + k - 1) / k
}

// StripeChunks returns how many chunks stripe s has: K, or fewer in the last one.
func (c Coding) StripeChunks(s int64) int {
	return int(min(int64(c.k), c.Chunks()-s*int64(c.k)))
}

// StripeLen returns the length to which the blocks of stripe s are filled for the coding: B(s) of the
// specification, the length of its first chunk.
func (c Coding) StripeLen(s int64) int { return c.ChunkLen(s * int64(c.k)) }

// BlockLen returns the length of block s of share index: 0 where the chunk is one of known zeros.
func (c Coding) BlockLen(s int64, index int) int {
	if index < int(c.k) {
		return c.ChunkLen(s*int64(c.k) + int64(index))
	}
	return c.StripeLen(s)
}

// BlockOffset returns where block s starts in every share.
func (c Coding) BlockOffset(s int64) int64 { return s << c.chunkLog }

// ShareLen returns the length of share index in bytes (FORMAT.md §5.3). It is never 0.
func (c Coding) ShareLen(index int) int64 {
	last := c.Stripes() - 1
	return c.BlockOffset(last) + int64(c.BlockLen(last, index))
}

// Place returns where chunk i lies: stripe and share index of its block as it is.
func (c Coding) Place(i int64) (stripe int64, index int) {
	return i / int64(c.k), int(i % int64(c.k))
}
