package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
)

// The test binary is a daemon when it is called like one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "daemon" {
		if err := beDaemon(os.Args[2]); err != nil {
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func beDaemon(how string) error {
	home := os.Getenv("RAD_HOME")
	o := daemon.Options{Place: control.Place{Dir: filepath.Join(home, "swarm")}, Software: "test", Open: open}
	if how == "--broken" {
		o.Open = func(context.Context) (*daemon.Routes, io.Closer, error) {
			return nil, nil, errors.New("key file is\nnot a key file")
		}
	}
	return daemon.Detached(context.Background(), o, os.Stdout)
}

type closer func() error

func (c closer) Close() error { return c() }

// open makes routes to test with.
func open(context.Context) (*daemon.Routes, io.Closer, error) {
	r := &daemon.Routes{Explain: func(err error) *control.Error {
		if errors.Is(err, errTeapot) {
			return &control.Error{Code: control.CodeBusy, Message: "teapot", Hint: "rad swarm status"}
		}
		return nil
	}}
	r.Handle("GET /v1/env", func(context.Context, *daemon.Request) (any, error) { return os.Environ(), nil })
	r.Handle("GET /v1/dir", func(context.Context, *daemon.Request) (any, error) { return os.Getwd() })
	r.Handle("POST /v1/echo/{name}", func(_ context.Context, in *daemon.Request) (any, error) {
		var v struct{ Text string }
		err := in.Decode(&v)
		return v.Text + in.Value("name"), err
	})
	r.Handle("GET /v1/teapot", func(context.Context, *daemon.Request) (any, error) { return nil, fmt.Errorf("brew: %w", errTeapot) })
	r.Handle("GET /v1/wait", func(ctx context.Context, _ *daemon.Request) (any, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	r.Stream("POST /v1/count", count)
	return r, closer(func() error { return nil }), nil
}

var errTeapot = errors.New("i am a teapot")

// count counts to n, and fails at a number.
func count(ctx context.Context, in *daemon.Request, tell func(control.Line)) (any, error) {
	var v struct{ To, Fail int64 }
	if err := in.Decode(&v); err != nil {
		return nil, err
	}
	for i := int64(1); i <= v.To && ctx.Err() == nil; i++ {
		if i == v.Fail {
			return nil, errTeapot
		}
		tell(control.Line{Progress: &control.Progress{What: "counting", Bytes: i, Total: v.To}})
	}
	return v.To, ctx.Err()
}

// place returns a place whose daemon, if one is started, ends with the test.
func place(t *testing.T) control.Place {
	t.Helper()
	dir, err := os.MkdirTemp("", "rsw") // a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return placeIn(t, dir)
}

func placeIn(t *testing.T, home string) control.Place {
	t.Helper()
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	p := control.Place{Dir: filepath.Join(home, "swarm")}
	t.Cleanup(func() {
		if c, h, err := control.Connect(context.Background(), p); err == nil {
			_ = c.Call(context.Background(), http.MethodPost, "/v1/stop", nil, nil)
			waitGone(t, h.PID)
		}
	})
	return p
}

// waitGone waits until a process that we started has ended.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		p, err := os.FindProcess(pid)
		if err != nil || p.Signal(syscall.Signal(0)) != nil {
			return
		}
		_, _ = p.Wait() // if it is a child of ours, it is a zombie until then
	}
	t.Errorf("process %d does not end", pid)
}

func start(t *testing.T, p control.Place) *control.Client {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := control.Start(t.Context(), p, self, "daemon", "--detached"); err != nil {
		t.Fatal(err)
	}
	c, h, err := control.Connect(t.Context(), p)
	if err != nil || h.API != control.Version || h.Software != "test" {
		t.Fatalf("%+v: %v", h, err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestStartIsDetached(t *testing.T) {
	t.Setenv("GIT_DIR", "/nowhere")
	t.Setenv("RAD_PASSPHRASE", "secret")
	t.Setenv("SSH_AUTH_SOCK", "/agent")
	p := place(t)
	c := start(t, p)
	var env []string
	if err := c.Call(t.Context(), http.MethodGet, "/v1/env", nil, &env); err != nil {
		t.Fatal(err)
	}
	for _, v := range env {
		if strings.HasPrefix(v, "GIT_DIR=") || strings.Contains(v, "secret") {
			t.Errorf("the daemon sees %s", v)
		}
	}
	for _, want := range []string{"RAD_HOME=" + filepath.Dir(p.Dir), "SSH_AUTH_SOCK=/agent", "PATH=" + os.Getenv("PATH")} {
		if !slices.Contains(env, want) {
			t.Errorf("the daemon does not see %s", want)
		}
	}
	var dir string
	if err := c.Call(t.Context(), http.MethodGet, "/v1/dir", nil, &dir); err != nil {
		t.Fatal(err)
	}
	if real, _ := filepath.EvalSymlinks(p.Dir); dir != real && dir != p.Dir {
		t.Errorf("it works in %s", dir)
	}
	for path, mode := range map[string]os.FileMode{"": 0o700, "control.sock": 0o600, "daemon.lock": 0o600, "log": 0o700} {
		info, err := os.Stat(filepath.Join(p.Dir, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

// However many start it at once, there is one, and all reach it.
func TestStartTogether(t *testing.T) {
	p := place(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pids := make([]int, 8)
	var starting sync.WaitGroup
	for i := range pids {
		starting.Go(func() {
			if err := control.Start(t.Context(), p, self, "daemon", "--detached"); err != nil {
				t.Error(err)
				return
			}
			c, h, err := control.Connect(t.Context(), p)
			if err != nil {
				t.Error(err)
				return
			}
			c.Close()
			pids[i] = h.PID
		})
	}
	starting.Wait()
	if slices.ContainsFunc(pids, func(pid int) bool { return pid != pids[0] }) {
		t.Errorf("processes %v", pids)
	}
}

// What a killed daemon leaves behind is in nobody's way.
func TestStartAfterKill(t *testing.T) {
	p := place(t)
	for range 3 {
		c := start(t, p)
		var h control.Hello
		if err := c.Call(t.Context(), http.MethodGet, "/v1/hello", nil, &h); err != nil {
			t.Fatal(err)
		}
		proc, err := os.FindProcess(h.PID)
		if err != nil {
			t.Fatal(err)
		}
		if err := proc.Kill(); err != nil {
			t.Fatal(err)
		}
		waitGone(t, h.PID)
		if _, _, err := control.Connect(t.Context(), p); !errors.Is(err, control.ErrNotRunning) {
			t.Fatal(err)
		}
	}
	start(t, p)
}

// One that still has the lock and answers no more is waited for.
func TestStartWhileAnotherEnds(t *testing.T) {
	p := place(t)
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	ending, err := daemon.Lock(p.Lock())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = ending.Close() })
	start(t, p)
}

func TestStartSaysWhyNot(t *testing.T) {
	p := place(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	err = control.Start(t.Context(), p, self, "daemon", "--broken")
	if e, ok := errors.AsType[*control.StartError](err); !ok || e.Said != "key file is; not a key file" {
		t.Errorf("%v", err)
	}
	if _, ok := errors.AsType[*control.StartError](control.Start(t.Context(), p, filepath.Join(p.Dir, "absent"))); !ok {
		t.Error("a program that is not there was started")
	}
	if truth, err := exec.LookPath("true"); err == nil {
		if _, ok := errors.AsType[*control.StartError](control.Start(t.Context(), p, truth)); !ok {
			t.Error("a program that says nothing is a daemon")
		}
	}
}

func TestSocketPathIsTooLong(t *testing.T) {
	for _, runtime := range []bool{true, false} {
		short, err := os.MkdirTemp("", "rsw")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(short) })
		t.Setenv("TMPDIR", short)
		t.Setenv("XDG_RUNTIME_DIR", "")
		if runtime {
			t.Setenv("XDG_RUNTIME_DIR", short)
		}
		p := placeIn(t, filepath.Join(short, strings.Repeat("long", 30)))
		start(t, p)
		path, err := p.Socket()
		if err != nil || len(path) > 103 {
			t.Fatalf("%s: %v", path, err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
		if runtime != (filepath.Dir(path) == short) {
			t.Errorf("the socket is %s", path)
		}
	}
}

// A folder in the temporary directory that somebody else could have made is not used.
func TestSocketFolderOfOthers(t *testing.T) {
	short, err := os.MkdirTemp("", "rsw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	t.Setenv("TMPDIR", short)
	t.Setenv("XDG_RUNTIME_DIR", "")
	p := control.Place{Dir: filepath.Join(short, strings.Repeat("long", 30))}
	if err := (control.Place{Dir: filepath.Join(short, "gone", "swarm")}).Make(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a home that is not there was made: %v", err)
	}
	if err := p.Make(); err != nil {
		t.Fatal(err)
	}
	path, err := p.NewSocket()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := p.NewSocket(); err == nil {
		t.Error("a folder that everybody may enter was taken")
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "control.path"), []byte("relative/path\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Socket(); err == nil {
		t.Error("control.path may hold anything")
	}
}

func TestCall(t *testing.T) {
	c := start(t, place(t))
	var out string
	if err := c.Call(t.Context(), http.MethodPost, "/v1/echo/bo", map[string]string{"Text": "ana, "}, &out); err != nil || out != "ana, bo" {
		t.Errorf("%q, %v", out, err)
	}
	for _, x := range []struct {
		method, path string
		in           any
		code         control.Code
		hint         string
	}{
		{http.MethodPost, "/v1/echo/bo", map[string]int{"Text": 1}, control.CodeUsage, ""},
		{http.MethodPost, "/v1/echo/bo", map[string]string{"Txt": ""}, control.CodeUsage, ""},
		{http.MethodPost, "/v1/echo/bo", nil, control.CodeUsage, ""},
		{http.MethodPost, "/v1/echo/bo", strings.Repeat("x", control.MaxBody), control.CodeUsage, ""},
		{http.MethodGet, "/v1/teapot", nil, control.CodeBusy, "rad swarm status"},
		{http.MethodGet, "/v1/none", nil, control.CodeVersion, ""},
		{http.MethodGet, "/v9/hello", nil, control.CodeVersion, ""},
	} {
		err := c.Call(t.Context(), x.method, x.path, x.in, nil)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != x.code || e.Hint != x.hint || e.Message == "" {
			t.Errorf("%s %s: %#v", x.method, x.path, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.Call(ctx, http.MethodGet, "/v1/wait", nil, nil); err != context.DeadlineExceeded { //nolint:errorlint // bare
		t.Error(err)
	}
}

func TestWatch(t *testing.T) {
	c := start(t, place(t))
	var seen []int64
	var out int64
	each := func(l control.Line) error {
		seen = append(seen, l.Progress.Bytes)
		return nil
	}
	if err := c.Watch(t.Context(), http.MethodPost, "/v1/count", map[string]int{"To": 500}, &out, each); err != nil || out != 500 {
		t.Errorf("%d, %v", out, err)
	}
	if len(seen) != 500 || !slices.IsSorted(seen) {
		t.Errorf("%d lines", len(seen))
	}
	for fail, lines := range map[int]int{1: 0, 5: 4} {
		seen = nil
		err := c.Watch(t.Context(), http.MethodPost, "/v1/count", map[string]int{"To": 9, "Fail": fail}, nil, each)
		if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeBusy || len(seen) != lines {
			t.Errorf("after %d lines: %v", len(seen), err)
		}
	}
	enough := errors.New("enough")
	err := c.Watch(t.Context(), http.MethodPost, "/v1/count", map[string]int64{"To": 1 << 60}, nil, func(l control.Line) error {
		if l.Progress.Bytes == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
	err = c.Watch(t.Context(), http.MethodPost, "/v1/count", "nonsense", nil, each)
	if e, ok := errors.AsType[*control.Error](err); !ok || e.Code != control.CodeUsage {
		t.Error(err)
	}
}

// A daemon that is told to stop ends what waits, and says so.
func TestStop(t *testing.T) {
	p := place(t)
	c := start(t, p)
	waited := make(chan error, 1)
	go func() { waited <- c.Call(context.Background(), http.MethodGet, "/v1/wait", nil, nil) }()
	if err := c.Call(t.Context(), http.MethodPost, "/v1/stop", nil, nil); err != nil {
		t.Fatal(err)
	}
	err := <-waited
	if e, ok := errors.AsType[*control.Error](err); (!ok || e.Code != control.CodeStopping) &&
		!errors.Is(err, control.ErrNotRunning) && !errors.Is(err, control.ErrEnded) { // it may have come too late
		t.Error(err)
	}
	for { // until the lock is free the next one waits for this one
		if _, _, err := control.Connect(t.Context(), p); errors.Is(err, control.ErrNotRunning) {
			break
		}
	}
}

// Whatever answers at the socket, a client ends in an error.
func TestConnectToSomethingElse(t *testing.T) {
	for name, answer := range map[string]string{
		"another version": "HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n{\"api\":2,\"software\":\"from later\"} ",
		"no json":         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
		"no http":         "220 smtp\r\n",
		"an error":        "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}",
		"nothing":         "",
	} {
		t.Run(name, func(t *testing.T) {
			p := place(t)
			if err := p.Make(); err != nil {
				t.Fatal(err)
			}
			path, err := p.NewSocket()
			if err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("unix", path)
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
					buf := make([]byte, 4096)
					_, _ = conn.Read(buf)
					_, _ = io.WriteString(conn, answer)
					_ = conn.Close()
				}
			}()
			_, _, err = control.Connect(t.Context(), p)
			if err == nil {
				t.Error("connected")
			}
			e, ok := errors.AsType[*control.Error](err)
			if version := ok && e.Code == control.CodeVersion && e.Hint != ""; version != (name == "another version") {
				t.Error(err)
			}
		})
	}
}

func TestErrorIsJSON(t *testing.T) {
	b, err := json.Marshal(&control.Error{Code: control.CodeLocked, Message: "locked"})
	if err != nil || string(b) != `{"code":"locked","message":"locked"}` {
		t.Errorf("%s, %v", b, err)
	}
}
