package share

import (
	"io"
	"sync"

	"radswarm/blobstore"
)

// Reader reads a share from a source that is not trusted. The source must end with the share: one that goes on is
// [blobstore.ErrExtended] (a share inside a longer stream goes through [io.LimitReader]), one that ends early is
// [blobstore.ErrTruncated]; both are an *[OffsetError] with the byte. Errors of the source are returned bare. After an
// error there is nothing more.
type Reader struct {
	src    io.Reader
	length int64
	root   blobstore.Root
	hasher *Hasher   // of a reader without an outboard
	groups *Outboard // of one with

	off   int64  // bytes read from src
	buf   []byte // what may be handed on now, a part of mem
	mem   *[GroupSize]byte
	entry entry // the outboard's, read last
	err   error
}

// mems is memory for groups, and hashers is hashers, of readers that have come to their end: shares come by the hundred, and
// a small one takes less room than these.
var (
	mems    = sync.Pool{New: func() any { return new([GroupSize]byte) }}
	hashers = sync.Pool{New: func() any { return new(Hasher) }}
)

// NewReader returns a Reader of the share with this length and root. Bytes are handed on unchecked, except the last: they
// come only when the source has ended and the root is right, otherwise the error is an *[OffsetError] at 0 of class
// [blobstore.ErrRoot]. So whoever read length bytes has the share. The outboard is written to outboard as [NewTree] says.
func NewReader(src io.Reader, length int64, root blobstore.Root, outboard io.Writer) (*Reader, error) {
	if err := checkLength(length); err != nil {
		return nil, err
	}
	h := hashers.Get().(*Hasher)
	*h = Hasher{tree: Tree{mode: plain, outboard: outboard}}
	return &Reader{src: src, length: length, root: root, hasher: h}, nil
}

// Reader returns a [Reader] of the outboard's share. Groups of 64 KiB are handed on one by one, each after it was
// checked, and the last after the source has ended. A false one is an *[OffsetError] with its first byte, of class
// [blobstore.ErrProof].
func (o *Outboard) Reader(src io.Reader) *Reader {
	return &Reader{src: src, length: o.length, root: o.root, groups: o}
}

func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := r.next(); err != nil {
		return 0, err
	}
	n := copy(p, r.buf)
	r.buf = r.buf[n:]
	return n, nil
}

// WriteTo is what [io.Copy] uses. It copies nothing on the way.
func (r *Reader) WriteTo(w io.Writer) (written int64, err error) {
	for {
		if err := r.next(); err == io.EOF {
			return written, nil
		} else if err != nil {
			return written, err
		}
		n, err := w.Write(r.buf)
		written, r.buf = written+int64(n), r.buf[n:]
		if err != nil {
			return written, err
		}
	}
}

// next makes sure that there is something to hand on.
func (r *Reader) next() error {
	if len(r.buf) > 0 {
		return nil
	}
	if r.err == nil && r.off == r.length {
		r.err = io.EOF
	}
	if r.err == nil {
		r.err = r.fill()
	}
	if r.err != nil {
		r.release()
	}
	return r.err
}

// release gives back what is needed no more after an error, the end of the share among them.
func (r *Reader) release() {
	if r.mem != nil {
		mems.Put(r.mem)
		r.mem, r.buf = nil, nil
	}
	if r.hasher != nil {
		*r.hasher = Hasher{}
		hashers.Put(r.hasher)
		r.hasher = nil
	}
}

// fill reads the next group and leaves it in buf if it may be handed on.
func (r *Reader) fill() error {
	if r.mem == nil {
		r.mem = mems.Get().(*[GroupSize]byte)
	}
	b := r.mem[:min(GroupSize, r.length-r.off)]
	if n, err := readFull(r.src, b, r.off); err != nil {
		r.off += int64(n)
		return err
	}
	if err := r.check(b); err != nil {
		return err
	}
	r.off += int64(len(b))
	if r.off == r.length {
		if err := r.end(); err != nil {
			return err
		}
	}
	r.buf = b
	return nil
}

func (r *Reader) check(b []byte) error {
	if r.groups != nil {
		return r.groups.check(b, r.off, &r.entry)
	}
	_, err := r.hasher.Write(b)
	return err
}

// end makes sure that the source has ended, and of the root.
func (r *Reader) end() error {
	var more [1]byte
	switch n, err := io.ReadFull(r.src, more[:]); {
	case n > 0:
		return &OffsetError{r.length, blobstore.ErrExtended}
	case err != io.EOF:
		return err
	}
	if r.groups != nil {
		return nil
	}
	root, err := r.hasher.Root()
	if err == nil && root != r.root {
		err = &OffsetError{0, blobstore.ErrRoot}
	}
	return err
}
