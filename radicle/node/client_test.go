package node

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

const (
	anaID = "z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"
	boID  = "z6Mkt67GdsW7715MEfRuP4pSZxJRJh6kj6Y48WRqVv4N1tRk"
	ridID = "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"
	oidID = "99c549702e2bcfe02b0e68d4a2224fb7a1524529"
)

var (
	ana  = must1(radicle.ParseNID(anaID))
	bo   = must1(radicle.ParseNID(boID))
	rid  = must1(radicle.ParseRID(ridID))
	oid  = must1(radicle.ParseOid(oidID))
	cmpV = cmp.Comparer(func(a, b radicle.Oid) bool { return a == b })
	cmpR = cmp.Comparer(func(a, b radicle.RID) bool { return a == b })
)

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// listen puts a program behind a control socket that does what a node would, or would not. serve gets each connection and its first
// line; without it connections are closed at once.
func listen(t *testing.T, serve func(conn net.Conn, line string)) *Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "nd") // t.TempDir is too long for a socket on macOS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if serve == nil {
					return
				}
				line, _ := bufio.NewReader(conn).ReadString('\n')
				serve(conn, strings.TrimSuffix(line, "\n"))
			}()
		}
	}()
	return New(socket)
}

// answers serves a fixed answer for each command by name, and notes the last line of each.
func answers(t *testing.T, byCommand map[string]string) (*Client, chan string) {
	t.Helper()
	lines := make(chan string, 100)
	return listen(t, func(conn net.Conn, line string) {
		var r struct{ Command string }
		_ = json.Unmarshal([]byte(line), &r)
		lines <- line
		text, ok := byCommand[r.Command]
		if !ok {
			text = fmt.Sprintf("{\"error\":\"(de)serialization failed: unknown variant `%s`, expected one of `status`\"}\n", r.Command)
		}
		_, _ = io.WriteString(conn, text)
	}), lines
}

// The exact lines of radicle-node 1.10 and, without line feed, of its answer to fetch.
const (
	seedsLine = `[{"nid":"` + boID + `","addrs":[{"addr":"127.0.0.1:8802","source":"peer","lastSuccess":null,"lastAttempt":1795251600,"banned":false}],` +
		`"state":{"connected":{"since":1795251637}},"sync":{"status":"synced","at":{"oid":"` + oidID + `","timestamp":1795251638}}}]`
	fetchLine = `{"status":"success","updated":[{"updated":{"name":"refs/a","old":"` + oidID + `","new":"` + oidID + `"}},` +
		`{"created":{"name":"refs/b","oid":"` + oidID + `"}},{"deleted":{"name":"refs/c","oid":"` + oidID + `"}},` +
		`{"skipped":{"name":"refs/d","oid":"` + oidID + `"}}],"namespaces":["` + anaID + `"],"clone":true}`
	sessionLine = `{"nid":"` + boID + `","link":"inbound","addr":"127.0.0.1:47524","state":{"disconnected":{"since":1795251637,"retryAt":1795251640}}}`
)

var wantSeed = Seed{
	NID: bo,
	Addrs: []KnownAddress{{
		Addr: "127.0.0.1:8802", Source: "peer", LastAttempt: time.Unix(1795251600, 0),
	}},
	State: &SessionState{Phase: Connected, Since: time.Unix(1795251637, 0)},
	Sync:  &SyncStatus{Status: Synced, At: SyncedAt{Oid: oid, Time: time.Unix(1795251638, 0)}},
}

func TestCommands(t *testing.T) {
	c, lines := answers(t, map[string]string{
		"status": "{}\n", "nodeId": `"` + anaID + "\"\n", "config": `{"alias":"ana"}` + "\n", "debug": "{\"x\":1}\n", "shutdown": "{}\n",
		"listenAddrs": `["127.0.0.1:8801","[::1]:8801"]` + "\n", "connect": "{\"status\":\"connected\"}\n", "disconnect": "{}\n",
		"sessions": "[" + sessionLine + "]\n", "session": "null\n", "seedsFor": seedsLine + "\n", "fetch": fetchLine,
		"announceRefsFor": `{"remote":"` + anaID + `","at":"` + oidID + "\"}\n", "announceInventory": "{}\n",
		"seed": "{\"updated\":true}\n", "unseed": "{}\n", "follow": "{\"updated\":true}\n", "unfollow": "{}\n", "block": "{}\n",
		"addInventory": "{\"updated\":true}\n",
	})
	ctx := t.Context()
	for name, step := range map[string]struct {
		send string
		do   func() (any, error)
		want any
	}{
		"running":      {`{"command":"status"}`, func() (any, error) { return c.Running(ctx) }, true},
		"node id":      {`{"command":"nodeId"}`, func() (any, error) { return c.NodeID(ctx) }, ana},
		"config":       {`{"command":"config"}`, func() (any, error) { return c.Config(ctx) }, json.RawMessage(`{"alias":"ana"}`)},
		"debug":        {`{"command":"debug"}`, func() (any, error) { return c.Debug(ctx) }, json.RawMessage(`{"x":1}`)},
		"shutdown":     {`{"command":"shutdown"}`, func() (any, error) { return nil, c.Shutdown(ctx) }, nil},
		"addresses":    {`{"command":"listenAddrs"}`, func() (any, error) { a, err := c.ListenAddrs(ctx); return fmt.Sprint(a), err }, "[127.0.0.1:8801 [::1]:8801]"},
		"disconnect":   {`{"command":"disconnect","nid":"` + boID + `"}`, func() (any, error) { return nil, c.Disconnect(ctx, bo) }, nil},
		"no session":   {`{"command":"session","nid":"` + boID + `"}`, func() (any, error) { _, ok, err := c.Session(ctx, bo); return ok, err }, false},
		"seed":         {`{"command":"seed","rid":"` + ridID + `","scope":"all"}`, func() (any, error) { return c.Seed(ctx, rid, ScopeAll) }, true},
		"unseed":       {`{"command":"unseed","rid":"` + ridID + `"}`, func() (any, error) { return c.Unseed(ctx, rid) }, false},
		"follow":       {`{"alias":"bo","command":"follow","nid":"` + boID + `"}`, func() (any, error) { return c.Follow(ctx, bo, "bo") }, true},
		"follow plain": {`{"alias":null,"command":"follow","nid":"` + boID + `"}`, func() (any, error) { return c.Follow(ctx, bo, "") }, true},
		"unfollow":     {`{"command":"unfollow","nid":"` + boID + `"}`, func() (any, error) { return c.Unfollow(ctx, bo) }, false},
		"block":        {`{"command":"block","nid":"` + boID + `"}`, func() (any, error) { return c.Block(ctx, bo) }, false},
		"inventory":    {`{"command":"addInventory","rid":"` + ridID + `"}`, func() (any, error) { return c.AddInventory(ctx, rid) }, true},
		"announce all": {`{"command":"announceInventory"}`, func() (any, error) { return nil, c.AnnounceInventory(ctx) }, nil},
		"connect": {
			`{"addr":"` + boID + `@127.0.0.1:8801","command":"connect","opts":{"persistent":true,"timeout":{"nanos":500000000,"secs":6}}}`,
			func() (any, error) {
				return nil, c.Connect(ctx, bo, "127.0.0.1:8801", ConnectOptions{Persistent: true, Timeout: 6500 * time.Millisecond})
			},
			nil,
		},
		"seeds": {
			`{"command":"seedsFor","namespaces":["` + anaID + `"],"rid":"` + ridID + `"}`,
			func() (any, error) { return c.Seeds(ctx, rid, ana) },
			[]Seed{wantSeed},
		},
		"announce": {
			`{"command":"announceRefsFor","namespaces":["` + anaID + `","` + boID + `"],"rid":"` + ridID + `"}`,
			func() (any, error) { return c.AnnounceRefs(ctx, rid, ana, bo) },
			RefsAt{Remote: ana, At: oid},
		},
		"fetch": {
			`{"command":"fetch","nid":"` + boID + `","rid":"` + ridID + `","timeout":{"nanos":0,"secs":30}}`,
			func() (any, error) { return c.Fetch(ctx, rid, bo, FetchOptions{}) },
			FetchResult{
				Updated: []RefUpdate{
					{Kind: RefUpdated, Name: "refs/a", Old: oid, New: oid},
					{Kind: RefCreated, Name: "refs/b", New: oid},
					{Kind: RefDeleted, Name: "refs/c", Old: oid},
					{Kind: RefSkipped, Name: "refs/d", Old: oid, New: oid},
				},
				Namespaces: []radicle.NID{ana},
				Clone:      true,
			},
		},
		"sessions": {
			`{"command":"sessions"}`,
			func() (any, error) { return c.Sessions(ctx) },
			[]Session{{
				NID: bo, Link: Inbound, Addr: "127.0.0.1:47524",
				State: SessionState{Phase: Disconnected, Since: time.Unix(1795251637, 0), RetryAt: time.Unix(1795251640, 0)},
			}},
		},
	} {
		got, err := step.do()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(step.want, got, cmpV, cmpR); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if line := <-lines; line != step.send {
			t.Errorf("%s: sent %s", name, line)
		}
	}
}

// An answer that has a field named error among others is not an error.
func TestErrorAmongOthers(t *testing.T) {
	const text = `{"error":"none","alias":"ana"}`
	c, _ := answers(t, map[string]string{"config": text})
	if config, err := c.Config(t.Context()); err != nil || string(config) != text {
		t.Errorf("%s, %v", config, err)
	}
}

func TestFetchLevel(t *testing.T) {
	c, lines := answers(t, map[string]string{"fetch": fetchLine})
	if _, err := c.Fetch(t.Context(), rid, bo, FetchOptions{Timeout: time.Second, MinimumLevel: "parent"}); err != nil {
		t.Fatal(err)
	}
	if line := <-lines; !strings.Contains(line, `"signedReferencesMinimumFeatureLevel":"parent"`) {
		t.Error(line)
	}
}

// Old nodes know the commands without For only; without namespaces named, the node's own is asked for first.
func TestOldNode(t *testing.T) {
	c, lines := answers(t, map[string]string{
		"nodeId": `"` + anaID + `"`, "seeds": seedsLine, "announceRefs": `{"remote":"` + anaID + `","at":"` + oidID + `"}`,
	})
	seeds, err := c.Seeds(t.Context(), rid)
	if diff := cmp.Diff([]Seed{wantSeed}, seeds, cmpV, cmpR); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	refs, err := c.AnnounceRefs(t.Context(), rid, ana)
	if err != nil || refs.At != oid {
		t.Errorf("%v, %v", refs, err)
	}
	for _, want := range []string{"nodeId", "seedsFor", "seeds", "announceRefsFor", "announceRefs"} {
		if line := <-lines; !strings.Contains(line, `"command":"`+want+`"`) {
			t.Errorf("sent %s, want %s", line, want)
		}
	}
	if _, err := c.Block(t.Context(), bo); !errors.Is(err, ErrUnsupported) {
		t.Errorf("block: %v", err)
	}
}

func TestNodeRefuses(t *testing.T) {
	c, _ := answers(t, map[string]string{
		"announceRefsFor": `{"error":"runtime error: command failed: repository rad:z not found"}` + "\n",
		"fetch":           `{"status":"failed","reason":"peer is gone"}`,
		"connect":         `{"status":"disconnected","reason":"refused"}`,
	})
	_, err := c.AnnounceRefs(t.Context(), rid, ana)
	e, ok := errors.AsType[*CommandError](err)
	if !ok || e.Text != "runtime error: command failed: repository rad:z not found" || errors.Is(err, ErrUnsupported) {
		t.Errorf("announce: %v", err)
	}
	_, err = c.Fetch(t.Context(), rid, bo, FetchOptions{})
	if e, ok := errors.AsType[*FetchError](err); !ok || e.Reason != "peer is gone" || e.From != bo || e.RID != rid {
		t.Errorf("fetch: %v", err)
	}
	err = c.Connect(t.Context(), bo, "127.0.0.1:1", ConnectOptions{})
	if e, ok := errors.AsType[*ConnectError](err); !ok || e.Reason != "refused" || e.NID != bo || e.Addr != "127.0.0.1:1" {
		t.Errorf("connect: %v", err)
	}
}

func TestNotRunning(t *testing.T) {
	dir, err := os.MkdirTemp("", "nd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	_ = l.Close()
	for name, socket := range map[string]string{"nothing": filepath.Join(dir, "no"), "left by a kill": stale} {
		c := New(socket)
		if running, err := c.Running(t.Context()); running || err != nil {
			t.Errorf("%s: %v, %v", name, running, err)
		}
		if _, err := c.NodeID(t.Context()); !errors.Is(err, ErrNotRunning) || !strings.Contains(err.Error(), socket) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Subscribe(t.Context()); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: subscribe: %v", name, err)
		}
	}
}

func TestSocketPath(t *testing.T) {
	env := func(value string, set bool) func(string) (string, bool) {
		return func(key string) (string, bool) { return value, set && key == "RAD_SOCKET" }
	}
	own := filepath.Join("home", "node", "control.sock")
	for _, c := range []struct {
		value string
		set   bool
		want  string
	}{{"", false, own}, {"", true, own}, {"/x/y", true, "/x/y"}} {
		if got := SocketPath("home", env(c.value, c.set)); got != c.want {
			t.Errorf("%q: %s", c.value, got)
		}
	}
	for n, tooLong := range map[int]bool{maxSocketPath: false, maxSocketPath + 1: true} {
		_, err := New("/" + strings.Repeat("x", n-1)).Running(t.Context())
		e, ok := errors.AsType[*SocketPathError](err)
		if ok != tooLong || (ok && e.Max != maxSocketPath) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
