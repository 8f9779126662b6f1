package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"radswarm/blobstore/net"
)

// gateway is a router that forwards ports, as one of its addresses here sees it.
type gateway interface {
	// Forward has a port of the router forwarded to a port here, for a while; 0: until it is taken back.
	Forward(ctx context.Context, protocol string, external, internal uint16, lease time.Duration) error
	// Forget takes that back.
	Forget(ctx context.Context, protocol string, external uint16) error
	// External is the address of the router on the other side.
	External(ctx context.Context) (netip.Addr, error)
}

// Errors of a gateway that mean something.
var (
	errPortTaken = errors.New("port is forwarded to another machine")
	errPermanent = errors.New("router forwards for ever only")
)

// How a port is forwarded.
const (
	leaseTime   = time.Hour        // a machine that has gone is forgotten by then
	renewTime   = 25 * time.Minute // twice within the lease
	forgetTime  = 2 * time.Second  // how long taking it back at the end may take
	portTries   = 5                // ports from ours on, where a machine in the same house has it already
	gatewayTime = 20 * time.Second // how long finding and asking routers may take
	maxNetworks = 4                // in which routers are looked for
)

// router keeps a port of this machine's routers forwarded.
type router struct {
	find    func(context.Context) []gateway // those that there are
	port    func() uint16                   // ours; 0: there is nothing to forward
	changed func(context.Context)           // address is another
	log     *slog.Logger

	mu      sync.Mutex
	address netip.AddrPort // invalid: nobody forwards
}

// newRouter returns the router of a home, which forwards nothing yet.
func (a *App) newRouter() *router {
	return &router{
		find: func(ctx context.Context) []gateway { return findGateways(ctx, privateIPs(a.network.Addrs())) },
		port: func() uint16 {
			all := a.network.Addrs()
			if !a.config.Load().UPnP || len(privateIPs(all)) == 0 {
				return 0
			}
			return all[0].Port()
		},
		changed: func(ctx context.Context) {
			if err := a.peers.Readdress(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("address record is not renewed", "err", err)
			}
		},
		log: a.log.With("room", "router"),
	}
}

// privateIPs are the addresses of home networks among these. IPv6 needs no router that forwards.
func privateIPs(addrs []net.Addr) (all []netip.Addr) {
	for _, a := range addrs {
		if ip, ok := a.IP(); ok && ip.Is4() && ip.IsPrivate() && len(all) < maxNetworks {
			all = append(all, ip)
		}
	}
	return all
}

// Address returns where others reach this machine through its router, if there is one that forwards.
func (r *router) Address() (netip.AddrPort, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.address, r.address.IsValid()
}

// forwarded is a port that a router forwards.
type forwarded struct {
	gateway
	external uint16
}

// run keeps the port forwarded until ctx is done, and then takes it back.
func (r *router) run(ctx context.Context) {
	var all []forwarded
	for {
		all = r.renew(ctx, all)
		if !sleep(ctx, renewTime) {
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTime)
	defer cancel()
	for _, f := range all {
		f.forget(ctx)
	}
}

func (f forwarded) forget(ctx context.Context) {
	for _, protocol := range []string{"TCP", "UDP"} {
		_ = f.Forget(ctx, protocol, f.external) // the lease ends by itself
	}
}

// renew forwards with each router, at the port that it had before, and notes the first that is of use to others.
func (r *router) renew(ctx context.Context, before []forwarded) (all []forwarded) {
	port := r.port()
	if port == 0 {
		r.note(ctx, netip.AddrPort{})
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, gatewayTime)
	defer cancel()
	var address netip.AddrPort
	for i, g := range r.find(asking) {
		first := port
		if i < len(before) {
			first = before[i].external
		}
		f, at, err := forward(asking, g, first, port)
		if err != nil {
			r.log.Debug("router does not forward", "err", err)
			continue
		}
		all = append(all, f)
		if !address.IsValid() && reachable(at.Addr()) {
			address = at
		}
	}
	if ctx.Err() == nil {
		r.note(ctx, address)
	}
	return all
}

// note takes an address, and has it told where it is another.
func (r *router) note(ctx context.Context, address netip.AddrPort) {
	r.mu.Lock()
	same := r.address == address
	r.address = address
	r.mu.Unlock()
	if !same {
		r.log.Info("router forwards", "address", address)
		r.changed(ctx)
	}
}

// forward has one router forward a port, or one of those after it. TCP must be, UDP should.
func forward(ctx context.Context, g gateway, first, internal uint16) (f forwarded, at netip.AddrPort, err error) {
	for i := range uint16(portTries) {
		external := first + i
		if err = lease(ctx, g, "TCP", external, internal); errors.Is(err, errPortTaken) {
			continue
		}
		if err != nil {
			return f, at, err
		}
		_ = lease(ctx, g, "UDP", external, internal) // without it there is TCP
		f = forwarded{g, external}
		ip, err := g.External(ctx)
		if err != nil {
			f.forget(ctx)
			return f, at, err
		}
		return f, netip.AddrPortFrom(ip.Unmap(), external), nil
	}
	return f, at, fmt.Errorf("ports %d to %d: %w", first, first+portTries-1, err)
}

// lease forwards for a while, or for ever with routers that know nothing else.
func lease(ctx context.Context, g gateway, protocol string, external, internal uint16) error {
	err := g.Forward(ctx, protocol, external, internal, leaseTime)
	if errors.Is(err, errPermanent) {
		err = g.Forward(ctx, protocol, external, internal, 0)
	}
	return err
}

// shared are addresses that a provider gives to many: nobody outside reaches one of them.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// reachable reports whether an address means something to others. A router that is behind another has none such.
func reachable(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !shared.Contains(ip)
}
