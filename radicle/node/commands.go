package node

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"radswarm/radicle"
)

// Running reports whether a node answers. Only what is neither yes nor no is an error: a socket path that is too long, a socket
// that is not ours, a node that does not answer in time.
func (c *Client) Running(ctx context.Context) (bool, error) {
	var answer raw
	err := c.call(ctx, DefaultTimeout, request{"command": "status"}, &answer)
	if errors.Is(err, ErrNotRunning) {
		return false, nil
	}
	return err == nil, err
}

// NodeID asks for the node's own id.
func (c *Client) NodeID(ctx context.Context) (nid radicle.NID, err error) {
	err = c.call(ctx, DefaultTimeout, request{"command": "nodeId"}, &nid)
	return nid, err
}

// Config asks for the node's configuration: the node object of config.json, completed with defaults.
func (c *Client) Config(ctx context.Context) (config json.RawMessage, err error) {
	err = c.call(ctx, DefaultTimeout, request{"command": "config"}, &config)
	return config, err
}

// ListenAddrs asks which addresses the node listens on, with the ports that it really got.
func (c *Client) ListenAddrs(ctx context.Context) (addrs []netip.AddrPort, err error) {
	err = c.call(ctx, DefaultTimeout, request{"command": "listenAddrs"}, &addrs)
	return addrs, err
}

// ConnectOptions say how to connect to a peer.
type ConnectOptions struct {
	// Persistent makes the node connect again whenever the connection is lost.
	Persistent bool
	// Timeout is how long the node tries; zero is [DefaultTimeout].
	Timeout time.Duration
}

// Connect makes the node connect to a peer at host:port, and returns when it did; a peer that is connected already is fine. What
// prevents it is a [*ConnectError].
func (c *Client) Connect(ctx context.Context, nid radicle.NID, addr string, o ConnectOptions) error {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	var answer connectAnswer
	err := c.call(ctx, o.Timeout+DefaultTimeout, request{
		"command": "connect",
		"addr":    nid.String() + "@" + addr,
		"opts":    map[string]any{"persistent": o.Persistent, "timeout": duration(o.Timeout)},
	}, &answer)
	switch {
	case err != nil:
		return err
	case answer.Status == string(Connected):
		return nil
	case answer.Status == string(Disconnected):
		return &ConnectError{NID: nid, Addr: addr, Reason: answer.Reason}
	}
	return &AnswerError{Command: "connect", Err: errStatus(answer.Status)}
}

// Disconnect makes the node drop a peer. A node that outlives its peer should be told so: by itself it notices after a minute or
// more, and refuses the restarted peer until then.
func (c *Client) Disconnect(ctx context.Context, nid radicle.NID) error {
	return c.do(ctx, request{"command": "disconnect", "nid": nid})
}

// Sessions asks for all sessions.
func (c *Client) Sessions(ctx context.Context) (sessions []Session, err error) {
	err = c.call(ctx, DefaultTimeout, request{"command": "sessions"}, &sessions)
	return sessions, err
}

// Session asks for the session with a peer, and whether there is one.
func (c *Client) Session(ctx context.Context, nid radicle.NID) (Session, bool, error) {
	var session *Session
	err := c.call(ctx, DefaultTimeout, request{"command": "session", "nid": nid}, &session)
	if err != nil || session == nil {
		return Session{}, false, err
	}
	return *session, true, nil
}

// Seeds asks who has a repository, in random order, and what of the signed refs of namespaces they have; with none named, of the
// node's own.
func (c *Client) Seeds(ctx context.Context, rid radicle.RID, namespaces ...radicle.NID) (seeds []Seed, err error) {
	err = c.callFor(ctx, "seedsFor", "seeds", rid, namespaces, &seeds)
	return seeds, err
}

// AnnounceRefs makes the node tell its peers about the signed refs of namespaces; with none named, of its own. It returns what was
// announced, at once: the peers fetch later. See [Client.AnnounceAndWait].
func (c *Client) AnnounceRefs(ctx context.Context, rid radicle.RID, namespaces ...radicle.NID) (refs RefsAt, err error) {
	err = c.callFor(ctx, "announceRefsFor", "announceRefs", rid, namespaces, &refs)
	return refs, err
}

// callFor sends a command that new nodes know with namespaces and old ones without.
func (c *Client) callFor(ctx context.Context, name, old string, rid radicle.RID, namespaces []radicle.NID, answer any) error {
	if len(namespaces) == 0 {
		own, err := c.NodeID(ctx)
		if err != nil {
			return err
		}
		namespaces = []radicle.NID{own}
	}
	err := c.call(ctx, DefaultTimeout, request{"command": name, "rid": rid, "namespaces": namespaces}, answer)
	if errors.Is(err, ErrUnsupported) {
		return c.call(ctx, DefaultTimeout, request{"command": old, "rid": rid}, answer)
	}
	return err
}

// FetchOptions say how to fetch a repository.
type FetchOptions struct {
	// Timeout is how long the node lets the fetch take; zero is [DefaultTimeout].
	Timeout time.Duration
	// MinimumLevel is the feature level that signed refs must have: none, root or parent; empty is what the node is configured for.
	MinimumLevel string
}

// Fetch makes the node fetch a repository from a peer, and returns when it did. The peer must be connected and the repository
// seeded. What prevents it is a [*FetchError] or, before it began, a [*CommandError].
func (c *Client) Fetch(ctx context.Context, rid radicle.RID, from radicle.NID, o FetchOptions) (FetchResult, error) {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	r := request{"command": "fetch", "rid": rid, "nid": from, "timeout": duration(o.Timeout)}
	if o.MinimumLevel != "" {
		r["signedReferencesMinimumFeatureLevel"] = o.MinimumLevel
	}
	var answer fetchAnswer
	err := c.call(ctx, o.Timeout+DefaultTimeout, r, &answer)
	switch {
	case err != nil:
		return FetchResult{}, err
	case answer.status == "success":
		return answer.result, nil
	case answer.status == "failed":
		return FetchResult{}, &FetchError{RID: rid, From: from, Reason: answer.reason}
	}
	return FetchResult{}, &AnswerError{Command: "fetch", Err: errStatus(answer.status)}
}

// Scope is whose refs of a repository a node fetches.
type Scope string

// The scopes there are.
const (
	ScopeAll      Scope = "all"
	ScopeFollowed Scope = "followed" // delegates and nodes that are followed
)

// Seed makes the node seed a repository, and reports whether that changed anything.
func (c *Client) Seed(ctx context.Context, rid radicle.RID, scope Scope) (changed bool, err error) {
	return c.change(ctx, request{"command": "seed", "rid": rid, "scope": scope})
}

// Unseed removes the policy and inventory entry of a repository; storage stays.
func (c *Client) Unseed(ctx context.Context, rid radicle.RID) (changed bool, err error) {
	return c.change(ctx, request{"command": "unseed", "rid": rid})
}

// Follow makes the node follow another, under an alias of ours or, if it is empty, its own.
func (c *Client) Follow(ctx context.Context, nid radicle.NID, alias radicle.Alias) (changed bool, err error) {
	r := request{"command": "follow", "nid": nid, "alias": nil}
	if alias != "" {
		r["alias"] = alias
	}
	return c.change(ctx, r)
}

// Unfollow ends that.
func (c *Client) Unfollow(ctx context.Context, nid radicle.NID) (changed bool, err error) {
	return c.change(ctx, request{"command": "unfollow", "nid": nid})
}

// Block makes the node refuse another. Nodes of 1.2 do not know it: [ErrUnsupported].
func (c *Client) Block(ctx context.Context, nid radicle.NID) (changed bool, err error) {
	return c.change(ctx, request{"command": "block", "nid": nid})
}

// AddInventory puts a repository into the node's inventory, and reports whether that changed anything, be it the time of the entry.
func (c *Client) AddInventory(ctx context.Context, rid radicle.RID) (changed bool, err error) {
	return c.change(ctx, request{"command": "addInventory", "rid": rid})
}

// AnnounceInventory makes the node tell its peers what it has.
func (c *Client) AnnounceInventory(ctx context.Context) error {
	return c.do(ctx, request{"command": "announceInventory"})
}

// Debug asks for the node's inner state, whose form changes between releases.
func (c *Client) Debug(ctx context.Context) (state json.RawMessage, err error) {
	err = c.call(ctx, DefaultTimeout, request{"command": "debug"}, &state)
	return state, err
}

// Shutdown makes the node end. It returns when the node has taken note.
func (c *Client) Shutdown(ctx context.Context) error {
	return c.do(ctx, request{"command": "shutdown"})
}

func (c *Client) do(ctx context.Context, r request) error {
	var answer raw
	return c.call(ctx, DefaultTimeout, r, &answer)
}

func (c *Client) change(ctx context.Context, r request) (bool, error) {
	var answer updatedAnswer
	err := c.call(ctx, DefaultTimeout, r, &answer)
	return answer.Updated, err
}
