package holder

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/wire"
)

// script is a stream on which a peer says something and closes.
type script struct {
	said io.Reader

	mu     sync.Mutex
	answer []byte
	closed chan struct{}
	once   sync.Once
}

func newScript(said io.Reader) *script { return &script{said: said, closed: make(chan struct{})} }

func (s *script) Read(p []byte) (int, error) { return s.said.Read(p) }

func (s *script) Write(p []byte) (int, error) {
	select {
	case <-s.closed:
		return 0, net.ErrClosed
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = append(s.answer, p...)
	return len(p), nil
}

func (s *script) Close() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *script) CloseWrite() error           { return nil }
func (s *script) Reset(uint32) error          { return s.Close() }
func (s *script) SetDeadline(time.Time) error { return nil }

// scene is a connection that a test plays.
type scene struct {
	device   keyring.Device
	admitted bool
	closed   chan struct{}
	once     sync.Once
}

func newScene(d keyring.Device) *scene { return &scene{device: d, closed: make(chan struct{})} }

func (c *scene) Device() keyring.Device                   { return c.device }
func (c *scene) RemoteAddr() net.Addr                     { return net.Addr{} }
func (c *scene) Inbound() bool                            { return true }
func (c *scene) Transport() net.Transport                 { return net.Memory }
func (c *scene) Open(context.Context) (net.Stream, error) { return nil, net.ErrClosed }
func (c *scene) Admit()                                   { c.admitted = true }
func (c *scene) Done() <-chan struct{}                    { return c.closed }
func (c *scene) Err() error                               { return nil }
func (c *scene) Close(uint32) error                       { c.once.Do(func() { close(c.closed) }); return nil }

// Whatever a stranger says first: nothing panics, nobody is let in, and nothing is told. Whatever a friend says, nothing panics.
func FuzzFirstFrames(f *testing.F) {
	ana, cy, bo := newApart(f, 0), newApart(f, 2), newApart(f, 1, func(o *Options) { o.Public = PublicNo })
	bo.give(ana.did, 1<<20)
	bo.know(ana)
	cert := cy.cert.Load().Bytes()
	for _, m := range []wire.Message{
		&wire.Open{Protocol: wire.ProtocolControl}, &wire.Open{Protocol: wire.ProtocolBlocks}, &wire.Open{Protocol: wire.ProtocolGit},
		&wire.KnockMember{Certificate: cert}, &wire.KnockMember{Certificate: ana.cert.Load().Bytes()},
		&wire.KnockGuest{Certificate: cert, Introduction: cy.introduce(ana.did).Bytes()},
		&wire.KnockGuest{Certificate: cert, Introduction: ana.introduce(newApart(f, 3).did).Bytes()},
		&wire.KnockInvitation{Certificate: cert, Secret: make([]byte, 16), Give: 1},
		&wire.KnockRead{Name: blobstore.ShareName{}, Ranges: []blobstore.Range{{Len: 1}}},
		&wire.Hello{MinVersion: 1, MaxVersion: 1, Certificate: cert}, &wire.Bye{},
	} {
		f.Add(wire.AppendFrame(nil, m), false)
		f.Add(wire.AppendFrame(nil, m), true)
	}
	f.Add(append(wire.AppendFrame(nil, &wire.Open{Protocol: wire.ProtocolControl}),
		wire.AppendFrame(nil, &wire.Hello{MinVersion: 1, MaxVersion: 1, Certificate: ana.cert.Load().Bytes()})...), true)
	f.Fuzz(func(t *testing.T, said []byte, known bool) {
		conn := newScene(cy.device())
		if known {
			conn = newScene(ana.device())
		}
		defer conn.Close(0)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		s := newScript(bytes.NewReader(said))
		bo.service.Serve(ctx, conn, s)
		if _, in := bo.service.peer(cy.device()); in || !known && (conn.admitted || len(s.answer) > 0) {
			t.Errorf("a stranger is let in, or hears %x", s.answer)
		}
	})
}
