package net

import (
	"context"
	"sync"
	"time"

	"radswarm/blobstore/keyring"
)

// memoryPacket is the most that one frame of a stream carries.
const memoryPacket = 16 << 10

type frameKind uint8

const (
	frameOpen frameKind = iota
	frameData
	frameEnd    // no more data
	frameStop   // no more data, please: the reader is gone
	frameReset  // both ends, with a code
	frameCredit // n more bytes may come
)

type frame struct {
	kind   frameKind
	stream uint64
	data   []byte
	n      uint32    // a code or a number of bytes
	due    time.Time // set on the line
}

// A memoryLink is one end of a connection. Everything that one end says goes through its outbox, in order: first over the
// line, which takes its time, and then through the air.
type memoryLink struct {
	world   *MemoryNet
	self    keyring.Device
	device  keyring.Device
	process Process
	addr    Addr
	line    *line // from here to there
	peer    *memoryLink
	down    chan struct{} // closed with err

	outbox, air *mailbox
	wg          sync.WaitGroup

	mu       sync.Mutex
	err      error
	streams  map[uint64]*memoryStream
	next     uint64 // the number of the next stream that begins here
	accepted []*memoryStream
	arrived  chan struct{} // has room for one: accepted is not empty
	idle     *time.Timer
}

// connect makes the two ends of a connection.
func (m *MemoryNet) connect(from, to *memoryNetwork) (near, far *memoryLink) {
	near = m.end(from.device, to, to.addr, 0)
	far = m.end(to.device, from, from.seenAs(), 1)
	near.peer, far.peer = far, near
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links[near], m.links[far] = struct{}{}, struct{}{}
	return near, far
}

func (m *MemoryNet) end(self keyring.Device, peer *memoryNetwork, addr Addr, first uint64) *memoryLink {
	return &memoryLink{
		world: m, self: self, device: peer.device, process: peer.process, addr: addr, line: m.line(self, peer.device),
		down: make(chan struct{}), outbox: newMailbox(), air: newMailbox(),
		streams: map[uint64]*memoryStream{}, next: first, arrived: make(chan struct{}, 1),
	}
}

func (l *memoryLink) start() {
	l.wg.Go(l.send)
	l.wg.Go(l.fly)
}

func (l *memoryLink) Device() keyring.Device { return l.device }
func (l *memoryLink) RemoteAddr() Addr       { return l.addr }
func (l *memoryLink) Transport() Transport   { return Memory }
func (l *memoryLink) Process() Process       { return l.process }
func (l *memoryLink) Admit()                 {}

// send puts what is in the outbox on the line.
func (l *memoryLink) send() {
	for {
		f, ok := l.outbox.get(l.down)
		if !ok || !l.line.open(l.down, true) {
			return
		}
		sent, arrives, lie := l.line.take(len(f.data))
		if lie >= 0 {
			f.data[lie] ^= 0x55
		}
		f.due = arrives
		if !until(sent, l.down) {
			return
		}
		l.outbox.done(len(f.data))
		l.air.put(f)
	}
}

// fly delivers what the line has sent.
func (l *memoryLink) fly() {
	for {
		f, ok := l.air.get(l.down)
		if !ok || !until(f.due, l.down) || !l.line.open(l.down, false) {
			return
		}
		l.air.done(len(f.data))
		if !l.peer.receive(f) { // it has gone, and the system over there says so
			until(time.Now().Add(l.peer.line.conditions().Delay), l.down)
			l.fail(&CutError{Device: l.device, Reason: "connection reset"})
			return
		}
	}
}

// receive takes a frame, and says whether anybody is there to take it.
func (l *memoryLink) receive(f frame) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	if f.kind == frameOpen {
		s := newMemoryStream(l, f.stream)
		l.streams[f.stream] = s
		l.accepted = append(l.accepted, s)
		signal(l.arrived)
	} else if s := l.streams[f.stream]; s != nil {
		s.receive(f)
	}
	return true
}

// Open is [Link.Open].
func (l *memoryLink) Open(context.Context) (Stream, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, ErrLinkDown
	}
	s := newMemoryStream(l, l.next)
	l.streams[s.id] = s
	l.next += 2
	l.outbox.put(frame{kind: frameOpen, stream: s.id})
	return s, nil
}

// Accept is [Link.Accept].
func (l *memoryLink) Accept() (Stream, error) {
	for {
		l.mu.Lock()
		if l.err != nil {
			defer l.mu.Unlock()
			return nil, l.err
		}
		if len(l.accepted) > 0 {
			s := l.accepted[0]
			l.accepted = l.accepted[1:]
			l.mu.Unlock()
			return s, nil
		}
		l.mu.Unlock()
		select {
		case <-l.arrived:
		case <-l.down:
		}
	}
}

// Close is [Link.Close]. The other end hears of it as of everything else: after the delay, or never.
func (l *memoryLink) Close(code uint32) {
	if l.fail(&CutError{Device: l.device, Code: code, Local: true}) {
		_, arrives, _ := l.line.take(0)
		time.AfterFunc(time.Until(arrives), func() { l.goodbye(code) })
	}
	l.wg.Wait()
}

// goodbye arrives at the other end, or gets lost.
func (l *memoryLink) goodbye(code uint32) {
	if l.line.conditions().Down {
		l.peer.deaf(true)
		return
	}
	l.peer.fail(&CutError{Device: l.self, Code: code})
}

// fail ends this end of the connection, once, and says whether it had not ended before.
func (l *memoryLink) fail(err error) bool {
	l.world.mu.Lock()
	delete(l.world.links, l)
	l.world.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return false
	}
	l.err = err
	close(l.down)
	if l.idle != nil {
		l.idle.Stop()
	}
	return true
}

// deaf starts or stops the clock that ends a connection which hears nothing.
func (l *memoryLink) deaf(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
	case !down && l.idle != nil:
		l.idle.Stop()
		l.idle = nil
	case down && l.idle == nil:
		l.idle = time.AfterFunc(MemoryIdle, func() {
			l.fail(&CutError{Device: l.device, Reason: "nothing arrived for " + MemoryIdle.String()})
		})
	}
}

// forget drops a stream that has ended on this side.
func (l *memoryLink) forget(s *memoryStream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, s.id)
}

// A mailbox is a queue of frames that knows how many bytes it has taken and not given away.
type mailbox struct {
	mu     sync.Mutex
	frames []frame
	bytes  int
	filled chan struct{} // has room for one
	room   chan struct{} // closed and made anew when bytes went
}

func newMailbox() *mailbox {
	return &mailbox{filled: make(chan struct{}, 1), room: make(chan struct{})}
}

func (m *mailbox) put(f frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frames = append(m.frames, f)
	m.bytes += len(f.data)
	signal(m.filled)
}

// offer is put if fewer than limit bytes wait; otherwise room is closed when it may be tried again.
func (m *mailbox) offer(f frame, limit int) (room <-chan struct{}, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bytes >= limit {
		return m.room, false
	}
	m.frames = append(m.frames, f)
	m.bytes += len(f.data)
	signal(m.filled)
	return nil, true
}

func (m *mailbox) get(stop <-chan struct{}) (frame, bool) {
	for {
		m.mu.Lock()
		if len(m.frames) > 0 {
			f := m.frames[0]
			m.frames = m.frames[1:]
			m.mu.Unlock()
			return f, true
		}
		m.mu.Unlock()
		select {
		case <-m.filled:
		case <-stop:
			return frame{}, false
		}
	}
}

// done gives the room of bytes back.
func (m *mailbox) done(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.bytes -= n
	close(m.room)
	m.room = make(chan struct{})
}

// signal wakes whoever waits on a channel with room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
