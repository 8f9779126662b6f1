package daemon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"radswarm/cmd/internal/control"
)

// ErrRunning is that another process is the daemon of this home.
var ErrRunning = errors.New("a daemon runs already")

// Options of a daemon.
type Options struct {
	Place    control.Place
	Software string       // that Hello names
	Log      *slog.Logger // nil for silence
	// Ready is called once the socket listens, before the first request is answered.
	Ready func()
	// Open makes what answers requests, once the lock is held and before the socket listens. Close is called after the last
	// answer.
	Open func(context.Context) (routes *Routes, closer io.Closer, err error)
	// Explain says what clients are told of an error that Open returns; nil, and what it returns nil for, is told as it stands.
	Explain func(error) *control.Error
}

// A Reloader is a closer that reads its settings again when the process gets SIGHUP.
type Reloader interface{ Reload() error }

// drainTime is how long requests that run may take to end once the daemon is to stop.
const drainTime = 5 * time.Second

// Run is the daemon of a place until ctx is done or a client asks it to stop. Nobody else can be it meanwhile: ErrRunning. From
// now on this process leaves no core dumps, which would have keys in them, and makes files for its owner only.
func Run(ctx context.Context, o Options) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	closeUp()
	if err := o.Place.Make(); err != nil {
		return err
	}
	lock, err := Lock(o.Place.Lock())
	if err != nil {
		return err
	}
	defer lock.Close()
	routes, closer, err := o.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closer.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if r, ok := closer.(Reloader); ok {
		defer reloads(r, o.Log)()
	}
	return serve(ctx, stop, o, routes)
}

// serve listens and answers until ctx is done.
func serve(ctx context.Context, stop func(), o Options, routes *Routes) error {
	l, err := listen(o.Place)
	if err != nil {
		return err
	}
	addBasics(routes, o.Software, stop)
	// Requests end with ctx, so that those that only wait do not hold up the end.
	server := &http.Server{
		Handler:           routes,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    16 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	o.Log.Info("daemon listens", "socket", l.Addr().String(), "pid", os.Getpid())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	if o.Ready != nil {
		o.Ready()
	}
	select {
	case err = <-ended:
	case <-ctx.Done():
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		if server.Shutdown(draining) != nil {
			_ = server.Close() // what has not ended by now is cut
		}
		err = <-ended
	}
	o.Log.Info("daemon ends")
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// listen makes the socket, for its owner only. Who holds the lock may remove what an earlier daemon has left.
func listen(p control.Place) (net.Listener, error) {
	path, err := p.NewSocket()
	if err != nil {
		return nil, err
	}
	if info, err := os.Lstat(path); err == nil {
		if info.Mode().Type() != os.ModeSocket {
			return nil, fmt.Errorf("%s is in the way: not a socket", path)
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// addBasics adds what every daemon answers.
func addBasics(r *Routes, software string, stop func()) {
	hello := control.Hello{API: control.Version, Software: software, PID: os.Getpid(), Started: time.Now().UTC()}
	r.Handle("GET /v1/hello", func(context.Context, *Request) (any, error) { return hello, nil })
	r.Handle("POST /v1/stop", func(context.Context, *Request) (any, error) {
		time.AfterFunc(0, stop) // the answer goes first
		return struct{}{}, nil
	})
}
