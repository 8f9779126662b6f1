package holder

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// link is a connection and what goes on there.
type link struct {
	conn net.Conn
	met  chan struct{} // closed when session is set
	over chan struct{} // closed when ctl/1 has ended, and why is set

	mu       sync.Mutex // guards what follows
	admitted bool       // its peer had an access at some time
	control  bool       // ctl/1 has begun: there is one for a connection
	session  *Session   // once HELLO was accepted
	why      error      // ctl/1 has ended
	refusing int        // streams that are told that they are too many
	visits   map[*visit]struct{}
	reads    int         // streams of a stranger who reads open shares
	reader   func()      // gives the place of such a stranger back; nil for others
	idle     *time.Timer // ends the connection of one who reads nothing
}

// visit is a stream that is served.
type visit struct {
	link   *link
	cancel context.CancelFunc

	needs   wire.Access   // what it lives on; 0 for nothing
	issuers []radicle.DID // and on being a guest of these
}

// link returns that of a connection, and remembers it until the connection ends.
func (s *Service) link(conn net.Conn) (*link, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, false
	}
	l := s.links[conn]
	if l == nil {
		l = &link{conn: conn, met: make(chan struct{}), over: make(chan struct{}), visits: map[*visit]struct{}{}}
		s.links[conn] = l
		s.running.Go(func() {
			select {
			case <-conn.Done():
			case <-s.life.Done():
			}
			s.unlink(l)
		})
	}
	return l, true
}

// unlink forgets a connection, and with the last one of a device what it presented.
func (s *Service) unlink(l *link) {
	l.gone()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, l.conn)
	for conn := range s.links {
		if conn.Device() == l.conn.Device() {
			return
		}
	}
	s.guests.forget(l.conn.Device())
}

// begin registers a stream. There may be too many.
func (l *link) begin(ctx context.Context) (context.Context, *visit, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.visits) == connStreams {
		return nil, nil, false
	}
	ctx, cancel := context.WithCancel(ctx)
	v := &visit{link: l, cancel: cancel}
	l.visits[v] = struct{}{}
	return ctx, v, true
}

func (v *visit) end() {
	v.cancel()
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	delete(v.link.visits, v)
}

// lives notes what a stream lives on.
func (v *visit) lives(needs wire.Access, issuers []radicle.DID) {
	v.link.mu.Lock()
	defer v.link.mu.Unlock()
	v.needs, v.issuers = needs, issuers
}

// recheck cuts the streams that live on what the peer has no longer. It reports whether the connection is to end: the peer had
// an access, and has none.
func (l *link) recheck(p Peer, known bool, issuers []radicle.DID) (over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.admitted && !known {
		return true
	}
	for v := range l.visits {
		lost := v.needs&^p.Access != 0
		for _, issuer := range v.issuers {
			lost = lost || !slices.Contains(issuers, issuer)
		}
		if lost {
			v.cancel()
		}
	}
	return false
}

// stay lets a stranger who reads open shares have more than one stream, and the time it takes. There are few places. Who reads
// nothing for a while goes.
func (l *link) stay(s *Service) (leave func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reader == nil {
		if l.reader, ok = s.house.readers.take(radicle.DID(l.conn.Device())); !ok {
			return nil, false
		}
		l.conn.Admit()
	}
	l.reads++
	if l.idle != nil {
		l.idle.Stop()
	}
	return func() { l.leave(s) }, true
}

func (l *link) leave(s *Service) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reads--; l.reads > 0 {
		return
	}
	l.idle = time.AfterFunc(refusalTime, func() {
		if !s.Known(l.conn.Device()) {
			_ = l.conn.Close(uint32(wire.CodeOK)) // it is over in any case
		}
	})
}

// gone gives back what the connection had.
func (l *link) gone() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.idle != nil {
		l.idle.Stop()
	}
	if l.reader != nil {
		l.reader()
	}
}

// admit notes that the peer has an access.
func (l *link) admit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admitted = true
}

// takeControl reports whether ctl/1 may begin: there is one for a connection, which ends with it.
func (l *link) takeControl() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.control
	l.control = true
	return !taken
}

// endControl says why ctl/1 has ended.
func (l *link) endControl(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.why = err
	close(l.over)
}

// meet says whose HELLO was accepted.
func (l *link) meet(session *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session = session
	close(l.met)
}

// wait returns the session when there is one. It ends with the connection.
func (l *link) wait(ctx context.Context) (*Session, error) {
	select {
	case <-l.met:
	case <-l.over:
	case <-l.conn.Done():
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != nil {
		return l.session, nil
	}
	return nil, cmp.Or(l.why, l.conn.Err(), net.ErrClosed)
}

// takeRefusal reports whether one more stream may be told that it is too many.
func (l *link) takeRefusal() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusing == connRefused {
		return false
	}
	l.refusing++
	return true
}

func (l *link) giveRefusal() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refusing--
}
