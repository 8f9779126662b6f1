//go:build unix

package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// The test binary is a daemon when it is called like one.
func TestMain(m *testing.M) {
	if len(os.Args) >= 3 && os.Args[1] == "daemon" && os.Args[2] == "--detached" {
		if err := beDaemon(len(os.Args) > 3); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func beDaemon(newStore bool) error {
	home, err := profile.Find(os.LookupEnv)
	if err != nil {
		return err
	}
	o := app.Daemon(app.Options{
		Home: home, Software: "test", NewStore: newStore,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	return daemon.Detached(context.Background(), o, os.Stdout)
}

// home is a home whose daemon, if one is started, ends with the test.
type home struct {
	*profile.Profile
	control.Place
	t      *testing.T
	listen string
}

// patience is for a test that hangs: on a busy machine friends are left alone for a while and asked again.
const patience = 3 * time.Minute

// freePort is an address of this machine that nobody listens on. It stays the same when a daemon starts again: friends know it.
// Where all of 127.0.0.0/8 is this machine it is on an address that nobody else uses, so that nobody takes the port meanwhile.
func freePort(t *testing.T) string {
	t.Helper()
	own := netip.AddrFrom4([4]byte{127, byte(1 + rand.N(254)), byte(rand.N(256)), byte(1 + rand.N(254))})
	l, err := net.Listen("tcp", netip.AddrPortFrom(own, 0).String())
	if err != nil {
		l, err = net.Listen("tcp", "127.0.0.1:0")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// newHome makes a home with a daemon that listens on a free port of this machine, and looks for nobody.
func newHome(t *testing.T, alias string, passphrase string) *home {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs") // a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h, err := profile.NewHome(filepath.Join(dir, alias))
	if err != nil {
		t.Fatal(err)
	}
	p, err := app.CreateHome(t.Context(), h, radicle.Alias(alias), []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	one := &home{p, control.At(h), t, freePort(t)}
	one.configure(func(*app.Config) {})
	t.Cleanup(one.stop)
	return one
}

func (h *home) configure(change func(*app.Config)) {
	h.t.Helper()
	c, err := app.LoadConfig(h.Place)
	if err != nil {
		h.t.Fatal(err)
	}
	c.Listen, c.Guess, c.UPnP, c.Floor = []string{h.listen}, false, false, -1
	change(&c)
	if err := c.Save(h.Place); err != nil {
		h.t.Fatal(err)
	}
}

// tryStart starts the daemon.
func (h *home) tryStart(args ...string) error {
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	return control.Start(h.t.Context(), h.Place, self, append([]string{"daemon", "--detached"}, args...)...)
}

// start starts the daemon and returns a client.
func (h *home) start(args ...string) *control.Client {
	h.t.Helper()
	if err := h.tryStart(args...); err != nil {
		h.t.Fatalf("%v\n%s", err, h.log())
	}
	return h.client()
}

func (h *home) client() *control.Client {
	h.t.Helper()
	c, _, err := control.Connect(h.t.Context(), h.Place)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(c.Close)
	return c
}

func (h *home) log() []byte {
	b, _ := os.ReadFile(h.Log())
	return b
}

// stop stops the daemon, if one runs, and waits for its end.
func (h *home) stop() {
	c, hello, err := control.Connect(context.Background(), h.Place)
	if err != nil {
		return
	}
	defer c.Close()
	_ = c.Call(context.Background(), http.MethodPost, "/v1/stop", nil, nil)
	h.gone(hello.PID)
}

// kill kills the daemon as a loss of power would.
func (h *home) kill() {
	h.t.Helper()
	c, hello, err := control.Connect(h.t.Context(), h.Place)
	if err != nil {
		h.t.Fatal(err)
	}
	c.Close()
	if err := syscall.Kill(hello.PID, syscall.SIGKILL); err != nil {
		h.t.Fatal(err)
	}
	h.gone(hello.PID)
}

// gone waits until nobody is the daemon any more.
func (h *home) gone(pid int) {
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if lock, err := daemon.Lock(h.Lock()); err == nil {
			_ = lock.Close()
			var status syscall.WaitStatus
			_, _ = syscall.Wait4(pid, &status, 0, nil) // it is a child of ours
			return
		}
		select {
		case <-deadline:
			h.t.Errorf("daemon %d does not end\n%s", pid, h.log())
			return
		case <-tick.C:
		}
	}
}

// call asks the daemon, and fails the test where it answers with an error.
func call[Out any](h *home, c *control.Client, method, path string, in any) (out Out) {
	h.t.Helper()
	if err := c.Call(h.t.Context(), method, path, in, &out); err != nil {
		h.t.Fatalf("%s %s: %v\n%s", method, path, err, h.log())
	}
	return out
}

// watch is call for an answer in lines.
func watch[Out any](h *home, c *control.Client, method, path string, in any) (out Out) {
	h.t.Helper()
	if err := c.Watch(h.t.Context(), method, path, in, &out, func(control.Line) error { return nil }); err != nil {
		h.t.Fatalf("%s %s: %v\n%s", method, path, err, h.log())
	}
	return out
}

// refuses asks the daemon and returns the error that it answers with.
func refuses(h *home, c *control.Client, method, path string, in any) *control.Error {
	h.t.Helper()
	err := c.Watch(h.t.Context(), method, path, in, nil, func(control.Line) error { return nil })
	e, ok := errors.AsType[*control.Error](err)
	if !ok {
		h.t.Fatalf("%s %s: %v\n%s", method, path, err, h.log())
	}
	return e
}

func (h *home) status(c *control.Client) control.Status {
	h.t.Helper()
	return call[control.Status](h, c, http.MethodGet, "/v1/status", nil)
}

// until waits until a condition holds, asking every few milliseconds.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %v", what, patience)
		case <-tick.C:
		}
	}
}

func file(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sameFile(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes of %d, %v", path, len(got), len(want), err)
	}
}
