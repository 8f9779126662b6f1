package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/radicle/profile"
)

// ErrLocked is something for which the Radicle key is needed while it is not at hand.
var ErrLocked = errors.New("radicle key is locked")

// Options are what an App is made of.
type Options struct {
	// Home is whose daemon it is. Required.
	Home profile.Home
	// Env is where passphrase, agent and systemd credentials are looked for. Nil: os.LookupEnv.
	Env profile.Env
	// Software is told to clients and peers. Required.
	Software string
	// NewStore begins an empty share store where the folder of the shares is empty or not there, although this home has had
	// one. What others have stored in that one counts as lost.
	NewStore bool
	// Log hears what nobody is told through an answer. Nil for silence.
	Log *slog.Logger
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Daemon returns the options of the daemon of a home, for daemon.Run and daemon.Detached.
func Daemon(o Options) daemon.Options {
	o = o.withDefaults()
	return daemon.Options{
		Place: control.At(o.Home), Software: o.Software, Log: o.Log,
		Open: func(ctx context.Context) (*daemon.Routes, io.Closer, error) {
			a, err := Open(ctx, o)
			if err != nil {
				return nil, nil, err
			}
			return a.Routes(), a, nil
		},
	}
}

// App is a daemon's inside. It must be closed.
type App struct {
	options Options
	place   control.Place
	routes  *daemon.Routes
}

// Open builds a home's daemon. Who calls it holds the lock of the place: daemon.Run does.
func Open(ctx context.Context, o Options) (*App, error) {
	o = o.withDefaults()
	return nil, errors.New("not built yet")
}

// Routes returns what the daemon answers.
func (a *App) Routes() *daemon.Routes { return a.routes }

// Close ends everything, in the order in which it leans on each other.
func (a *App) Close() error { return nil }
