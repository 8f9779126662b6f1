package erasure

import (
	"bytes"
	"errors"
	"testing"

	"radswarm/blobstore"
)

// coding returns a coding with chunks of 4 KiB: full stripes of K, then one with m chunks, the last of them q bytes.
func coding(t testing.TB, k, full, m, q int) blobstore.Coding {
	t.Helper()
	c, err := blobstore.NewCoding(int64(full*k+m-1)*4096+int64(q), 12, k)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// largeCoding returns a coding of full stripes with chunks of 64 KiB.
func largeCoding(t testing.TB, k int) blobstore.Coding {
	t.Helper()
	const enough = 64 // chunks: fewer of this size are no object's
	c, err := blobstore.NewCoding(int64((enough+k)/k*k)<<blobstore.MaxChunkLog, blobstore.MaxChunkLog, k)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newStripe(t testing.TB, c *Code, coding blobstore.Coding, s int64) *Stripe {
	t.Helper()
	stripe, err := c.NewStripe(coding.ChunkSize())
	if err != nil {
		t.Fatal(err)
	}
	reset(t, stripe, coding, s)
	return stripe
}

func reset(t testing.TB, stripe *Stripe, coding blobstore.Coding, s int64) {
	t.Helper()
	if err := stripe.Reset(coding, s); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, stripe *Stripe, j int, b []byte) {
	t.Helper()
	if err := stripe.Put(j, b); err != nil {
		t.Fatal(err)
	}
}

// stripeBlocks returns what the specification says the N blocks of a stripe are.
func stripeBlocks(m [][]byte, chunks [][]byte, k, n int) [][]byte {
	blocks := make([][]byte, n)
	copy(blocks, chunks)
	for j := k; j < n; j++ {
		blocks[j] = refBlock(m[j], chunks)
	}
	return blocks
}

func checkBlocks(t *testing.T, stripe *Stripe, want [][]byte) {
	t.Helper()
	for j := range want {
		if got := stripe.Block(j); !bytes.Equal(got, want[j]) || len(got) != stripe.Len(j) {
			t.Fatalf("block %d of %d chunks: %d bytes, want %d, or other contents", j, stripe.chunks, len(got), len(want[j]))
		}
	}
}

// Every shape of the last stripe: m chunks, the last of q bytes. Encoded as the specification says, and decoded from
// every choice of m blocks. The memory is that of a full stripe of ones, so that a tail left over would show.
func TestLastStripe(t *testing.T) {
	const k, n = 3, 6
	c, matrix := newCode(t, k, n), refMatrix(k)
	for m := 1; m <= k; m++ {
		for _, q := range []int{25, 64, 4095, 4096} {
			shape := coding(t, k, 1, m, q)
			chunks := make([][]byte, m)
			for i := range chunks {
				chunks[i] = random(uint64(i), shape.BlockLen(1, i))
			}
			want := stripeBlocks(matrix, chunks, k, n)

			stripe := newStripe(t, c, shape, 0)
			dirty(t, stripe)
			reset(t, stripe, shape, 1)
			for i, chunk := range chunks {
				copy(stripe.Buffer(i), chunk)
				put(t, stripe, i, stripe.Buffer(i))
			}
			if err := stripe.Encode(); err != nil {
				t.Fatal(err)
			}
			checkBlocks(t, stripe, want)
			for pattern := range 1 << n {
				dirty(t, stripe)
				decodePattern(t, stripe, shape, want, pattern)
			}
		}
	}
}

// dirty fills all buffers of a stripe with ones.
func dirty(t *testing.T, stripe *Stripe) {
	t.Helper()
	reset(t, stripe, coding(t, stripe.code.k, 1, 1, 25), 0)
	for j := range stripe.code.n {
		b := stripe.Buffer(j)
		for x := range b {
			b[x] = 0xFF
		}
	}
}

// decodePattern puts the blocks of pattern into stripe 1 and expects all others back.
func decodePattern(t *testing.T, stripe *Stripe, shape blobstore.Coding, want [][]byte, pattern int) {
	t.Helper()
	reset(t, stripe, shape, 1)
	for j := range want {
		if pattern>>j&1 == 1 && len(want[j]) > 0 {
			if needed := stripe.Needed(); needed != max(0, stripe.chunks-stripe.Given()) {
				t.Fatalf("needs %d blocks of %d with %d given", needed, stripe.chunks, stripe.Given())
			}
			put(t, stripe, j, want[j])
		}
	}
	err := stripe.Decode()
	if stripe.Needed() > 0 {
		e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
		if !ok || e.Need != stripe.chunks || e.Got != stripe.Given() {
			t.Fatalf("decode with %d of %d blocks: %v", stripe.Given(), stripe.chunks, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, stripe, want[:stripe.chunks])
	if err := stripe.Rebuild(0, 1, 2, 3, 4, 5); err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, stripe, want)
}

// What is lent is never written, not even to fill the last chunk.
func TestPutDoesNotWriteWhatIsLent(t *testing.T) {
	shape := coding(t, 3, 0, 3, 100)
	stripe := newStripe(t, newCode(t, 3, 5), shape, 0)
	backing := bytes.Repeat([]byte{0xAA}, 4096)
	put(t, stripe, 0, random(0, 4096))
	put(t, stripe, 1, random(1, 4096))
	put(t, stripe, 2, backing[:100])
	if err := stripe.Encode(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(backing, bytes.Repeat([]byte{0xAA}, 4096)) {
		t.Error("lent memory was written")
	}
	want := stripeBlocks(refMatrix(3), [][]byte{random(0, 4096), random(1, 4096), backing[:100]}, 3, 5)
	checkBlocks(t, stripe, want)
}

// A buffer cannot be written past the block's end, and is the same until Reset.
func TestBuffer(t *testing.T) {
	shape := coding(t, 2, 1, 1, 30)
	stripe := newStripe(t, newCode(t, 2, 4), shape, 1)
	for j, want := range []int{30, 0, 30, 30} {
		b := stripe.Buffer(j)
		if len(b) != want || cap(b) != want {
			t.Errorf("buffer %d has %d of %d bytes, want %d", j, len(b), cap(b), want)
		}
		if want > 0 && &b[0] != &stripe.Buffer(j)[0] {
			t.Errorf("buffer %d moved", j)
		}
		if stripe.Block(j) != nil {
			t.Errorf("block %d is there before it was put", j)
		}
	}
	for _, j := range []int{-1, 4, 300} {
		if stripe.Buffer(j) != nil || stripe.Block(j) != nil || stripe.Len(j) != 0 {
			t.Errorf("block %d exists", j)
		}
	}
}

// A false block is taken back, and what was computed from it with it.
func TestDrop(t *testing.T) {
	shape := coding(t, 2, 1, 2, 4096)
	chunks := [][]byte{random(0, 4096), random(1, 4096)}
	want := stripeBlocks(refMatrix(2), chunks, 2, 4)
	stripe := newStripe(t, newCode(t, 2, 4), shape, 0)
	put(t, stripe, 2, want[2])
	put(t, stripe, 3, random(9, 4096)) // a lie
	if err := stripe.Decode(); err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(stripe.Block(0), want[0]) {
		t.Fatal("the lie made no difference")
	}
	stripe.Drop(3)
	if stripe.Needed() != 1 || stripe.Block(0) != nil || stripe.Block(3) != nil {
		t.Fatalf("needs %d, blocks 0 and 3 there: %t, %t", stripe.Needed(), stripe.Block(0) != nil, stripe.Block(3) != nil)
	}
	put(t, stripe, 1, want[1])
	if err := stripe.Rebuild(0, 3); err != nil {
		t.Fatal(err)
	}
	checkBlocks(t, stripe, want)
	// Put replaces, too.
	put(t, stripe, 1, random(9, 4096))
	if err := stripe.Decode(); err != nil || bytes.Equal(stripe.Block(0), want[0]) {
		t.Errorf("block 0 survived another block 1: %v", err)
	}
	stripe.Drop(-1)
	stripe.Drop(4)
	// A block that is put after it was computed stays, whatever is put then.
	put(t, stripe, 0, want[0])
	put(t, stripe, 1, want[1])
	if !bytes.Equal(stripe.Block(0), want[0]) {
		t.Error("block 0 went with what was computed before")
	}
}

// More blocks than are needed do no harm: the lowest are used, and no others.
func TestSurplus(t *testing.T) {
	shape := coding(t, 2, 1, 2, 4096)
	want := stripeBlocks(refMatrix(2), [][]byte{random(0, 4096), random(1, 4096)}, 2, 5)
	stripe := newStripe(t, newCode(t, 2, 5), shape, 0)
	put(t, stripe, 4, random(9, 4096)) // a lie
	put(t, stripe, 3, want[3])
	put(t, stripe, 1, want[1])
	if err := stripe.Rebuild(0, 2); err != nil || !bytes.Equal(stripe.Block(0), want[0]) || !bytes.Equal(stripe.Block(2), want[2]) {
		t.Errorf("the surplus was used (%v)", err)
	}
}

func TestStripeBounds(t *testing.T) {
	c := newCode(t, 2, 4)
	for _, size := range []int{0, -1, blobstore.MaxChunk + 1} {
		if _, err := c.NewStripe(size); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("chunks of %d bytes: %v", size, err)
		}
	}
	shape := coding(t, 2, 1, 1, 30)
	stripe, err := c.NewStripe(4096)
	if err != nil {
		t.Fatal(err)
	}
	if err := stripe.Put(0, nil); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("put before a reset: %v", err)
	}
	other, err := blobstore.NewCoding(40*8192, 13, 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"stripe -1": stripe.Reset(shape, -1), "stripe 2 of 2": stripe.Reset(shape, 2),
		"K 3": stripe.Reset(coding(t, 3, 1, 1, 30), 0), "K 1, chunks of 8 KiB": stripe.Reset(other, 0),
		"no coding": stripe.Reset(blobstore.Coding{}, 0),
	} {
		if !errors.Is(err, blobstore.ErrBounds) || stripe.Len(0) != 0 {
			t.Errorf("%s: %v, and block 0 has %d bytes", name, err, stripe.Len(0))
		}
	}
	reset(t, stripe, shape, 1)
	for _, test := range []struct{ j, n int }{{0, 29}, {0, 31}, {0, 0}, {1, 30}, {1, 0}, {2, 4096}, {-1, 30}, {4, 30}} {
		err := stripe.Put(test.j, make([]byte, test.n))
		if !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("put %d bytes as block %d: %v", test.n, test.j, err)
		}
		if e, ok := errors.AsType[*blobstore.ShareError](err); ok && (e.Index != test.j || e.Offset != 4096) {
			t.Errorf("put %d bytes as block %d: names block %d at %d", test.n, test.j, e.Index, e.Offset)
		}
	}
	if err := stripe.Encode(); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("encode without the chunk: %v", err)
	}
	put(t, stripe, 2, make([]byte, 30))
	if err := stripe.Encode(); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("encode with parity instead of the chunk: %v", err)
	}
	if err := stripe.Rebuild(4); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("rebuild block 4 of 4: %v", err)
	}
}
