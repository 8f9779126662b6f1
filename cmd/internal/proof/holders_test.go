//go:build unix

package proof

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/p2p"
	"radswarm/blobstore/swarm"
	"radswarm/blobstore/wire"
	"radswarm/radicle"
)

// A node is what a daemon is below its objects: a store, a state database, a Service and a network with sockets.
type node struct {
	did     radicle.DID
	cert    *keyring.Certificate
	state   *friend.State
	store   *disk.Store
	service *holder.Service
	network net.Network
}

func seed(number, what int) (b [32]byte) {
	b[0], b[1], b[2] = byte(number), byte(number>>8), byte(what)
	return b
}

// newNode makes the node of a number in a folder that is empty.
func newNode(ctx context.Context, dir string, number int) (*node, error) {
	signer, key := radicle.NewMemorySigner(seed(number, 1)), keyring.NewDeviceKey(seed(number, 2))
	n := &node{did: signer.NID().DID()}
	err := os.MkdirAll(dir, 0o700)
	if err != nil {
		return nil, err
	}
	if n.cert, err = keyring.IssueCertificate(ctx, signer, keyring.CertificateRequest{Device: key.Device(), Now: time.Now()}); err != nil {
		return nil, err
	}
	if n.state, err = friend.Open(ctx, filepath.Join(dir, friend.FileName), friend.Options{Self: n.did}); err != nil {
		return nil, err
	}
	if n.store, err = disk.Create(ctx, filepath.Join(dir, "shares"), disk.Options{Limits: disk.Limits{Floor: -1}}); err != nil {
		return nil, err
	}
	n.service = holder.New(holder.Options{
		Self: n.did, Store: holder.OnDisk(n.store), Friends: n.state, Instance: [16]byte{byte(number)},
		Certificate: func() *keyring.Certificate { return n.cert }, Software: "proof",
	})
	n.network, err = p2p.Listen(p2p.Config{Key: key, Handler: n.service, Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}})
	if err != nil {
		return nil, err
	}
	n.service.Attach(n.network)
	return n, nil
}

func (n *node) close() {
	_ = n.network.Close()
	n.service.Close()
	_ = n.store.Close()
	_ = n.state.Close()
}

// befriend gives somebody room.
func (n *node) befriend(ctx context.Context, cert *keyring.Certificate) error {
	if _, err := n.state.AddCertificate(ctx, cert); err != nil {
		return err
	}
	return n.state.AddFriend(ctx, friend.Friend{DID: cert.DID(), Give: 1 << 40})
}

// holdRole is a node in a folder, with a number, that is the friend of whose certificate it is given. It prints where it is and
// its own certificate, and ends with its input.
func holdRole(args []string) error {
	ctx := context.Background()
	number, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	cert, err := parseCertificate(args[2])
	if err != nil {
		return err
	}
	n, err := newNode(ctx, args[0], number)
	if err != nil {
		return err
	}
	defer n.close()
	if err := n.befriend(ctx, cert); err != nil {
		return err
	}
	fmt.Printf("%s %x\n", n.network.Addrs()[0], n.cert.Bytes())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func parseCertificate(s string) (*keyring.Certificate, error) {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil, err
	}
	return keyring.ParseCertificate(b)
}

// A circle is a node in this process and friends of its, each a process.
type circle struct {
	*node
	friends []*friendProcess
}

// A friendProcess is a friend with its own process.
type friendProcess struct {
	cmd    *exec.Cmd
	did    radicle.DID
	client blobstore.Holder
}

// newCircle starts friends and meets them.
func newCircle(tb testing.TB, friends int) *circle {
	tb.Helper()
	dir := shortDir(tb)
	ctx := tb.Context()
	you, err := newNode(ctx, filepath.Join(dir, "you"), 1000)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(you.close)
	c := &circle{node: you}
	for i := range friends {
		f, err := c.start(ctx, tb, filepath.Join(dir, strconv.Itoa(i)), i)
		if err != nil {
			tb.Fatal(err)
		}
		c.friends = append(c.friends, f)
	}
	return c
}

func shortDir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "rs")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (c *circle) start(ctx context.Context, tb testing.TB, dir string, number int) (*friendProcess, error) {
	cmd := exec.Command(os.Args[0], dir, strconv.Itoa(number), hex.EncodeToString(c.cert.Bytes()))
	cmd.Env, cmd.Stderr = append(os.Environ(), roleKey+"=hold"), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // those that were killed have nothing more to say
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("friend %d says nothing: %w", number, err)
	}
	return c.meet(ctx, cmd, line)
}

func (c *circle) meet(ctx context.Context, cmd *exec.Cmd, line string) (*friendProcess, error) {
	where, text, _ := strings.Cut(strings.TrimSpace(line), " ")
	addr, err := net.ParseAddr(where)
	if err != nil {
		return nil, err
	}
	cert, err := parseCertificate(text)
	if err == nil {
		err = c.befriend(ctx, cert)
	}
	if err != nil {
		return nil, err
	}
	conn, err := c.network.Connect(ctx, cert.Device(), []net.Addr{addr})
	if err != nil {
		return nil, err
	}
	session, err := c.service.Meet(ctx, conn)
	if err != nil {
		return nil, err
	}
	client := &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) { return session.Conn.Open(ctx) }}
	return &friendProcess{cmd, cert.DID(), client}, nil
}

func (c *circle) people() (all []swarm.Person) {
	for _, f := range c.friends {
		all = append(all, swarm.Person{DID: f.did, Holder: f.client})
	}
	return all
}

// pids are those of the friends' processes.
func (c *circle) pids() (all []int) {
	for _, f := range c.friends {
		all = append(all, f.cmd.Process.Pid)
	}
	return all
}
