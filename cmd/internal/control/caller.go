package control

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"radswarm/radicle/profile"
)

// Caller asks the daemon of a home for programs that git runs. It starts the daemon with the first question, once more where
// that ended meanwhile, and unlocks it with what the environment has: RAD_PASSPHRASE, an ssh-agent. What is asked through it must
// be such that it may be asked twice. Safe for concurrent use.
type Caller struct {
	place Place
	env   profile.Env
	mu    sync.Mutex
	open  *Client // nil: not yet
	hello Hello   // of the daemon that is open, or was last
}

// NewCaller returns a Caller. Nothing is started yet.
func NewCaller(p Place, env profile.Env) *Caller { return &Caller{place: p, env: env} }

// Close closes idle connections.
func (c *Caller) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open != nil {
		c.open.Close()
	}
}

// Running reports whether a daemon was asked already.
func (c *Caller) Running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open != nil
}

// Fresh reports whether the daemon that was asked has not run for so long.
func (c *Caller) Fresh(than time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.hello.Started) < than
}

// Call is [Client.Call].
func (c *Caller) Call(ctx context.Context, method, path string, in, out any) error {
	return c.ask(ctx, func(client *Client) error { return client.Call(ctx, method, path, in, out) })
}

// Watch is [Client.Watch]. Lines may begin anew.
func (c *Caller) Watch(ctx context.Context, method, path string, in, out any, each func(Line) error) error {
	return c.ask(ctx, func(client *Client) error { return client.Watch(ctx, method, path, in, out, each) })
}

// ask asks, and asks again after what can be mended.
func (c *Caller) ask(ctx context.Context, question func(*Client) error) error {
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	err = question(client)
	var said *Error
	switch {
	case ctx.Err() != nil:
		return err
	case errors.Is(err, ErrNotRunning), errors.Is(err, ErrEnded):
		c.drop(client)
		if client, err = c.client(ctx); err != nil {
			return err
		}
		err = question(client)
	case errors.As(err, &said) && said.Code == CodeStopping:
		c.drop(client)
		return err
	}
	if errors.As(err, &said) && said.Code == CodeLocked && c.unlock(ctx, client) {
		return question(client)
	}
	return err
}

// client returns the daemon, which is started if need be.
func (c *Caller) client(ctx context.Context) (*Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open != nil {
		return c.open, nil
	}
	client, hello, err := Ensure(ctx, c.place)
	if err == nil {
		c.open, c.hello = client, hello
	}
	return client, err
}

// drop forgets a daemon that is gone.
func (c *Caller) drop(gone *Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == gone {
		gone.Close()
		c.open = nil
	}
}

// unlock gives the daemon the key, by the first way that it takes, and reports whether there was one.
func (c *Caller) unlock(ctx context.Context, client *Client) bool {
	for _, way := range Keys(c.env) {
		if client.Call(ctx, http.MethodPost, "/v1/unlock", way, nil) == nil {
			return true
		}
	}
	return false
}

// Keys are the ways to the Radicle key that an environment has.
func Keys(env profile.Env) []Unlock {
	var ways []Unlock
	if passphrase, ok := env("RAD_PASSPHRASE"); ok {
		ways = append(ways, Unlock{Passphrase: passphrase})
	}
	if agent, ok := env("SSH_AUTH_SOCK"); ok && agent != "" {
		ways = append(ways, Unlock{Agent: agent})
	}
	return ways
}
