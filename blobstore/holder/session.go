package holder

import (
	"context"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
)

// Session is a control stream with a peer whose HELLO was accepted. It is safe for concurrent use.
type Session struct {
	Peer                    // as it was when HELLO arrived
	Conn        net.Conn    // what it goes over
	Granted     wire.Access // what the peer lets us do there
	Instance    [16]byte    // of its home
	Features    []string    // that both sides have
	Software    string      // printable
	Card        *keyring.Card
	Certificate *keyring.Certificate
	ctl         *wire.Ctl
}

// Send queues a message for the peer, as [wire.Ctl.Send] does.
func (s *Session) Send(ctx context.Context, m wire.Message) error { return s.ctl.Send(ctx, m) }

// How many messages of a peer are heard a second, and how many more at first.
const (
	messageRate  = 10
	messageBurst = 10 * time.Second
)

// control answers a ctl/1 stream.
func (s *Service) control(ctx context.Context, v *visit, stream net.Stream) error {
	if !v.link.takeControl() {
		return cut(stream, wire.ErrProtocol)
	}
	return s.converse(ctx, v.link, stream)
}

// Meet returns the session with the peer of a connection, when its HELLO was accepted. Where this side dialled, it begins ctl/1, if
// that was not done yet; else it waits for the peer to do so. The session lasts until the connection ends, whatever becomes of ctx.
//
// That the peer accepted the HELLO of this side is not known by then: where it did not, the session ends, and Left hears why.
//
// Errors are a *[HelloError] for a HELLO that was refused here, those of [wire.Ctl.Run] and of [net.Conn], and ctx's, bare. The
// connection is closed then, except where only ctx is done.
func (s *Service) Meet(ctx context.Context, conn net.Conn) (*Session, error) {
	l, ok := s.link(conn)
	if !ok {
		return nil, net.ErrClosed
	}
	if !conn.Inbound() && l.takeControl() && !s.spawn(func() { s.call(l) }) {
		return nil, net.ErrClosed
	}
	return l.wait(ctx)
}

// Late is part of [net.LateHandler]: ctl/1 is for who dialled to begin, also where the peer was quicker with another connection.
func (s *Service) Late(conn net.Conn) {
	if !s.Known(conn.Device()) {
		return
	}
	if l, ok := s.link(conn); ok && l.takeControl() {
		s.spawn(func() { s.call(l) })
	}
}

// call opens ctl/1 and stays on it.
func (s *Service) call(l *link) {
	stream, err := l.conn.Open(s.life)
	if err == nil {
		err = wire.WriteOpen(s.life, stream, wire.ProtocolControl)
	}
	if err != nil {
		l.endControl(err)
		_ = l.conn.Close(uint32(wire.CodeOK)) // it is of no use
		return
	}
	if err := s.converse(s.life, l, stream); err != nil {
		s.options.Log.Debug("control stream ended", "device", l.conn.Device(), "error", err)
	}
}

// spawn runs f in a goroutine that Close waits for, unless it is closed already.
func (s *Service) spawn(f func()) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Go(f)
	}
	return !s.closed
}

// converse says HELLO and hears what the peer says, until the stream ends, and the connection with it.
func (s *Service) converse(ctx context.Context, l *link, stream net.Stream) (err error) {
	defer func() {
		l.endControl(err)
		_ = l.conn.Close(uint32(wire.CodeOK)) // without ctl/1 it is of no use
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := &hearing{service: s, link: l, ctl: wire.NewCtl(stream), pace: newGate(messageRate, messageBurst)}
	mine, err := s.hello(l.conn.Device())
	if err != nil {
		return cut(stream, err)
	}
	h.mine = mine
	err = h.ctl.Run(ctx, mine, func(m wire.Message) error { return h.hear(ctx, m) })
	if h.refused != nil {
		err = h.refused
	}
	if h.session != nil {
		s.twins.left(h.session)
		s.options.Control.Left(h.session, err)
	}
	return err
}

// hello returns what this side says first to a device.
func (s *Service) hello(device keyring.Device) (*wire.Hello, error) {
	cert := s.options.Certificate()
	if cert == nil {
		return nil, keyring.ErrExpired
	}
	p, _ := s.peer(device)
	mine := &wire.Hello{
		MinVersion: wire.Version, MaxVersion: wire.Version, Certificate: cert.Bytes(),
		Features: s.options.Features, Instance: s.options.Instance, Access: p.Access, Software: s.options.Software,
	}
	if card := s.options.Card(); card != nil && p.Access&wire.AccessFriend != 0 {
		mine.Card = card.Bytes()
	}
	return mine, nil
}

// hearing is one side of ctl/1 on which the peer is heard.
type hearing struct {
	service *Service
	link    *link
	ctl     *wire.Ctl
	pace    *gate // of messages, not of bytes
	mine    *wire.Hello

	session *Session // once HELLO was accepted
	refused error    // why it was not
}

func (h *hearing) hear(ctx context.Context, m wire.Message) error {
	if h.refused != nil {
		return nil // until it has heard why
	}
	if err := h.pace.pass(ctx, classFriend, 1); err != nil {
		return err
	}
	switch m := m.(type) {
	case *wire.Hello:
		return h.greet(ctx, m)
	case *wire.Revocations:
		h.service.revoke(ctx, h.session, m)
	}
	h.seen()
	return h.service.options.Control.Heard(ctx, h.session, m)
}

// seen notes that a friend is there.
func (h *hearing) seen() {
	if err := h.service.friends.Saw(h.session.DID); err != nil {
		h.service.options.Log.Warn("last contact is not noted", "friend", h.session.DID, "error", err)
	}
}

// greet judges a HELLO. What is refused is told why.
func (h *hearing) greet(ctx context.Context, m *wire.Hello) error {
	session, err := h.service.judge(ctx, h.link, m)
	if err != nil {
		h.refused = err
		return h.ctl.Send(ctx, sentence(err))
	}
	session.ctl = h.ctl
	_, session.Features, _ = wire.Common(h.mine, m) // Run has found a common version
	h.session = session
	h.seen()
	h.service.watch(session)
	h.service.options.Control.Met(session)
	h.link.meet(session)
	return nil
}

// revoke takes back introductions of a friend.
func (s *Service) revoke(ctx context.Context, session *Session, m *wire.Revocations) {
	changed := false
	for _, b := range m.Notices {
		r, err := friend.ParseRevocation(b)
		if err == nil {
			err = s.friends.AddRevocation(ctx, r)
		}
		if err != nil {
			s.options.Log.Info("revocation is left out", "from", session.DID, "reason", err)
		}
		changed = changed || err == nil
	}
	if changed {
		s.Recheck()
	}
}
