package p2p

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdnet "net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-yamux/v5"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

const (
	// frameSize is the longest yamux frame that is sent: with its header it fills one record of TLS.
	frameSize = 16 << 10
	// pingEvery and stallTime end a connection whose peer has gone silently, after 90 s at most, and one that has not moved
	// a byte for 60 s while there was something to send.
	pingEvery = 30 * time.Second
	stallTime = 60 * time.Second
	// byeTime is how long the code of a Close may take to leave.
	byeTime = 100 * time.Millisecond
)

func yamuxConfig() *yamux.Config {
	return &yamux.Config{
		AcceptBacklog:           256, // also how many streams may be opening: more than MaxStreams, so that it never blocks
		PingBacklog:             32,
		EnableKeepAlive:         true,
		KeepAliveInterval:       pingEvery,
		MeasureRTTInterval:      pingEvery,
		ConnectionWriteTimeout:  stallTime,
		MaxIncomingStreams:      net.MaxStreams + 32, // those beyond MaxStreams the hub refuses, with a code
		InitialStreamWindowSize: streamWindow,        // all at once: yamux 5.1.0 forgets half a window each time that it grows one
		MaxStreamWindowSize:     streamWindow,
		LogOutput:               io.Discard,
		MaxMessageSize:          frameSize,
	}
}

// A tcpLink is a [net.Link] of yamux in TLS over TCP.
type tcpLink struct {
	peer    proof
	addr    net.Addr
	meter   *meter
	session *yamux.Session
	once    sync.Once

	mu      sync.Mutex
	streams map[uint32]*tcpStream // open ones
}

func newTCPLink(conn, raw stdnet.Conn, peer proof, addr net.Addr, p *pool, inbound bool) (*tcpLink, error) {
	l := &tcpLink{peer: peer, addr: addr, meter: newMeter(conn, raw, p), streams: map[uint32]*tcpStream{}}
	l.meter.drop = l.drop
	begin := yamux.Client
	if inbound {
		begin = yamux.Server
	}
	session, err := begin(l.meter, yamuxConfig(), nil)
	if err != nil {
		return nil, err
	}
	l.session = session
	return l, nil
}

func (l *tcpLink) Device() keyring.Device   { return l.peer.device }
func (l *tcpLink) RemoteAddr() net.Addr     { return l.addr }
func (l *tcpLink) Transport() net.Transport { return net.TCP }
func (l *tcpLink) Process() net.Process     { return l.peer.process }
func (l *tcpLink) Admit()                   { l.meter.allowance.admit() }

func (l *tcpLink) Open(ctx context.Context) (net.Stream, error) {
	s, err := l.session.OpenStream(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, l.explain(err)
	}
	return l.keep(s), nil
}

func (l *tcpLink) Accept() (net.Stream, error) {
	s, err := l.session.AcceptStream()
	if err != nil {
		return nil, l.end(err)
	}
	return l.keep(s), nil
}

func (l *tcpLink) keep(raw *yamux.Stream) *tcpStream {
	s := &tcpStream{link: l, raw: raw}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.streams[raw.StreamID()] = s
	return s
}

// drop resets a stream that its reader has left alone for too long.
func (l *tcpLink) drop(id uint32) {
	l.mu.Lock()
	s := l.streams[id]
	l.mu.Unlock()
	if s != nil {
		s.dropped.Store(true)
		_ = s.Reset(net.CodeBusy)
	}
}

// forget is called when a stream has ended on this side.
func (l *tcpLink) forget(id uint32) {
	l.meter.forget(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.streams, id)
}

// Close tells the peer the code, unless that would have to wait.
func (l *tcpLink) Close(code uint32) {
	l.once.Do(func() {
		l.meter.hurry(byeTime)
		_ = l.session.CloseWithError(code)
		_ = l.meter.Close()
	})
}

// end makes of what yamux says of its end what the contract says.
func (l *tcpLink) end(err error) error {
	if e, ok := errors.AsType[*yamux.GoAwayError](err); ok {
		return &net.CutError{Device: l.peer.device, Code: e.ErrorCode, Local: !e.Remote}
	}
	if errors.Is(err, io.EOF) {
		return &net.CutError{Device: l.peer.device}
	}
	return &net.CutError{Device: l.peer.device, Reason: err.Error()}
}

// explain is for the errors of streams.
func (l *tcpLink) explain(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	if e, ok := errors.AsType[*yamux.StreamError](err); ok {
		if e.Remote {
			return &net.ResetError{Code: e.ErrorCode}
		}
		return net.ErrClosed
	}
	switch {
	case errors.Is(err, net.ErrClosed):
		return err
	case l.session.IsClosed():
		return net.ErrLinkDown
	case errors.Is(err, yamux.ErrTimeout):
		return os.ErrDeadlineExceeded
	case errors.Is(err, yamux.ErrStreamReset), errors.Is(err, yamux.ErrStreamClosed):
		return net.ErrClosed
	}
	return fmt.Errorf("yamux: %w", err)
}

// A tcpStream is a [net.Stream] of yamux.
type tcpStream struct {
	link     *tcpLink
	raw      *yamux.Stream
	ended    atomic.Bool               // by Close, Reset or drop
	dropped  atomic.Bool               // by drop
	deadline atomic.Pointer[time.Time] // nil: none. Yamux has two clocks for it, which do not strike together
}

func (s *tcpStream) Read(p []byte) (int, error) {
	if err := s.over(); err != nil {
		return 0, err
	}
	n, err := s.raw.Read(p)
	if n > 0 {
		s.link.meter.read(s.raw.StreamID(), n)
	}
	return n, s.explain(err)
}

func (s *tcpStream) Write(p []byte) (int, error) {
	if err := s.over(); err != nil {
		return 0, err
	}
	n, err := s.raw.Write(p)
	return n, s.explain(err)
}

func (s *tcpStream) SetDeadline(t time.Time) error {
	s.deadline.Store(nil)
	if !t.IsZero() {
		s.deadline.Store(&t)
	}
	return s.raw.SetDeadline(t)
}

func (s *tcpStream) explain(err error) error {
	if err != nil && s.dropped.Load() {
		return &net.LimitError{What: "unread bytes of a connection", Limit: tcpUnread}
	}
	return s.link.explain(err)
}

// over says what keeps a Read or Write from beginning.
func (s *tcpStream) over() error {
	if s.ended.Load() {
		return s.explain(net.ErrClosed)
	}
	if t := s.deadline.Load(); t != nil && !time.Now().Before(*t) {
		return os.ErrDeadlineExceeded
	}
	return nil
}

func (s *tcpStream) CloseWrite() error { return s.link.explain(s.raw.CloseWrite()) }

func (s *tcpStream) Close() error {
	err := s.soon(s.raw.Close)
	s.link.forget(s.raw.StreamID())
	return s.link.explain(err)
}

func (s *tcpStream) Reset(code uint32) error {
	err := s.soon(func() error { return s.raw.ResetWithError(code) })
	s.link.forget(s.raw.StreamID())
	return s.link.explain(err)
}

// soon does what ends a stream. The stream has ended at once; to say so to the other side may have to wait behind what is
// being sent, and that this does not wait for.
func (s *tcpStream) soon(end func() error) error {
	s.ended.Store(true)
	said := make(chan error, 1)
	go func() { said <- end() }()
	timer := time.NewTimer(byeTime)
	defer timer.Stop()
	select {
	case err := <-said:
		return err
	case <-timer.C:
		return nil
	}
}
