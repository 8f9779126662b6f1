package lfsagent

import (
	"context"
	"errors"
	"io"
	"log/slog"
)

// Config is what Serve gets from the program that it is.
type Config struct {
	// In is where git-lfs writes, Out where it reads.
	In  io.Reader
	Out io.Writer
	// Locate finds the repository in which git-lfs started the program. It is called with the first request, and again some
	// seconds after it failed; like a [Daemon] it has two minutes. Errors that people should read are a *[Failure].
	Locate func(ctx context.Context) (Place, error)
	// Daemon carries the objects.
	Daemon Daemon
	// Log gets what people do not see, such as the place of a panic. Default: nothing is kept.
	Log *slog.Logger
}

// Place is a repository as git has it.
type Place struct {
	GitDir   string // what all its worktrees share, absolute: "git rev-parse --git-common-dir"
	Branch   string // that is checked out, refs/heads/…; empty: none, or it does not matter ([Settings.NamesPatches])
	Settings Settings
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Serve answers git-lfs until it ends, which is no error, or ctx does: then what runs is cancelled and answered, and the error is
// its cause. Other errors are those of In and Out. Once git-lfs has ended nothing more is written. A call into the Daemon that does not
// come back is left behind after some seconds; and so is the goroutine that reads In, until In ends.
func Serve(ctx context.Context, c Config) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := newWorker(c.withDefaults())
	inbox := make(chan message, maxWaiting)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				cancel(w.crashed(p))
			}
		}()
		cancel(receive(c.In, inbox))
	}()
	for w.answers.err == nil && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case m := <-inbox:
			w.answer(ctx, m)
		}
	}
	w.end(context.WithoutCancel(ctx))
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errEnd):
		return nil
	case cause != nil:
		return cause
	}
	return w.answers.err
}
