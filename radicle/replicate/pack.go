package replicate

import (
	"bufio"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// budget is what may still come in one fetch. Scanning takes from it.
type budget struct {
	limits   Limits
	pack     int64 // bytes so far
	objects  int64
	unpacked int64 // bytes of all objects, whole
}

func (b *budget) bytes(n int) error {
	return b.take(&b.pack, int64(n), b.limits.Pack, "bytes of packs")
}

func (b *budget) size(n uint64) error {
	if n > uint64(b.limits.Object) {
		return &LimitError{What: "bytes of an object", Got: int64(min(n, 1<<62)), Max: b.limits.Object}
	}
	return b.take(&b.unpacked, int64(n), b.limits.Unpacked, "bytes of all objects")
}

func (*budget) take(have *int64, n, most int64, what string) error {
	if *have += n; *have > most {
		return &LimitError{What: what, Got: *have, Max: most}
	}
	return nil
}

// scanner copies a pack (gitformat-pack(5)) and looks at every object before it passes it on: how many there are, how long
// they are, and how long they will be when deltas are applied. So git is given nothing that would fill memory or disk.
// What is in the objects, and whether checksums are right, is git's part.
type scanner struct {
	r      *bufio.Reader
	w      io.Writer
	budget *budget
	out    []byte // read and not passed on yet
	hold   bool   // while an object's lengths are not known
	zr     io.ReadCloser
	hash   int // size of an id, in bytes
}

const (
	flushAt = 32 << 10  // bytes that are passed on in one go
	maxHeld = 256 << 10 // bytes that may be held back: what came before, and what is read ahead
)

func newScanner(r io.Reader, budget *budget, hash int) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, maxChunk), budget: budget, hash: hash}
}

// header reads the first 12 bytes and returns the number of objects.
func (s *scanner) header() (int, error) {
	var h [12]byte
	s.hold = true
	if _, err := io.ReadFull(s, h[:]); err != nil {
		return 0, early(err)
	}
	if version := binary.BigEndian.Uint32(h[4:]); string(h[:4]) != "PACK" || version != 2 {
		return 0, &MalformedError{What: fmt.Sprintf("%.8q is not the beginning of a pack", h[:8])}
	}
	n := int64(binary.BigEndian.Uint32(h[8:]))
	return int(n), s.budget.take(&s.budget.objects, n, s.budget.limits.Objects, "objects in packs")
}

// early is the error for a pack that ends before it should.
func early(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &MalformedError{What: "a pack ends early"}
	}
	return err
}

// copy passes on header and objects, the hash behind them, and requires that nothing follows.
func (s *scanner) copy(w io.Writer, objects int) error {
	s.w = w
	for range objects {
		if err := s.object(); err != nil {
			return err
		}
	}
	sum := make([]byte, s.hash)
	if _, err := io.ReadFull(s, sum); err != nil {
		return early(err)
	}
	if _, err := s.r.ReadByte(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = &MalformedError{What: "a pack goes on after its end"}
		}
		return err
	}
	return s.flush()
}

// The types of objects in a pack that are not a kind of their own.
const (
	offsetDelta = 6
	nameDelta   = 7
)

// object passes on one object.
func (s *scanner) object() error {
	s.hold = true
	typ, size, err := s.objectHeader()
	if err != nil {
		return err
	}
	delta := typ == offsetDelta || typ == nameDelta
	if !delta {
		err = s.budget.size(size)
	} else if size > uint64(s.budget.limits.Object) {
		err = &LimitError{What: "bytes of a delta", Got: int64(min(size, 1<<62)), Max: s.budget.limits.Object}
	}
	if err != nil {
		return err
	}
	if err := s.inflate(); err != nil {
		return err
	}
	if delta {
		if size, err = s.deltaHead(size); err != nil {
			return err
		}
	}
	s.hold = false
	n, err := io.Copy(io.Discard, io.LimitReader(s.zr, int64(size)+1))
	if err != nil {
		return damaged(err)
	}
	if uint64(n) != size {
		return &MalformedError{What: fmt.Sprintf("an object of %d bytes has others", size)}
	}
	return nil
}

// objectHeader reads what stands before the compressed bytes: type, length, and the base of a delta.
func (s *scanner) objectHeader() (typ byte, size uint64, err error) {
	b, err := s.ReadByte()
	if err != nil {
		return 0, 0, early(err)
	}
	typ, size = b>>4&7, uint64(b&0xf)
	for shift := 4; b&0x80 != 0; shift += 7 {
		if b, err = s.ReadByte(); err != nil {
			return 0, 0, early(err)
		}
		if shift > 53 {
			return 0, 0, &MalformedError{What: "the length of an object is too long"}
		}
		size |= uint64(b&0x7f) << shift
	}
	switch typ {
	case 1, 2, 3, 4:
	case nameDelta:
		_, err = io.ReadFull(s, make([]byte, s.hash))
	case offsetDelta:
		err = s.skipOffset()
	default:
		err = &MalformedError{What: fmt.Sprintf("an object of type %d", typ)}
	}
	return typ, size, early(err)
}

func (s *scanner) skipOffset() error {
	for range 10 {
		if b, err := s.ReadByte(); err != nil || b&0x80 == 0 {
			return err
		}
	}
	return &MalformedError{What: "the offset of a base is too long"}
}

// inflate prepares zr for the compressed bytes that follow.
func (s *scanner) inflate() (err error) {
	if s.zr == nil {
		s.zr, err = zlib.NewReader(s)
	} else {
		err = s.zr.(zlib.Resetter).Reset(s, nil)
	}
	return damaged(err)
}

// damaged is the error for compressed bytes that are none.
func damaged(err error) error {
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return early(err)
	case errors.As(err, new(flate.CorruptInputError)) || errors.Is(err, zlib.ErrHeader) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zlib.ErrDictionary):
		return &MalformedError{What: "an object's " + err.Error()}
	}
	return err
}

// deltaHead reads the two lengths that a delta of that size begins with, and takes the second, of the result, from the budget.
// It returns how much of the delta is left.
func (s *scanner) deltaHead(size uint64) (left uint64, err error) {
	var result uint64
	for range 2 {
		result = 0
		for shift := 0; ; shift += 7 {
			var b [1]byte
			if size == 0 || shift > 56 {
				return 0, &MalformedError{What: "a delta without lengths"}
			}
			if _, err := io.ReadFull(s.zr, b[:]); err != nil {
				return 0, damaged(err)
			}
			size--
			result |= uint64(b[0]&0x7f) << shift
			if b[0]&0x80 == 0 {
				break
			}
		}
	}
	return size, s.budget.size(result)
}

// ReadByte implements [io.ByteReader]: compress/flate takes no byte too many through it.
func (s *scanner) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, err
	}
	s.out = append(s.out, b)
	return b, s.passed(1)
}

// Read implements [io.Reader].
func (s *scanner) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	s.out = append(s.out, p[:n]...)
	if n > 0 {
		err = s.passed(n)
	}
	return n, err
}

// passed counts bytes, and passes on what has been collected if there is enough of it.
func (s *scanner) passed(n int) error {
	if err := s.budget.bytes(n); err != nil {
		return err
	}
	if s.hold {
		if len(s.out) > maxHeld { // compressed bytes that stand for nothing
			return &MalformedError{What: "the lengths of a delta are too far away"}
		}
		return nil
	}
	if len(s.out) < flushAt {
		return nil
	}
	return s.flush()
}

func (s *scanner) flush() error {
	_, err := s.w.Write(s.out)
	s.out = s.out[:0]
	return err
}
