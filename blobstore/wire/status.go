package wire

import (
	"google.golang.org/protobuf/encoding/protowire"

	"radswarm/blobstore"
)

// status is how something ended (PROTOCOL.md §5). It stands inside END, OUTCOME and BYE.
type status struct {
	code          Code
	retryAfter    uint64 // milliseconds
	text          string
	what          string
	got, min, max int64
}

func (s *status) appendTo(b []byte) []byte {
	b = appendUint(b, 1, uint64(s.code))
	b = appendUint(b, 2, s.retryAfter)
	b = appendText(b, 3, s.text)
	b = appendText(b, 4, s.what)
	b = appendSint(b, 5, s.got)
	b = appendSint(b, 6, s.min)
	return appendSint(b, 7, s.max)
}

func (s *status) field(d *decoder) {
	switch d.num {
	case 1:
		s.code = Code(d.uint32())
	case 2:
		s.retryAfter = uint64(d.int64())
	case 3:
		s.text = d.text()
	case 4:
		s.what = d.text()
	case 5:
		s.got = d.sint64()
	case 6:
		s.min = d.sint64()
	case 7:
		s.max = d.sint64()
	}
}

func (s *status) validate() error {
	if err := between("text", len(s.text), 0, MaxText); err != nil {
		return err
	}
	return between("text", len(s.what), 0, MaxText)
}

// appendIn appends the status to the message that holds it. OK is nothing.
func (s *status) appendIn(b []byte, num protowire.Number) []byte {
	if *s == (status{}) {
		return b
	}
	return appendNested(b, num, s.appendTo)
}

// between returns a *BoundsError unless lo ≤ got ≤ hi.
func between[N int | int64 | uint32](what string, got, lo, hi N) error {
	if got < lo || got > hi {
		return &blobstore.BoundsError{What: what, Got: int64(got), Min: int64(lo), Max: int64(hi)}
	}
	return nil
}
