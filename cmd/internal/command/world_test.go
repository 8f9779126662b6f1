package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// world is a home, and the environment of the commands that are run in it.
type world struct {
	home profile.Home
	env  map[string]string
	in   *os.File // standard input; nil: nothing
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "rs") // short: sockets lie in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	home, err := profile.NewHome(filepath.Join(dir, "h"))
	if err != nil {
		t.Fatal(err)
	}
	return &world{home: home, env: map[string]string{"RAD_HOME": home.Dir(), "HOME": dir}}
}

// with makes the home.
func (w *world) with(t *testing.T) *world {
	t.Helper()
	if _, err := profile.Create(w.home, profile.CreateOptions{Alias: "ana"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// said is what a command said and how it ended.
type said struct {
	exit     int
	out, err string
}

func (w *world) run(t *testing.T, args ...string) said {
	t.Helper()
	return w.runUntil(t.Context(), args...)
}

func (w *world) runUntil(ctx context.Context, args ...string) said {
	var out, err bytes.Buffer
	exit := Main(ctx, Config{
		Args: args, Software: "test",
		Env: func(key string) (string, bool) { v, ok := w.env[key]; return v, ok },
		UI:  ui.New(ui.Options{In: w.in, Out: &out, Err: &err, Program: "rad swarm"}),
	})
	return said{exit, out.String(), err.String()}
}

// line runs a command line of words without quotes.
func (w *world) line(t *testing.T, line string) said {
	t.Helper()
	return w.run(t, strings.Fields(line)...)
}

// asked is a request that a daemon got.
type asked struct{ What, Body string }

// double is a real daemon at a real socket, whose answers the test gives.
type double struct {
	mu  sync.Mutex
	got []asked
}

// daemon starts one in the home. Each route is "METHOD /v1/…", or with "lines " before it.
func (w *world) daemon(t *testing.T, answers map[string]func(*daemon.Request, func(control.Line)) (any, error)) *double {
	t.Helper()
	d := &double{}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- daemon.Run(ctx, daemon.Options{
			Place: control.At(w.home), Software: "double", Ready: func() { close(ready) },
			Open: func(context.Context) (*daemon.Routes, io.Closer, error) {
				return d.routes(answers), io.NopCloser(nil), nil
			},
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatal(err)
	}
	return d
}

func (d *double) routes(answers map[string]func(*daemon.Request, func(control.Line)) (any, error)) *daemon.Routes {
	r := &daemon.Routes{}
	for route, answer := range answers {
		pattern, lines := strings.CutPrefix(route, "lines ")
		do := func(_ context.Context, in *daemon.Request, tell func(control.Line)) (any, error) {
			d.note(pattern, in)
			return answer(in, tell)
		}
		if lines {
			r.Stream(pattern, do)
			continue
		}
		r.Handle(pattern, func(ctx context.Context, in *daemon.Request) (any, error) {
			return do(ctx, in, nil)
		})
	}
	return r
}

func (d *double) note(pattern string, in *daemon.Request) {
	var body json.RawMessage
	text := ""
	if !in.Empty() && in.Decode(&body) == nil {
		text = string(body)
	}
	for _, name := range []string{"who", "id", "oid", "rid", "did"} {
		if v := in.Value(name); v != "" {
			pattern = strings.ReplaceAll(pattern, "{"+name+"}", v)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, asked{pattern, text})
}

// requests returns what was asked since the last time.
func (d *double) requests() []asked {
	d.mu.Lock()
	defer d.mu.Unlock()
	got := d.got
	d.got = nil
	return got
}

// always answers with a value.
func always(v any) func(*daemon.Request, func(control.Line)) (any, error) {
	return func(*daemon.Request, func(control.Line)) (any, error) { return v, nil }
}

// did returns one of the people of tests.
func did(t *testing.T, n byte) radicle.DID {
	t.Helper()
	seed := [radicle.SeedSize]byte{n}
	return radicle.DID(radicle.NewMemorySigner(seed).NID())
}

// file makes a file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// stdin makes a standard input of a text.
func stdin(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.Open(file(t, text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (s said) String() string { return fmt.Sprintf("exit %d\n%s\n%s", s.exit, s.out, s.err) }

// contextUntil returns a context that ends when something has begun.
func contextUntil(t *testing.T, began <-chan struct{}) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case <-began:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); <-done }
}

// checkSigns checks that the key of a home opens with what the environment has.
func checkSigns(t *testing.T, w *world) {
	t.Helper()
	p, err := profile.Load(w.home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Signer(t.Context(), func(key string) (string, bool) { v, ok := w.env[key]; return v, ok }); err != nil {
		t.Error(err)
	}
}
