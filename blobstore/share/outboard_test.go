package share

import (
	"bytes"
	"errors"
	"testing"

	"radswarm/blobstore"
)

func TestVerifyOutboard(t *testing.T) {
	for _, n := range lengths {
		s := newSample(t, n)
		o, err := VerifyOutboard(bytes.NewReader(s.outboard), s.len(), s.root)
		if err != nil || o.Len() != s.len() || o.Root() != s.root {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// Every byte of an outboard matters.
func TestFalseOutboards(t *testing.T) {
	for _, n := range []int{64*kib + 1, 3 * 64 * kib, 6*64*kib + 7, 11 * 64 * kib} {
		s := newSample(t, n)
		for i := range s.outboard {
			b := bytes.Clone(s.outboard)
			b[i] ^= 0x80
			_, err := VerifyOutboard(bytes.NewReader(b), s.len(), s.root)
			// It is noticed in the entry itself if its child says otherwise, or in the entry above, or at the root.
			if e, ok := errors.AsType[*OffsetError](err); !ok || !errors.Is(err, blobstore.ErrProof) || e.Offset < int64(i)/EntrySize*EntrySize {
				t.Fatalf("%d bytes, byte %d of the outboard: %v", n, i, err)
			}
		}
		root := s.root
		root[31] ^= 1
		if _, err := VerifyOutboard(bytes.NewReader(s.outboard), s.len(), root); !isProofError(err, int64(len(s.outboard))-EntrySize) {
			t.Errorf("%d bytes, another root: %v", n, err)
		}
	}
}

func TestOutboardOfTheWrongLength(t *testing.T) {
	for _, n := range []int{64 * kib, 64*kib + 1, 4*64*kib + 1} {
		s := newSample(t, n)
		for cut := range len(s.outboard) {
			_, err := VerifyOutboard(bytes.NewReader(s.outboard[:cut]), s.len(), s.root)
			if e, ok := errors.AsType[*OffsetError](err); !ok || e.Offset != int64(cut) || !errors.Is(err, blobstore.ErrTruncated) {
				t.Fatalf("%d bytes, outboard cut at %d: %v", n, cut, err)
			}
		}
		long := append(bytes.Clone(s.outboard), 0)
		_, err := VerifyOutboard(bytes.NewReader(long), s.len(), s.root)
		if e, ok := errors.AsType[*OffsetError](err); !ok || e.Offset != int64(len(s.outboard)) || !errors.Is(err, blobstore.ErrExtended) {
			t.Errorf("%d bytes, a byte after the outboard: %v", n, err)
		}
	}
}

func TestOutboardReaderFails(t *testing.T) {
	s := newSample(t, 3*64*kib)
	for good := range len(s.outboard) + 1 {
		r := readerAtFunc(func(p []byte, off int64) (int, error) {
			if off >= int64(good) {
				return 0, errDisk
			}
			return copy(p, s.outboard[off:good]), nil
		})
		if _, err := VerifyOutboard(r, s.len(), s.root); err != errDisk {
			t.Fatalf("disk that fails after %d bytes: %v", good, err)
		}
	}
}

// FuzzVerifyOutboard believes an outboard only if it is the share's.
func FuzzVerifyOutboard(f *testing.F) {
	s := newSample(f, 5*64*kib+1)
	f.Add(s.len(), s.outboard)
	f.Add(int64(64*kib), []byte{})
	f.Add(int64(MaxLen), s.outboard)
	f.Fuzz(func(t *testing.T, length int64, entries []byte) {
		_, err := VerifyOutboard(bytes.NewReader(entries), length, s.root)
		switch {
		case err == nil && length > GroupSize && !bytes.Equal(entries, s.outboard):
			t.Fatalf("believed: %d bytes for a share of %d", len(entries), length)
		case err == nil && length <= GroupSize && len(entries) > 0:
			t.Fatalf("%d bytes are no outboard of one group", len(entries))
		}
	})
}
