package seal

import (
	"io"
	"sync"
	"sync/atomic"

	"radswarm/blobstore"
)

// Source gives chunks of one object, opened. Many goroutines call it at once.
type Source interface {
	// OpenChunk appends the plaintext of chunk i to dst, as [Sealer.Open] does: checked, and without padding.
	OpenChunk(dst []byte, i int64) ([]byte, error)
}

// ReaderAt reads any part of an object, a chunk at a time.
type ReaderAt struct {
	layout blobstore.Layout
	src    Source
	last   atomic.Pointer[opened] // the chunk read last, so that small reads in a row open it once
	bufs   sync.Pool              // of *opened, for reads at the same time
}

// opened is the plaintext of one chunk.
type opened struct {
	plain  []byte
	number int64 // -1: none
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
	c := &ciphertext{s: s, r: r}
	c.bufs.New = func() any { return &chunkBuf{b: make([]byte, s.layout.ChunkSize())} }
	return NewSourceReaderAt(s.layout, c), nil
}

// NewSourceReaderAt returns the plaintext of an object cut as l says, whose chunks src opens.
func NewSourceReaderAt(l blobstore.Layout, src Source) *ReaderAt {
	a := &ReaderAt{layout: l, src: src}
	a.bufs.New = func() any { return &opened{plain: make([]byte, 0, l.ChunkSize()), number: -1} }
	return a
}

// Size returns the length of the plaintext.
func (a *ReaderAt) Size() int64 { return a.layout.Size() }

// ReadAt implements io.ReaderAt. It opens the chunks that p touches and no others. Errors are those of the source; from
// a ciphertext they are of type *blobstore.ChunkError, or those of the reader below.
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
	per, n := int64(a.layout.PlainSize()), 0
	for n < len(p) {
		at := off + int64(n)
		i := at / per
		if at%per == 0 && len(p)-n >= a.layout.PlainLen(i) && i != o.number { // all of it is wanted: open it there
			plain, err := a.src.OpenChunk(p[n:n], i)
			if err != nil {
				return n, err
			}
			n += len(plain)
			continue
		}
		if err := a.open(o, i); err != nil {
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
	plain, err := a.src.OpenChunk(o.plain[:0], i)
	if err != nil {
		return err
	}
	o.plain, o.number = plain, i
	return nil
}

// ciphertext is a Source over sealed chunks that can be read at an offset.
type ciphertext struct {
	s    *Sealer
	r    io.ReaderAt
	bufs sync.Pool // of *chunkBuf
}

type chunkBuf struct{ b []byte }

// OpenChunk implements [Source].
func (c *ciphertext) OpenChunk(dst []byte, i int64) ([]byte, error) {
	buf := c.bufs.Get().(*chunkBuf)
	defer c.bufs.Put(buf)
	chunk := buf.b[:c.s.layout.PlainLen(i)+blobstore.ChunkOverhead]
	n, err := c.r.ReadAt(chunk, i<<c.s.layout.ChunkLog())
	if n < len(chunk) {
		if isEnd(err) {
			err = c.s.refuse(i, blobstore.ErrTruncated)
		}
		return dst, err
	}
	plain, err := c.s.Open(dst, i, chunk)
	return plain, c.s.explained(i, chunk, err)
}
