package object_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/seal"
)

// specimen is an object of which vectors are made.
type specimen struct {
	ck    blobstore.ContentKey
	p     blobstore.Params
	s     *seal.Sealer
	plain []byte
}

// plaintextLabel is the content of all plaintexts: the longer ones go on where the shorter end.
const plaintextLabel = "plaintext"

func newSpecimen(size int64, pad blobstore.Pad) specimen {
	plain := content(plaintextLabel, size)
	p := blobstore.Params{OID: sha256.Sum256(plain), Size: size, Pad: pad}
	ck := must(domain().ContentKey(p))
	return specimen{ck, p, must(seal.New(ck, must(p.Layout()))), plain}
}

// cut is the layout of another size under the same key: what a writer with two minds would make.
func (s specimen) cut(size int64) *seal.Sealer {
	return must(seal.New(s.ck, must(blobstore.NewLayout(size, s.p.Pad))))
}

// vector makes one with the ciphertext in its body.
func (s specimen) vector(name, about, expect string, body []byte, more ...any) vector {
	common := []any{"ck", s.ck.Bytes(), "size", s.p.Size, "pad", uint8(s.p.Pad), "plaintext", plaintextLabel}
	return vector{"seal/" + name, header(about, "ciphertext", expect, append(common, more...)...), body}
}

// refused makes one that is refused at a chunk.
func (s specimen) refused(name, about, class string, chunk int64, body []byte, more ...any) vector {
	return s.vector(name, about, class, body, append(s.namesOf(chunk), more...)...)
}

// namesOf says what a refusal at a chunk names and what came before it.
func (s specimen) namesOf(chunk int64) []any {
	l := s.s.Layout()
	return append([]any{"chunk", chunk, "offset", chunk << l.ChunkLog()},
		released(s.plain, min(l.Size(), chunk*int64(l.PlainSize())))...)
}

func (s specimen) byRule(cipher []byte) []any {
	return []any{"ciphertext-sha256", sha256.Sum256(cipher)}
}

func makeSealed() (out []vector) {
	inFull := map[blobstore.Pad][]int64{
		blobstore.PadNone: {
			0, 1, 2, plain4 - 1, plain4, plain4 + 1, 2*plain4 - 1, 2 * plain4, 2*plain4 + 1, 3*plain4 - 1, 3 * plain4, 3*plain4 + 1,
		},
		blobstore.PadPadme: {0, 1, 9, plain4, plain4 + 1, 2*plain4 - 1, 3*plain4 + 1},
	}
	for _, pad := range []blobstore.Pad{blobstore.PadNone, blobstore.PadPadme} {
		for _, size := range inFull[pad] {
			s := newSpecimen(size, pad)
			name := fmt.Sprintf("pad-%d-size-%d", pad, size)
			out = append(out, s.vector(name, "a whole object", "ok", sealed(s.s, s.plain)))
		}
	}
	byHash := map[blobstore.Pad][]int64{
		blobstore.PadNone:  {10 * plain4, 10*plain4 + 1, 64 * plain4, 64*plain4 + 1, 40*plain64 - 1, 40 * plain64, 40*plain64 + 1},
		blobstore.PadPadme: {10 * plain4, 10*plain4 + 1, 64 * plain4, 40*plain64 + 1},
	}
	for log2c := 13; log2c <= 16; log2c++ {
		plain := int64(1)<<log2c - blobstore.ChunkOverhead
		smallest := int64(32)<<log2c + 1
		n := (smallest + plain - 1) / plain
		byHash[blobstore.PadNone] = append(byHash[blobstore.PadNone], smallest-1, smallest, n*plain-1, n*plain, n*plain+1)
		byHash[blobstore.PadPadme] = append(byHash[blobstore.PadPadme], smallest-1, smallest)
	}
	for _, pad := range []blobstore.Pad{blobstore.PadNone, blobstore.PadPadme} {
		for _, size := range byHash[pad] {
			s := newSpecimen(size, pad)
			name := fmt.Sprintf("pad-%d-size-%d", pad, size)
			out = append(out, s.vector(name, "a whole object, by its hash", "ok", nil, s.byRule(sealed(s.s, s.plain))...))
		}
	}
	return append(out, makeForeignTail())
}

// makeForeignTail: a reader takes the tail as it is. Only a writer computes it.
func makeForeignTail() vector {
	s := newSpecimen(100, blobstore.PadNone)
	dk := s.ck.DataKey()
	aead := must(cipher.NewGCM(must(aes.NewCipher(dk[:]))))
	tail := content("tail", 8)
	nonce := append(binary.BigEndian.AppendUint32(nil, 1<<31), tail...)
	return s.vector("foreign-tail", "a tail that is not the hash of the chunk: no reader computes it", "ok",
		aead.Seal(tail, nonce, s.plain, nil), "canonical", "no")
}

func makeFalseChunks() (out []vector) {
	s := newSpecimen(2*plain4+100, blobstore.PadNone)
	good := sealed(s.s, s.plain)
	flip := func(at int) []byte { b := bytes.Clone(good); b[at] ^= 1; return b }
	for _, c := range []struct {
		name string
		at   int
	}{
		{"first-tail", 0},
		{"first-body", 8},
		{"middle-tail", 4096 + 7},
		{"middle-body", 4096 + 2000},
		{"middle-tag", 8191},
		{"last-tail", 8192},
		{"last-body", 8200},
		{"last-tag", len(good) - 1},
	} {
		out = append(out, s.refused("auth-"+c.name, fmt.Sprintf("a flipped bit in byte %d", c.at), "auth", int64(c.at/4096), flip(c.at)))
	}
	other := func(name, about string, p blobstore.Params) {
		o := s
		o.ck = must(domain().ContentKey(p))
		out = append(out, o.refused("auth-other-"+name, about, "auth", 0, good))
	}
	p := s.p
	p.Gen = 1
	other("gen", "the key of another generation", p)
	p = s.p
	p.OID = bytes32("oid")
	other("oid", "the key of another object of the same size", p)
	p = s.p
	p.Size++
	other("size", "the key of one byte more: where the size is wrong, so is the key", p)
	zeros := make([]byte, len(good))
	out = append(out, s.refused("auth-zeros", "zeros", "auth", 0, zeros))
	return slices.Concat(out, makeMoved(), makeFinal())
}

func makeMoved() (out []vector) {
	s := newSpecimen(4*plain4, blobstore.PadNone)
	good := sealed(s.s, s.plain)
	chunk := func(i int) []byte { return good[i*4096 : (i+1)*4096] }
	for _, c := range []struct {
		name, about string
		first       int64
		order       []int
	}{
		{"swapped", "chunks 1 and 2 in each other's place", 1, []int{0, 2, 1, 3}},
		{"first-twice", "chunk 0 twice", 1, []int{0, 0, 2, 3}},
		{"second-twice", "chunk 1 twice: where the second should be it is in its place", 2, []int{0, 1, 1, 3}},
		{"last-in-the-middle", "the last chunk in the place of another: it has the mark, but of another index", 2, []int{0, 1, 3, 3}},
		{"middle-at-the-end", "a chunk from the middle as the last: it has no mark, and another index", 3, []int{0, 1, 2, 2}},
		{"first-and-last", "first and last in each other's place", 0, []int{3, 1, 2, 0}},
	} {
		var b []byte
		for _, i := range c.order {
			b = append(b, chunk(i)...)
		}
		out = append(out, s.refused("moved-"+c.name, c.about, "moved", c.first, b))
	}
	far := newSpecimen(129*plain64+100, blobstore.PadNone)
	for _, c := range []struct {
		name     string
		from, to int64
	}{{"128-down", 128, 0}, {"128-up", 0, 128}} {
		b := sealed(far.s, far.plain)
		copy(b[c.to<<16:(c.to+1)<<16], slices.Clone(b[c.from<<16:(c.from+1)<<16]))
		out = append(out, far.refused("moved-"+c.name, "a chunk moved as far as a reader must look", "moved", c.to, nil,
			append([]any{"copy", fmt.Sprint(c.from<<16, c.to<<16, 1<<16)}, far.byRule(b)...)...))
	}
	return out
}

func makeFinal() []vector {
	three, two := newSpecimen(3*plain4, blobstore.PadNone), newSpecimen(2*plain4, blobstore.PadNone)
	one := newSpecimen(plain4, blobstore.PadNone)
	splice := func(s specimen, size int64, at int) []byte { // chunk `at` as in an object of that size
		b, other := sealed(s.s, s.plain), sealed(s.cut(size), content(plaintextLabel, size))
		copy(b[at*4096:(at+1)*4096], other[at*4096:])
		return b
	}
	return []vector{
		three.refused("final-in-the-middle", "chunk 1 sealed as if the object ended there", "final", 1, splice(three, 2*plain4, 1)),
		three.refused("final-at-the-start", "chunk 0 sealed as if it were all", "final", 0, splice(three, plain4, 0)),
		two.refused("middle-as-final", "the last chunk sealed as if another followed", "final", 1, splice(two, 3*plain4, 1)),
		one.refused("only-as-middle", "the only chunk sealed as if another followed", "final", 0, splice(one, 2*plain4, 0)),
	}
}

func makeFalseEnds() (out []vector) {
	s := newSpecimen(2*plain4+100, blobstore.PadNone)
	good := sealed(s.s, s.plain)
	for _, c := range []struct {
		name  string
		chunk int64
		n     int
	}{
		{"to-nothing", 0, 0},
		{"in-the-first-tail", 0, 7},
		{"before-the-second", 1, 4096},
		{"in-the-second", 1, 4096 + 2000},
		{"before-the-last", 2, 8192},
		{"in-the-last-tail", 2, 8199},
		{"by-a-byte", 2, len(good) - 1},
	} {
		about := fmt.Sprintf("the first %d of %d bytes", c.n, len(good))
		out = append(out, s.refused("truncated-"+c.name, about, "truncated", c.chunk, good[:c.n]))
	}
	empty := newSpecimen(0, blobstore.PadNone)
	nothing := sealed(empty.s, nil)
	return append(out,
		empty.refused("truncated-empty-object", "the empty object without its last byte", "truncated", 0, nothing[:23]),
		s.refused("extended-by-a-byte", "a byte after the last chunk", "extended", 2, append(bytes.Clone(good), 0)),
		s.refused("extended-by-a-chunk", "the first chunk again after the last", "extended", 2, slices.Concat(good, good[:4096])),
		s.refused("extended-by-the-last", "the last chunk twice", "extended", 2, slices.Concat(good, good[8192:])),
		empty.refused("extended-empty-object", "the empty object twice", "extended", 0, slices.Concat(nothing, nothing)),
	)
}

// makeFalsePadding: who has the key can seal anything. 8,143 bytes are padded to 8,192: one byte of chunk 1 is
// padding, and all of chunk 2.
func makeFalsePadding() (out []vector) {
	s := newSpecimen(2*plain4-1, blobstore.PadPadme)
	l := s.s.Layout()
	sealAll := func(set ...int64) []byte {
		data := append(bytes.Clone(s.plain), make([]byte, l.Padded()-l.Size())...)
		for _, at := range set {
			data[at] = 1
		}
		var out []byte
		for i := range l.Chunks() {
			buf := make([]byte, l.PlainLen(i)+blobstore.ChunkOverhead)
			copy(buf[seal.HeadRoom:], data[i*plain4:][:l.PlainLen(i)])
			s.s.SealInPlace(buf, i)
			out = append(out, buf...)
		}
		return out
	}
	flipped := sealAll()
	flipped[len(flipped)-1] ^= 1
	one := newSpecimen(9, blobstore.PadPadme)
	buf := make([]byte, 10+blobstore.ChunkOverhead)
	copy(buf[seal.HeadRoom:], append(bytes.Clone(one.plain), 0x80))
	one.s.SealInPlace(buf, 0)
	return []vector{
		one.refused("padding-only-byte", "the one byte of padding is 128", "padding", 0, buf),
		s.refused("padding-first-byte", "padding that is not zero, in a chunk with plaintext", "padding", 1, sealAll(l.Size())),
		s.refused("padding-last-byte", "padding that is not zero, in a chunk of padding: random access never sees it", "padding", 2,
			sealAll(l.Padded()-1), "random", "ok"),
		s.refused("padding-chunk-auth", "a flipped bit in a chunk of padding: random access never sees it", "auth", 2, flipped,
			"random", "ok"),
	}
}
