package object_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/seal"
)

// coded is a specimen in shares.
type coded struct {
	specimen
	asked  int
	o      *object.Object
	m      *manifest.Manifest
	shares [][]byte
}

func newCoded(size int64, pad blobstore.Pad, asked, n int) coded {
	return code(newSpecimen(size, pad), domain(), asked, n)
}

func code(s specimen, d blobstore.DomainSecret, asked, n int) coded {
	s.ck = must(d.ContentKey(s.p))
	c := coded{s, asked, must(object.New(s.ck, s.p, asked)), nil, make([][]byte, n)}
	bufs, ws := make([]bytes.Buffer, n), make([]io.Writer, n)
	for j := range ws {
		ws[j] = &bufs[j]
	}
	c.m = must(c.o.Encode(context.Background(), bytes.NewReader(s.plain), ws, object.Options{}))
	for j := range bufs {
		c.shares[j] = bufs[j].Bytes()
	}
	return c
}

// object makes a vector with the manifest and some shares in full.
func (c coded) object(name, about string, d blobstore.DomainSecret, full []int) vector {
	body := must(c.m.MarshalBinary())
	for _, j := range full {
		body = append(body, c.shares[j]...)
	}
	list := textOf(full)
	h := header(about, "object", "ok", "domain", d.Bytes(), "plaintext", plaintextLabel, "oid", c.p.OID, "size", c.p.Size,
		"pad", uint8(c.p.Pad), "gen", c.p.Gen, "asked", c.asked, "n", len(c.shares), "ck", c.ck.Bytes(), "k", c.o.Coding().K(),
		"chunks", c.o.Coding().Chunks(), "ciphertext-sha256", sha256.Sum256(sealed(c.o.Sealer(), c.plain)), "shares", list)
	return vector{"object/" + name, h, body}
}

func upTo(n int) (out []int) {
	for j := range n {
		out = append(out, j)
	}
	return out
}

func makeObjects() (out []vector) {
	for _, size := range []int64{0, 1, plain4 - 1, plain4, plain4 + 1, 3*plain4 - 1, 3 * plain4, 3*plain4 + 1} {
		c := newCoded(size, blobstore.PadNone, 3, 5)
		full := upTo(5)
		if c.o.Coding().K() == 1 {
			full = upTo(1)
		}
		out = append(out, c.object(fmt.Sprintf("k3-n5-size-%d", size), "a whole object with its shares", domain(), full))
	}
	for _, x := range []struct {
		size     int64
		pad      blobstore.Pad
		asked, n int
	}{
		{6*plain4 + 1, 0, 3, 10},
		{7*plain4 + 1, 0, 3, 10},
		{9 * plain4, 0, 3, 10},
		{100_000, 1, 3, 10},
		{100_000, 1, 1, 2},
		{100_000, 1, 2, 3},
		{100_000, 1, 10, 30},
		{10*plain4 - 1, 0, 10, 12},
		{10 * plain4, 0, 10, 12},
		{10*plain4 + 1, 0, 10, 12},
		{64*plain4 - 1, 0, 64, 70},
		{64 * plain4, 0, 64, 70},
		{64*plain4 + 1, 0, 64, 256},
		{64<<12 + 1, 1, 3, 10},
		{64<<13 + 1, 1, 3, 10},
		{64<<14 + 1, 1, 3, 10},
		{64<<15 + 1, 1, 3, 10},
		{64<<15 + 1, 1, 10, 30},
		{39*plain64 - 1, 0, 3, 10},
		{39 * plain64, 0, 3, 10},
		{39*plain64 + 1, 0, 3, 10},
		{40 * plain64, 0, 10, 12},
		{64 * plain64, 0, 64, 64},
	} {
		c := newCoded(x.size, x.pad, x.asked, x.n)
		name := fmt.Sprintf("k%d-n%d-pad-%d-size-%d", x.asked, x.n, x.pad, x.size)
		out = append(out, c.object(name, "a whole object, its shares by their roots", domain(), nil))
	}
	s := newSpecimen(5*plain4, blobstore.PadNone)
	public := code(s, blobstore.PublicDomain(), 2, 4)
	s = newSpecimen(5*plain4, blobstore.PadPadme)
	s.p.Gen = 7
	return append(out,
		public.object("public", "an object of the public domain", blobstore.PublicDomain(), nil),
		code(s, domain(), 2, 4).object("gen-7", "an object encrypted again", domain(), nil),
	)
}

// common are the headers of what is read with a key.
func (c coded) common() []any {
	return []any{
		"ck", c.ck.Bytes(), "plaintext", plaintextLabel, "oid", c.p.OID, "size", c.p.Size, "pad", uint8(c.p.Pad), "gen", c.p.Gen,
		"asked", c.asked,
	}
}

func makeWrites() []vector {
	c := newCoded(3*plain4, blobstore.PadNone, 3, 5)
	got := c.p.OID
	c.p.OID = bytes32("oid")
	h := header("a file that is not the object: no byte of a share is written", "write", "oid", append(c.common(), "got", got)...)
	return []vector{{"object/write-oid", h, nil}}
}

// share is one that is given to a reader.
type givenShare struct {
	index int
	b     []byte
}

func (c coded) take(indices ...int) (out []givenShare) {
	for _, j := range indices {
		out = append(out, givenShare{j, c.shares[j]})
	}
	return out
}

// put returns the shares with one of them, by position, as f makes it of a copy.
func put(in []givenShare, at int, f func([]byte) []byte) []givenShare {
	out := slices.Clone(in)
	out[at].b = f(bytes.Clone(out[at].b))
	return out
}

func flipAt(at int) func([]byte) []byte { return func(b []byte) []byte { b[at] ^= 1; return b } }

func listOf(in []givenShare) (list string, body []byte) {
	var words []string
	for _, s := range in {
		words = append(words, fmt.Sprintf("%d:%d", s.index, len(s.b)))
		body = append(body, s.b...)
	}
	if len(words) == 0 {
		return "none", nil
	}
	return strings.Join(words, " "), body
}

func (c coded) decode(name, about, expect string, in []givenShare, more ...any) vector {
	list, body := listOf(in)
	return vector{"object/decode-" + name, header(about, "decode", expect, slices.Concat(c.common(), []any{"given", list}, more)...), body}
}

// decodable is the object that most vectors of decoding are made of: two full stripes of K = 3 and one with a short chunk.
func decodable() coded { return newCoded(6*plain4+100, blobstore.PadNone, 3, 6) }

func makeDecodes() []vector {
	c := decodable()
	one := newCoded(100, blobstore.PadNone, 3, 5)
	return []vector{
		c.decode("data", "the K shares with the chunks as they are", "ok", c.take(0, 1, 2)),
		c.decode("parity", "K shares with no chunk as it is", "ok", c.take(3, 4, 5)),
		c.decode("mixed", "a share with chunks and two without", "ok", c.take(1, 3, 5)),
		c.decode("without-the-last-chunk", "all but the share with the last chunk", "ok", c.take(1, 2, 4)),
		c.decode("all", "more than K shares", "ok", c.take(0, 1, 2, 3, 4, 5)),
		one.decode("one-chunk", "an object of one chunk from a share of any index", "ok", []givenShare{{255, one.shares[4]}}),
	}
}

func makeFalseDecodes() []vector {
	c := decodable()
	data, mixed := c.take(0, 1, 2), c.take(0, 2, 4)
	after := func(stripes int64) []any { return released(c.plain, min(c.p.Size, 3*plain4*stripes)) }
	at := func(stripes int64, more ...any) []any { return append(more, after(stripes)...) }
	swapped := []givenShare{{0, c.shares[0]}, {1, c.shares[2]}, {2, c.shares[1]}}
	twice := put(data, 1, func(b []byte) []byte { copy(b[4096:], b[:4096]); return b })
	stranger := newCoded(6*plain4+99, blobstore.PadNone, 3, 6)
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:n] } }
	long := func(b []byte) []byte { return append(b, 0) }
	wrong := c
	wrong.p.OID = bytes32("oid")
	return []vector{
		c.decode("none", "no share", "shares", nil, at(0, "needed", 3, "present", 0)...),
		c.decode("k-1", "a share too few", "shares", c.take(0, 5), at(0, "needed", 3, "present", 2)...),
		c.decode("index-256", "a share of an index over 255", "bounds",
			append(c.take(0, 1), givenShare{256, c.shares[2]}), at(0, "value", 256)...),
		c.decode("auth-data", "a flipped bit in a chunk as it is", "auth", put(data, 1, flipAt(4096+50)),
			at(1, "chunk", 4, "offset", 4*4096, "share", 1, "share-offset", 4096, "random", "shares")...),
		c.decode("auth-parity", "a flipped bit in a block that chunks are rebuilt from: nobody can tell which block", "auth",
			put(mixed, 2, flipAt(4096+50)), at(1, "chunk", 4, "offset", 4*4096)...),
		c.decode("auth-last", "a flipped bit in the last chunk", "auth", put(data, 0, flipAt(8192)),
			at(2, "chunk", 6, "offset", 6*4096, "share", 0, "share-offset", 8192, "random", "shares")...),
		c.decode("auth-of-another", "a share of another object", "auth", put(data, 2, func([]byte) []byte { return stranger.shares[2] }),
			at(0, "chunk", 2, "offset", 2*4096, "share", 2, "share-offset", 0, "random", "shares")...),
		c.decode("moved-shares", "shares 1 and 2 under each other's index", "moved", swapped,
			at(0, "chunk", 1, "offset", 4096, "share", 1, "share-offset", 0, "random", "shares")...),
		c.decode("moved-block", "a share with its first block twice", "moved", twice,
			at(1, "chunk", 4, "offset", 4*4096, "share", 1, "share-offset", 4096, "random", "shares")...),
		c.decode("truncated-share", "a share that ends in its second block", "truncated", put(data, 1, cut(5000)),
			at(1, "share", 1, "share-offset", 4096, "random", "shares")...),
		c.decode("truncated-at-a-block", "a share that ends after its second block", "truncated", put(mixed, 2, cut(8192)),
			at(2, "share", 4, "share-offset", 8192, "random", "ok")...),
		c.decode("truncated-to-nothing", "an empty share", "truncated", put(data, 0, cut(0)),
			at(0, "share", 0, "share-offset", 0, "random", "shares")...),
		c.decode("extended-share", "a share with a byte more: who reads blocks alone never sees it", "extended", put(data, 0, long),
			at(2, "share", 0, "share-offset", 8192, "random", "ok")...),
		c.decode("extended-short-share", "a share without a block in the last stripe, with a byte there", "extended", put(data, 2, long),
			at(2, "share", 2, "share-offset", 8192, "random", "ok")...),
		wrong.decode("oid", "all chunks open, and it is another file", "oid", data, at(3, "got", c.p.OID, "random", "ok")...),
		falsePadding(), falseFinal(),
	}
}

// falsePadding is an object whose writer, who has the key, filled the padding with something.
func falsePadding() vector {
	c := newCoded(2*plain4-1, blobstore.PadPadme, 3, 3)
	buf := make([]byte, plain4+blobstore.ChunkOverhead)
	copy(buf[seal.HeadRoom:], append(bytes.Clone(c.plain[plain4:]), 1))
	c.s.SealInPlace(buf, 1)
	return c.decode("padding", "padding that is not zero", "padding", put(c.take(0, 1, 2), 1, func([]byte) []byte { return buf }),
		append([]any{"chunk", 1, "offset", 4096, "share", 1, "share-offset", 0, "random", "shares"}, released(c.plain, 0)...)...)
}

// falseFinal is an object with a chunk sealed as if the object ended there.
func falseFinal() vector {
	c := newCoded(3*plain4, blobstore.PadNone, 3, 3)
	other := sealed(c.cut(2*plain4), c.plain[:2*plain4])
	return c.decode("final", "a chunk in the middle sealed as the last", "final", put(c.take(0, 1, 2), 1, func([]byte) []byte { return other[4096:] }),
		append([]any{"chunk", 1, "offset", 4096, "share", 1, "share-offset", 0, "random", "shares"}, released(c.plain, 0)...)...)
}

func makeRebuilds() (out []vector) {
	c := decodable()
	raw := must(c.m.MarshalBinary())
	rebuild := func(name, about, expect string, in []givenShare, index int, more ...any) {
		list, body := listOf(in)
		h := header(about, "rebuild", expect, append([]any{"manifest", len(raw), "given", list, "index", index}, more...)...)
		out = append(out, vector{"object/rebuild-" + name, h, slices.Concat(raw, body)})
	}
	mixed := c.take(0, 2, 4)
	rebuild("parity", "a share that nobody had, from K others and no key", "ok", mixed, 9)
	rebuild("data", "a share with chunks as they are", "ok", mixed, 1)
	rebuild("root", "one of the others is false: the result is not the share", "root", put(mixed, 2, flipAt(5000)), 1,
		"share", 1, "false", 4)
	rebuild("k-1", "a share too few", "shares", mixed[:2], 1, "needed", 3, "present", 2)
	rebuild("truncated", "one of the others ends early", "truncated", put(mixed, 1, func(b []byte) []byte { return b[:8191] }), 1,
		"share", 2, "share-offset", 4096, "false", 2)
	rebuild("extended", "one of the others goes on after its end", "extended", put(mixed, 1, func(b []byte) []byte { return append(b, 0) }), 1,
		"share", 2, "share-offset", 8192, "false", 2)
	rebuild("beyond-the-manifest", "a share that the manifest does not commit to", "bounds", mixed, 10, "value", 10)
	return out
}
