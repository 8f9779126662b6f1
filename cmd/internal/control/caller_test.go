package control_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
)

// service is a daemon in this process that is locked until it gets a passphrase.
type service struct {
	place       control.Place
	open        atomic.Bool
	asked       atomic.Int64
	connections atomic.Int64
	stop        func()
}

func serve(t *testing.T, p control.Place) *service {
	t.Helper()
	s := &service{place: p}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- daemon.Run(ctx, daemon.Options{Place: p, Software: "test", Ready: func() { close(ready) }, Open: s.routes})
	}()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		done <- nil
	}
	t.Cleanup(func() { s.stop() })
	select {
	case <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	return s
}

type nothing struct{}

func (nothing) Close() error { return nil }

func (s *service) routes(context.Context) (*daemon.Routes, io.Closer, error) {
	r := &daemon.Routes{}
	r.Handle("POST /v1/unlock", func(_ context.Context, in *daemon.Request) (any, error) {
		var u control.Unlock
		if err := in.Decode(&u); err != nil {
			return nil, err
		}
		if u.Passphrase != "right" {
			return nil, &control.Error{Code: control.CodeLocked, Message: "wrong"}
		}
		s.open.Store(true)
		return nothing{}, nil
	})
	r.Stream("POST /v1/work", func(_ context.Context, _ *daemon.Request, tell func(control.Line)) (any, error) {
		s.asked.Add(1)
		if !s.open.Load() {
			return nil, &control.Error{Code: control.CodeLocked, Message: "locked"}
		}
		tell(control.Line{Note: "at work"})
		return 7, nil
	})
	return r, nothing{}, nil
}

func place(t *testing.T) control.Place {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return control.Place{Dir: filepath.Join(dir, "swarm")}
}

func env(pairs map[string]string) func(string) (string, bool) {
	return func(key string) (string, bool) { value, ok := pairs[key]; return value, ok }
}

// A daemon that is locked is unlocked with what the environment has, once.
func TestCallerUnlocks(t *testing.T) {
	s := serve(t, place(t))
	for _, passphrase := range []string{"wrong", "right"} { // which opens it for good
		want := control.Code("")
		if passphrase == "wrong" {
			want = control.CodeLocked
		}
		c := control.NewCaller(s.place, env(map[string]string{"RAD_PASSPHRASE": passphrase, "SSH_AUTH_SOCK": "/nowhere"}))
		defer c.Close()
		before := s.asked.Load()
		if c.Running() {
			t.Error("nobody was asked, and it runs")
		}
		answer, notes := 0, 0
		err := c.Watch(t.Context(), http.MethodPost, "/v1/work", nil, &answer, func(control.Line) error { notes++; return nil })
		var said *control.Error
		if want != "" && (!errors.As(err, &said) || said.Code != want || s.asked.Load() != before+1) {
			t.Errorf("%s: %v", passphrase, err)
		}
		if want == "" && (err != nil || answer != 7 || notes != 1 || s.asked.Load() != before+2) {
			t.Errorf("%s: %v, %d, %d notes", passphrase, err, answer, notes)
		}
	}
}

// A daemon that went away is looked for once more.
func TestCallerGoesOn(t *testing.T) {
	s := serve(t, place(t))
	s.open.Store(true)
	c := control.NewCaller(s.place, env(nil))
	defer c.Close()
	for range 3 {
		if err := c.Call(t.Context(), http.MethodGet, "/v1/hello", nil, nil); err != nil {
			t.Fatal(err)
		}
		s.stop()
		s = serve(t, s.place)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Call(ctx, http.MethodGet, "/v1/hello", nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Answers in lines leave the connection as it was: ten thousand questions need one.
func TestOneConnection(t *testing.T) {
	p := place(t)
	s := serve(t, p)
	s.open.Store(true)
	socket, err := p.Socket()
	if err != nil {
		t.Fatal(err)
	}
	// A listener in between counts.
	between := control.Place{Dir: filepath.Join(filepath.Dir(p.Dir), "between")}
	if err := os.MkdirAll(between.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(between.Dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.connections.Add(1)
			go pipe(conn, socket)
		}
	}()
	c, _, err := control.Connect(t.Context(), between)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 100 {
		if err := c.Watch(t.Context(), http.MethodPost, "/v1/work", nil, nil, nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.connections.Load(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func pipe(conn net.Conn, socket string) {
	to, err := net.Dial("unix", socket)
	if err != nil {
		_ = conn.Close()
		return
	}
	go func() {
		_, _ = io.Copy(to, conn)
		_ = to.Close()
	}()
	_, _ = io.Copy(conn, to)
	_ = conn.Close()
}
