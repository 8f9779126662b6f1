package share

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/iotest"

	"radswarm/blobstore"
)

// readers returns a new Reader of each kind over src.
func (s sample) readers(t testing.TB, src func() io.Reader) map[string]*Reader {
	t.Helper()
	plain, err := NewReader(src(), s.len(), s.root, nil)
	if err != nil {
		t.Fatal(err)
	}
	o, err := VerifyOutboard(bytes.NewReader(s.outboard), s.len(), s.root)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Reader{"checked at the end": plain, "checked by groups": o.Reader(src())}
}

func TestReader(t *testing.T) {
	for _, n := range lengths {
		s := newSample(t, n)
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.DataErrReader, iotest.HalfReader, iotest.OneByteReader,
		} {
			for name, r := range s.readers(t, func() io.Reader { return wrap(bytes.NewReader(s.b)) }) {
				if err := iotest.TestReader(struct{ io.Reader }{r}, s.b); err != nil {
					t.Errorf("%d bytes, %s: %v", n, name, err)
				}
			}
		}
		for name, r := range s.readers(t, func() io.Reader { return bytes.NewReader(s.b) }) {
			var got bytes.Buffer
			if m, err := io.Copy(&got, r); m != s.len() || err != nil || !bytes.Equal(got.Bytes(), s.b) {
				t.Errorf("%d bytes copied, %s: %d, %v", n, name, m, err)
			}
		}
	}
}

// Readers that have ended lend their memory to others. Those that are asked again, and those beside them, do not see it.
func TestReadersOneAfterTheOther(t *testing.T) {
	var side sync.WaitGroup
	for i := range 8 {
		side.Go(func() {
			s := newSample(t, 3*GroupSize+i*1000)
			wrong := bytes.Clone(s.b)
			wrong[i] ^= 1
			for range 20 {
				for name, bad := range s.readers(t, func() io.Reader { return bytes.NewReader(wrong) }) {
					_, first := io.Copy(io.Discard, bad)
					for good, r := range s.readers(t, func() io.Reader { return bytes.NewReader(s.b) }) {
						got, err := io.ReadAll(iotest.OneByteReader(io.LimitReader(r, 100)))
						if _, again := bad.Read(make([]byte, 1)); first == nil || again != first {
							t.Errorf("%s: %v, and then %v", name, first, again)
						}
						rest, restErr := io.ReadAll(r)
						if err != nil || restErr != nil || !bytes.Equal(append(got, rest...), s.b) {
							t.Errorf("%s after %s: %v, %v", good, name, err, restErr)
						}
					}
				}
			}
		})
	}
	side.Wait()
}

// The outboard that is written on the way is the right one.
func TestReaderWritesOutboard(t *testing.T) {
	s := newSample(t, 5*64*kib+9)
	var outboard bytes.Buffer
	r, err := NewReader(bytes.NewReader(s.b), s.len(), s.root, &outboard)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil || !bytes.Equal(outboard.Bytes(), s.outboard) {
		t.Errorf("%d bytes of outboard, want %d, or others (%v)", outboard.Len(), len(s.outboard), err)
	}
	r, err = NewReader(bytes.NewReader(s.b), s.len(), s.root, &failAfter{3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); err != errDisk {
		t.Errorf("an outboard that cannot be written: %v", err)
	}
}

// checkReaders reads false streams, with Read and with WriteTo. A group reader must hand on nothing false, a plain one
// must not hand on the last byte.
func (s sample) checkReaders(t *testing.T, what string, src []byte, plainErr, groupErr *OffsetError) {
	t.Helper()
	for _, direct := range []bool{true, false} {
		for name, r := range s.readers(t, func() io.Reader { return bytes.NewReader(src) }) {
			want := plainErr
			if r.groups != nil {
				want = groupErr
			}
			var got bytes.Buffer
			var in io.Reader = r
			if !direct {
				in = struct{ io.Reader }{r}
			}
			_, err := io.Copy(&got, in)
			e, ok := errors.AsType[*OffsetError](err)
			if !ok || e.Offset != want.Offset || e.Err != want.Err {
				t.Errorf("%s, %s: %v, want %v", what, name, err, want)
			}
			if got.Len() >= len(s.b) || r.groups != nil && !bytes.HasPrefix(s.b, got.Bytes()) {
				t.Errorf("%s, %s: handed on %d bytes", what, name, got.Len())
			}
			if n, again := r.Read(make([]byte, 1)); n != 0 || again != err {
				t.Errorf("%s, %s: after %v comes %d, %v", what, name, err, n, again)
			}
		}
	}
}

func TestReaderOfFalseStreams(t *testing.T) {
	for _, n := range []int{1, 1024, 5000, 64 * kib, 64*kib + 1, 3*64*kib + 2000} {
		s := newSample(t, n)
		for _, i := range []int{0, n / 3, n / 2, n - 1} {
			b := bytes.Clone(s.b)
			b[i] ^= 4
			group := int64(i) / GroupSize * GroupSize
			s.checkReaders(t, "a flipped bit", b, &OffsetError{0, blobstore.ErrRoot}, &OffsetError{group, blobstore.ErrProof})

			short := &OffsetError{int64(i), blobstore.ErrTruncated}
			s.checkReaders(t, "a cut", s.b[:i], short, short)
		}
		long := &OffsetError{int64(n), blobstore.ErrExtended}
		s.checkReaders(t, "a byte more", append(bytes.Clone(s.b), 0), long, long)
		s.checkReaders(t, "much more", append(bytes.Clone(s.b), make([]byte, 200*kib)...), long, long)
	}
	// Blocks in another order.
	s := newSample(t, 4*64*kib)
	b := append(append(bytes.Clone(s.b[:64*kib]), s.b[128*kib:192*kib]...), append(bytes.Clone(s.b[64*kib:128*kib]), s.b[192*kib:]...)...)
	s.checkReaders(t, "swapped blocks", b, &OffsetError{0, blobstore.ErrRoot}, &OffsetError{64 * kib, blobstore.ErrProof})
}

// An error of the source is not mistaken for the end of the share.
func TestReaderSourceFails(t *testing.T) {
	s := newSample(t, 64*kib+100)
	for _, at := range []int{0, 1, 64 * kib, 64*kib + 99, 64*kib + 100} {
		src := func() io.Reader { return io.MultiReader(bytes.NewReader(s.b[:at]), iotest.ErrReader(errDisk)) }
		for name, r := range s.readers(t, src) {
			if n, err := io.Copy(io.Discard, r); err != errDisk || n >= s.len() {
				t.Errorf("source that fails after %d bytes, %s: %d bytes, %v", at, name, n, err)
			}
		}
	}
	for name, r := range s.readers(t, func() io.Reader { return bytes.NewReader(s.b) }) {
		if _, err := io.Copy(&failAfter{1}, r); err != errDisk {
			t.Errorf("a destination that fails, %s: %v", name, err)
		}
	}
}

func TestReaderAllocatesNothingForAGroup(t *testing.T) {
	s := newSample(t, 200*64*kib)
	for name, r := range s.readers(t, func() io.Reader { return bytes.NewReader(s.b) }) {
		p := make([]byte, 64*kib)
		read := func() {
			if _, err := r.Read(p); err != nil {
				t.Fatal(err)
			}
		}
		if got := testing.AllocsPerRun(100, read); got != 0 {
			t.Errorf("%s: a group allocates %v times", name, got)
		}
	}
}
