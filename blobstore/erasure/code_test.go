package erasure

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/reedsolomon"

	"radswarm/blobstore"
)

func random(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func equal(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

func newCode(t testing.TB, k, n int) *Code {
	t.Helper()
	c, err := New(k, n)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// unit returns K blocks of K bytes, block c with a 1 in byte c, and room for the others: what is coded from them are
// the rows of the matrix.
func unit(k, n int) [][]byte {
	blocks := make([][]byte, n)
	for j := range blocks {
		blocks[j] = make([]byte, k)
		if j < k {
			blocks[j][j] = 1
		}
	}
	return blocks
}

// The three ways to M agree for every K: the definition, this package, and the library's default matrix.
func TestMatrixIsTheDefinition(t *testing.T) {
	for k := 1; k <= blobstore.MaxK; k++ {
		want := refMatrix(k)
		ours, library := unit(k, blobstore.MaxN), unit(k, blobstore.MaxN)
		if err := newCode(t, k, blobstore.MaxN).Encode(ours); err != nil {
			t.Fatal(err)
		}
		e, err := reedsolomon.New(k, blobstore.MaxN-k)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Encode(library); err != nil {
			t.Fatal(err)
		}
		for j := range want {
			if !bytes.Equal(ours[j], want[j]) || !bytes.Equal(library[j], want[j]) {
				t.Fatalf("K %d row %d: ours %x, library %x, definition %x", k, j, ours[j], library[j], want[j])
			}
		}
	}
}

func TestRowsOfTheSpecification(t *testing.T) {
	want := [][]byte{
		{0x01, 0x00, 0x00},
		{0x00, 0x01, 0x00},
		{0x00, 0x00, 0x01},
		{0x01, 0x01, 0x01},
		{0x0f, 0x08, 0x06},
		{0x0e, 0x09, 0x06},
		{0x0e, 0x08, 0x07},
		{0x0f, 0x09, 0x07},
		{0x2d, 0x30, 0x1c},
		{0x2c, 0x31, 0x1c},
	}
	rows := unit(3, 10)
	if err := newCode(t, 3, 10).Encode(rows); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
}

func TestReplication(t *testing.T) {
	rows := unit(1, blobstore.MaxN)
	if err := newCode(t, 1, blobstore.MaxN).Encode(rows); err != nil {
		t.Fatal(err)
	}
	for j, row := range rows {
		if row[0] != 1 {
			t.Fatalf("row %d is %x", j, row)
		}
	}
}

// Share j must not depend on N, or a share added later would be a share of something else.
func TestBlocksDoNotDependOnN(t *testing.T) {
	const size = 192
	for _, k := range []int{1, 2, 3, 10, 11, 29, 64} {
		want := make([][]byte, blobstore.MaxN)
		for j := range want {
			want[j] = random(uint64(j), size)
		}
		if err := newCode(t, k, blobstore.MaxN).Encode(want); err != nil {
			t.Fatal(err)
		}
		for n := k; n < blobstore.MaxN; n++ {
			blocks := make([][]byte, n)
			copy(blocks, want[:k])
			for j := k; j < n; j++ {
				blocks[j] = make([]byte, 0, size)
			}
			if err := newCode(t, k, n).Encode(blocks); err != nil {
				t.Fatal(err)
			}
			for j := range blocks {
				if !bytes.Equal(blocks[j], want[j]) {
					t.Fatalf("K %d: block %d of N = %d differs from that of N = 256", k, j, n)
				}
			}
		}
	}
}

// Kernels work in steps of 64 bytes and more; the rest goes another way.
func TestEncodeEveryLength(t *testing.T) {
	for _, kn := range [][2]int{{1, 3}, {2, 3}, {3, 10}, {10, 13}, {12, 24}} {
		k, n := kn[0], kn[1]
		code, m := newCode(t, k, n), refMatrix(k)
		for size := 1; size <= 300; size++ {
			blocks := make([][]byte, n)
			for j := range blocks {
				blocks[j] = random(uint64(j), size)
			}
			if err := code.Encode(blocks); err != nil {
				t.Fatal(err)
			}
			for j := k; j < n; j++ {
				if !bytes.Equal(blocks[j], refBlock(m[j], blocks[:k])) {
					t.Fatalf("%d of %d: block %d of %d bytes differs from the reference", k, n, j, size)
				}
			}
		}
	}
}

// encoded returns the N blocks of random chunks of size bytes.
func encoded(t testing.TB, c *Code, size int) [][]byte {
	t.Helper()
	blocks := make([][]byte, c.N())
	for j := range blocks {
		blocks[j] = random(uint64(j), size)
	}
	if err := c.Encode(blocks); err != nil {
		t.Fatal(err)
	}
	return blocks
}

// Any K of the N blocks give back all others: all patterns of small codes.
func TestRebuildEveryPattern(t *testing.T) {
	for _, kn := range [][2]int{{1, 4}, {2, 5}, {3, 7}, {5, 9}} {
		c := newCode(t, kn[0], kn[1])
		want := encoded(t, c, 130)
		for pattern := range 1 << c.N() {
			blocks, given, missing := make([][]byte, c.N()), 0, []int{}
			for j := range blocks {
				if pattern>>j&1 == 1 {
					blocks[j], given = want[j], given+1
					continue
				}
				blocks[j], missing = make([]byte, 0, 130), append(missing, j)
			}
			err := c.Rebuild(blocks, missing...)
			if given < c.K() {
				e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
				if !ok || e.Need != c.K() || e.Got != given || !errors.Is(err, blobstore.ErrShares) {
					t.Fatalf("%d of %d with %d blocks: %v", c.K(), c.N(), given, err)
				}
				continue
			}
			if err != nil || !equal(blocks, want) {
				t.Fatalf("%d of %d from %b: %v", c.K(), c.N(), pattern, err)
			}
		}
	}
}

// Large codes, against the library's own reconstruction and the truth.
func TestRebuildLikeTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, kn := range [][2]int{{10, 30}, {11, 21}, {29, 80}, {64, 128}, {64, 256}, {64, 64}} {
		c := newCode(t, kn[0], kn[1])
		want := encoded(t, c, 200)
		e, err := reedsolomon.New(c.K(), c.N()-c.K(), reedsolomon.WithInversionCache(false))
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			ours, library, missing := make([][]byte, c.N()), make([][]byte, c.N()), []int{}
			for i, j := range r.Perm(c.N()) {
				if i < c.K() {
					ours[j], library[j] = want[j], want[j]
					continue
				}
				ours[j], missing = make([]byte, 0, 200), append(missing, j)
			}
			if err := c.Rebuild(ours, missing...); err != nil {
				t.Fatal(err)
			}
			if err := e.Reconstruct(library); err != nil {
				t.Fatal(err)
			}
			if !equal(ours, want) || !equal(library, want) {
				t.Fatalf("%d of %d without %v: differs", c.K(), c.N(), missing)
			}
		}
	}
}

// Only what is wanted is touched.
func TestRebuildOnlyWanted(t *testing.T) {
	c := newCode(t, 3, 10)
	want := encoded(t, c, 64)
	blocks := make([][]byte, 10)
	blocks[4], blocks[7], blocks[9] = want[4], want[7], want[9]
	blocks[8], blocks[1] = make([]byte, 0, 64), make([]byte, 0, 64)
	if err := c.Rebuild(blocks, 8, 9, 1, 8); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(blocks[8], want[8]) || !bytes.Equal(blocks[1], want[1]) || blocks[0] != nil || blocks[2] != nil {
		t.Errorf("wrong blocks: %x", blocks)
	}
}

func TestBounds(t *testing.T) {
	for _, kn := range [][2]int{{0, 1}, {-1, 3}, {65, 100}, {3, 2}, {1, 257}, {1, 0}, {64, 63}} {
		if _, err := New(kn[0], kn[1]); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("New(%d, %d): %v", kn[0], kn[1], err)
		}
	}
	c := newCode(t, 2, 4)
	b, long, none := make([]byte, 8), make([]byte, 9), []byte(nil)
	for _, test := range []struct {
		name   string
		blocks [][]byte
		encode bool
		want   []int
		index  int // that the error names, or -1
	}{
		{"encode: too few slices", [][]byte{b, b, b}, true, nil, -1},
		{"encode: too many slices", [][]byte{b, b, b, b, b}, true, nil, -1},
		{"encode: no data", [][]byte{none, none, none, none}, true, nil, 0},
		{"encode: unlike data", [][]byte{b, long, b, b}, true, nil, 1},
		{"encode: empty data", [][]byte{b, none, b, b}, true, nil, 1},
		{"encode: no room", [][]byte{b, b, long, b[:7:7]}, true, nil, 3},
		{"rebuild: too few slices", [][]byte{b, b, b}, false, []int{3}, -1},
		{"rebuild: unlike blocks", [][]byte{none, b, none, long}, false, []int{0}, 3},
		{"rebuild: no room", [][]byte{b, b, none, none}, false, []int{2}, 2},
		{"rebuild: index below", [][]byte{b, b, none, none}, false, []int{-1}, -1},
		{"rebuild: index above", [][]byte{b, b, none, none}, false, []int{4}, -1},
	} {
		var err error
		if test.encode {
			err = c.Encode(test.blocks)
		} else {
			err = c.Rebuild(test.blocks, test.want...)
		}
		if !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("%s: %v", test.name, err)
		}
		if e, ok := errors.AsType[*blobstore.ShareError](err); ok != (test.index >= 0) || ok && e.Index != test.index {
			t.Errorf("%s: %v does not name block %d", test.name, err, test.index)
		}
	}
}

func TestPlansAreBounded(t *testing.T) {
	c := newCode(t, 10, 30)
	want := encoded(t, c, 64)
	r := rand.New(rand.NewPCG(3, 4))
	for range 20 * planSlots {
		blocks := make([][]byte, 30)
		for _, j := range r.Perm(30)[:10] {
			blocks[j] = want[j]
		}
		for j := range blocks[:10] {
			if blocks[j] == nil {
				blocks[j] = make([]byte, 0, 64)
			}
		}
		if err := c.Rebuild(blocks, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9); err != nil || !equal(blocks[:10], want[:10]) {
			t.Fatal(err)
		}
	}
	full := 0
	for i := range c.plans.slots {
		if c.plans.slots[i].Load() != nil {
			full++
		}
	}
	if full < planSlots*9/10 {
		t.Errorf("%d of %d slots in use: patterns do not spread", full, planSlots)
	}
}

func ExampleCode_Rebuild() {
	code, err := New(2, 3)
	if err != nil {
		panic(err)
	}
	blocks := [][]byte{[]byte("chunk 0"), []byte("chunk 1"), make([]byte, 7)}
	if err := code.Encode(blocks); err != nil {
		panic(err)
	}
	blocks[0] = blocks[0][:0] // lost
	if err := code.Rebuild(blocks, 0); err != nil {
		panic(err)
	}
	fmt.Printf("%s", blocks[0])
	// Output: chunk 0
}
