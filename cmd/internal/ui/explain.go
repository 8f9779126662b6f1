package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"radswarm/cmd/internal/control"
	"radswarm/radicle/profile"
)

// UsageError is a command line that makes no sense, and how it would.
type UsageError struct {
	Line string
	Hint string
}

func (e *UsageError) Error() string { return e.Line }

// Usagef makes a [UsageError].
func Usagef(hint, format string, args ...any) error {
	return &UsageError{Line: fmt.Sprintf(format, args...), Hint: hint}
}

// HintError is an error with a hint, and perhaps with an exit code of its own; 0 leaves that to the error in it.
type HintError struct {
	Err  error
	Hint string
	Exit int
}

// HintErrorf makes a [HintError].
func HintErrorf(hint string, exit int, format string, args ...any) error {
	return &HintError{Err: fmt.Errorf(format, args...), Hint: hint, Exit: exit}
}

func (e *HintError) Error() string { return e.Err.Error() }

// Unwrap returns the error in it.
func (e *HintError) Unwrap() error { return e.Err }

// SilentError ends a command with an exit code when everything was said already.
type SilentError struct{ Exit int }

func (e *SilentError) Error() string { return fmt.Sprintf("exit code %d", e.Exit) }

// InterruptedError is work that Ctrl-C ended, and how it goes on.
type InterruptedError struct{ GoesOn string }

func (e *InterruptedError) Error() string { return "interrupted" }

// Unwrap says that it is a cancelled context.
func (e *InterruptedError) Unwrap() error { return context.Canceled }

// Problem is what a person is told of an error.
type Problem struct {
	Line string
	Hint string
	Exit int
}

// Explain says an error to a person. This is the one place that gives exit codes.
func Explain(err error) Problem {
	p := explain(err)
	if e, ok := errors.AsType[*HintError](err); ok {
		p.Line = err.Error()
		if e.Hint != "" {
			p.Hint = e.Hint
		}
		if e.Exit != 0 {
			p.Exit = e.Exit
		}
	}
	return p
}

func explain(err error) Problem {
	if e, ok := errors.AsType[*SilentError](err); ok {
		return Problem{Exit: e.Exit}
	}
	if e, ok := errors.AsType[*UsageError](err); ok {
		return Problem{err.Error(), e.Hint, Usage}
	}
	if e, ok := errors.AsType[*control.Error](err); ok {
		return Problem{err.Error(), e.Hint, exitOf(e.Code)}
	}
	if e, ok := errors.AsType[*control.StartError](err); ok {
		return Problem{e.Error(), cmp.Or(e.Hint, "rad swarm daemon --log"), NoDaemon}
	}
	if e, ok := errors.AsType[*InterruptedError](err); ok {
		return Problem{e.Error(), e.GoesOn, Interrupted}
	}
	return explainOurs(err)
}

// explainOurs knows the sentinels.
func explainOurs(err error) Problem {
	p := Problem{Line: err.Error(), Exit: Failed}
	home, isHome := errors.AsType[*profile.NotFoundError](err)
	_, isConfig := errors.AsType[*profile.ConfigError](err)
	_, isKey := errors.AsType[*profile.KeyFileError](err)
	_, isOther := errors.AsType[*profile.KeyMismatchError](err)
	switch {
	case errors.Is(err, context.Canceled):
		p = Problem{"interrupted", "", Interrupted}
	case errors.Is(err, control.ErrNotRunning):
		p.Hint, p.Exit = "rad swarm daemon", NoDaemon
	case errors.Is(err, control.ErrEnded):
		p.Hint, p.Exit = "rad swarm daemon --log", NoDaemon
	case isHome:
		p = Problem{fmt.Sprintf("there is no Radicle home at %s", home.Dir), "rad swarm auth --alias NAME", NoHome}
	case errors.Is(err, profile.ErrNoHome):
		p.Hint, p.Exit = "export RAD_HOME=~/.radicle", NoHome
	case isConfig, isKey, isOther:
		p.Exit = NoHome
	case errors.Is(err, profile.ErrLocked):
		p.Hint, p.Exit = "rad swarm unlock", Locked
	case errors.Is(err, fs.ErrNotExist):
		p.Exit = NotFound
	case errors.Is(err, fs.ErrExist):
		p.Exit = Conflict
	}
	return p
}
