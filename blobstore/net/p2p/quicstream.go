package p2p

import (
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"radswarm/blobstore/net"
)

// A quicStream is a [net.Stream] of QUIC. quic-go's own must not be closed while somebody writes.
type quicStream struct {
	link *quicLink
	raw  *quic.Stream

	writing sync.Mutex // held by Write, and by whoever closes that direction

	mu    sync.Mutex
	ended bool // by Close
}

func (s *quicStream) Read(p []byte) (int, error) {
	n, err := s.raw.Read(p)
	return n, s.explain(err)
}

func (s *quicStream) Write(p []byte) (int, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.isEnded() {
		return 0, net.ErrClosed
	}
	n, err := s.raw.Write(p)
	return n, s.explain(err)
}

func (s *quicStream) CloseWrite() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.explain(s.raw.Close())
}

func (s *quicStream) Close() error {
	s.mu.Lock()
	s.ended = true
	_ = s.raw.SetWriteDeadline(time.Unix(1, 0)) // a Write that waits lets go
	s.mu.Unlock()
	s.writing.Lock()
	defer s.writing.Unlock()
	s.raw.CancelRead(0)
	_ = s.raw.Close() // fails where the peer has reset it, which is an end too
	return nil
}

func (s *quicStream) Reset(code uint32) error {
	s.raw.CancelRead(quic.StreamErrorCode(code))
	s.raw.CancelWrite(quic.StreamErrorCode(code))
	return nil
}

func (s *quicStream) SetDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return nil
	}
	return s.raw.SetDeadline(t)
}

func (s *quicStream) isEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *quicStream) explain(err error) error {
	switch {
	case err == nil, err == io.EOF:
		return err
	case s.isEnded():
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	}
	return s.link.explain(err)
}
