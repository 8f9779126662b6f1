package seal

import (
	"io"

	"radswarm/blobstore"
)

// Writer seals what is written to it.
type Writer struct {
	s     *Sealer
	w     io.Writer
	buf   []byte // one chunk, filled from HeadRoom on
	fill  int    // plaintext bytes in buf
	chunk int64  // number of the chunk in buf
	wrote int64  // plaintext bytes taken
	err   error  // sticky
}

// NewWriter returns a writer that seals one object into w. Exactly the size of the layout must be written before
// Close. It writes one chunk at a time and holds no more.
func NewWriter(s *Sealer, w io.Writer) *Writer {
	return &Writer{s: s, w: w, buf: make([]byte, s.layout.ChunkSize())}
}

// Write seals p. A byte past the object's size is an error of class extended, and is not sealed.
func (w *Writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	room := w.s.layout.Size() - w.wrote
	if int64(len(p)) > room {
		n, err := w.write(p[:room])
		if err == nil {
			err = w.s.refuse(w.chunk, blobstore.ErrExtended)
			w.err = err
		}
		return n, err
	}
	return w.write(p)
}

func (w *Writer) write(p []byte) (int, error) {
	n, err := w.push(p)
	w.wrote += int64(n)
	return n, err
}

// push takes plaintext or padding and seals each chunk that is full.
func (w *Writer) push(p []byte) (int, error) {
	total := 0
	for len(p) > 0 {
		n := copy(w.buf[HeadRoom+w.fill:HeadRoom+w.s.layout.PlainLen(w.chunk)], p)
		w.fill += n
		total += n
		p = p[n:]
		if w.fill == w.s.layout.PlainLen(w.chunk) {
			if err := w.flush(); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// flush seals and writes the chunk in the buffer.
func (w *Writer) flush() error {
	chunk := w.buf[:w.fill+blobstore.ChunkOverhead]
	w.s.SealInPlace(chunk, w.chunk)
	w.fill = 0
	w.chunk++
	_, w.err = w.w.Write(chunk)
	return w.err
}

// Close pads, seals what is left and ends the ciphertext. It does not close the writer below. Too few bytes written
// are an error of class truncated, and the ciphertext is then without an end. A second Close does nothing.
func (w *Writer) Close() error {
	l := w.s.layout
	if w.err != nil || w.chunk == l.Chunks() {
		return w.err
	}
	if w.wrote < l.Size() {
		w.err = w.s.refuse(w.chunk, blobstore.ErrTruncated)
		return w.err
	}
	for left := l.Padded() - l.Size(); left > 0; {
		n, err := w.push(zeros[:min(left, int64(len(zeros)))])
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	if w.chunk < l.Chunks() { // the one chunk of an empty object
		return w.flush()
	}
	return nil
}
