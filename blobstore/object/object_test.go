package object

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
)

const (
	plain4  = 4096 - 24
	plain64 = 65536 - 24
)

func plaintext(size int64) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)}).Read(b)
	return b
}

func newObject(t testing.TB, plain []byte, pad blobstore.Pad, needed int) *Object {
	t.Helper()
	return newObjectOf(t, blobstore.Params{OID: sha256.Sum256(plain), Size: int64(len(plain)), Pad: pad}, needed)
}

func newObjectOf(t testing.TB, p blobstore.Params, needed int) *Object {
	t.Helper()
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	o, err := New(ck, p, needed)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// encoded returns n shares and their manifest.
func encoded(t testing.TB, o *Object, plain []byte, n int, opt Options) (*manifest.Manifest, [][]byte) {
	t.Helper()
	bufs, ws := make([]bytes.Buffer, n), make([]io.Writer, n)
	for j := range ws {
		ws[j] = &bufs[j]
	}
	m, err := o.Encode(t.Context(), bytes.NewReader(plain), ws, opt)
	if err != nil {
		t.Fatal(err)
	}
	shares := make([][]byte, n)
	for j := range shares {
		shares[j] = bufs[j].Bytes()
	}
	return m, shares
}

func readers(shares [][]byte, which ...int) map[int]io.Reader {
	out := map[int]io.Reader{}
	for _, j := range which {
		out[j] = bytes.NewReader(shares[j])
	}
	return out
}

// lentShare is a share in memory that is read in place.
type lentShare struct{ left []byte }

func (l *lentShare) Read(p []byte) (int, error) {
	b, err := l.Lend(min(len(p), max(1, len(l.left))))
	return copy(p, b), err
}

func (l *lentShare) Lend(n int) ([]byte, error) {
	switch {
	case len(l.left) == 0:
		return nil, io.EOF
	case len(l.left) < n:
		l.left = nil
		return nil, io.ErrUnexpectedEOF
	}
	b := l.left[:n]
	l.left = l.left[n:]
	return b, nil
}

func readersAt(shares [][]byte, which ...int) map[int]io.ReaderAt {
	out := map[int]io.ReaderAt{}
	for _, j := range which {
		out[j] = bytes.NewReader(shares[j])
	}
	return out
}

// subsets calls f with every subset of k of 0 … n−1, or with a hundred random ones where there are more.
func subsets(n, k int, f func([]int)) {
	var all [][]int
	var grow func(from int, have []int)
	grow = func(from int, have []int) {
		if len(have) == k {
			all = append(all, slices.Clone(have))
			return
		}
		for j := from; j < n && len(all) <= 1000; j++ {
			grow(j+1, append(have, j))
		}
	}
	grow(0, nil)
	if len(all) <= 1000 {
		for _, s := range all {
			f(s)
		}
		return
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		f(r.Perm(n)[:k])
	}
}

var shapes = []struct{ k, n int }{{1, 1}, {1, 3}, {2, 3}, {3, 10}, {10, 30}, {64, 70}}

// boundaries are the sizes at which something changes, for chunks of 4 KiB and K = k.
func boundaries(k int) []int64 {
	p, kk := int64(plain4), int64(k)
	return []int64{0, 1, p - 1, p, p + 1, kk*p - 1, kk * p, kk*p + 1, (kk+1)*p + 1, 3*kk*p - 1, 3 * kk * p, 3*kk*p + 1}
}

// The fast pipeline gives what the specification says, computed slowly and plainly.
func TestEncodeAgainstReference(t *testing.T) {
	for _, c := range shapes {
		for _, size := range boundaries(c.k) {
			if size > 400_000 {
				continue
			}
			for _, pad := range []blobstore.Pad{blobstore.PadNone, blobstore.PadPadme} {
				t.Run(fmt.Sprintf("%d-of-%d/%d/%v", c.k, c.n, size, pad), func(t *testing.T) {
					plain := plaintext(size)
					o := newObject(t, plain, pad, c.k)
					m, shares := encoded(t, o, plain, c.n, Options{})
					checkReference(t, o, m, plain, shares)
				})
			}
		}
	}
}

func TestLargeChunks(t *testing.T) {
	for _, size := range []int64{64*32768 + 1, 65*plain64 - 1, 66 * plain64, 66*plain64 + 1} {
		plain := plaintext(size)
		o := newObject(t, plain, blobstore.PadNone, 3)
		m, shares := encoded(t, o, plain, 5, Options{})
		checkReference(t, o, m, plain, shares)
		checkDecode(t, o, plain, shares, []int{1, 3, 4})
	}
}

func checkDecode(t *testing.T, o *Object, plain []byte, shares [][]byte, which []int) {
	t.Helper()
	var out bytes.Buffer
	if err := o.Decode(t.Context(), readers(shares, which...), &out, Options{}); err != nil || !bytes.Equal(out.Bytes(), plain) {
		t.Fatalf("from shares %v: %d bytes, %v", which, out.Len(), err)
	}
}

func TestAnyKSharesBringItBack(t *testing.T) {
	for _, c := range shapes {
		for _, size := range boundaries(c.k) {
			if size > 400_000 {
				continue
			}
			plain := plaintext(size)
			o := newObject(t, plain, blobstore.PadPadme, c.k)
			m, shares := encoded(t, o, plain, c.n, Options{})
			k := o.Coding().K()
			if want := int(min(int64(c.k), o.Coding().Chunks())); k != want {
				t.Fatalf("size %d: K is %d, want %d", size, k, want)
			}
			for j, s := range shares {
				if int64(len(s)) != o.Coding().ShareLen(j) {
					t.Fatalf("size %d: share %d has %d bytes", size, j, len(s))
				}
			}
			tried := 0
			subsets(c.n, k, func(which []int) {
				if tried++; tried > 150 {
					return
				}
				checkDecode(t, o, plain, shares, which)
				lost := (which[0] + tried) % c.n
				var out bytes.Buffer
				err := Rebuild(t.Context(), m, readers(shares, which...), lost, &out, Options{Workers: 1})
				if err != nil || !bytes.Equal(out.Bytes(), shares[lost]) {
					t.Fatalf("share %d from %v: %v", lost, which, err)
				}
			})
		}
	}
}

func TestWorkersDoNotChangeAnything(t *testing.T) {
	plain := plaintext(100*plain4 + 5)
	o := newObject(t, plain, blobstore.PadPadme, 3)
	m, shares := encoded(t, o, plain, 10, Options{Workers: 1})
	for _, w := range []int{2, 3, 16} {
		m2, again := encoded(t, o, plain, 10, Options{Workers: w})
		if m2.Hash() != m.Hash() || !slices.EqualFunc(shares, again, bytes.Equal) {
			t.Errorf("%d workers give other shares", w)
		}
		var out bytes.Buffer
		if err := o.Decode(t.Context(), readers(shares, 2, 7, 9), &out, Options{Workers: w}); err != nil || !bytes.Equal(out.Bytes(), plain) {
			t.Errorf("%d workers decode to %d bytes, %v", w, out.Len(), err)
		}
	}
}

// N is no part of the format: shares made later are those that were committed to.
func TestSharesAddedLater(t *testing.T) {
	plain := plaintext(50_000)
	o := newObject(t, plain, blobstore.PadPadme, 3)
	few, _ := encoded(t, o, plain, 5, Options{})
	many, shares := encoded(t, o, plain, 30, Options{})
	if few.Roots() != manifest.MinRoots || !many.Extends(few) {
		t.Errorf("5 shares commit to %d roots; 30 extend them: %v", few.Roots(), many.Extends(few))
	}
	var late bytes.Buffer
	if err := o.Spread(t.Context(), bytes.NewReader(plain), map[int]io.Writer{8: &late}, Options{}); err != nil || !bytes.Equal(late.Bytes(), shares[8]) {
		t.Errorf("share 8 made later differs: %v", err)
	}
	var last bytes.Buffer
	if err := o.Spread(t.Context(), bytes.NewReader(plain), map[int]io.Writer{255: &last}, Options{}); err != nil {
		t.Fatal(err)
	}
	all := append(slices.Clone(shares), make([][]byte, 226)...)
	all[255] = last.Bytes()
	checkDecode(t, o, plain, all, []int{0, 29, 255})
}

func TestReaderAt(t *testing.T) {
	for _, size := range []int64{0, 1, plain4, 10*plain4 + 3, 200_000} {
		plain := plaintext(size)
		o := newObject(t, plain, blobstore.PadPadme, 3)
		_, shares := encoded(t, o, plain, 6, Options{})
		k := o.Coding().K()
		subsets(6, k, func(which []int) {
			a, err := o.ReaderAt(readersAt(shares, which...))
			if err != nil || a.Size() != size {
				t.Fatalf("%v: %v", which, err)
			}
			got, err := io.ReadAll(io.NewSectionReader(a, 0, size))
			if err != nil || !bytes.Equal(got, plain) {
				t.Fatalf("from %v: %d bytes, %v", which, len(got), err)
			}
		})
	}
	plain := plaintext(200_000)
	o := newObject(t, plain, blobstore.PadPadme, 3)
	_, shares := encoded(t, o, plain, 6, Options{})
	a, err := o.ReaderAt(readersAt(shares, 0, 3, 5))
	if err != nil {
		t.Fatal(err)
	}
	if err := iotest.TestReader(io.NewSectionReader(a, 0, a.Size()), plain); err != nil {
		t.Error(err)
	}
}

// counted counts the bytes read from a share.
type counted struct {
	io.ReaderAt
	n int
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.ReaderAt.ReadAt(p, off)
}

func TestRandomReadAsksOneShare(t *testing.T) {
	plain := plaintext(65 * plain64)
	o := newObject(t, plain, blobstore.PadNone, 3)
	_, shares := encoded(t, o, plain, 10, Options{})
	asked, at := map[int]*counted{}, map[int]io.ReaderAt{}
	for j, s := range shares {
		asked[j] = &counted{ReaderAt: bytes.NewReader(s)}
		at[j] = asked[j]
	}
	a, err := o.ReaderAt(at)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 1000)
	if _, err := a.ReadAt(p, 7*plain64+5); err != nil || !bytes.Equal(p, plain[7*plain64+5:][:1000]) {
		t.Fatal(err)
	}
	for j, c := range asked { // chunk 7 is block 2 of share 1
		if want := map[int]int{1: 65536}[j]; c.n != want {
			t.Errorf("%d bytes of share %d were read, want %d", c.n, j, want)
		}
	}
}

func TestReaderAtGoesAroundADamagedShare(t *testing.T) {
	plain := plaintext(10 * plain4)
	o := newObject(t, plain, blobstore.PadNone, 3)
	_, shares := encoded(t, o, plain, 5, Options{})
	damaged := slices.Clone(shares)
	damaged[1] = bytes.Clone(shares[1])
	damaged[1][4096+77] ^= 1   // chunk 4
	damaged[2] = shares[2][:9] // all but the beginning is gone
	a, err := o.ReaderAt(readersAt(damaged, 0, 1, 2, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(a, 0, a.Size()))
	if err != nil || !bytes.Equal(got, plain) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	a, err = o.ReaderAt(readersAt(damaged, 0, 1, 2))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.ReadAt(make([]byte, 1), 4*plain4)
	e, ok := errors.AsType[*blobstore.NotEnoughSharesError](err)
	if !ok || e.Need != 3 || e.Got != 1 || !errors.Is(err, blobstore.ErrAuth) || !errors.Is(err, blobstore.ErrTruncated) {
		t.Errorf("with too few others: %v", err)
	}
	if _, err := a.ReadAt(make([]byte, 1), 0); err != nil {
		t.Errorf("a chunk whose own share is well: %v", err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	plain := plaintext(20*plain4 + 100)
	o := newObject(t, plain, blobstore.PadNone, 3)
	_, good := encoded(t, o, plain, 6, Options{})
	other := plaintext(20*plain4 + 99)
	_, foreign := encoded(t, newObject(t, other, blobstore.PadNone, 3), other, 6, Options{})
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }
	for _, c := range []struct {
		name   string
		shares map[int][]byte
		class  error
		share  int   // -1: cannot be told
		off    int64 // in the share
	}{
		{"too few", map[int][]byte{0: good[0], 4: good[4]}, blobstore.ErrShares, -1, 0},
		{"none", nil, blobstore.ErrShares, -1, 0},
		{"negative index", map[int][]byte{-1: good[0], 1: good[1], 2: good[2]}, blobstore.ErrBounds, -1, 0},
		{"index 256", map[int][]byte{256: good[0], 1: good[1], 2: good[2]}, blobstore.ErrBounds, -1, 0},
		{"flipped bit in a data share", map[int][]byte{0: good[0], 1: flip(good[1], 9000), 2: good[2]}, blobstore.ErrAuth, 1, 8192},
		{"flipped bit in a parity share", map[int][]byte{0: good[0], 1: good[1], 5: flip(good[5], 9000)}, blobstore.ErrAuth, -1, 0},
		{"cut in a block", map[int][]byte{0: good[0], 1: good[1][:9000], 2: good[2]}, blobstore.ErrTruncated, 1, 8192},
		{"cut between blocks", map[int][]byte{0: good[0], 1: good[1], 3: good[3][:8192]}, blobstore.ErrTruncated, 3, 8192},
		{"empty", map[int][]byte{0: {}, 1: good[1], 3: good[3]}, blobstore.ErrTruncated, 0, 0},
		{"longer", map[int][]byte{0: good[0], 1: good[1], 3: append(bytes.Clone(good[3]), 0)}, blobstore.ErrExtended, 3, 6 * 4096},
		{"under another index", map[int][]byte{0: good[1], 1: good[0], 2: good[2]}, blobstore.ErrMoved, 0, 0},
		{"of another object", map[int][]byte{0: good[0], 1: foreign[1], 2: good[2]}, blobstore.ErrAuth, 1, 0},
		{"parity of another object", map[int][]byte{0: good[0], 1: good[1], 3: foreign[3]}, blobstore.ErrTruncated, 3, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			rs := map[int]io.Reader{}
			for j, b := range c.shares {
				rs[j] = bytes.NewReader(b)
			}
			for _, w := range []int{1, 4} { // copied, and lent
				var out bytes.Buffer
				err := o.Decode(t.Context(), maps.Clone(rs), &out, Options{Workers: w})
				if c.name == "parity of another object" {
					if err == nil {
						t.Error("decodes")
					}
				} else if !errors.Is(err, c.class) {
					t.Errorf("%v, want %v", err, c.class)
				}
				if !bytes.HasPrefix(plain, out.Bytes()) {
					t.Error("bytes came out that were never sealed")
				}
				e, ok := errors.AsType[*blobstore.ShareError](err)
				if c.share >= 0 && (!ok || e.Index != c.share || e.Offset != c.off) && c.name != "parity of another object" {
					t.Errorf("%v, want share %d at byte %d", err, c.share, c.off)
				}
				for j, b := range c.shares {
					rs[j] = &lentShare{left: b}
				}
			}
		})
	}
}

// With K = 1 every share is the chunks as they are, so whichever was read is to blame.
func TestDecodeNamesAFalseCopy(t *testing.T) {
	plain := plaintext(20_000)
	o := newObject(t, plain, blobstore.PadNone, 1)
	_, shares := encoded(t, o, plain, 6, Options{})
	shares[5] = bytes.Clone(shares[5])
	shares[5][4096+9] ^= 1
	err := o.Decode(t.Context(), readers(shares, 5), io.Discard, Options{})
	if e, ok := errors.AsType[*blobstore.ShareError](err); !ok || e.Index != 5 || e.Offset != 4096 || !errors.Is(err, blobstore.ErrAuth) {
		t.Errorf("%v", err)
	}
}

// A manifest and chunks that check do not make it the object: only the OID does.
func TestOIDIsChecked(t *testing.T) {
	plain := plaintext(50_000)
	p := blobstore.Params{OID: sha256.Sum256([]byte("something else")), Size: 50_000}
	o := newObjectOf(t, p, 3)
	if _, err := o.Commit(t.Context(), bytes.NewReader(plain), 5, Options{}); !errors.Is(err, blobstore.ErrOID) {
		t.Errorf("commit: %v", err)
	}
	wrote := false
	w := writerFunc(func(b []byte) (int, error) { wrote = true; return len(b), nil })
	if _, err := o.Encode(t.Context(), bytes.NewReader(plain), []io.Writer{w, w, w}, Options{}); !errors.Is(err, blobstore.ErrOID) || wrote {
		t.Errorf("encode: %v; a byte left: %v", err, wrote)
	}
	_, shares := encoded(t, o, plain, 5, Options{SkipOID: true})
	err := o.Decode(t.Context(), readers(shares, 0, 1, 4), io.Discard, Options{})
	if e, ok := errors.AsType[*blobstore.OIDError](err); !ok || e.Want != p.OID || e.Got != blobstore.OID(sha256.Sum256(plain)) {
		t.Errorf("decode: %v", err)
	}
	if err := o.Decode(t.Context(), readers(shares, 0, 1, 4), io.Discard, Options{SkipOID: true}); err != nil {
		t.Errorf("decode without the check: %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// The file that changes between the passes is found out by the second.
func TestFileThatChanges(t *testing.T) {
	plain := plaintext(50_000)
	o := newObject(t, plain, blobstore.PadNone, 3)
	changed := bytes.Clone(plain)
	changed[20_000] ^= 1
	if err := o.Spread(t.Context(), bytes.NewReader(changed), map[int]io.Writer{0: io.Discard}, Options{}); !errors.Is(err, blobstore.ErrOID) {
		t.Errorf("changed: %v", err)
	}
	for name, c := range map[string]struct {
		plain []byte
		class error
	}{
		"shorter": {plain[:49_999], blobstore.ErrTruncated},
		"empty":   {nil, blobstore.ErrTruncated},
		"longer":  {append(bytes.Clone(plain), 0), blobstore.ErrExtended},
	} {
		if _, err := o.Commit(t.Context(), bytes.NewReader(c.plain), 5, Options{}); !errors.Is(err, c.class) {
			t.Errorf("%s: %v", name, err)
		}
	}
	gone := errors.New("disk is gone")
	if _, err := o.Commit(t.Context(), iotest.ErrReader(gone), 5, Options{}); !errors.Is(err, gone) {
		t.Errorf("unreadable: %v", err)
	}
}

func TestFailuresNameTheShare(t *testing.T) {
	plain := plaintext(50_000)
	o := newObject(t, plain, blobstore.PadNone, 3)
	m, shares := encoded(t, o, plain, 5, Options{})
	full := errors.New("disk is full")
	bad := writerFunc(func(b []byte) (int, error) { return 0, full })
	err := o.Spread(t.Context(), bytes.NewReader(plain), map[int]io.Writer{0: io.Discard, 4: bad}, Options{})
	if e, ok := errors.AsType[*blobstore.ShareError](err); !ok || e.Index != 4 || !errors.Is(err, full) {
		t.Errorf("writer of share 4 fails: %v", err)
	}
	if err := o.Decode(t.Context(), readers(shares, 0, 1, 2), bad, Options{}); !errors.Is(err, full) {
		t.Errorf("writer of the object fails: %v", err)
	}
	rs := readers(shares, 0, 1)
	rs[3] = iotest.ErrReader(full)
	err = Rebuild(t.Context(), m, rs, 4, io.Discard, Options{})
	if e, ok := errors.AsType[*blobstore.ShareError](err); !ok || e.Index != 3 || !errors.Is(err, full) {
		t.Errorf("reader of share 3 fails: %v", err)
	}
}

func TestRebuildRefuses(t *testing.T) {
	plain := plaintext(50_000)
	o := newObject(t, plain, blobstore.PadNone, 3)
	m, shares := encoded(t, o, plain, 5, Options{})
	shares[1] = bytes.Clone(shares[1])
	shares[1][100] ^= 1
	err := Rebuild(t.Context(), m, readers(shares, 0, 1, 2), 4, io.Discard, Options{})
	if e, ok := errors.AsType[*blobstore.ShareError](err); !ok || e.Index != 4 || !errors.Is(err, blobstore.ErrRoot) {
		t.Errorf("from a false share: %v", err)
	}
	for _, j := range []int{-1, m.Roots(), 256} {
		if err := Rebuild(t.Context(), m, readers(shares, 0, 1, 2), j, io.Discard, Options{}); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("share %d: %v", j, err)
		}
	}
	if err := Rebuild(t.Context(), m, readers(shares, 0, 1), 4, io.Discard, Options{}); !errors.Is(err, blobstore.ErrShares) {
		t.Errorf("from two shares: %v", err)
	}
}

// A done context ends the work in mid-file, with its error bare.
func TestCancel(t *testing.T) {
	plain := plaintext(200 * plain4)
	o := newObject(t, plain, blobstore.PadNone, 3)
	m, shares := encoded(t, o, plain, 5, Options{})
	stopAfter := func(n int, run func(context.Context, io.Writer) error) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		writes := 0
		err := run(ctx, writerFunc(func(b []byte) (int, error) {
			if writes++; writes == n {
				cancel()
			}
			return len(b), nil
		}))
		if err != context.Canceled { //nolint:errorlint // bare is the promise
			t.Errorf("%v", err)
		}
		if writes > n+10 {
			t.Errorf("%d writes after the end", writes-n)
		}
	}
	stopAfter(3, func(ctx context.Context, w io.Writer) error {
		return o.Decode(ctx, readers(shares, 0, 1, 3), w, Options{})
	})
	stopAfter(3, func(ctx context.Context, w io.Writer) error {
		return o.Spread(ctx, bytes.NewReader(plain), map[int]io.Writer{2: w}, Options{})
	})
	stopAfter(3, func(ctx context.Context, w io.Writer) error {
		return Rebuild(ctx, m, readers(shares, 0, 1, 3), 4, w, Options{})
	})
	stopAfter(1, func(ctx context.Context, w io.Writer) error {
		r := io.TeeReader(bytes.NewReader(plain), w)
		_, err := o.Commit(ctx, r, 5, Options{})
		return err
	})
}

func TestBounds(t *testing.T) {
	o := newObject(t, []byte("a"), blobstore.PadNone, 3)
	for _, n := range []int{0, -1, 257} {
		if _, err := o.Commit(t.Context(), bytes.NewReader([]byte("a")), n, Options{}); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("%d shares: %v", n, err)
		}
	}
	for _, j := range []int{-1, 256} {
		if err := o.Spread(t.Context(), bytes.NewReader([]byte("a")), map[int]io.Writer{j: io.Discard}, Options{}); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("share %d: %v", j, err)
		}
		if _, err := o.ReaderAt(map[int]io.ReaderAt{j: nil}); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("share %d: %v", j, err)
		}
	}
	if _, err := o.ReaderAt(nil); !errors.Is(err, blobstore.ErrShares) {
		t.Errorf("no shares: %v", err)
	}
	for _, k := range []int{0, 65} {
		if _, err := New(blobstore.ContentKey{}, blobstore.Params{}, k); !errors.Is(err, blobstore.ErrBounds) {
			t.Errorf("K %d: %v", k, err)
		}
	}
	if _, err := New(blobstore.ContentKey{}, blobstore.Params{Size: -1}, 1); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("size -1: %v", err)
	}
}

func TestFromManifest(t *testing.T) {
	plain := plaintext(50_000)
	o := newObject(t, plain, blobstore.PadPadme, 3)
	m, shares := encoded(t, o, plain, 5, Options{})
	same, err := FromManifest(o.ck, o.params, m)
	if err != nil {
		t.Fatal(err)
	}
	checkDecode(t, same, plain, shares, []int{1, 2, 4})
	p := o.params
	p.Gen = 1
	if _, err := FromManifest(o.ck, p, m); !errors.Is(err, blobstore.ErrMismatch) {
		t.Errorf("another gen: %v", err)
	}
}

func TestMissingShareIsAbsent(t *testing.T) {
	plain := plaintext(10 * plain4)
	o := newObject(t, plain, blobstore.PadNone, 3)
	_, shares := encoded(t, o, plain, 5, Options{})
	short := [][]byte{shares[0], nil, nil, shares[3], nil}
	a, err := o.ReaderAt(readersAt(short, 0, 3, 4))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAt(make([]byte, 1), plain4); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, blobstore.ErrShares) {
		t.Errorf("%v", err)
	}
}

// Of ten shares seven may be false in one stripe, unnamed by anybody: the three others are found.
func TestReaderAtFindsTheHonestShares(t *testing.T) {
	plain := plaintext(10 * plain4)
	o := newObject(t, plain, blobstore.PadNone, 3)
	_, good := encoded(t, o, plain, 10, Options{})
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		damaged, all := make([][]byte, 10), make([]int, 10)
		honest := r.Perm(10)[:3]
		for j := range damaged {
			all[j] = j
			damaged[j] = bytes.Clone(good[j])
			if !slices.Contains(honest, j) {
				for s := 0; s < len(damaged[j]); s += 4096 {
					damaged[j][s+10*j+r.IntN(10)] ^= 1 // nowhere two, that could cancel out
				}
			}
		}
		a, err := o.ReaderAt(readersAt(damaged, all...))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(io.NewSectionReader(a, 0, a.Size()))
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("honest %v: %d bytes, %v", honest, len(got), err)
		}
		if slices.Contains(honest[1:], 0) {
			continue // it has chunk 0 as it is
		}
		damaged[honest[0]][110] ^= 1 // the first stripe is lost now
		if _, err := a.ReadAt(make([]byte, 1), 0); !errors.Is(err, blobstore.ErrAuth) {
			t.Fatalf("with two honest shares: %v", err)
		}
	}
}

// FuzzDecode gives shares that nobody made: other lengths, other indices, blocks of another object.
func FuzzDecode(f *testing.F) {
	plain := plaintext(2*plain4 + 9)
	o := newObject(f, plain, blobstore.PadPadme, 2)
	_, shares := encoded(f, o, plain, 4, Options{})
	f.Add(0, 1, 2, shares[0], shares[1], shares[2])
	f.Add(3, 2, 2, shares[3], shares[2], shares[2])
	f.Add(1, 0, 255, shares[0], shares[1], []byte{})
	f.Add(-1, 300, 3, []byte{}, shares[1][:5], shares[3])
	f.Fuzz(func(t *testing.T, i, j, k int, a, b, c []byte) {
		given := map[int][]byte{i: a, j: b, k: c}
		rs, at := map[int]io.Reader{}, map[int]io.ReaderAt{}
		for x, s := range given {
			rs[x], at[x] = bytes.NewReader(s), bytes.NewReader(s)
		}
		var out bytes.Buffer
		err := o.Decode(t.Context(), rs, &out, Options{})
		if !bytes.HasPrefix(plain, out.Bytes()) || (err == nil) != (out.Len() == len(plain)) {
			t.Fatalf("%d bytes, %v", out.Len(), err)
		}
		ra, err := o.ReaderAt(at)
		if err != nil {
			return
		}
		got, _ := io.ReadAll(io.NewSectionReader(ra, 0, ra.Size()))
		if !bytes.HasPrefix(plain, got) {
			t.Fatalf("%d bytes that were never sealed", len(got))
		}
	})
}
