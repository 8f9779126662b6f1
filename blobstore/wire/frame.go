package wire

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
)

// Message is what a frame holds. All of them are defined in this package.
type Message interface {
	Kind() Kind
	// AppendTo appends the fields, without the frame.
	AppendTo(b []byte) []byte
	// Validate says whether the values may be sent: a *[blobstore.BoundsError] where not.
	Validate() error

	// field takes the field at hand if it knows it.
	field(d *decoder)
}

// AppendFrame appends a message in its frame.
func AppendFrame(b []byte, m Message) []byte {
	at := len(b)
	b = m.AppendTo(b)
	var head [20]byte
	return slices.Insert(b, at, appendHead(head[:0], m.Kind(), len(b)-at)...)
}

// appendHead appends what goes before a message of size bytes.
func appendHead(b []byte, kind Kind, size int) []byte {
	num := protowire.Number(kind)
	b = protowire.AppendVarint(b, uint64(protowire.SizeTag(num)+protowire.SizeBytes(size)))
	b = protowire.AppendTag(b, num, protowire.BytesType)
	return protowire.AppendVarint(b, uint64(size))
}

// head is the beginning of a frame.
type head struct {
	kind Kind
	size int // of the message, in bytes
}

// readHead reads it. [io.EOF] means that no frame began.
func readHead(r io.ByteReader) (head, error) {
	body, n, err := readUvarint(r)
	if err != nil {
		if n > 0 {
			err = unexpected(err)
		}
		return head{}, err
	}
	if body > maxBody {
		return head{}, &blobstore.BoundsError{What: "frame", Got: int64(min(body, math.MaxInt64)), Min: 0, Max: maxBody}
	}
	tag, tagLen, err := readUvarint(r)
	if err != nil {
		return head{}, unexpected(err)
	}
	size, sizeLen, err := readUvarint(r)
	if err != nil {
		return head{}, unexpected(err)
	}
	num, typ := protowire.DecodeTag(tag)
	if typ != protowire.BytesType || !num.IsValid() {
		return head{}, fmt.Errorf("%w: a frame does not hold a message", ErrProtocol)
	}
	if size > body || int(body) != tagLen+sizeLen+int(size) {
		return head{}, fmt.Errorf("%w: a frame of %d bytes with a message of %d", ErrProtocol, body, size)
	}
	return head{Kind(num), int(size)}, nil
}

// readUvarint reads a varint and says how many bytes of it there were.
func readUvarint(r io.ByteReader) (v uint64, n int, err error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0, n, err
		}
		if n == 9 && c > 1 {
			return 0, n, fmt.Errorf("%w: a varint goes on and on", ErrProtocol)
		}
		v |= uint64(c&0x7f) << (7 * n)
		n++
		if c < 0x80 {
			return v, n, nil
		}
	}
}

// unexpected is what an end in the middle is called.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// check holds a head against the bound of its kind.
func (h head) check() error {
	if bound := h.kind.info().bound; h.size > bound {
		return &blobstore.BoundsError{What: h.kind.String(), Got: int64(h.size), Min: 0, Max: int64(bound)}
	}
	return nil
}

// parse decodes the message of a frame and validates it. The message keeps no part of b.
func parse(kind Kind, b []byte) (Message, error) {
	m := kind.info().make()
	if err := decode(b, m); err != nil {
		return nil, err
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, nil
}

// decode fills m. It judges the shape and not the values.
func decode(b []byte, m Message) error {
	d := decoder{kind: m.Kind(), b: b}
	for d.next() {
		m.field(&d)
	}
	return d.err
}
