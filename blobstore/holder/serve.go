package holder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
)

const (
	// refusalTime is how long somebody has to hear that there is no answer.
	refusalTime = 10 * time.Second
	// streamPatience is how long a stream waits for its turn. Nothing is said meanwhile, and an asker waits for 10 s.
	streamPatience = 5 * time.Second
)

// Serve is part of [net.Handler]: it reads what a stream is, and answers it.
func (s *Service) Serve(ctx context.Context, conn net.Conn, stream net.Stream) {
	l, ok := s.link(conn)
	if !ok {
		_ = stream.Reset(uint32(wire.CodeCancelled)) // it is over in any case
		return
	}
	ctx, v, ok := l.begin(ctx)
	if !ok {
		_ = stream.Reset(uint32(wire.CodeBusy))
		return
	}
	defer v.end()
	defer context.AfterFunc(s.life, v.cancel)()
	if err := s.serve(ctx, v, stream); err != nil {
		s.options.Log.Debug("stream ended", "device", conn.Device(), "address", conn.RemoteAddr(), "error", err)
	}
}

// serve answers a stream of somebody who is known, or the knock of somebody who is not.
func (s *Service) serve(ctx context.Context, v *visit, stream net.Stream) error {
	p, known := s.peer(v.link.conn.Device())
	if !known {
		return s.stranger(ctx, v, stream)
	}
	v.link.admit()
	m, err := wire.ReadFirst(ctx, stream)
	if err != nil {
		return err
	}
	open, ok := m.(*wire.Open)
	if !ok {
		return s.knock(ctx, v, stream, m, p)
	}
	switch open.Protocol {
	case wire.ProtocolControl:
		return s.control(ctx, v, stream)
	case wire.ProtocolBlocks:
		return s.afterHello(ctx, v, stream, s.blocks)
	case wire.ProtocolGit:
		return s.afterHello(ctx, v, stream, s.git)
	}
	return s.refuse(ctx, v, stream, wire.ErrUnknown)
}

// afterHello answers a stream when the peer's HELLO was accepted: it may be under way, and bring a new certificate.
func (s *Service) afterHello(
	ctx context.Context, v *visit, stream net.Stream, answer func(context.Context, *visit, net.Stream, Peer) error,
) error {
	waiting, cancel := context.WithTimeout(ctx, streamPatience)
	defer cancel()
	if _, err := v.link.wait(waiting); err != nil {
		return s.refuse(ctx, v, stream, blobstore.ErrDenied)
	}
	p, known := s.peer(v.link.conn.Device())
	if !known {
		return s.refuse(ctx, v, stream, blobstore.ErrDenied)
	}
	return answer(ctx, v, stream, p)
}

// stranger answers the knock of somebody unknown. Who is cut has no more to say.
func (s *Service) stranger(ctx context.Context, v *visit, stream net.Stream) error {
	m, err := wire.ReadKnock(ctx, stream)
	if err == nil {
		err = s.knock(ctx, v, stream, m, Peer{Device: v.link.conn.Device()})
	} else {
		err = fmt.Errorf("%w: %w", errCut, err)
	}
	if errors.Is(err, errCut) {
		_ = v.link.conn.Close(uint32(wire.CodeDenied)) // it is over in any case
	}
	return err
}

// refuse tells the peer that there is no answer, if not too many are being told that.
func (s *Service) refuse(ctx context.Context, v *visit, stream net.Stream, err error) error {
	if !v.link.takeRefusal() {
		code := wire.CodeUnknown
		if errors.Is(err, blobstore.ErrBusy) {
			code = wire.CodeBusy
		}
		return errors.Join(err, stream.Reset(uint32(code)))
	}
	defer v.link.giveRefusal()
	ctx, cancel := context.WithTimeout(ctx, refusalTime)
	defer cancel()
	return errors.Join(err, wire.Refuse(ctx, stream, err))
}

// blocks answers a blk/1 stream.
func (s *Service) blocks(ctx context.Context, v *visit, stream net.Stream, p Peer) error {
	r := s.rights(p)
	release, err := s.house.streams(r.class()).wait(ctx, r.peer, streamPatience)
	if err != nil {
		return s.refuse(ctx, v, stream, err)
	}
	defer release()
	v.lives(p.Access&(wire.AccessFriend|wire.AccessGuest), r.issuers)
	return wire.Serve(ctx, stream, s.For(p))
}

// git hands a git/1 stream of a member on.
func (s *Service) git(ctx context.Context, v *visit, stream net.Stream, p Peer) error {
	if s.options.Git == nil || p.Access&wire.AccessMember == 0 {
		return s.refuse(ctx, v, stream, wire.ErrUnknown)
	}
	release, ok := s.house.git.take(p.DID)
	if !ok {
		return s.refuse(ctx, v, stream, busy())
	}
	defer release()
	v.lives(wire.AccessMember, nil)
	return s.options.Git.ServeGit(ctx, p, stream)
}
