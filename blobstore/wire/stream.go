package wire

import (
	"io"
	"time"
)

// Stream is one conversation with a peer: bytes in both directions, in order, until either side closes. net.Conn is
// one.
//
// Close ends both directions; what was written still arrives, and Reads and Writes that wait return. Read and Write may
// be called at the same time, by one goroutine each.
//
// Three more powers are used where a Stream has them:
//
//	CloseWrite() error             // the other side reads the end, and can still write
//	Reset(code uint32) error       // ends both directions at once; the other side may learn the code (or without error)
//	SetDeadline(t time.Time) error // makes Reads and Writes that wait return
//
// After the other side's Reset, the error of Read and Write may have a method ResetCode() uint32, which gives the code.
type Stream interface {
	io.ReadWriteCloser
}

type closeWriter interface{ CloseWrite() error }

type deadliner interface{ SetDeadline(t time.Time) error }

type resetCoder interface {
	error
	ResetCode() uint32
}

// kill ends a stream now. The other side is told why if the stream can do that. Errors say that it has ended already.
func kill(s Stream, code Code) {
	switch s := s.(type) {
	case interface{ Reset(code uint32) error }:
		_ = s.Reset(uint32(code))
		return
	case interface{ Reset(code uint32) }:
		s.Reset(uint32(code))
		return
	}
	if d, ok := s.(deadliner); ok {
		_ = d.SetDeadline(time.Unix(1, 0))
	}
	_ = s.Close()
}
