package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle/profile"
)

func daemonCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "daemon", Category: thisMachine,
		Usage: "be the daemon of this home, or stop, restart or install it",
		Description: `Whoever needs the daemon starts it; nobody has to. In the foreground it is for a service unit.
Installed, it runs from login on, also while nobody is at the machine: friends rely on that.

Examples:

    rad swarm daemon --install
    rad swarm daemon --restart
    rad swarm daemon --log`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "detached", Usage: "be the daemon that a command has started: say on standard output when it listens"},
			&cli.BoolFlag{Name: "install", Usage: "have the system run it: a systemd user unit, or a launchd agent"},
			&cli.BoolFlag{Name: "uninstall", Usage: "take that back"},
			&cli.BoolFlag{Name: "restart", Usage: "stop it, and start it with this version"},
			&cli.BoolFlag{Name: "stop", Usage: "stop it"},
			&cli.StringFlag{Name: "restore", Usage: "put a copy of the database of friends in the place of a damaged one: `COPY`"},
			&cli.BoolFlag{Name: "log", Usage: "print the end of its log"},
			&cli.BoolFlag{Name: "new-store", Usage: "begin an empty store where the one of this home is not there any more"},
			&cli.BoolFlag{Name: "debug", Usage: "log more"},
		},
		Action: func(c *cli.Context) error {
			if err := none(c); err != nil {
				return err
			}
			return e.daemon(c)
		},
	}
}

// daemon does the one thing that is asked of it.
func (e *env) daemon(c *cli.Context) error {
	ways := []struct {
		flag string
		do   func(*cli.Context, control.Place) error
	}{
		{"install", e.installDaemon},
		{"uninstall", e.uninstallDaemon},
		{"restart", e.restartDaemon},
		{"stop", e.stopDaemon},
		{"restore", e.restoreState},
		{"log", e.showLog},
		{"detached", e.runDaemon},
	}
	do, chosen := e.runDaemon, ""
	for _, w := range ways {
		switch {
		case !c.IsSet(w.flag):
		case chosen != "":
			return ui.Usagef(helpHint(c.Command), "--%s and --%s do not go together", chosen, w.flag)
		default:
			do, chosen = w.do, w.flag
		}
	}
	place, err := e.place()
	if err != nil {
		return err
	}
	return do(c, place)
}

// runDaemon is the daemon, until it is to end.
func (e *env) runDaemon(c *cli.Context, place control.Place) error {
	home, err := profile.Find(e.lookup)
	if err != nil {
		return err
	}
	level := slog.LevelInfo
	if c.Bool("debug") {
		level = slog.LevelDebug
	}
	o := app.Daemon(app.Options{
		Home: home, Env: e.lookup, Software: e.software, NewStore: c.Bool("new-store"),
		Log: slog.New(slog.NewTextHandler(e.ui.Err(), &slog.HandlerOptions{Level: level})),
	})
	if c.Bool("detached") {
		err = daemon.Detached(c.Context, o, os.Stdout)
	} else {
		o.Ready = func() { e.ui.Note("daemon listens; Ctrl-C ends it") }
		err = daemon.Run(c.Context, o)
	}
	switch {
	case c.Context.Err() != nil && errors.Is(err, context.Canceled):
		return nil // it was asked to end
	case errors.Is(err, daemon.ErrRunning):
		return &ui.HintError{Err: err, Hint: "rad swarm daemon --stop", Exit: ui.Conflict}
	case err == nil:
		return nil
	}
	if told := app.Explain(err); told != nil {
		return told
	}
	return err
}

// ended is what becomes of a daemon.
type ended struct {
	Running bool `json:"running"`
	PID     int  `json:"pid,omitempty"`
}

func (e *env) stopDaemon(c *cli.Context, place control.Place) error {
	pid, err := stop(c.Context, place)
	if err != nil {
		return err
	}
	return e.ui.Result(ended{PID: pid}, func() error {
		if pid == 0 {
			return e.ui.Say("no daemon runs")
		}
		return e.ui.Say("daemon %d has ended", pid)
	})
}

// restartDaemon starts the daemon again, whatever version of it runs.
func (e *env) restartDaemon(c *cli.Context, place control.Place) error {
	if s, err := e.service(place); err == nil && installed(s) {
		return e.installDaemon(c, place) // the system starts it, or it would not be the system's any more
	}
	if _, err := stop(c.Context, place); err != nil {
		return err
	}
	client, hello, err := control.Ensure(c.Context, place)
	if err != nil {
		return err
	}
	defer client.Close()
	e.unlockWith(c.Context, client) // the one before may have been; what cannot be is told by status
	return e.ui.Result(ended{Running: true, PID: hello.PID}, func() error { return e.ui.Say("daemon %d runs", hello.PID) })
}

// restoreState puts a copy of the database back.
func (e *env) restoreState(c *cli.Context, place control.Place) error {
	home, err := profile.Find(e.lookup)
	if err != nil {
		return err
	}
	err = app.Restore(c.Context, home, c.String("restore"))
	if errors.Is(err, daemon.ErrRunning) {
		return &ui.HintError{Err: err, Hint: "rad swarm daemon --stop", Exit: ui.Conflict}
	}
	if err != nil {
		return err
	}
	return e.ui.Result(ended{}, func() error { return e.ui.Say("%s is in its place", c.String("restore")) })
}

// stopTime is how long a daemon may take to end.
const stopTime = 30 * time.Second

// stop asks a daemon to end and waits until it has. The process is 0 if none ran.
func stop(ctx context.Context, place control.Place) (pid int, err error) {
	client, hello, err := control.Connect(ctx, place)
	switch {
	case errors.Is(err, control.ErrNotRunning):
		return 0, nil
	case hasCode(err, control.CodeVersion):
		return hello.PID, stopOther(ctx, place, hello)
	case err != nil:
		return 0, err
	}
	defer client.Close()
	if err := client.Call(ctx, http.MethodPost, to("stop"), nil, nil); err != nil && !errors.Is(err, control.ErrEnded) {
		return 0, err
	}
	return hello.PID, awaitEnd(ctx, place)
}

// stopOther ends a daemon that speaks another version of the interface, in the one way that all understand.
func stopOther(ctx context.Context, place control.Place, hello control.Hello) error {
	p, err := os.FindProcess(hello.PID)
	if err != nil {
		return err
	}
	if err := p.Signal(os.Interrupt); err != nil {
		return fmt.Errorf("daemon %d: %w", hello.PID, err)
	}
	return awaitEnd(ctx, place)
}

// awaitEnd waits until nobody is the daemon of a place.
func awaitEnd(ctx context.Context, place control.Place) error {
	late := fmt.Errorf("daemon has not ended after %v", stopTime)
	ctx, cancel := context.WithTimeoutCause(ctx, stopTime, late)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		lock, err := daemon.Lock(place.Lock())
		if err == nil {
			return lock.Close()
		}
		if !errors.Is(err, daemon.ErrRunning) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// logTail is how much of a log is printed, in bytes.
const logTail = 16 << 10

func (e *env) showLog(_ *cli.Context, place control.Place) error {
	tail, err := readTail(place.Log(), logTail)
	if err != nil {
		return err
	}
	log := struct {
		Path string `json:"path"`
		Tail string `json:"tail"`
	}{place.Log(), string(tail)}
	return e.ui.Result(log, func() error {
		_, err := e.ui.Out().Write(append(tail, '\n'))
		return err
	})
}

// readTail reads the last lines of a file.
func readTail(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	from := max(0, info.Size()-limit)
	b, err := io.ReadAll(io.NewSectionReader(f, from, limit))
	if _, whole, ok := bytes.Cut(b, []byte{'\n'}); ok && from > 0 {
		b = whole
	}
	return bytes.TrimRight(b, "\n"), err
}
