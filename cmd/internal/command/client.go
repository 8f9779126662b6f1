package command

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle/profile"
)

// place returns the swarm folder of the home that the environment names. There must be such a home.
func (e *env) place() (control.Place, error) {
	home, err := profile.Find(e.lookup)
	if err != nil {
		return control.Place{}, err
	}
	if _, err := profile.Load(home); err != nil {
		return control.Place{}, err
	}
	return control.At(home), nil
}

// asking is one use of a client, which may be made twice.
type asking func(context.Context, *control.Client) error

// ask asks the daemon, which is started if it does not run. A daemon that is locked is unlocked with what the environment
// has, and asked once more.
func (e *env) ask(ctx context.Context, do asking) error {
	place, err := e.place()
	if err != nil {
		return err
	}
	client, _, err := control.Ensure(ctx, place)
	if err != nil {
		return err
	}
	defer client.Close()
	err = do(ctx, client)
	if !hasCode(err, control.CodeLocked) {
		return err
	}
	if !e.unlockWith(ctx, client) {
		return err
	}
	return do(ctx, client)
}

func hasCode(err error, code control.Code) bool {
	e, ok := errors.AsType[*control.Error](err)
	return ok && e.Code == code
}

// unlockWith tries to unlock a daemon with what the environment has, without asking anybody.
func (e *env) unlockWith(ctx context.Context, client *control.Client) bool {
	for _, way := range control.Keys(e.lookup) {
		if client.Call(ctx, http.MethodPost, to("unlock"), way, nil) == nil {
			return true
		}
	}
	return false
}

// call asks for one answer.
func (e *env) call(ctx context.Context, method, path string, in, out any) error {
	return e.ask(ctx, func(ctx context.Context, c *control.Client) error { return c.Call(ctx, method, path, in, out) })
}

// get asks for one answer that changes nothing.
func (e *env) get(ctx context.Context, path string, out any) error {
	return e.call(ctx, http.MethodGet, path, nil, out)
}

// watch asks for an answer in lines, and shows how it goes. goesOn is what a person who presses Ctrl-C should know, as a hint.
func (e *env) watch(ctx context.Context, method, path string, in, out any, goesOn string) error {
	w := e.ui.Watch()
	defer w.Done()
	err := e.ask(ctx, func(ctx context.Context, c *control.Client) error {
		return c.Watch(ctx, method, path, in, out, w.Line)
	})
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return &ui.InterruptedError{GoesOn: goesOn}
	}
	return err
}

// to makes a path of a request. What stands in it may hold anything.
func to(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = url.PathEscape(p)
	}
	return "/v1/" + strings.Join(escaped, "/")
}
