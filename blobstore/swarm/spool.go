package swarm

import (
	"errors"
	"io"
	"sync"
)

// errDetached is a share that was taken out of a pass over the file because its holder held up the others.
var errDetached = errors.New("slower than the others")

// spool is a share on its way from the pass over the file to its holder: a pipe with room. Writes never fail, so that a
// holder that does stops nobody else; what is written after that is thrown away.
type spool struct {
	mu    sync.Mutex
	moved sync.Cond // what is below has changed
	buf   []byte    // a ring
	start int       // where the oldest byte is
	n     int       // bytes in it
	total int64     // bytes read
	ended bool      // no more is written
	err   error     // what Read returns when the ring is empty and it ended; io.EOF for a share that is whole
	gone  bool      // nobody reads any more
}

func newSpool(size int) *spool {
	s := &spool{buf: make([]byte, size)}
	s.moved.L = &s.mu
	return s
}

// wholeSpool returns a spool that has all of a share, which does not change.
func wholeSpool(share []byte) *spool {
	s := &spool{buf: share, n: len(share), ended: true, err: io.EOF}
	s.moved.L = &s.mu
	return s
}

// Write takes the next bytes of the share. It waits for room until somebody reads, closes, or ends the spool.
func (s *spool) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for rest := b; len(rest) > 0; {
		s.room()
		if s.gone || s.ended {
			return len(b), nil
		}
		end := (s.start + s.n) % len(s.buf)
		free := s.buf[end:min(len(s.buf), end+len(s.buf)-s.n)]
		n := copy(free, rest)
		s.n += n
		rest = rest[n:]
		s.moved.Broadcast()
	}
	return len(b), nil
}

// room waits until there is some, or no more need of it.
func (s *spool) room() {
	for s.n == len(s.buf) && !s.gone && !s.ended {
		s.moved.Wait()
	}
}

// Read implements io.Reader.
func (s *spool) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.n == 0 && !s.ended && !s.gone {
		s.moved.Wait()
	}
	switch {
	case s.gone:
		return 0, io.ErrClosedPipe
	case s.ended && (s.n == 0 || s.err != io.EOF):
		return 0, s.err
	}
	n := copy(b, s.buf[s.start:min(len(s.buf), s.start+s.n)])
	s.start = (s.start + n) % len(s.buf)
	s.n -= n
	s.total += int64(n)
	s.moved.Broadcast()
	return n, nil
}

// Close says that nobody reads any more.
func (s *spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
	s.moved.Broadcast()
	return nil
}

// end says that nothing more is written. Err is io.EOF if that was all; any other reaches the reader at once.
func (s *spool) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended, s.err = true, err
		s.moved.Broadcast()
	}
}

// cut is end, also for what has ended well and is not acknowledged.
func (s *spool) cut(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended, s.err = true, err
	s.moved.Broadcast()
}

// spoolLevel is how much there is to read.
type spoolLevel uint8

const (
	idle spoolLevel = iota // nobody reads
	low                    // under a quarter
	some
	full
	drained // all was read, and the reader has not said its last word
)

// level returns how much there is to read, and how much was read.
func (s *spool) level() (spoolLevel, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.gone:
		return idle, s.total
	case s.ended && s.n == 0:
		return drained, s.total
	case s.n == len(s.buf) || s.ended: // at the end whatever is left is to be taken
		return full, s.total
	case s.n < len(s.buf)/4:
		return low, s.total
	}
	return some, s.total
}

// reason returns with what the spool was ended; nil if it was not.
func (s *spool) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
