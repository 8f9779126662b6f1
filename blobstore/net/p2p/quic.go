package p2p

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	stdnet "net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

const (
	// quicIdle ends a connection that hears nothing; quicAlive is how often there is something to hear.
	quicIdle  = 45 * time.Second
	quicAlive = 15 * time.Second
)

func quicConfig() *quic.Config {
	return &quic.Config{
		Versions:                       []quic.Version{quic.Version1},
		HandshakeIdleTimeout:           net.HandshakeTime / 2, // a handshake may take twice that
		MaxIdleTimeout:                 quicIdle,
		KeepAlivePeriod:                quicAlive,
		InitialStreamReceiveWindow:     quicStreamBase,
		MaxStreamReceiveWindow:         streamWindow,
		InitialConnectionReceiveWindow: quicBase,
		MaxConnectionReceiveWindow:     quicWindow,
		MaxIncomingStreams:             net.MaxStreams + 32, // those beyond MaxStreams the hub refuses, with a code
		MaxIncomingUniStreams:          -1,
	}
}

// A udpEnd is one UDP socket with what QUIC does on it: inbound and outbound connections share it.
type udpEnd struct {
	n         *Network
	socket    *stdnet.UDPConn
	transport *quic.Transport
	listener  *quic.Listener
}

func (n *Network) newUDPEnd(socket *stdnet.UDPConn) (*udpEnd, error) {
	e := &udpEnd{n: n, socket: socket}
	var reset quic.StatelessResetKey
	if _, err := rand.Read(reset[:]); err != nil {
		return nil, err
	}
	e.transport = &quic.Transport{
		Conn:                socket,
		StatelessResetKey:   &reset,
		ConnContext:         e.arrive,
		VerifySourceAddress: func(from stdnet.Addr) bool { return n.Crowded(addrOf(from)) },
	}
	conf := quicConfig()
	conf.AllowConnectionWindowIncrease = func(c *quic.Conn, delta uint64) bool {
		v := visitOf(c.Context())
		return v != nil && v.allowance.draw(int(delta))
	}
	listener, err := e.transport.Listen(&tls.Config{GetConfigForClient: e.hello}, conf)
	if err != nil {
		return nil, err
	}
	e.listener = listener
	return e, nil
}

// A visit is what is known of an inbound connection from its first packet on.
type visit struct {
	proof     proof
	ticket    *net.Ticket
	evicted   atomic.Bool
	allowance allowance
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

// arrive is told of every first packet.
func (e *udpEnd) arrive(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	v := &visit{allowance: allowance{pool: e.n.quicPool, base: quicBase, most: quicWindow}}
	v.ticket = e.n.Arrive(addrOf(info.RemoteAddr), func() { v.evicted.Store(true) })
	context.AfterFunc(ctx, v.ticket.Release)
	return context.WithValue(ctx, visitKey{}, v), nil
}

// hello makes the configuration of one inbound handshake.
func (e *udpEnd) hello(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	v := visitOf(hello.Context())
	if v == nil || v.evicted.Load() {
		return nil, errors.New("too many handshakes")
	}
	conf := e.n.identity.server(&v.proof)
	if _, err := conf.GetConfigForClient(hello); err != nil {
		return nil, err
	}
	return conf, nil
}

// accept takes inbound connections until the listener is closed.
func (e *udpEnd) accept() {
	for {
		c, err := e.listener.Accept(context.Background())
		if err != nil {
			return
		}
		v := visitOf(c.Context())
		e.n.Accept(&quicLink{conn: c, peer: v.proof, addr: addrOf(c.RemoteAddr()), allowance: &v.allowance}, v.ticket)
	}
}

func (n *Network) dialQUIC(ctx context.Context, device keyring.Device, to, name net.Addr) (net.Link, error) {
	ip, _ := to.IP()
	end := n.udpFor(ip)
	if end == nil {
		return nil, errors.New("no socket of this kind of address")
	}
	tlsConf, p := n.identity.client(device)
	conf := quicConfig()
	drawn := &allowance{pool: n.quicPool, base: quicBase, most: quicWindow}
	conf.AllowConnectionWindowIncrease = func(_ *quic.Conn, delta uint64) bool { return drawn.draw(int(delta)) }
	c, err := end.transport.Dial(ctx, &stdnet.UDPAddr{IP: ip.AsSlice(), Port: int(to.Port())}, tlsConf, conf)
	switch {
	case p.wrong:
		return nil, net.ErrWrongDevice
	case err != nil:
		return nil, err
	}
	return &quicLink{conn: c, peer: *p, addr: name, allowance: drawn}, nil
}

func (e *udpEnd) close() {
	_ = e.listener.Close()
	_ = e.transport.Close()
	_ = e.socket.Close()
}

// A quicLink is a [net.Link] of QUIC.
type quicLink struct {
	conn      *quic.Conn
	peer      proof
	addr      net.Addr
	allowance *allowance
	once      sync.Once
}

func (l *quicLink) Device() keyring.Device   { return l.peer.device }
func (l *quicLink) RemoteAddr() net.Addr     { return l.addr }
func (l *quicLink) Transport() net.Transport { return net.QUIC }
func (l *quicLink) Process() net.Process     { return l.peer.process }
func (l *quicLink) Admit()                   { l.allowance.admit() }

func (l *quicLink) Open(context.Context) (net.Stream, error) {
	s, err := l.conn.OpenStream()
	if _, full := errors.AsType[*quic.StreamLimitReachedError](err); full {
		return nil, &net.LimitError{What: "streams that the peer takes", Limit: net.MaxStreams}
	}
	if err != nil {
		return nil, l.explain(err)
	}
	return &quicStream{link: l, raw: s}, nil
}

func (l *quicLink) Accept() (net.Stream, error) {
	s, err := l.conn.AcceptStream(context.Background())
	if err != nil {
		return nil, l.end(err)
	}
	return &quicStream{link: l, raw: s}, nil
}

func (l *quicLink) Close(code uint32) {
	l.once.Do(func() {
		_ = l.conn.CloseWithError(quic.ApplicationErrorCode(code), "")
		l.allowance.close()
	})
}

// end makes of what QUIC says of its end what the contract says.
func (l *quicLink) end(err error) error {
	if e, ok := errors.AsType[*quic.ApplicationError](err); ok {
		return &net.CutError{Device: l.peer.device, Code: uint32(e.ErrorCode), Local: !e.Remote}
	}
	return &net.CutError{Device: l.peer.device, Reason: err.Error()}
}

// explain is for the errors of streams.
func (l *quicLink) explain(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*quic.StreamError](err); ok {
		if e.Remote {
			return &net.ResetError{Code: uint32(e.ErrorCode)}
		}
		return net.ErrClosed
	}
	if errors.Is(err, stdnet.ErrClosed) || l.conn.Context().Err() != nil { // all ends of a connection are the former
		return net.ErrLinkDown
	}
	return fmt.Errorf("quic: %w", err)
}
