package holder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/wire"
)

// Why a HELLO is refused, beside the errors of keyring.
var (
	// ErrTwin is somebody with the Radicle key of this home.
	ErrTwin = errors.New("the same radicle key is in use on another machine")
	// ErrStranger is somebody who may do nothing here.
	ErrStranger = errors.New("no access here")
)

// HelloError is a HELLO that was refused: [ErrTwin], [ErrStranger], [keyring.ErrClock], [keyring.ErrRetired],
// [keyring.ErrExpired], [keyring.ErrMismatch], or that of a certificate that cannot be read.
type HelloError struct {
	Device keyring.Device
	Err    error
}

func (e *HelloError) Error() string { return fmt.Sprintf("hello of device %v: %v", e.Device, e.Err) }

// Unwrap returns the reason.
func (e *HelloError) Unwrap() error { return e.Err }

// sentence is what is said to who is refused. It tells nothing that it does not know.
func sentence(err error) *wire.Bye {
	text := "your device certificate is not valid here"
	clock, isClock := errors.AsType[*keyring.ClockError](err)
	switch {
	case isClock:
		text = fmt.Sprintf("your certificate is dated %s, and the clock here says %s: check the clocks of both machines",
			stamp(clock.Dated), stamp(clock.Clock))
	case errors.Is(err, ErrTwin):
		text = "this radicle key is in use on two machines: give each its own"
	case errors.Is(err, keyring.ErrRetired):
		text = "a newer certificate names another device: one did has one device at a time"
	case errors.Is(err, keyring.ErrExpired):
		text = "your device certificate has run out: renew it"
	case errors.Is(err, keyring.ErrMismatch):
		text = "your certificate names another device"
	case errors.Is(err, ErrStranger):
		text = "you have no access here"
	}
	return &wire.Bye{Code: wire.CodeDenied, Text: text}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// judge says whether a HELLO is accepted, and from whom it is (HOLDER.md §1).
func (s *Service) judge(ctx context.Context, l *link, m *wire.Hello) (*Session, error) {
	device := l.conn.Device()
	cert, standing, err := s.certify(ctx, l, m)
	if err != nil {
		return nil, &HelloError{device, err}
	}
	p, known := s.peer(device)
	if !known {
		p = Peer{DID: cert.DID(), Device: device, Standing: standing}
	}
	if known {
		l.admit()
		l.conn.Admit()
	}
	session := &Session{
		Peer: p, Conn: l.conn, Granted: m.Access, Instance: m.Instance, Software: m.Software, Certificate: cert,
		Card: s.cardOf(ctx, p, m.Card),
	}
	return session, nil
}

// certify reads the certificate of a HELLO and remembers it, if its DID has an access here. Of whom this side dialled it need not
// have one: we may be its guest.
func (s *Service) certify(ctx context.Context, l *link, m *wire.Hello) (*keyring.Certificate, keyring.Standing, error) {
	cert, err := s.presented(m.Certificate, l.conn.Device())
	if errors.Is(err, ErrTwin) {
		s.report(Twins{DID: s.self, Instances: [2][16]byte{s.options.Instance, m.Instance}})
	}
	if err != nil {
		return nil, 0, err
	}
	p, _ := s.peer(l.conn.Device())
	if s.access(cert.DID()) == 0 && p.DID != cert.DID() {
		if l.conn.Inbound() {
			return nil, 0, ErrStranger
		}
		return cert, keyring.Current, cert.Check(s.now())
	}
	before, _ := s.friends.Certificate(cert.DID())
	standing, err := s.friends.AddCertificate(ctx, cert)
	if err != nil {
		return nil, 0, err
	}
	s.replaced(before, cert)
	return cert, standing, nil
}

// cardOf remembers the key card that a friend gave. What is wrong with it does not keep the friend out.
func (s *Service) cardOf(ctx context.Context, p Peer, b []byte) *keyring.Card {
	if len(b) == 0 || p.Access&wire.AccessFriend == 0 {
		return s.friends.Card(p.DID)
	}
	card, err := keyring.ParseCard(b)
	if err == nil && card.DID() != p.DID {
		err = fmt.Errorf("card of %v: %w", card.DID(), keyring.ErrMismatch)
	}
	if err == nil {
		err = s.friends.AddCard(ctx, card)
	}
	if err != nil {
		s.options.Log.Info("key card is left out", "of", p.DID, "reason", err)
	}
	return s.friends.Card(p.DID)
}
