package p2p

import (
	"context"
	"crypto/tls"
	"errors"
	stdnet "net"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

// keepAlive lets the system notice a peer that has gone while nobody had anything to say: after 45 s.
func keepAlive() stdnet.KeepAliveConfig {
	return stdnet.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 6}
}

// acceptTCP takes inbound connections until the listener is closed, and waits for their handshakes.
func (n *Network) acceptTCP(l stdnet.Listener) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for {
		raw, err := l.Accept()
		if errors.Is(err, stdnet.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, most likely; the listener itself does not fail otherwise
			n.log.Warn("accept", "err", err)
			if !n.pause(time.Second) {
				return
			}
			continue
		}
		n.wg.Go(func() { n.welcomeTCP(ctx, raw) })
	}
}

// welcomeTCP does the handshake with somebody who has called.
func (n *Network) welcomeTCP(ctx context.Context, raw stdnet.Conn) {
	addr := addrOf(raw.RemoteAddr())
	ticket := n.Arrive(addr, func() { _ = raw.Close() })
	ctx, cancel := context.WithTimeout(ctx, net.HandshakeTime)
	defer cancel()
	p := &proof{}
	conn := tls.Server(raw, n.identity.server(p))
	link, err := n.secure(ctx, conn, raw, p, addr, true)
	if err != nil {
		n.log.Debug("handshake", "addr", addr, "err", err)
		ticket.Release()
		return
	}
	n.Accept(link, ticket)
}

// secure does the handshake, and closes what it was given if that fails.
func (n *Network) secure(
	ctx context.Context, conn *tls.Conn, raw stdnet.Conn, p *proof, addr net.Addr, inbound bool,
) (net.Link, error) {
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, err
	}
	link, err := newTCPLink(conn, raw, *p, addr, n.tcpPool, inbound)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return link, nil
}

func (n *Network) dialTCP(ctx context.Context, device keyring.Device, to, name net.Addr) (net.Link, error) {
	dialer := stdnet.Dialer{KeepAliveConfig: keepAlive()}
	raw, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	conf, p := n.identity.client(device)
	link, err := n.secure(ctx, tls.Client(raw, conf), raw, p, name, false)
	if p.wrong {
		return nil, net.ErrWrongDevice
	}
	return link, err
}
