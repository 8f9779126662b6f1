//go:build unix

package app_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"radswarm/blobstore/friend"
	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/radicle/profile"
)

func TestStatus(t *testing.T) {
	ana := newHome(t, "ana", "")
	c := ana.start()
	s := ana.status(c)
	if s.DID != ana.DID() || s.Alias != "ana" || s.Locked != "" || s.Store.Problem != "" || len(s.Addresses) != 1 {
		t.Errorf("%+v", s)
	}
	if s.Certificate == nil || time.Until(*s.Certificate) < 89*24*time.Hour {
		t.Errorf("certificate until %v", s.Certificate)
	}
	if s.Jobs == nil || s.Warnings == nil || s.Software != "test" {
		t.Errorf("%+v", s)
	}
	for _, name := range []string{"device.key", "certificate", "card", "instance", "store", friend.FileName, app.ConfigFile} {
		info, err := os.Stat(filepath.Join(ana.Place.Dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// Whatever a daemon was doing when it was killed, the next one is the same home.
func TestKilledAndStartedAgain(t *testing.T) {
	ana := newHome(t, "ana", "")
	first := ana.status(ana.start())
	files := func() (all []string) {
		for _, name := range []string{"device.key", "certificate", "card", "instance", "store"} {
			b, err := os.ReadFile(filepath.Join(ana.Place.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, string(b))
		}
		return all
	}
	before := files()
	for range 2 {
		write(t, filepath.Join(ana.Place.Dir, "card.new-0123"), "half a c")
		ana.kill()
		s := ana.status(ana.start())
		if s.Device != first.Device || s.PID == first.PID || !s.Certificate.Equal(*first.Certificate) {
			t.Errorf("%+v", s)
		}
	}
	if !slices.Equal(before, files()) {
		t.Error("keys have changed")
	}
	if exists(filepath.Join(ana.Place.Dir, "card.new-0123")) {
		t.Error("what a crash has left stays")
	}
}

func TestNoHome(t *testing.T) {
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if _, err := app.Open(t.Context(), app.Options{Home: mustHome(t, dir), Software: "test"}); err == nil ||
		app.Explain(err).Hint != "rad swarm auth --alias NAME" {
		t.Error(err)
	}
}

func mustHome(t *testing.T, dir string) profile.Home {
	t.Helper()
	h, err := profile.NewHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// What is wrong with settings, port or database is said by whoever starts the daemon, with what helps.
func TestStartIsRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for name, x := range map[string]struct {
		do         func(*testing.T, *home)
		said, hint string
	}{
		"unknown setting": {func(t *testing.T, h *home) {
			write(t, filepath.Join(h.Place.Dir, app.ConfigFile), `{"limits": 3}`)
		}, "config.json: limits: this version knows no such setting", "${EDITOR:-vi} "},
		"port in use": {func(_ *testing.T, h *home) {
			h.configure(func(c *app.Config) { c.Listen = []string{taken.Addr().String()} })
		}, "address already in use", "${EDITOR:-vi} "},
		"device key for everybody": {func(t *testing.T, h *home) {
			h.start()
			h.stop()
			if err := os.Chmod(filepath.Join(h.Place.Dir, "device.key"), 0o644); err != nil {
				t.Fatal(err)
			}
		}, "file is not private", "chmod 600 "},
		"damaged database": {func(t *testing.T, h *home) {
			h.start()
			until(t, "the daily copy is there", func() bool { return exists(filepath.Join(h.Place.Dir, friend.FileName) + ".1") })
			h.stop()
			write(t, filepath.Join(h.Place.Dir, friend.FileName), strings.Repeat("x", 8192))
		}, friend.FileName, "rad swarm daemon --restore "},
		"damaged card": {func(t *testing.T, h *home) {
			h.start()
			h.stop()
			write(t, filepath.Join(h.Place.Dir, "card"), "x")
		}, "card: ", "mv "},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHome(t, "ana", "")
			x.do(t, h)
			e, ok := errors.AsType[*control.StartError](h.tryStart())
			if !ok || !strings.Contains(e.Said, x.said) || !strings.HasPrefix(e.Hint, x.hint) || strings.Contains(e.Said, "\n") {
				t.Errorf("%+v", e)
			}
		})
	}
}

// A database that is damaged is put back from its daily copy, and what was known then is known again.
func TestRestore(t *testing.T) {
	ana := newHome(t, "ana", "")
	c := ana.start()
	call[control.Invitation](ana, c, http.MethodPost, "/v1/invitations", control.Invite{Give: 1e9, Name: "bo"})
	if err := app.Restore(t.Context(), ana.Profile.Home, "anything"); !errors.Is(err, daemon.ErrRunning) {
		t.Error(err)
	}
	path := filepath.Join(ana.Place.Dir, friend.FileName)
	until(t, "the daily copy is there", func() bool { return exists(path + ".1") })
	ana.stop()
	write(t, path, strings.Repeat("x", 8192))
	e, ok := errors.AsType[*control.StartError](ana.tryStart())
	if !ok {
		t.Fatal("it starts")
	}
	from := strings.TrimPrefix(e.Hint, "rad swarm daemon --restore ")
	if err := app.Restore(t.Context(), ana.Profile.Home, from); err != nil {
		t.Fatalf("%s: %v", e.Hint, err)
	}
	all := call[control.Friends](ana, ana.start(), http.MethodGet, "/v1/friends", nil)
	if all.Friends == nil && all.Invitations == nil {
		t.Errorf("%+v", all)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A home without its key serves and answers, and says what it cannot do; with the passphrase it can.
func TestLockedAndUnlocked(t *testing.T) {
	const passphrase = "seven lost umbrellas"
	t.Setenv("SSH_AUTH_SOCK", "")
	t.Setenv("RAD_PASSPHRASE", passphrase) // which no daemon is told
	ana := newHome(t, "ana", passphrase)
	c := ana.start()
	s := ana.status(c)
	if s.Locked == "" || s.Certificate != nil || len(s.Addresses) == 0 || s.Store.Problem != "" {
		t.Errorf("%+v", s)
	}
	put := control.Put{Path: file(t, "film", []byte("film")), Require: control.Local}
	if e := refuses(ana, c, http.MethodPost, "/v1/put", put); e.Code != control.CodeLocked || e.Hint != "rad swarm unlock" {
		t.Errorf("%+v", e)
	}
	for _, wrong := range []control.Unlock{{}, {Passphrase: "wrong"}, {Agent: "/nowhere"}} {
		if e := refuses(ana, c, http.MethodPost, "/v1/unlock", wrong); e.Code != control.CodeLocked {
			t.Errorf("%+v: %+v", wrong, e)
		}
	}
	s = call[control.Status](ana, c, http.MethodPost, "/v1/unlock", control.Unlock{Passphrase: passphrase})
	if s.Locked != "" || s.Certificate == nil {
		t.Errorf("%+v", s)
	}
	watch[control.Stored](ana, c, http.MethodPost, "/v1/put", put)
	if e := refuses(ana, c, http.MethodPost, "/v1/unlock", control.Unlock{Passphrase: "wrong"}); e.Code != control.CodeLocked {
		t.Errorf("%+v", e)
	}
	if s := ana.status(c); s.Locked != "" {
		t.Error("a wrong passphrase locked it")
	}
	call[control.Status](ana, c, http.MethodPost, "/v1/unlock", control.Unlock{}) // it is
	nothingWritten(t, ana, passphrase)

	ana.stop()
	s = ana.status(ana.start())
	if s.Locked == "" || s.Certificate == nil {
		t.Errorf("%+v", s)
	}
}

// nothingWritten fails if a text is in a file of the swarm folder.
func nothingWritten(t *testing.T, h *home, text string) {
	t.Helper()
	err := filepath.WalkDir(h.Place.Dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if strings.Contains(string(b), text) {
			t.Errorf("%s has it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// An agent is asked for one signature a certificate, two for the secret, one for the card, and none when they are there.
func TestAgent(t *testing.T) {
	ana := newHome(t, "ana", "secret")
	socket, count := agentWith(t, ana, "secret")
	t.Setenv("SSH_AUTH_SOCK", socket)
	if s := ana.status(ana.start()); s.Locked != "" || s.Certificate == nil {
		t.Errorf("%+v", s)
	}
	if n := count(); n != 4 {
		t.Errorf("%d signatures for certificate, secret and card", n)
	}
	ana.stop()
	ana.status(ana.start())
	if n := count(); n != 0 {
		t.Errorf("%d signatures for nothing", n)
	}
	ana.stop()

	t.Setenv("SSH_AUTH_SOCK", "")
	c := ana.start()
	if s := ana.status(c); s.Locked == "" {
		t.Error("no agent, not locked")
	}
	s := call[control.Status](ana, c, http.MethodPost, "/v1/unlock", control.Unlock{Agent: socket})
	if s.Locked != "" {
		t.Errorf("%+v", s)
	}
	if err := os.Remove(socket); err != nil {
		t.Fatal(err)
	}
	if s := ana.status(c); s.Locked == "" {
		t.Error("an agent that has gone is not missed")
	}
	socket, _ = agentWith(t, ana, "secret")
	if s := call[control.Status](ana, c, http.MethodPost, "/v1/unlock", control.Unlock{Agent: socket}); s.Locked != "" {
		t.Errorf("%+v", s)
	}
}

// agentWith is an ssh-agent that holds a home's key, and counts its signatures.
func agentWith(t *testing.T, h *home, passphrase string) (socket string, count func() int) {
	t.Helper()
	signer, err := profile.OpenKey(h.Profile.Home.SecretKey(), []byte(passphrase))
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "agent")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	a := &countingAgent{signer: signer}
	served := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-served })
	go func() {
		defer close(served)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = agent.ServeAgent(a, conn)
			_ = conn.Close()
		}
	}()
	return socket, a.take
}

// A store on a disk that is not there is not an empty one.
func TestStoreIsAway(t *testing.T) {
	ana := newHome(t, "ana", "")
	mount := t.TempDir()
	shares := filepath.Join(mount, "shares")
	ana.configure(func(c *app.Config) { c.Shares = shares })
	ana.start()
	ana.stop()
	if err := os.Rename(shares, shares+".away"); err != nil {
		t.Fatal(err)
	}
	s := ana.status(ana.start())
	if !strings.Contains(s.Store.Problem, "is its disk plugged in?") || s.Locked != "" || s.Certificate == nil {
		t.Errorf("%+v", s.Store)
	}
	if !slices.ContainsFunc(s.Warnings, func(w control.Warning) bool { return strings.Contains(w.Text, shares) && w.Hint != "" }) {
		t.Errorf("%+v", s.Warnings)
	}
	if _, err := os.Stat(shares); err == nil {
		t.Error("an empty store was made in its place")
	}
	ana.stop()
	if err := os.Mkdir(shares, 0o700); err != nil { // the mount point
		t.Fatal(err)
	}
	if s := ana.status(ana.start()); s.Store.Problem == "" {
		t.Errorf("%+v", s.Store)
	}
	ana.stop()
	if err := errors.Join(os.Remove(shares), os.Rename(shares+".away", shares)); err != nil {
		t.Fatal(err)
	}
	if s := ana.status(ana.start()); s.Store.Problem != "" {
		t.Errorf("%+v", s.Store)
	}
	ana.stop()
	moved := filepath.Join(t.TempDir(), "moved") // with all that is in it
	if err := os.Rename(shares, moved); err != nil {
		t.Fatal(err)
	}
	ana.configure(func(c *app.Config) { c.Shares = moved })
	if s := ana.status(ana.start()); s.Store.Problem != "" || s.Store.Dir != moved {
		t.Errorf("%+v", s.Store)
	}
	ana.stop()
	if err := os.RemoveAll(moved); err != nil {
		t.Fatal(err)
	}
	if s := ana.status(ana.start("--new-store")); s.Store.Problem != "" {
		t.Errorf("%+v", s.Store)
	}
}

func TestSettings(t *testing.T) {
	ana := newHome(t, "ana", "")
	c := ana.start()
	limit, up, public := int64(1e9), int64(2e6), "no"
	set := call[control.Config](ana, c, http.MethodPatch, "/v1/config", control.SetConfig{Limit: &limit, Up: &up, AcceptPublic: &public})
	if set.Limit != limit || set.Up != up || set.AcceptPublic != public || set.Restart {
		t.Errorf("%+v", set)
	}
	saved, err := app.LoadConfig(ana.Place)
	if err != nil || saved.Limit != app.Size(limit) || saved.AcceptPublic != "no" || saved.Guess {
		t.Errorf("%+v, %v", saved, err)
	}
	if s := ana.status(c); s.Store.Limit != limit {
		t.Errorf("%+v", s.Store)
	}
	wrong := "maybe"
	if e := refuses(ana, c, http.MethodPatch, "/v1/config", control.SetConfig{AcceptPublic: &wrong}); e.Code != control.CodeUsage {
		t.Errorf("%+v", e)
	}
	ana.configure(func(c *app.Config) { c.Limit, c.Transports = 5, []string{"tcp"} })
	if got := call[control.Config](ana, c, http.MethodGet, "/v1/config", nil); got.Limit != limit || !got.Restart {
		t.Errorf("%+v", got)
	}
	got := call[control.Config](ana, c, http.MethodPost, "/v1/config/reload", nil)
	if got.Limit != 5 || !got.Restart || ana.status(c).Store.Limit != 5 {
		t.Errorf("%+v", got)
	}
	ana.configure(func(c *app.Config) { c.Limit = 6 })
	if err := syscall.Kill(ana.status(c).PID, syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until(t, "settings are read at SIGHUP", func() bool { return ana.status(c).Store.Limit == 6 })
	write(t, filepath.Join(ana.Place.Dir, app.ConfigFile), "{")
	if e := refuses(ana, c, http.MethodPost, "/v1/config/reload", nil); e.Code != control.CodeUsage || ana.status(c).Store.Limit != 6 {
		t.Errorf("%+v", e)
	}
}
