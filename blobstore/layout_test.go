package blobstore

import (
	"errors"
	"math/bits"
	"math/rand/v2"
	"testing"
)

const plain64 = 65512 // plaintext bytes in a chunk of 64 KiB

func TestChunkSizeRule(t *testing.T) {
	for _, c := range []struct {
		size  int64
		chunk int
	}{
		{0, 4096},
		{1, 4096},
		{64 * 4096, 4096},
		{64*4096 + 1, 8192},
		{64 * 8192, 8192},
		{64*8192 + 1, 16384},
		{64*16384 + 1, 32768},
		{64 * 32768, 32768},
		{64*32768 + 1, 65536},
		{4 << 20, 65536},
		{MaxSize, 65536},
	} {
		l, err := NewLayout(c.size, PadPadme)
		if err != nil || l.ChunkSize() != c.chunk {
			t.Errorf("size %d: chunk %d, %v; want %d", c.size, l.ChunkSize(), err, c.chunk)
		}
	}
}

// slowPadme counts up to the next multiple, as the paper's text says it.
func slowPadme(l int64) int64 {
	if l < 2 {
		return l
	}
	e := bits.Len64(uint64(l)) - 1
	s := bits.Len64(uint64(e))
	step := int64(1)
	for range e - s {
		step *= 2
	}
	for l%step != 0 {
		l++
	}
	return l
}

func TestPadme(t *testing.T) {
	check := func(l int64) {
		t.Helper()
		got := PadPadme.Padded(l)
		if l < 1<<16 && got != slowPadme(l) {
			t.Errorf("padded(%d) = %d, want %d", l, got, slowPadme(l))
		}
		if got < l || PadPadme.Padded(got) != got {
			t.Errorf("padded(%d) = %d is no fixed point above it", l, got)
		}
		if l >= 1_000_000 && float64(got-l) > 0.032*float64(l) {
			t.Errorf("padded(%d) = %d costs more than 3.2 %%", l, got)
		}
		if PadNone.Padded(l) != l {
			t.Errorf("no padding pads %d", l)
		}
	}
	for l := range int64(1 << 16) {
		check(l)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 10000 {
		check(r.Int64N(MaxSize + 1))
	}
	if PadPadme.Padded(MaxSize) != MaxSize {
		t.Error("the largest object does not fit when padded")
	}
}

func TestLayoutBounds(t *testing.T) {
	for _, size := range []int64{-1, MaxSize + 1} {
		if _, err := NewLayout(size, PadNone); !errors.Is(err, ErrBounds) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	l, err := NewLayout(MaxSize, PadPadme)
	if err != nil || l.Chunks() >= 1<<31 {
		t.Errorf("the largest object has %d chunks, %v", l.Chunks(), err)
	}
	for _, k := range []int{0, -1, MaxK + 1} {
		if _, err := l.Coding(k); !errors.Is(err, ErrBounds) {
			t.Errorf("K %d: %v", k, err)
		}
	}
}

// checkCoding compares every length with what concatenating the blocks gives.
func checkCoding(t *testing.T, l Layout, needed int) {
	t.Helper()
	c, err := l.Coding(needed)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := NewCoding(c.CipherSize(), c.ChunkLog(), c.K()); err != nil || same != c {
		t.Errorf("%+v from its own length: %+v, %v", c, same, err)
	}
	var plain, cipher int64
	for i := range l.Chunks() {
		if c.ChunkLen(i) != l.PlainLen(i)+ChunkOverhead {
			t.Fatalf("chunk %d: %d sealed, %d plain", i, c.ChunkLen(i), l.PlainLen(i))
		}
		plain += int64(l.PlainLen(i))
		cipher += int64(c.ChunkLen(i))
	}
	if plain != l.Padded() || cipher != l.CipherSize() || c.Padded() != plain || c.ChunkLen(l.Chunks()) != 0 {
		t.Errorf("size %d: %d plain, %d sealed", l.Size(), plain, cipher)
	}
	for j := range c.K() + 2 {
		var sum int64
		for s := range c.Stripes() {
			if sum != c.BlockOffset(s) && c.BlockLen(s, j) > 0 {
				t.Fatalf("share %d block %d starts at %d, not %d", j, s, sum, c.BlockOffset(s))
			}
			sum += int64(c.BlockLen(s, j))
		}
		if sum != c.ShareLen(j) || sum == 0 {
			t.Errorf("size %d K %d: share %d has %d bytes, not %d", l.Size(), c.K(), j, sum, c.ShareLen(j))
		}
	}
	for i := range l.Chunks() {
		if s, j := c.Place(i); c.BlockLen(s, j) != c.ChunkLen(i) || j >= c.StripeChunks(s) {
			t.Fatalf("chunk %d is not block %d of share %d", i, s, j)
		}
	}
}

func TestCodingLengths(t *testing.T) {
	for _, k := range []int{1, 2, 3, 10, MaxK} {
		for _, p := range []int64{4072, plain64} {
			for _, chunks := range []int64{0, 1, 2, 3, int64(k), int64(k) + 1, 3 * int64(k), 70} {
				for _, d := range []int64{-1, 0, 1} {
					size := chunks*p + d
					if size < 0 || p == plain64 && size <= 64*32768 {
						continue
					}
					for _, pad := range []Pad{PadNone, PadPadme} {
						l, err := NewLayout(size, pad)
						if err != nil {
							t.Fatal(err)
						}
						checkCoding(t, l, k)
					}
				}
			}
		}
	}
}

func TestCodingRefusesLengthsOfNoObject(t *testing.T) {
	for _, c := range []struct {
		name         string
		size         int64
		log, k       int
		fine, isnt64 bool
	}{
		{name: "empty object", size: 24, log: 12, k: 1, fine: true},
		{name: "less than an empty chunk", size: 23, log: 12, k: 1},
		{name: "negative", size: -1, log: 12, k: 1},
		{name: "one full chunk", size: 4096, log: 12, k: 1, fine: true},
		{name: "second chunk empty", size: 4096 + 24, log: 12, k: 1},
		{name: "second chunk of one byte", size: 4096 + 25, log: 12, k: 2, fine: true},
		{name: "K over the chunks", size: 4096 + 25, log: 12, k: 3},
		{name: "K 0", size: 4096, log: 12, k: 0},
		{name: "K over 64", size: 100 * 4096, log: 12, k: 65},
		{name: "chunks of 2 KiB", size: 2048, log: 11, k: 1},
		{name: "chunks of 128 KiB", size: 2048, log: 17, k: 1},
		{name: "too long", size: MaxSize + 24*(MaxSize/plain64+1) + 1, log: 16, k: 1},
		{name: "far too long", size: 1 << 62, log: 16, k: 1},
	} {
		_, err := NewCoding(c.size, c.log, c.k)
		if c.fine != (err == nil) || err != nil && !errors.Is(err, ErrBounds) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
