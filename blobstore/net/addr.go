package net

import (
	"fmt"
	stdnet "net"
	"net/netip"
	"strconv"
	"strings"
)

// Addr is where a device may answer: a host and a port that TCP and UDP share. The host is an IP address or a DNS name.
// It is a value that can be compared and be the key of a map. Addresses are hints: what answers there proves who it is.
//
// Other kinds of address (through a relay) will have text forms that begin with a word and a colon, as in "relay:…"; they
// are not addresses today.
type Addr struct {
	host string // canonical: netip's form, or lower case
	port uint16
}

// MaxAddrText is the longest text of an address, in bytes.
const MaxAddrText = maxHost + len("[]:65535")

const maxHost = 253

// ParseAddr reads host:port or [IPv6]:port. The port is 1 to 65535; of an IPv6 zone nothing is kept, because it means
// nothing on another machine. Errors are [ErrAddr].
func ParseAddr(s string) (Addr, error) {
	if len(s) > MaxAddrText {
		return Addr{}, fmt.Errorf("%w: %d bytes", ErrAddr, len(s))
	}
	host, port, err := stdnet.SplitHostPort(s)
	if err != nil {
		return Addr{}, fmt.Errorf("%w: %q", ErrAddr, s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' || port[0] == '+' {
		return Addr{}, fmt.Errorf("%w: port %q", ErrAddr, port)
	}
	return newAddr(host, uint16(n))
}

func newAddr(host string, port uint16) (Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return AddrOf(netip.AddrPortFrom(ip, port)), nil
	}
	host = strings.ToLower(host)
	if !validHost(host) {
		return Addr{}, fmt.Errorf("%w: host %q", ErrAddr, host)
	}
	return Addr{host: host, port: port}, nil
}

// AddrOf makes an address of what the standard library knows. An IPv4 address inside of IPv6 becomes plain IPv4.
func AddrOf(ap netip.AddrPort) Addr {
	return Addr{host: ap.Addr().Unmap().WithZone("").String(), port: ap.Port()}
}

// validHost says whether a host is a DNS name: labels of letters, digits, hyphens and underscores. The last one does not
// begin with a digit, so that nothing is a name here and a number to a resolver.
func validHost(host string) bool {
	if host == "" || len(host) > maxHost {
		return false
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
		if label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
	}
	first := labels[len(labels)-1][0]
	return first < '0' || first > '9'
}

// Host is the host: an IP address without brackets, or a name in lower case.
func (a Addr) Host() string { return a.host }

// Port is the port.
func (a Addr) Port() uint16 { return a.port }

// IP is the host if it is an IP address.
func (a Addr) IP() (netip.Addr, bool) {
	ip, err := netip.ParseAddr(a.host)
	return ip, err == nil
}

// IsZero reports whether a is the zero value, which is no address.
func (a Addr) IsZero() bool { return a == Addr{} }

// String returns the form that ParseAddr reads.
func (a Addr) String() string {
	if a.IsZero() {
		return ""
	}
	return stdnet.JoinHostPort(a.host, strconv.Itoa(int(a.port)))
}

// AppendText appends the form of String.
func (a Addr) AppendText(b []byte) ([]byte, error) { return append(b, a.String()...), nil }

// MarshalText returns the form of String.
func (a Addr) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText is ParseAddr.
func (a *Addr) UnmarshalText(text []byte) (err error) {
	*a, err = ParseAddr(string(text))
	return err
}
