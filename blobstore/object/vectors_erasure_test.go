package object_test

import (
	"bytes"
	"fmt"
	"slices"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
)

// erasureFormat is FORMAT.md §5.1 and §5.2: the matrix, and single stripes.
func erasureFormat() format {
	return format{
		name:  "erasure",
		kinds: map[string]func(*reading){"matrix": readMatrix, "code": readCode, "stripe": readStripe},
		make:  func() []vector { return slices.Concat(makeMatrices(), makeCodes(), makeStripes()) },
	}
}

// matrixOf asks for the code's matrix as a stranger would: byte r of chunk c is 1 where r = c, so that byte c of block
// j is the element in row j and column c.
func matrixOf(k int) ([]byte, error) {
	code, err := erasure.New(k, blobstore.MaxN)
	if err != nil {
		return nil, err
	}
	blocks, m := make([][]byte, blobstore.MaxN), make([]byte, blobstore.MaxN*k)
	for j := range blocks {
		blocks[j] = m[j*k : (j+1)*k : (j+1)*k]
		if j < k {
			blocks[j][j] = 1
		}
	}
	return m, code.Encode(blocks)
}

func readMatrix(r *reading) {
	m, err := matrixOf(int(r.number("k")))
	if r.judge("code", err) && !bytes.Equal(m, r.body()) {
		r.Error("another matrix")
	}
}

func makeMatrices() (out []vector) {
	for _, k := range []int{1, 2, 3, 10, 64} {
		h := header("all 256 rows, one after the other", "matrix", "ok", "k", k)
		out = append(out, vector{fmt.Sprintf("erasure/matrix-k%d", k), h, must(matrixOf(k))})
	}
	return out
}

func readCode(r *reading) {
	_, err := erasure.New(int(r.number("k")), int(r.number("n")))
	r.judge("code", err)
}

func makeCodes() (out []vector) {
	for _, c := range []struct {
		name, about string
		k, n, value int
	}{
		{"k-0", "K of 0", 0, 10, 0},
		{"k-65", "K over 64", 65, 70, 65},
		{"n-below-k", "fewer shares than K", 3, 2, 2},
		{"n-257", "more than 256 shares", 3, 257, 257},
	} {
		h := header(c.about, "code", "bounds", "k", c.k, "n", c.n, "value", c.value)
		out = append(out, vector{"erasure/" + c.name, h, nil})
	}
	return out
}

// stripeUnderTest is one stripe of a ciphertext that is a content.
type stripeUnderTest struct {
	*reading
	code   *erasure.Code
	coding blobstore.Coding
	stripe int64
	blocks [][]byte // all of them, as the vector has them; empty where a chunk is missing
}

func readStripe(r *reading) {
	coding := must(blobstore.NewCoding(r.number("ciphertext"), int(r.number("log2c")), int(r.number("k"))))
	n := int(r.number("n"))
	u := stripeUnderTest{r, must(erasure.New(coding.K(), n)), coding, r.number("stripe"), make([][]byte, n)}
	chunks := content(r.text("content"), coding.CipherSize())
	for c := range coding.StripeChunks(u.stripe) {
		i := u.stripe*int64(coding.K()) + int64(c)
		u.blocks[c] = chunks[i<<coding.ChunkLog():][:coding.ChunkLen(i)]
	}
	u.encode()
	if r.has("given") {
		u.refuse()
		return
	}
	u.judge("stripe", nil)
	m := coding.StripeChunks(u.stripe)
	var there []int
	for j, b := range u.blocks {
		if len(b) > 0 {
			there = append(there, j)
		}
	}
	u.rebuild(there)
	u.rebuild(there[:m])
	u.rebuild(there[len(there)-m:])
	for skip := range there { // m in a row, around the end
		u.rebuild(slices.Concat(there, there)[skip : skip+m])
	}
}

// with returns the stripe with some blocks put, in the order given.
func (u stripeUnderTest) with(given []int) *erasure.Stripe {
	s := must(u.code.NewStripe(u.coding.ChunkSize()))
	if err := s.Reset(u.coding, u.stripe); err != nil {
		u.Fatal(err)
	}
	for _, j := range given {
		if err := s.Put(j, u.blocks[j]); err != nil {
			u.Fatal(err)
		}
	}
	return s
}

// encode computes the blocks from K on, and compares them with the body.
func (u stripeUnderTest) encode() {
	var chunks []int
	for c := range u.coding.StripeChunks(u.stripe) {
		chunks = append(chunks, c)
	}
	s := u.with(chunks)
	if err := s.Encode(); err != nil {
		u.Fatal(err)
	}
	var got []byte
	for j := u.coding.K(); j < u.code.N(); j++ {
		u.blocks[j] = s.Block(j)
		got = append(got, s.Block(j)...)
	}
	if !u.has("given") && !bytes.Equal(got, u.body()) {
		u.Error("other blocks")
	}
}

// rebuild brings all blocks back from some.
func (u stripeUnderTest) rebuild(given []int) {
	s := u.with(given)
	var want []int
	for j := range u.blocks {
		want = append(want, j)
	}
	if err := s.Rebuild(want...); err != nil {
		u.Errorf("from %v: %v", given, err)
	}
	for j, b := range u.blocks {
		if !bytes.Equal(s.Block(j), b) {
			u.Errorf("from %v: another block %d", given, j)
		}
	}
}

// refuse: too few blocks.
func (u stripeUnderTest) refuse() {
	var given []int
	for _, j := range u.numbers("given") {
		given = append(given, int(j))
	}
	u.judge("decode", u.with(given).Decode())
	u.judge("rebuild", u.with(given).Rebuild(u.code.N()-1, 0))
}

// stripeCase is a stripe s of n shares of a ciphertext of m+before·K chunks, the last one q bytes long.
type stripeCase struct {
	k, n, before, m, q int
}

func (c stripeCase) header(about, expect string, more ...any) []pair {
	size := (c.before*c.k+c.m-1)*4096 + c.q
	return header(about, "stripe", expect, append([]any{
		"ciphertext", size, "log2c", 12, "k", c.k, "n", c.n, "stripe", c.before, "content", "ciphertext",
	}, more...)...)
}

func makeStripes() (out []vector) {
	for _, c := range []stripeCase{
		{1, 3, 0, 1, 24},
		{1, 2, 1, 1, 1000},
		{2, 4, 0, 2, 25},
		{2, 4, 1, 1, 4096},
		{3, 5, 0, 3, 4096},
		{3, 5, 0, 3, 25},
		{3, 5, 1, 2, 4096},
		{3, 5, 1, 2, 4095},
		{3, 10, 1, 1, 4096},
		{3, 10, 1, 1, 25},
		{3, 256, 1, 1, 25},
		{10, 12, 0, 10, 4096},
		{10, 12, 0, 10, 25},
		{10, 30, 1, 1, 1000},
		{10, 12, 1, 9, 100},
		{64, 66, 0, 64, 4096},
		{64, 256, 1, 1, 64},
		{64, 65, 0, 64, 4095},
	} {
		coding := must(blobstore.NewCoding(int64((c.before*c.k+c.m-1)*4096+c.q), 12, c.k))
		chunks := content("ciphertext", coding.CipherSize())[coding.BlockOffset(int64(c.before*c.k)):]
		s := must(must(erasure.New(c.k, c.n)).NewStripe(4096))
		if err := s.Reset(coding, int64(c.before)); err != nil {
			panic(err)
		}
		for j := range c.m {
			if err := s.Put(j, chunks[j*4096:][:s.Len(j)]); err != nil {
				panic(err)
			}
		}
		if err := s.Encode(); err != nil {
			panic(err)
		}
		var body []byte
		for j := c.k; j < c.n; j++ {
			body = append(body, s.Block(j)...)
		}
		about := fmt.Sprintf("%d of %d chunks in the stripe, the last of %d bytes", c.m, c.k, c.q)
		name := fmt.Sprintf("erasure/stripe-k%d-n%d-m%d-q%d", c.k, c.n, c.m, c.q)
		out = append(out, vector{name, c.header(about, "ok"), body})
	}
	for _, c := range []struct {
		name, about     string
		c               stripeCase
		given           string
		needed, present int
	}{
		{"too-few-none", "no block at all", stripeCase{3, 10, 0, 3, 4096}, "none", 3, 0},
		{"too-few-k1", "no block, K = 1", stripeCase{1, 3, 0, 1, 100}, "none", 1, 0},
		{"too-few-chunks", "two chunks of three", stripeCase{3, 10, 0, 3, 4096}, "0 2", 3, 2},
		{"too-few-mixed", "a chunk and another block", stripeCase{3, 10, 0, 3, 4096}, "1 9", 3, 2},
		{"too-few-k10", "nine of ten", stripeCase{10, 30, 0, 10, 100}, "3 4 5 12 13 14 15 28 29", 10, 9},
		{"too-few-last-stripe", "one block, two chunks: missing chunks are no help here", stripeCase{3, 10, 1, 2, 100}, "7", 2, 1},
	} {
		h := c.c.header(c.about, "shares", "given", c.given, "needed", c.needed, "present", c.present)
		out = append(out, vector{"erasure/" + c.name, h, nil})
	}
	return out
}
