package holder

import (
	"context"
	"errors"
	"fmt"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// errCut is somebody who is not let in, and is not told why.
var errCut = errors.New("cut unanswered")

// knock answers what somebody said who may be unknown, or cuts the stream (HOLDER.md §1). The peer has a device, and a DID where
// it is known.
func (s *Service) knock(ctx context.Context, v *visit, stream net.Stream, m wire.Message, p Peer) error {
	var err error
	switch m := m.(type) {
	case *wire.KnockRead:
		return s.readOpen(ctx, v, stream, m, p)
	case *wire.KnockWhere:
		return s.where(ctx, stream, m)
	case *wire.KnockMember:
		err = s.letIn(ctx, v, m.Certificate, s.member)
	case *wire.KnockGuest:
		err = s.letIn(ctx, v, m.Certificate, func(ctx context.Context, cert *keyring.Certificate) error {
			return s.guest(ctx, cert, m.Introduction)
		})
	case *wire.KnockInvitation:
		err = s.letIn(ctx, v, m.Certificate, func(ctx context.Context, cert *keyring.Certificate) error {
			return s.invited(ctx, cert, m)
		})
	default:
		err = wire.ErrUnknown
	}
	if err != nil {
		return cut(stream, err)
	}
	p, _ = s.peer(p.Device)
	return wire.AnswerKnock(ctx, stream, &wire.Welcome{Access: p.Access})
}

// cut ends a stream without an answer.
func cut(stream net.Stream, err error) error {
	_ = stream.Reset(uint32(wire.CodeCancelled)) // it is over in any case
	return fmt.Errorf("%w: %w", errCut, err)
}

// letIn admits the connection of who presents a certificate of its own device that holds, if grant finds that its DID may come
// in. Grant remembers the certificate.
func (s *Service) letIn(
	ctx context.Context, v *visit, certificate []byte, grant func(context.Context, *keyring.Certificate) error,
) error {
	cert, err := s.presented(certificate, v.link.conn.Device())
	if errors.Is(err, ErrTwin) {
		s.report(Twins{DID: s.self, Instances: [2][16]byte{s.options.Instance}})
	}
	if err != nil {
		return err
	}
	if err := cert.Check(s.now()); err != nil {
		return err
	}
	before, _ := s.friends.Certificate(cert.DID())
	if err := grant(ctx, cert); err != nil {
		s.outdated(cert, err)
		return err
	}
	if _, known := s.peer(cert.Device()); !known {
		return fmt.Errorf("%v has no access here", cert.DID())
	}
	v.link.admit()
	v.link.conn.Admit()
	s.replaced(before, cert)
	return nil
}

// outdated reports a machine that a newer one of the same person has replaced, and that goes on all the same: whose certificate it
// is has been seen, and the device that presents it has proved itself.
func (s *Service) outdated(cert *keyring.Certificate, err error) {
	if errors.Is(err, keyring.ErrRetired) {
		s.report(Twins{DID: cert.DID()})
	}
}

// presented reads a certificate that a device presents as its own.
func (s *Service) presented(b []byte, device keyring.Device) (*keyring.Certificate, error) {
	cert, err := keyring.ParseCertificate(b)
	if err != nil {
		return nil, err
	}
	if cert.Device() != device {
		return nil, fmt.Errorf("certificate of device %v: %w", cert.Device(), keyring.ErrMismatch)
	}
	if cert.DID() == s.self {
		return nil, ErrTwin
	}
	return cert, nil
}

// replaced cuts the device that a certificate retired.
func (s *Service) replaced(before keyring.Known, now *keyring.Certificate) {
	if before.Certificate != nil && before.Certificate.Device() != now.Device() {
		s.Recheck()
	}
}

// member lets in who is a friend or member by DID.
func (s *Service) member(ctx context.Context, cert *keyring.Certificate) error {
	if s.access(cert.DID()) == 0 {
		return fmt.Errorf("%v is neither friend nor member", cert.DID())
	}
	_, err := s.friends.AddCertificate(ctx, cert)
	return err
}

// guest lets in who has an introduction that holds.
func (s *Service) guest(ctx context.Context, cert *keyring.Certificate, introduction []byte) error {
	i, err := friend.ParseIntroduction(introduction)
	if err != nil {
		return err
	}
	if err := s.friends.CheckIntroduction(ctx, i, cert.DID()); err != nil {
		return err
	}
	if _, err := s.friends.AddCertificate(ctx, cert); err != nil {
		return err
	}
	if !s.guests.admit(cert.Device(), i) {
		return &friend.LimitError{What: "introductions of one device", Max: maxIntroductions}
	}
	return nil
}

// invited lets in who has the secret of an invitation, once.
func (s *Service) invited(ctx context.Context, cert *keyring.Certificate, m *wire.KnockInvitation) error {
	secret, err := friend.ParseSecret(m.Secret)
	if err != nil {
		return err
	}
	f, err := s.friends.Accept(ctx, secret, cert, m.Give)
	if err != nil {
		return err
	}
	if f.Name == "" && m.Name != "" {
		if err := s.callThem(ctx, cert.DID(), m.Name); err != nil {
			s.options.Log.Info("name is left out", "of", cert.DID(), "reason", err)
		}
	}
	for _, b := range m.Records {
		if err := s.addAddress(ctx, b, cert); err != nil {
			s.options.Log.Info("address record is left out", "of", cert.DID(), "reason", err)
		}
	}
	return nil
}

// callThem calls a new friend who has no name here as they call themselves. Who has that name already keeps it.
func (s *Service) callThem(ctx context.Context, did radicle.DID, name string) error {
	return s.friends.SetFriend(ctx, did, func(f *friend.Friend) error {
		if f.Name == "" {
			f.Name = name
		}
		return nil
	})
}

// addAddress keeps an address record that somebody sends of itself.
func (s *Service) addAddress(ctx context.Context, b []byte, cert *keyring.Certificate) error {
	record, err := friend.ParseAddressRecord(b)
	if err != nil {
		return err
	}
	if record.DID() != cert.DID() {
		return fmt.Errorf("address record of %v: %w", record.DID(), keyring.ErrMismatch)
	}
	return s.friends.AddAddress(ctx, record, cert.DID())
}

// readOpen answers who reads an open share, whoever it is.
func (s *Service) readOpen(ctx context.Context, v *visit, stream net.Stream, m *wire.KnockRead, p Peer) error {
	if s.Public() == PublicNo {
		return cut(stream, blobstore.ErrDenied)
	}
	if p.DID.IsZero() {
		leave, ok := v.link.stay(s)
		if !ok {
			return s.refuse(ctx, v, stream, busy())
		}
		defer leave()
	}
	release, err := s.house.open.wait(ctx, radicle.DID(p.Device), streamPatience)
	if err != nil {
		return s.refuse(ctx, v, stream, err)
	}
	defer release()
	return wire.ServeRead(ctx, stream, m, s.For(Peer{}))
}

// where answers who asks for the holders of an open object.
func (s *Service) where(ctx context.Context, stream net.Stream, m *wire.KnockWhere) error {
	records, err := s.options.Where.Holders(ctx, m.RID, m.OID)
	if err != nil {
		return cut(stream, err)
	}
	return wire.AnswerKnock(ctx, stream, &wire.Found{Records: records[:min(len(records), wire.MaxList)]})
}
