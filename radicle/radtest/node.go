package radtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/node"
)

const (
	// startTime is how long a node may take to answer; at its first start it looks for a proof of work.
	startTime = 2 * time.Minute
	// WaitTime is how long [Eventually] waits: until something hangs, not until it is slow.
	WaitTime = 2 * time.Minute
	// pollTime is how often it looks.
	pollTime = 20 * time.Millisecond
	// startTries is how often a node is given another port.
	startTries = 3
)

// A Node is a running radicle-node.
type Node struct {
	*node.Client
	Home *Home
	Addr string // where it listens, host:port
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when the process has ended
}

// StartNode starts the node of a home on a free loopback port and waits until it answers. The home gets the configuration of
// [Home.Configure]. At the end of the test the node is stopped; if the test failed, the end of its log is shown.
func StartNode(t testing.TB, h *Home) *Node {
	t.Helper()
	for range startTries {
		addr := freeAddr(t)
		h.Configure(t, addr)
		if n := startNode(t, h, addr); n != nil {
			return n
		}
	}
	t.Fatalf("node of %s: no free port", h.Person.Alias())
	return nil
}

// startNode returns nil if somebody else took the port.
func startNode(t testing.TB, h *Home, addr string) *Node {
	t.Helper()
	n := launch(t, h, addr)
	t.Cleanup(func() {
		n.end()
		if t.Failed() {
			t.Logf("node of %s: end of its log:\n%s", h.Person.Alias(), n.logTail())
		}
	})
	eventually(t, "node of "+h.Person.Alias().String(), startTime, func() bool {
		select {
		case <-n.done:
			return true
		default:
		}
		running, err := n.Running(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return running
	})
	select {
	case <-n.done:
		if log := n.logTail(); !strings.Contains(log, "in use") {
			t.Fatalf("node of %s ended at once:\n%s", h.Person.Alias(), log)
		}
		return nil
	default:
		return n
	}
}

func launch(t testing.TB, h *Home, addr string) *Node {
	t.Helper()
	h.tools = Tools(t)
	n := &Node{
		Client: node.New(node.SocketPath(h.Dir(), h.Lookup)),
		Home:   h, Addr: addr, log: filepath.Join(h.Work, "node.log"), done: make(chan struct{}),
	}
	log, err := os.Create(n.log)
	if err != nil {
		t.Fatal(err)
	}
	n.cmd = exec.Command(filepath.Join(h.tools, "radicle-node"), "--force")
	n.cmd.Env, n.cmd.Dir, n.cmd.Stdout, n.cmd.Stderr = h.Env(), h.Work, log, log
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = n.cmd.Wait()
		_ = log.Close()
		close(n.done)
	}()
	return n
}

// freeAddr finds a loopback port that was free a moment ago.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Stop ends the node as a service manager does, waits for it, and makes the nodes that stay drop it; without that they would hold on
// to it for a minute.
func (n *Node) Stop(t testing.TB, staying ...*Node) {
	t.Helper()
	n.end()
	for _, s := range staying {
		if err := s.Disconnect(t.Context(), n.NID()); err != nil {
			t.Fatal(err)
		}
	}
}

// Kill ends the node as a power cut does.
func (n *Node) Kill() {
	_ = n.cmd.Process.Kill()
	<-n.done
}

func (n *Node) end() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-n.done:
	case <-time.After(10 * time.Second):
		n.Kill()
	}
}

// NID is the node's id.
func (n *Node) NID() radicle.NID { return n.Home.Person.NID() }

// logTail returns the last lines of the node's log.
func (n *Node) logTail() string {
	const lines = 60
	text, err := os.ReadFile(n.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// Connect connects two nodes and waits until both say so.
func Connect(t testing.TB, from, to *Node) {
	t.Helper()
	if err := from.Client.Connect(t.Context(), to.NID(), to.Addr, node.ConnectOptions{Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	for _, pair := range [][2]*Node{{from, to}, {to, from}} {
		Eventually(t, fmt.Sprintf("session of %s with %s", pair[0].Home.Person.Alias(), pair[1].Home.Person.Alias()), func() bool {
			s, ok, err := pair[0].Session(t.Context(), pair[1].NID())
			if err != nil {
				t.Fatal(err)
			}
			return ok && s.State.Phase == node.Connected
		})
	}
}

// Clone clones a repository from a connected node, with everybody's refs, and returns the working copy.
func (n *Node) Clone(t testing.TB, rid radicle.RID, from *Node) (dir string) {
	t.Helper()
	h := n.Home
	dir = filepath.Join(h.Work, rid.Canonical())
	h.Rad(t, h.Work, "clone", rid.String(), dir, "--scope", "all", "--seed", from.NID().String(), "--timeout", "120s")
	return dir
}

// Eventually waits until ok, asking again and again; the test ends after [WaitTime].
func Eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	eventually(t, what, WaitTime, ok)
}

func eventually(t testing.TB, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	timeout := time.After(limit)
	poll := time.NewTicker(pollTime)
	defer poll.Stop()
	for !ok() {
		select {
		case <-timeout:
			t.Fatalf("%s: not after %v", what, limit)
		case <-poll.C:
		}
	}
}
