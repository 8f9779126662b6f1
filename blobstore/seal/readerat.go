package seal

import (
	"io"
	"sync"
	"sync/atomic"

	"radswarm/blobstore"
)

// ReaderAt opens any part of a ciphertext.
type ReaderAt struct {
	s    *Sealer
	r    io.ReaderAt
	last atomic.Pointer[opened] // the chunk read last, so that small reads in a row open it once
	bufs sync.Pool              // of *opened, for reads at the same time
}

// opened is one chunk and its plaintext.
type opened struct {
	chunk, plain []byte
	number       int64 // -1: none
}

// NewReaderAt returns the plaintext of a ciphertext that is cipherSize bytes long. A length that is not the object's
// is an error of class truncated or extended.
func NewReaderAt(s *Sealer, r io.ReaderAt, cipherSize int64) (*ReaderAt, error) {
	last := s.layout.Chunks() - 1
	switch want := s.layout.CipherSize(); {
	case cipherSize < want:
		return nil, s.refuse(min(last, cipherSize>>s.layout.ChunkLog()), blobstore.ErrTruncated)
	case cipherSize > want:
		return nil, s.refuse(last, blobstore.ErrExtended)
	}
	a := &ReaderAt{s: s, r: r}
	a.bufs.New = func() any {
		n := s.layout.ChunkSize()
		return &opened{chunk: make([]byte, n), plain: make([]byte, 0, n), number: -1}
	}
	return a, nil
}

// Size returns the length of the plaintext.
func (a *ReaderAt) Size() int64 { return a.s.layout.Size() }

// ReadAt implements io.ReaderAt. It opens the chunks that p touches and no others. Errors are of type
// *blobstore.ChunkError, or those of the reader below.
func (a *ReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, &blobstore.BoundsError{What: "offset", Got: off, Max: a.Size()}
	}
	if off >= a.Size() {
		return 0, io.EOF
	}
	var eof error
	if room := a.Size() - off; int64(len(p)) > room {
		p, eof = p[:room], io.EOF
	}
	o := a.take()
	defer a.give(o)
	per, n := int64(a.s.layout.PlainSize()), 0
	for n < len(p) {
		at := off + int64(n)
		if err := a.open(o, at/per); err != nil {
			return n, err
		}
		n += copy(p[n:], o.plain[at%per:])
	}
	return n, eof
}

// take returns a buffer that nobody else uses: the one read last if it is free.
func (a *ReaderAt) take() *opened {
	if o := a.last.Swap(nil); o != nil {
		return o
	}
	return a.bufs.Get().(*opened)
}

// give returns a buffer of take.
func (a *ReaderAt) give(o *opened) {
	if !a.last.CompareAndSwap(nil, o) {
		a.bufs.Put(o)
	}
}

// open makes o hold chunk i.
func (a *ReaderAt) open(o *opened, i int64) error {
	if o.number == i {
		return nil
	}
	o.number = -1
	chunk := o.chunk[:a.s.layout.PlainLen(i)+blobstore.ChunkOverhead]
	n, err := a.r.ReadAt(chunk, i<<a.s.layout.ChunkLog())
	if n < len(chunk) {
		if isEnd(err) {
			return a.s.refuse(i, blobstore.ErrTruncated)
		}
		return err
	}
	if o.plain, err = a.s.Open(o.plain[:0], i, chunk); err != nil {
		return a.s.explained(i, chunk, err)
	}
	o.number = i
	return nil
}
