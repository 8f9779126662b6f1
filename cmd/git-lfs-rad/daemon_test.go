package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/lfsagent"
	"radswarm/radicle"
)

// recorder is a daemon in this process that notes what it is asked.
type recorder struct {
	store control.Store
	fetch control.Get
	asked int // for an object
	found int // after how many times that it is there; 0: never
	ended int
	err   error
}

func (r *recorder) open(context.Context) (*daemon.Routes, io.Closer, error) {
	routes := &daemon.Routes{}
	routes.Stream("POST /v1/repositories/{rid}/store", func(_ context.Context, in *daemon.Request, tell func(control.Line)) (any, error) {
		tell(control.Line{Progress: &control.Progress{What: "storing", Bytes: 3, Total: 5}})
		return control.Looked{}, errors.Join(in.Decode(&r.store), r.err)
	})
	routes.Stream("POST /v1/repositories/{rid}/fetch", func(_ context.Context, in *daemon.Request, _ func(control.Line)) (any, error) {
		if r.asked++; r.asked == r.found {
			return control.Fetched{}, in.Decode(&r.fetch)
		}
		return control.Fetched{}, errors.Join(in.Decode(&r.fetch), r.err)
	})
	routes.Handle("POST /v1/repositories/{rid}/ended", func(context.Context, *daemon.Request) (any, error) {
		r.ended++
		return struct{}{}, nil
	})
	return routes, io.NopCloser(nil), nil
}

// home makes a home with a daemon, and the environment that leads to it.
func (r *recorder) home(t *testing.T) func(string) (string, bool) {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	place := control.Place{Dir: filepath.Join(dir, "swarm")}
	go func() {
		done <- daemon.Run(ctx, daemon.Options{Place: place, Software: "test", Ready: func() { close(ready) }, Open: r.open})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	return func(key string) (string, bool) { return dir, key == "RAD_HOME" }
}

func begin(t *testing.T, r *recorder, fresh, grace time.Duration) lfsagent.Session {
	t.Helper()
	rid, err := radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5")
	if err != nil {
		t.Fatal(err)
	}
	d := newLocal(r.home(t))
	d.fresh, d.grace = fresh, grace
	t.Cleanup(d.close)
	s, err := d.Begin(t.Context(), lfsagent.Repository{
		RID: rid, Storage: "/x/lfs", Require: "full", Namespace: radicle.NID{1}, Patch: rid.Oid(),
	}, lfsagent.Upload)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSession(t *testing.T) {
	r := &recorder{}
	s := begin(t, r, time.Hour, 0)
	if err := s.End(t.Context()); err != nil || r.ended != 0 {
		t.Errorf("nothing was asked, and the daemon hears of the end: %v", err)
	}
	object := blobstore.Pointer{Size: 5}
	var moved []int64
	if err := s.Store(t.Context(), object, "/x/lfs/objects/00/00/a", func(n int64) { moved = append(moved, n) }); err != nil {
		t.Fatal(err)
	}
	if f := r.store.Files; len(f) != 1 || f[0].Path != "/x/lfs/objects/00/00/a" || f[0].Size != 5 || r.store.Require != control.Full || r.store.Storage != "/x/lfs" {
		t.Errorf("%+v", r.store)
	}
	if len(moved) != 1 || moved[0] != 3 {
		t.Errorf("moved %v", moved)
	}
	if err := s.Fetch(t.Context(), object, "/x/lfs/radswarm/incoming/a", func(int64) {}); err != nil {
		t.Fatal(err)
	}
	if f := r.fetch; f.To != "/x/lfs/radswarm/incoming/a" || !f.SkipOID || f.Size == nil || *f.Size != 5 || f.Replace {
		t.Errorf("%+v", f)
	}
	if f := r.fetch.From; f.Namespace != (radicle.NID{1}) || f.Patch.IsZero() {
		t.Errorf("what is read of the repository is not told: %+v", f)
	}
	if err := s.End(t.Context()); err != nil || r.ended != 1 {
		t.Errorf("%d, %v", r.ended, err)
	}
}

// What the daemon says people read, with its hint.
func TestFailures(t *testing.T) {
	r := &recorder{err: &control.Error{Code: control.CodeMissing, Message: "bo is away", Hint: "rad swarm friend"}}
	s := begin(t, r, 0, 0)
	for _, err := range []error{
		s.Store(t.Context(), blobstore.Pointer{Size: 5}, "/x", func(int64) {}),
		s.Fetch(t.Context(), blobstore.Pointer{Size: 5}, "/x", func(int64) {}),
	} {
		f, ok := errors.AsType[*lfsagent.Failure](err)
		if !ok || f.Code != 503 || f.Text != "bo is away" || f.Hint != "rad swarm friend" {
			t.Errorf("%+v", err)
		}
	}
	if r.asked != 1 {
		t.Errorf("a daemon that runs for long was asked %d times", r.asked)
	}
	r.asked = 0
	if err := s.Fetch(t.Context(), blobstore.Pointer{Size: 5}, "/x", func(int64) {}); err == nil || r.asked != 1 {
		t.Errorf("the next object was asked for %d times: %v", r.asked, err)
	}
	r.asked, r.err = 0, &control.Error{Code: control.CodeNotFound, Message: "not known here"}
	if err := s.Fetch(t.Context(), blobstore.Pointer{Size: 5}, "/x", func(int64) {}); err == nil || r.asked != 1 {
		t.Errorf("what no friend has was asked for %d times: %v", r.asked, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Fetch(ctx, blobstore.Pointer{Size: 5}, "/x", func(int64) {}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for _, err := range []error{control.ErrEnded, control.ErrNotRunning, &control.StartError{Err: io.EOF}} {
		if f, ok := errors.AsType[*lfsagent.Failure](failure(err)); !ok || f.Hint == "" {
			t.Errorf("%v is no sentence with a hint", err)
		}
	}
}

// A daemon that has just started may not have found its friends yet, and friends that have may not have found it.
func TestAskedAgain(t *testing.T) {
	r := &recorder{found: 2, err: &control.Error{Code: control.CodeMissing, Message: "bo is away"}}
	s := begin(t, r, time.Hour, 0)
	for _, s := range []lfsagent.Session{s, begin(t, r, 0, time.Hour)} {
		r.asked = 0
		if err := s.Fetch(t.Context(), blobstore.Pointer{Size: 5}, "/x", func(int64) {}); err != nil || r.asked != 2 {
			t.Errorf("asked %d times: %v", r.asked, err)
		}
	}
	r.asked, r.found = 0, 0
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(pause/2, cancel)
	if err := s.Fetch(ctx, blobstore.Pointer{Size: 5}, "/x", func(int64) {}); err == nil {
		t.Error("found")
	}
}

// The branch matters where one follows a patch.
func TestLocate(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
	}
	git("init", "-q", "-b", "film")
	for _, want := range []string{"", "refs/heads/film"} {
		p, err := locate(t.Context())
		if err != nil || p.Branch != want || p.GitDir == "" {
			t.Errorf("%+v, %v; want %q", p, err, want)
		}
		git("config", "branch.film.merge", "refs/heads/patches/x")
	}
	git("-c", "user.name=ana", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x")
	git("checkout", "-q", "--detach")
	if p, err := locate(t.Context()); err != nil || p.Branch != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestNoHome(t *testing.T) {
	d := newLocal(func(string) (string, bool) { return "", false })
	_, err := d.Begin(t.Context(), lfsagent.Repository{}, lfsagent.Upload)
	if f, ok := errors.AsType[*lfsagent.Failure](err); !ok || f.Hint != "rad swarm auth" {
		t.Errorf("%+v", err)
	}
}

// A daemon that waits for friends says nothing for minutes: the agent's patience must not end before the daemon's.
func TestHeart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var h heart
		var moved []int64
		h.start(func(n int64) { moved = append(moved, n) })
		h.move(7)
		time.Sleep(5*pulse + pulse/2)
		synctest.Wait()
		h.stop()
		if n := len(moved); n != 6 {
			t.Errorf("moved %v", moved)
		}
		time.Sleep(2 * pulse)
		synctest.Wait()
		if len(moved) != 6 {
			t.Error("it beats after its end")
		}
	})
}

func TestJournal(t *testing.T) {
	r := &recorder{}
	env := r.home(t)
	dir, _ := env("RAD_HOME")
	if err := os.MkdirAll(filepath.Join(dir, "swarm", "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "swarm", "log", "agent.log")
	log := slog.New(slog.NewTextHandler(journal{env}, nil))
	log.Warn("first")
	if err := os.Truncate(file, maxLog+1); err != nil {
		t.Fatal(err)
	}
	log.Warn("second")
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "first") || !strings.Contains(string(text), "second") {
		t.Errorf("%q, %v", text, err)
	}
}
