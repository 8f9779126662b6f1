package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
	"radswarm/radicle/profile"
)

// friendName names the friend with a number, from 0.
func friendName(i int) string {
	names := [...]string{"ana", "bo", "cy", "di", "ed", "flo", "gus", "hal", "ida", "jo"}
	if i < len(names) {
		return names[i]
	}
	return "friend-" + strconv.Itoa(i+1)
}

// Homes listen on ports of this range: above those that services have, and below those that the system gives to outgoing
// connections, one of which might otherwise take the port of a home that is dead for a while.
const (
	firstPort = 20000
	ports     = 10000
)

// freePort finds a port that no home of the lab has and nobody uses now. The caller holds m.mu where others may change m.
func freePort(m *marker) (uint16, error) {
	taken := map[uint16]bool{}
	for _, h := range m.Homes {
		taken[h.Port] = true
	}
	first := rand.N(ports)
	for i := range ports {
		port := uint16(firstPort + (first+i)%ports)
		if !taken[port] && portIsFree(port) {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port from %d to %d", firstPort, firstPort+ports-1)
}

// portIsFree reports whether a port of 127.0.0.1 can be listened on by TCP and UDP.
func portIsFree(port uint16) bool {
	l, err := net.Listen("tcp4", address(port))
	if err != nil {
		return false
	}
	defer l.Close()
	c, err := net.ListenPacket("udp4", address(port))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

func address(port uint16) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(port))) }

// make makes a home that is listed, unless it is there. It appears when it is complete.
func (l *Lab) make(ctx context.Context, name string, port uint16) (bool, error) {
	dir := filepath.Join(l.dir, name)
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	temp := filepath.Join(l.dir, makingDir, name)
	if err := os.MkdirAll(filepath.Dir(temp), 0o700); err != nil {
		return false, err
	}
	home, err := profile.NewHome(temp)
	if err != nil {
		return false, err
	}
	alias, err := radicle.ParseAlias(name)
	if err != nil {
		return false, err
	}
	if _, err := app.CreateHome(ctx, home, alias, nil); err != nil {
		return false, err
	}
	if err := configure(control.At(home), port); err != nil {
		return false, err
	}
	return true, os.Rename(temp, dir)
}

// configure has a home listen on one port of this machine, and look for nobody beyond it.
func configure(p control.Place, port uint16) error {
	c, err := app.LoadConfig(p)
	if err != nil {
		return err
	}
	c.Listen = []string{address(port)}
	c.Guess, c.UPnP, c.MDNS = false, false, false
	return c.Save(p)
}

// launch starts the daemon of a home that is made, or lets a frozen one go on. Where somebody else has the port of a home that
// is dead, it gets another one, of which friends learn: another lab may have looked for a free port at the same time.
func (l *Lab) launch(ctx context.Context, m *marker, name string) (bool, error) {
	for tries := 5; ; tries-- {
		if err := l.settle(ctx, m, name); err != nil {
			return false, err
		}
		started, err := l.start(ctx, name)
		if _, refused := errors.AsType[*control.StartError](err); !refused || tries == 0 {
			return started, err
		}
		if portIsFree(m.port(name)) { // it was not for the port, or its owner has gone again
			return l.start(ctx, name)
		}
	}
}

// settle gives another port to a home that is dead and whose port somebody else has taken.
func (l *Lab) settle(ctx context.Context, m *marker, name string) error {
	if l.pid(ctx, name) != 0 || portIsFree(m.port(name)) {
		return nil
	}
	port, err := m.move(l.dir, name)
	if err != nil {
		return err
	}
	return configure(l.Place(name), port)
}
