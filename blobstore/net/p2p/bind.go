package p2p

import (
	"context"
	"errors"
	"fmt"
	stdnet "net"
	"net/netip"
	"slices"

	"radswarm/blobstore/net"
)

// bindTries is how often a free port is looked for that TCP and UDP both have.
const bindTries = 20

func (n *Network) bind(listen []netip.AddrPort) error {
	optional := len(listen) == 0
	if optional {
		listen = []netip.AddrPort{
			netip.AddrPortFrom(netip.IPv4Unspecified(), DefaultPort), netip.AddrPortFrom(netip.IPv6Unspecified(), DefaultPort),
		}
	}
	free := slices.ContainsFunc(listen, func(a netip.AddrPort) bool { return a.Port() == 0 })
	var err error
	for range bindTries {
		if err = n.bindAll(listen, optional); err == nil || !free {
			return err
		}
		n.unbind()
	}
	return err
}

// bindAll binds all addresses to one port. Of optional ones some may fail: a machine may have no IPv6.
func (n *Network) bindAll(listen []netip.AddrPort, optional bool) error {
	var port uint16
	var missing []error
	for _, a := range listen {
		if port != 0 {
			a = netip.AddrPortFrom(a.Addr(), port)
		}
		bound, err := n.bindOne(a)
		if err != nil && optional {
			n.log.Warn("does not listen there", "err", err)
			missing = append(missing, err)
			continue
		}
		if err != nil {
			return err
		}
		port = bound.Port()
		n.addrs = append(n.addrs, net.AddrOf(bound))
	}
	if len(n.addrs) == 0 {
		return errors.Join(missing...)
	}
	return nil
}

func (n *Network) bindOne(a netip.AddrPort) (netip.AddrPort, error) {
	family := "4"
	if a.Addr().Is6() {
		family = "6"
	}
	if slices.Contains(n.transports, net.TCP) {
		conf := stdnet.ListenConfig{KeepAliveConfig: keepAlive()}
		l, err := conf.Listen(context.Background(), "tcp"+family, a.String())
		if err != nil {
			return a, fmt.Errorf("tcp %v: %w", a, err)
		}
		n.tcp = append(n.tcp, l)
		a = netip.AddrPortFrom(a.Addr(), addrOf(l.Addr()).Port())
	}
	if slices.Contains(n.transports, net.QUIC) {
		socket, err := stdnet.ListenUDP("udp"+family, stdnet.UDPAddrFromAddrPort(a))
		if err != nil {
			return a, fmt.Errorf("udp %v: %w", a, err)
		}
		e, err := n.newUDPEnd(socket)
		if err != nil {
			_ = socket.Close()
			return a, fmt.Errorf("udp %v: %w", a, err)
		}
		n.udp = append(n.udp, e)
		a = netip.AddrPortFrom(a.Addr(), addrOf(socket.LocalAddr()).Port())
	}
	return a, nil
}

func (n *Network) unbind() {
	for _, l := range n.tcp {
		_ = l.Close()
	}
	for _, e := range n.udp {
		e.close()
	}
	n.tcp, n.udp, n.addrs = nil, nil, nil
}

// Addrs is [net.Network.Addrs].
func (n *Network) Addrs() []net.Addr {
	var all []net.Addr
	for _, a := range n.addrs {
		if ip, _ := a.IP(); ip.IsUnspecified() {
			all = append(all, ofMachine(ip, a.Port())...)
		} else {
			all = append(all, a)
		}
	}
	return all
}

// ofMachine are the addresses that this machine has now, of one family, without those that mean nothing elsewhere.
func ofMachine(family netip.Addr, port uint16) []net.Addr {
	interfaces, err := stdnet.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var all []net.Addr
	for _, i := range interfaces {
		prefix, err := netip.ParsePrefix(i.String())
		if err != nil {
			continue
		}
		ip := prefix.Addr().Unmap()
		if ip.Is4() == family.Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			all = append(all, net.AddrOf(netip.AddrPortFrom(ip, port)))
		}
	}
	return all
}

// udpFor is the socket to reach an address from, nil without one: of the same family, and rather one of all addresses, or
// of loopback for loopback only.
func (n *Network) udpFor(ip netip.Addr) *udpEnd {
	var found *udpEnd
	for _, e := range n.udp {
		local, _ := addrOf(e.socket.LocalAddr()).IP()
		if local.Is4() != ip.Is4() {
			continue
		}
		if local.IsUnspecified() || local.IsLoopback() == ip.IsLoopback() {
			return e
		}
		found = e
	}
	return found
}

func addrOf(a stdnet.Addr) net.Addr {
	switch a := a.(type) {
	case *stdnet.TCPAddr:
		return net.AddrOf(a.AddrPort())
	case *stdnet.UDPAddr:
		return net.AddrOf(a.AddrPort())
	}
	return net.Addr{}
}
