package net

import (
	"io"
	"os"
	"sync"
	"time"
)

// A memoryStream is one end of a stream of a memoryLink. Its lock comes after the link's.
type memoryStream struct {
	link     *memoryLink
	id       uint64
	deadline deadline
	readable chan struct{} // has room for one: something for Read has changed
	writable chan struct{} // has room for one: something for Write has changed

	mu      sync.Mutex
	unread  [][]byte
	ended   bool  // the other side has said everything
	said    bool  // this side has
	readErr error // wins over what is unread
	sayErr  error
	credit  int // what may be sent
	eaten   int // read, and not yet told
}

func newMemoryStream(l *memoryLink, id uint64) *memoryStream {
	return &memoryStream{
		link: l, id: id, credit: MemoryWindow, deadline: deadline{passed: make(chan struct{})},
		readable: make(chan struct{}, 1), writable: make(chan struct{}, 1),
	}
}

func (s *memoryStream) receive(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch f.kind {
	case frameData:
		if s.readErr == nil {
			s.unread = append(s.unread, f.data)
		}
	case frameEnd:
		s.ended = true
	case frameCredit:
		s.credit += int(f.n)
	case frameStop:
		if !s.said && s.sayErr == nil {
			s.sayErr = &ResetError{Code: f.n}
		}
	case frameReset:
		s.endLocked(&ResetError{Code: f.n})
	}
	s.wake()
}

func (s *memoryStream) wake() {
	signal(s.readable)
	signal(s.writable)
}

// endLocked ends both directions with an error, as far as they have not ended.
func (s *memoryStream) endLocked(err error) {
	if s.readErr == nil && !(s.ended && len(s.unread) == 0) {
		s.readErr, s.unread = err, nil
	}
	if s.sayErr == nil && !s.said {
		s.sayErr = err
	}
}

func (s *memoryStream) Read(p []byte) (int, error) {
	for {
		n, err, ready := s.tryRead(p)
		if ready {
			return n, err
		}
		if err := s.wait(s.readable, nil); err != nil {
			return 0, err
		}
	}
}

func (s *memoryStream) tryRead(p []byte) (n int, err error, ready bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.readErr != nil:
		return 0, s.readErr, true
	case s.link.isDown():
		return 0, ErrLinkDown, true
	case s.deadline.isPast():
		return 0, os.ErrDeadlineExceeded, true
	case len(p) == 0:
		return 0, nil, true
	case len(s.unread) == 0:
		return 0, io.EOF, s.ended
	}
	n = copy(p, s.unread[0])
	if s.unread[0] = s.unread[0][n:]; len(s.unread[0]) == 0 {
		s.unread = s.unread[1:]
	}
	if s.eaten += n; s.eaten >= MemoryWindow/4 && !s.ended {
		s.link.outbox.put(frame{kind: frameCredit, stream: s.id, n: uint32(s.eaten)})
		s.eaten = 0
	}
	return n, nil, true
}

func (s *memoryStream) Write(p []byte) (total int, err error) {
	for len(p) > 0 {
		n, room, err := s.tryWrite(p)
		total, p = total+n, p[n:]
		if err != nil {
			return total, err
		}
		if n > 0 {
			continue
		}
		if err := s.wait(s.writable, room); err != nil {
			return total, err
		}
	}
	return total, nil
}

// tryWrite sends a packet if it can; otherwise room, if it is not nil, is closed when there is room on the line.
func (s *memoryStream) tryWrite(p []byte) (n int, room <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.sayErr != nil:
		return 0, nil, s.sayErr
	case s.said:
		return 0, nil, ErrClosed
	case s.link.isDown():
		return 0, nil, ErrLinkDown
	case s.deadline.isPast():
		return 0, nil, os.ErrDeadlineExceeded
	}
	n = min(len(p), s.credit, memoryPacket)
	if n == 0 {
		return 0, nil, nil
	}
	data := append([]byte(nil), p[:n]...)
	room, ok := s.link.outbox.offer(frame{kind: frameData, stream: s.id, data: data}, s.link.line.queue())
	if !ok {
		return 0, room, nil
	}
	s.credit -= n
	return n, nil, nil
}

// wait returns when it may be worth trying again.
func (s *memoryStream) wait(changed, room <-chan struct{}) error {
	select {
	case <-changed:
	case <-room:
	case <-s.deadline.wait():
		return os.ErrDeadlineExceeded
	case <-s.link.down:
	}
	return nil
}

func (s *memoryStream) CloseWrite() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sayAll()
}

func (s *memoryStream) sayAll() error {
	if s.sayErr != nil {
		return s.sayErr
	}
	if !s.said {
		s.said = true
		s.link.outbox.put(frame{kind: frameEnd, stream: s.id})
		s.wake()
	}
	return nil
}

func (s *memoryStream) Close() error {
	s.mu.Lock()
	_ = s.sayAll() // that the other side has reset it is no matter here
	if !s.ended {
		s.link.outbox.put(frame{kind: frameStop, stream: s.id})
	}
	s.readErr, s.sayErr, s.unread = ErrClosed, ErrClosed, nil
	s.wake()
	s.mu.Unlock()
	s.link.forget(s)
	return nil
}

func (s *memoryStream) Reset(code uint32) error {
	s.mu.Lock()
	s.link.outbox.put(frame{kind: frameReset, stream: s.id, n: code})
	s.readErr, s.sayErr, s.unread = ErrClosed, ErrClosed, nil
	s.wake()
	s.mu.Unlock()
	s.link.forget(s)
	return nil
}

func (s *memoryStream) SetDeadline(t time.Time) error {
	s.deadline.set(t)
	s.wake()
	return nil
}

// isDown says whether the link has ended. Unlike its lock it may be used under a stream's.
func (l *memoryLink) isDown() bool {
	select {
	case <-l.down:
		return true
	default:
		return false
	}
}

// A deadline is a moment that can be moved; whoever waits for it looks again then.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{} // closed when it has
}

func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.passed
}

func (d *deadline) isPast() bool {
	select {
	case <-d.wait():
		return true
	default:
		return false
	}
}

func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	d.passed = make(chan struct{}) // of a timer that is running just now, nobody hears
	if t.IsZero() {
		return
	}
	passed := d.passed
	if dur := time.Until(t); dur > 0 {
		d.timer = time.AfterFunc(dur, func() { close(passed) })
		return
	}
	close(passed)
}
