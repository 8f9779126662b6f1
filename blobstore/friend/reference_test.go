package friend_test

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
)

var dnsName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// plainAddress is FRIEND.md §3 in the words of the standard library, and says what is wrong.
func plainAddress(s string) (bool, string) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return false, err.Error()
	}
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port || net.JoinHostPort(host, port) != s {
		return false, "port or brackets"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return dnsName.MatchString(host) && len(host) <= 253 && !regexp.MustCompile(`(^|\.)[0-9]+$`).MatchString(host), "name"
	}
	return ip.String() == host && !ip.Is4In6() && ip.Zone() == "" && !ip.IsUnspecified() && !ip.IsMulticast() &&
		ip != netip.AddrFrom4([4]byte{255, 255, 255, 255}), "ip"
}
