package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/b3"
)

const (
	tailLen  = 8
	tagLen   = 16
	nonceLen = 4 + tailLen
	lastBit  = 1 << 31

	// nearby is how many indices on either side are tried to tell a moved chunk from a damaged one. It is what
	// FORMAT.md §4 requires; at 64 KiB a chunk it costs a few milliseconds, once.
	nearby = 128
)

// HeadRoom is where the plaintext of a chunk starts in the buffer that [Sealer.SealInPlace] takes.
const HeadRoom = tailLen

// Sealer seals and opens the chunks of one object.
type Sealer struct {
	layout  blobstore.Layout
	aead    cipher.AEAD
	tails   *b3.Mode  // BLAKE3-keyed with the nonce key
	scratch sync.Pool // of *nonce
}

// nonce is here because what goes through cipher.AEAD is on the heap: it would be allocated for each chunk.
type nonce [nonceLen]byte

// New returns the sealer of the object that ck reads, cut as l says. The two must be of one object: a layout of
// another size gives chunks that nobody opens.
func New(ck blobstore.ContentKey, l blobstore.Layout) (*Sealer, error) {
	dataKey, nonceKey := ck.DataKey(), ck.NonceKey()
	block, err := aes.NewCipher(dataKey[:])
	if err != nil {
		return nil, fmt.Errorf("aes: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("gcm: %w", err) // GODEBUG=fips140=only
	}
	s := &Sealer{layout: l, aead: aead, tails: b3.Keyed(nonceKey)}
	s.scratch.New = func() any { return new(nonce) }
	return s, nil
}

// Layout returns how the object is cut.
func (s *Sealer) Layout() blobstore.Layout { return s.layout }

// index is the number of chunk i as the nonce carries it.
func (s *Sealer) index(i int64) uint32 {
	if i == s.layout.Chunks()-1 {
		return uint32(i) | lastBit
	}
	return uint32(i)
}

// SealInPlace seals chunk i. The buffer has the length of the sealed chunk; its plaintext, padding included, was put
// at [HeadRoom] and 16 bytes before the end are free. It panics if i or the length is not of the layout: only the
// caller's own arithmetic decides them.
func (s *Sealer) SealInPlace(buf []byte, i int64) {
	plainLen := s.layout.PlainLen(i)
	if i < 0 || i >= s.layout.Chunks() || len(buf) != plainLen+blobstore.ChunkOverhead {
		panic(fmt.Sprintf("seal: chunk %d in a buffer of %d bytes", i, len(buf)))
	}
	n := s.scratch.Get().(*nonce)
	defer s.scratch.Put(n)

	// The index stands before the plaintext for the hash, where the tail will be.
	binary.BigEndian.PutUint32(buf[tailLen-4:], s.index(i))
	sum := s.tails.Sum(buf[tailLen-4 : tailLen+plainLen])
	binary.BigEndian.PutUint32(n[:], s.index(i))
	copy(n[4:], sum[:tailLen])
	copy(buf, sum[:tailLen])
	plain := buf[tailLen : tailLen+plainLen]
	s.aead.Seal(plain[:0], n[:], plain, nil)
}

// Open appends the plaintext of chunk i to dst, without padding. The chunk stays as it is and must not overlap
// dst. The error is a *blobstore.ChunkError of class truncated, extended, padding or auth; [Sealer.Explain]
// says more about the last.
func (s *Sealer) Open(dst []byte, i int64, chunk []byte) ([]byte, error) {
	if i < 0 || i >= s.layout.Chunks() {
		return dst, &blobstore.BoundsError{What: "chunk", Got: i, Max: s.layout.Chunks() - 1}
	}
	switch want := s.layout.PlainLen(i) + blobstore.ChunkOverhead; {
	case len(chunk) < want:
		return dst, s.refuse(i, blobstore.ErrTruncated)
	case len(chunk) > want:
		return dst, s.refuse(i, blobstore.ErrExtended)
	}
	start := len(dst)
	out, ok := s.tryOpen(dst, s.index(i), chunk)
	if !ok {
		return dst, s.refuse(i, blobstore.ErrAuth)
	}
	// Chunks of padding alone carry nothing of the object.
	kept := min(int64(len(out)-start), max(0, s.layout.Size()-i*int64(s.layout.PlainSize())))
	plain, padding := out[:start+int(kept)], out[start+int(kept):]
	if !allZero(padding) {
		clear(out[start:])
		return dst, s.refuse(i, blobstore.ErrPadding)
	}
	return plain, nil
}

// tryOpen opens a chunk under an index as the nonce carries it.
func (s *Sealer) tryOpen(dst []byte, index uint32, chunk []byte) ([]byte, bool) {
	n := s.scratch.Get().(*nonce)
	defer s.scratch.Put(n)
	binary.BigEndian.PutUint32(n[:], index)
	copy(n[4:], chunk[:tailLen])
	out, err := s.aead.Open(dst, n[:], chunk[tailLen:], nil)
	return out, err == nil
}

// Explain says why chunk i did not open: class final if it opens with the other last-chunk mark, moved if it belongs
// to another place nearby, auth otherwise. It opens the chunk up to 515 times and is for the one chunk that
// ends a reading, not for choosing among blocks.
func (s *Sealer) Explain(i int64, chunk []byte) error {
	if i < 0 || len(chunk) < blobstore.ChunkOverhead || len(chunk) > s.layout.ChunkSize() {
		return s.refuse(i, blobstore.ErrAuth)
	}
	scratch := make([]byte, 0, len(chunk))
	opens := func(index uint32) bool {
		_, ok := s.tryOpen(scratch, index, chunk)
		return ok
	}
	if opens(s.index(i) ^ lastBit) {
		return s.refuse(i, blobstore.ErrFinal)
	}
	for d := int64(1); d <= nearby; d++ {
		for _, at := range []int64{i - d, i + d} {
			if at >= 0 && at < lastBit && (opens(uint32(at)) || opens(uint32(at)|lastBit)) {
				return s.refuse(i, blobstore.ErrMoved)
			}
		}
	}
	return s.refuse(i, blobstore.ErrAuth)
}

// explained replaces class auth by what [Sealer.Explain] finds.
func (s *Sealer) explained(i int64, chunk []byte, err error) error {
	if e, ok := err.(*blobstore.ChunkError); ok && e.Err == blobstore.ErrAuth {
		return s.Explain(i, chunk)
	}
	return err
}

func (s *Sealer) refuse(i int64, class error) error {
	return &blobstore.ChunkError{Chunk: i, Offset: i << s.layout.ChunkLog(), Err: class}
}

// zeros is what padding is compared with, and written from.
var zeros [4096]byte

func allZero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
