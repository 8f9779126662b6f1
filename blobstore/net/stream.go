package net

import (
	"sync/atomic"
	"time"
)

// A stream is a [Stream] over one of a link.
type stream struct {
	conn    *conn
	raw     Stream
	inbound bool
	said    atomic.Bool // CloseWrite was called
	ended   atomic.Bool // Close or Reset was called
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.raw.Read(p)
	if s.conn.stranger.Load() && s.conn.heard.Add(int64(n)) > StrangerBytes {
		s.conn.cut(CodeStranger, "too many bytes before admission")
		return 0, s.conn.explain(ErrLinkDown)
	}
	if err != nil {
		err = s.conn.explain(err)
	}
	return n, err
}

func (s *stream) Write(p []byte) (int, error) {
	n, err := s.raw.Write(p)
	if err != nil {
		err = s.conn.explain(err)
	}
	return n, err
}

func (s *stream) CloseWrite() error {
	s.said.Store(true)
	if err := s.raw.CloseWrite(); err != nil {
		return s.conn.explain(err)
	}
	return nil
}

func (s *stream) Close() error {
	if s.end() {
		return nil
	}
	if err := s.raw.Close(); err != nil {
		return s.conn.explain(err)
	}
	return nil
}

func (s *stream) Reset(code uint32) error {
	if s.end() {
		return nil
	}
	if err := s.raw.Reset(code); err != nil {
		return s.conn.explain(err)
	}
	return nil
}

func (s *stream) SetDeadline(t time.Time) error { return s.raw.SetDeadline(t) }

// end notes that the stream has been ended, and says whether it had been before. A place that this side took becomes free.
func (s *stream) end() bool {
	if s.ended.Swap(true) {
		return true
	}
	if !s.inbound {
		s.conn.free(false)
	}
	return false
}

// leave ends what Serve has left open.
func (s *stream) leave() {
	if s.said.Load() {
		_ = s.Close()
	} else {
		_ = s.Reset(CodeUnserved)
	}
	s.conn.free(true)
}
