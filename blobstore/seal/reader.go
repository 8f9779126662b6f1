package seal

import (
	"errors"
	"io"

	"radswarm/blobstore"
)

// Reader opens a ciphertext from its beginning.
type Reader struct {
	s     *Sealer
	r     io.Reader
	chunk []byte // buffer of one sealed chunk
	plain []byte // buffer of one opened chunk
	left  []byte // the part of plain that was not read yet
	next  int64  // number of the next chunk
	err   error  // sticky; io.EOF at the end
}

// NewReader returns the plaintext of the ciphertext r. It reads r to its end, and gives the bytes of the last chunk only
// when that end is where it must be. It does not compare the OID.
func NewReader(s *Sealer, r io.Reader) *Reader {
	return &Reader{
		s: s, r: r,
		chunk: make([]byte, s.layout.ChunkSize()+1), // one more byte to see an extension
		plain: make([]byte, 0, s.layout.ChunkSize()),
	}
}

// Read implements io.Reader. Errors are of type *blobstore.ChunkError, or r's own.
func (r *Reader) Read(p []byte) (int, error) {
	for len(r.left) == 0 && r.err == nil {
		r.err = r.fill()
	}
	if len(r.left) == 0 {
		return 0, r.err
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// WriteTo implements io.WriterTo: a chunk at a time, without another copy.
func (r *Reader) WriteTo(w io.Writer) (total int64, err error) {
	for {
		if len(r.left) > 0 {
			n, err := w.Write(r.left)
			total += int64(n)
			r.left = r.left[n:]
			if err != nil {
				return total, err
			}
		}
		if r.err == nil {
			r.err = r.fill()
		}
		if r.err == io.EOF && len(r.left) == 0 {
			return total, nil
		}
		if r.err != nil && r.err != io.EOF {
			return total, r.err
		}
	}
}

// fill opens the next chunk.
func (r *Reader) fill() error {
	l := r.s.layout
	if r.next == l.Chunks() {
		return io.EOF
	}
	want := l.PlainLen(r.next) + blobstore.ChunkOverhead
	last := r.next == l.Chunks()-1
	if last {
		want++
	}
	n, err := io.ReadFull(r.r, r.chunk[:want])
	switch {
	case err == nil && last:
		return r.s.refuse(r.next, blobstore.ErrExtended)
	case last && n == want-1 && isEnd(err):
		want, err = n, nil
	case isEnd(err):
		return r.s.refuse(r.next, blobstore.ErrTruncated)
	}
	if err != nil {
		return err
	}
	plain, err := r.s.Open(r.plain[:0], r.next, r.chunk[:want])
	if err != nil {
		return r.s.explained(r.next, r.chunk[:want], err)
	}
	r.left = plain
	r.next++
	return nil
}

// isEnd reports whether io.ReadFull met the end of its reader.
func isEnd(err error) bool { return err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) }
