package app

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"syscall"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/p2p"
)

// ErrPort is a port that another program listens on.
var ErrPort = errors.New("port is in use")

// ListenError is an address that cannot be listened on. It is [ErrPort] where another program does.
type ListenError struct {
	Listen []string // as in the settings; none: the default
	Config string   // the path of the settings
	Err    error
}

func (e *ListenError) Error() string {
	if len(e.Listen) == 0 && errors.Is(e, ErrPort) {
		return fmt.Sprintf("port %d is in use", p2p.DefaultPort)
	}
	if len(e.Listen) == 0 {
		return fmt.Sprintf("port %d: %v", p2p.DefaultPort, e.Err)
	}
	return fmt.Sprintf("listen on %v: %v", e.Listen, e.Err)
}

// Is reports whether target is [ErrPort].
func (e *ListenError) Is(target error) bool {
	return target == ErrPort && errors.Is(e.Err, syscall.EADDRINUSE)
}

// Unwrap returns the cause.
func (e *ListenError) Unwrap() error { return e.Err }

// listen makes the network. Where "all addresses" was asked for, a machine without IPv6 has those of IPv4.
func listen(c *Config, path string, key *keyring.DeviceKey, h net.Handler, log *slog.Logger) (*p2p.Network, error) {
	addrs, err := listenOn(c.Listen)
	if err != nil {
		return nil, &ConfigError{Path: path, Field: "listen", Err: err}
	}
	ways, err := transports(c.Transports)
	if err != nil {
		return nil, &ConfigError{Path: path, Field: "transports", Err: err}
	}
	conf := p2p.Config{Key: key, Handler: h, Listen: addrs, Transports: ways, Log: log.With("room", "net")}
	n, err := p2p.Listen(conf)
	if err != nil && noSuchFamily(err) {
		conf.Listen = slices.DeleteFunc(addrs, func(a netip.AddrPort) bool { return a.Addr() == netip.IPv6Unspecified() })
		if 0 < len(conf.Listen) && len(conf.Listen) < len(addrs) {
			n, err = p2p.Listen(conf)
		}
	}
	if err != nil {
		return nil, &ListenError{Listen: c.Listen, Config: path, Err: err}
	}
	return n, nil
}

func noSuchFamily(err error) bool {
	return errors.Is(err, syscall.EAFNOSUPPORT) || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EPROTONOSUPPORT)
}
