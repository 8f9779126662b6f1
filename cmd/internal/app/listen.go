package app

import (
	"errors"
	"fmt"
	stdnet "net"
	"net/netip"
	"slices"
	"strconv"

	"radswarm/blobstore/net"
)

// listenOn reads the addresses to listen on. An empty host stands for all addresses of both families.
func listenOn(texts []string) ([]netip.AddrPort, error) {
	if len(texts) > maxList {
		return nil, fmt.Errorf("%d addresses, at most %d", len(texts), maxList)
	}
	var all []netip.AddrPort
	for _, text := range texts {
		host, portText, err := stdnet.SplitHostPort(text)
		if err != nil {
			return nil, fmt.Errorf("%.80q is not host:port", text)
		}
		port, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %.20q is not a port", text, portText)
		}
		ips, err := hostIPs(host)
		if err != nil {
			return nil, fmt.Errorf("%.80q: %w", text, err)
		}
		for _, ip := range ips {
			all = append(all, netip.AddrPortFrom(ip, uint16(port)))
		}
	}
	if slices.ContainsFunc(all, func(a netip.AddrPort) bool { return a.Port() != all[0].Port() }) {
		return nil, errors.New("all addresses have one port")
	}
	return all, nil
}

func hostIPs(host string) ([]netip.Addr, error) {
	if host == "" {
		return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}, nil
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.Zone() != "" {
		return nil, fmt.Errorf("%.60q is not an ip address of this machine", host)
	}
	return []netip.Addr{ip.Unmap()}, nil
}

func transports(names []string) ([]net.Transport, error) {
	var all []net.Transport
	for _, name := range names {
		t, ok := map[string]net.Transport{"tcp": net.TCP, "quic": net.QUIC}[name]
		if !ok {
			return nil, fmt.Errorf("%.20q is not tcp or quic", name)
		}
		if !slices.Contains(all, t) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("none: is tcp, quic or both")
	}
	return all, nil
}
