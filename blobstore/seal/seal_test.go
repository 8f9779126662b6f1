package seal

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"radswarm/blobstore"
)

const (
	plain4  = 4096 - 24
	plain64 = 65536 - 24
)

// sizes are the boundaries of chunks of 4 KiB, of 64 KiB, and of the rule between them.
var sizes = []int64{
	0, 1, plain4 - 1, plain4, plain4 + 1, 3*plain4 - 1, 3 * plain4, 3*plain4 + 1, 100_000, 64*4096 + 1,
	4 << 20, 65*plain64 - 1, 65 * plain64, 65*plain64 + 1,
}

func plaintext(size int64) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size), byte(size >> 8)}).Read(b)
	return b
}

func newSealer(t testing.TB, size int64, pad blobstore.Pad, oid blobstore.OID) *Sealer {
	t.Helper()
	p := blobstore.Params{OID: oid, Size: size, Pad: pad}
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	l, err := p.Layout()
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(ck, l)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sealed returns a sealer, the plaintext and the ciphertext written in steps.
func sealed(t testing.TB, size int64, pad blobstore.Pad, step int) (*Sealer, []byte, []byte) {
	t.Helper()
	plain := plaintext(size)
	s := newSealer(t, size, pad, sha256.Sum256(plain))
	var out bytes.Buffer
	w := NewWriter(s, &out)
	for p := plain; len(p) > 0; {
		n, err := w.Write(p[:min(step, len(p))])
		if err != nil {
			t.Fatal(err)
		}
		p = p[n:]
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	return s, plain, out.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for _, size := range sizes {
		for _, pad := range []blobstore.Pad{blobstore.PadNone, blobstore.PadPadme} {
			t.Run(fmt.Sprintf("%d/%v", size, pad), func(t *testing.T) {
				s, plain, first := sealed(t, size, pad, plain64)
				if int64(len(first)) != s.Layout().CipherSize() {
					t.Fatalf("%d bytes of ciphertext, want %d", len(first), s.Layout().CipherSize())
				}
				for _, step := range []int{1000, plain4, plain4 + 1, 1 << 20} {
					if _, _, again := sealed(t, size, pad, step); !bytes.Equal(first, again) {
						t.Errorf("writing %d bytes at a time gives another ciphertext", step)
					}
				}
				got, err := io.ReadAll(NewReader(s, iotest.HalfReader(bytes.NewReader(first))))
				if err != nil || !bytes.Equal(got, plain) {
					t.Errorf("reader: %d bytes, %v", len(got), err)
				}
				if size < 1<<19 { // it reads byte by byte
					if err := iotest.TestReader(NewReader(s, iotest.OneByteReader(bytes.NewReader(first))), plain); err != nil {
						t.Errorf("reader of single bytes: %v", err)
					}
				}
				var out bytes.Buffer
				n, err := NewReader(s, iotest.DataErrReader(bytes.NewReader(first))).WriteTo(&out)
				if err != nil || n != size || !bytes.Equal(out.Bytes(), plain) {
					t.Errorf("WriteTo: %d bytes, %v", n, err)
				}
				checkReaderAt(t, s, plain, first)
			})
		}
	}
}

func checkReaderAt(t *testing.T, s *Sealer, plain, cipher []byte) {
	t.Helper()
	a, err := NewReaderAt(s, bytes.NewReader(cipher), int64(len(cipher)))
	if err != nil {
		t.Fatal(err)
	}
	if a.Size() < 1<<19 {
		if err := iotest.TestReader(io.NewSectionReader(a, 0, a.Size()), plain); err != nil {
			t.Errorf("reader at: %v", err)
		}
	}
	r := rand.New(rand.NewPCG(1, uint64(len(plain))))
	for range 20 {
		off, n := r.Int64N(a.Size()+2), r.IntN(3*plain4)
		p := make([]byte, n)
		got, err := a.ReadAt(p, off)
		want := plain[min(off, a.Size()):min(off+int64(n), a.Size())]
		if !bytes.Equal(p[:got], want) || err != nil && err != io.EOF || (got < n) != (err == io.EOF) && n > 0 && off < a.Size() {
			t.Fatalf("%d bytes at %d: %d, %v", n, off, got, err)
		}
	}
	if _, err := a.ReadAt(make([]byte, 1), -1); !errors.Is(err, blobstore.ErrBounds) {
		t.Errorf("negative offset: %v", err)
	}
}

// refusal is what both readers say about a damaged ciphertext. The plaintext they gave before must be a prefix.
func refusal(t *testing.T, s *Sealer, plain, cipher []byte) (stream, at error) {
	t.Helper()
	got, stream := io.ReadAll(NewReader(s, bytes.NewReader(cipher)))
	if !bytes.HasPrefix(plain, got) {
		t.Error("the reader released bytes that were never sealed")
	}
	a, at := NewReaderAt(s, bytes.NewReader(cipher), int64(len(cipher)))
	if at == nil {
		got, at = io.ReadAll(io.NewSectionReader(a, 0, a.Size()))
		if !bytes.HasPrefix(plain, got) {
			t.Error("the reader at released bytes that were never sealed")
		}
	}
	return stream, at
}

func TestRefusals(t *testing.T) {
	const size = 5 * plain4 // five full chunks: the last one is as long as the others
	s, plain, good := sealed(t, size, blobstore.PadNone, plain4)
	chunk := func(i int) []byte { return good[i*4096 : (i+1)*4096] }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	_, _, foreign := sealed(t, size-4072, blobstore.PadNone, plain4)
	for _, c := range []struct {
		name   string
		cipher []byte
		class  error
		chunk  int64
	}{
		{"two chunks swapped", join(chunk(0), chunk(2), chunk(1), chunk(3), chunk(4)), blobstore.ErrMoved, 1},
		{"a chunk twice", join(chunk(0), chunk(1), chunk(1), chunk(3), chunk(4)), blobstore.ErrMoved, 2},
		{"a chunk left out", join(chunk(0), chunk(2), chunk(3), chunk(4)), blobstore.ErrMoved, 1},
		{"last chunk in the middle", join(chunk(0), chunk(1), chunk(2), chunk(4), chunk(3)), blobstore.ErrMoved, 3},
		{"middle as last", join(chunk(0), chunk(1), chunk(2), chunk(3), chunk(3)), blobstore.ErrMoved, 4},
		{"cut between chunks", join(chunk(0), chunk(1), chunk(2), chunk(3)), blobstore.ErrTruncated, 4},
		{"cut in a chunk", good[:2*4096+100], blobstore.ErrTruncated, 2},
		{"cut by one byte", good[:len(good)-1], blobstore.ErrTruncated, 4},
		{"nothing", nil, blobstore.ErrTruncated, 0},
		{"one byte more", append(bytes.Clone(good), 0), blobstore.ErrExtended, 4},
		{"a chunk more", join(good, chunk(4)), blobstore.ErrExtended, 4},
		{"another object's chunk", join(chunk(0), foreign[4096:8192], chunk(2), chunk(3), chunk(4)), blobstore.ErrAuth, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			stream, at := refusal(t, s, plain, c.cipher)
			e, ok := errors.AsType[*blobstore.ChunkError](stream)
			short := c.name == "a chunk left out" // its length alone tells the reader at
			if !ok || e.Err != c.class || e.Chunk != c.chunk || e.Offset != c.chunk*4096 {
				t.Errorf("reader: %v, want chunk %d: %v", stream, c.chunk, c.class)
			}
			if !errors.Is(at, c.class) && !short {
				t.Errorf("reader at: %v, want %v", at, c.class)
			}
		})
	}
}

// An object sealed as if it ended earlier or later has chunks whose only fault is the last-chunk mark.
func TestLastChunkMark(t *testing.T) {
	plain := plaintext(3 * plain4)
	ck := blobstore.NewContentKey([32]byte{3})
	sealAs := func(size int64) (*Sealer, []byte) {
		l, err := blobstore.NewLayout(size, blobstore.PadNone)
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(ck, l)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := NewWriter(s, &out)
		if _, err := w.Write(plain[:size]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return s, out.Bytes()
	}
	long, whole := sealAs(3 * plain4)
	short, two := sealAs(2 * plain4)
	_, at := refusal(t, short, plain, whole[:2*4096])
	if e, ok := errors.AsType[*blobstore.ChunkError](at); !ok || e.Err != blobstore.ErrFinal || e.Chunk != 1 {
		t.Errorf("middle as final: %v", at)
	}
	stream, at := refusal(t, long, plain, append(bytes.Clone(two), whole[2*4096:]...))
	for _, err := range []error{stream, at} {
		if e, ok := errors.AsType[*blobstore.ChunkError](err); !ok || e.Err != blobstore.ErrFinal || e.Chunk != 1 {
			t.Errorf("final as middle: %v", err)
		}
	}
}

func TestEveryFlippedBitIsSeen(t *testing.T) {
	s, plain, good := sealed(t, plain4+50, blobstore.PadPadme, plain4)
	for bit := range len(good) * 8 {
		if bit > 8*64 && bit < 8*(4096-64) && bit%97 != 0 { // every bit at the seams, samples between
			continue
		}
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		i := int64(bit / 8 / 4096)
		if _, err := s.Open(nil, i, bad[i*4096:min(len(bad), int(i+1)*4096)]); !errors.Is(err, blobstore.ErrAuth) {
			t.Fatalf("bit %d: %v", bit, err)
		}
		if bit%1009 == 0 {
			stream, at := refusal(t, s, plain, bad)
			if !errors.Is(stream, blobstore.ErrAuth) || !errors.Is(at, blobstore.ErrAuth) {
				t.Fatalf("bit %d: %v, %v", bit, stream, at)
			}
		}
	}
}

func TestWrongSize(t *testing.T) {
	const size = 100_000
	_, plain, good := sealed(t, size, blobstore.PadPadme, plain4)
	oid := blobstore.OID(sha256.Sum256(plain))
	for _, wrong := range []int64{0, size - 1, size + 1, 2 * size} {
		s := newSealer(t, wrong, blobstore.PadPadme, oid)
		stream, at := refusal(t, s, plain, good)
		for _, err := range []error{stream, at} {
			if !errors.Is(err, blobstore.ErrAuth) && !errors.Is(err, blobstore.ErrExtended) && !errors.Is(err, blobstore.ErrTruncated) {
				t.Errorf("size %d: %v", wrong, err)
			}
		}
	}
}

// A writer with the right key that fills the padding with something is caught by every reader that touches it.
func TestPaddingIsChecked(t *testing.T) {
	const size = 100_000
	s := newSealer(t, size, blobstore.PadPadme, blobstore.OID{})
	l := s.Layout()
	if l.Padded() == l.Size() {
		t.Fatal("this size has no padding")
	}
	var cipher []byte
	plain := append(plaintext(size), make([]byte, l.Padded()-size)...)
	plain[l.Padded()-1] = 1
	for i := range l.Chunks() {
		buf := make([]byte, l.PlainLen(i)+blobstore.ChunkOverhead)
		copy(buf[HeadRoom:], plain[i*int64(l.PlainSize()):][:l.PlainLen(i)])
		s.SealInPlace(buf, i)
		cipher = append(cipher, buf...)
	}
	stream, at := refusal(t, s, plain[:size], cipher)
	if !errors.Is(stream, blobstore.ErrPadding) || !errors.Is(at, blobstore.ErrPadding) {
		t.Errorf("%v, %v", stream, at)
	}
}

func TestWriterKeepsToTheSize(t *testing.T) {
	s := newSealer(t, 10, blobstore.PadNone, blobstore.OID{})
	w := NewWriter(s, io.Discard)
	if n, err := w.Write(make([]byte, 11)); n != 10 || !errors.Is(err, blobstore.ErrExtended) {
		t.Errorf("one byte too many: %d, %v", n, err)
	}
	if err := w.Close(); !errors.Is(err, blobstore.ErrExtended) {
		t.Errorf("close after that: %v", err)
	}
	w = NewWriter(s, io.Discard)
	_, _ = w.Write(make([]byte, 9))
	if err := w.Close(); !errors.Is(err, blobstore.ErrTruncated) {
		t.Errorf("one byte too few: %v", err)
	}
	w = NewWriter(newSealer(t, plain4, blobstore.PadNone, blobstore.OID{}), failing{})
	if _, err := w.Write(make([]byte, plain4)); !errors.Is(err, errFailing) {
		t.Errorf("writer below fails: %v", err)
	}
	if err := w.Close(); !errors.Is(err, errFailing) {
		t.Errorf("close after that: %v", err)
	}
}

var errFailing = errors.New("disk is gone")

type failing struct{}

func (failing) Write([]byte) (int, error)         { return 0, errFailing }
func (failing) ReadAt([]byte, int64) (int, error) { return 0, errFailing }
func (failing) Read([]byte) (int, error)          { return 0, errFailing }

func TestReadersPassOnErrors(t *testing.T) {
	s := newSealer(t, 100_000, blobstore.PadNone, blobstore.OID{})
	if _, err := io.ReadAll(NewReader(s, failing{})); !errors.Is(err, errFailing) {
		t.Errorf("reader: %v", err)
	}
	a, err := NewReaderAt(s, failing{}, s.Layout().CipherSize())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ReadAt(make([]byte, 1), 0); !errors.Is(err, errFailing) {
		t.Errorf("reader at: %v", err)
	}
}

// The tail saves what a counter alone would lose: a file that changed between hash and read.
func TestChangedByteChangesOneChunkAndItsNonce(t *testing.T) {
	s := newSealer(t, 3*plain4, blobstore.PadNone, blobstore.OID{})
	one, two := plaintext(3*plain4), plaintext(3*plain4)
	two[plain4+7] ^= 1
	for i := range int64(3) {
		a, b := make([]byte, 4096), make([]byte, 4096)
		copy(a[HeadRoom:], one[i*plain4:][:plain4])
		copy(b[HeadRoom:], two[i*plain4:][:plain4])
		s.SealInPlace(a, i)
		s.SealInPlace(b, i)
		same := bytes.Equal(a, b)
		if i == 1 && (same || bytes.Equal(a[:8], b[:8])) || i != 1 && !same {
			t.Errorf("chunk %d: same %v", i, same)
		}
	}
}

func TestSealAndOpenDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops at random under the race detector")
	}
	s := newSealer(t, 10*plain64, blobstore.PadNone, blobstore.OID{})
	l := s.Layout()
	buf, dst := make([]byte, l.ChunkSize()), make([]byte, 0, l.ChunkSize())
	n := testing.AllocsPerRun(100, func() {
		s.SealInPlace(buf, 1)
		if _, err := s.Open(dst, 1, buf); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations a chunk", n)
	}
}

func TestSealerIsSafeForConcurrentUse(t *testing.T) {
	s, plain, cipher := sealed(t, 65*plain64, blobstore.PadNone, plain64)
	a, err := NewReaderAt(s, bytes.NewReader(cipher), int64(len(cipher)))
	if err != nil {
		t.Fatal(err)
	}
	for w := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(w)))
			for range 50 {
				off := r.Int64N(a.Size() - 1000)
				p := make([]byte, 1000)
				if _, err := a.ReadAt(p, off); err != nil || !bytes.Equal(p, plain[off:off+1000]) {
					t.Fatalf("at %d: %v", off, err)
				}
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	s, _, good := sealed(f, 2*plain4+9, blobstore.PadPadme, plain4)
	f.Add(int64(0), good[:4096])
	f.Add(int64(1), good[4096:8192])
	f.Add(int64(2), good[8192:])
	f.Add(int64(-1), []byte{})
	f.Add(int64(1)<<40, make([]byte, 24))
	f.Fuzz(func(t *testing.T, i int64, chunk []byte) {
		out, err := s.Open(nil, i, chunk)
		if err == nil && !bytes.Equal(chunk, good[min(i*4096, int64(len(good))):min((i+1)*4096, int64(len(good)))]) {
			t.Fatalf("chunk %d opened to %d bytes and was never sealed", i, len(out))
		}
		if len(chunk) <= 4096 {
			if err := s.Explain(i, chunk); err == nil {
				t.Fatal("an explanation that explains nothing")
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	s, plain, good := sealed(f, 2*plain4+9, blobstore.PadPadme, plain4)
	f.Add(good)
	f.Add(good[:100])
	f.Add(append(bytes.Clone(good), 1))
	f.Fuzz(func(t *testing.T, cipher []byte) {
		got, err := io.ReadAll(NewReader(s, bytes.NewReader(cipher)))
		if (err == nil) != bytes.Equal(cipher, good) || !bytes.HasPrefix(plain, got) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := newSealer(b, 1<<30, blobstore.PadNone, blobstore.OID{})
	buf := make([]byte, 65536)
	b.SetBytes(plain64)
	b.ReportAllocs()
	for b.Loop() {
		s.SealInPlace(buf, 7)
	}
}

func BenchmarkOpen(b *testing.B) {
	s := newSealer(b, 1<<30, blobstore.PadNone, blobstore.OID{})
	buf, dst := make([]byte, 65536), make([]byte, 0, 65536)
	s.SealInPlace(buf, 7)
	b.SetBytes(plain64)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Open(dst, 7, buf); err != nil {
			b.Fatal(err)
		}
	}
}
