package friend

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Bounds of addresses (FRIEND.md §3).
const (
	MaxAddresses = 16  // in one record or line
	MaxAddress   = 255 // bytes of one
)

// ValidAddress reports whether s is an address that can be dialled: host:port, where the host is an IPv4 address, an IPv6
// address in brackets or a name in lower case, and all is written in the one way of FRIEND.md §3. It does not say whether it is
// wise to dial it: loopback and private addresses are valid.
func ValidAddress(s string) bool {
	host, port, ok := cutPort(s)
	if !ok || len(s) > MaxAddress {
		return false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
		return false
	}
	if inner, v6 := strings.CutPrefix(host, "["); v6 {
		inner, closed := strings.CutSuffix(inner, "]")
		return closed && validIP(inner, true)
	}
	return validIP(host, false) || validName(host)
}

func cutPort(s string) (host, port string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// validIP takes the one spelling of an address that one machine may have. An IPv4 address is never written as IPv6.
func validIP(s string, v6 bool) bool {
	ip, err := netip.ParseAddr(s)
	return err == nil && ip.Is6() == v6 && !ip.Is4In6() && ip.Zone() == "" && ip.String() == s &&
		!ip.IsUnspecified() && !ip.IsMulticast() && s != "255.255.255.255"
}

// validName takes names of DNS in lower case: labels of 1 … 63 letters, digits and hyphens, none at either end, the last not
// all digits. It is not longer than 253 characters, since host:port is not longer than [MaxAddress].
func validName(s string) bool {
	last := ""
	for label := range strings.SplitSeq(s, ".") {
		if len(label) < 1 || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
		last = label
	}
	return strings.Trim(last, "0123456789") != ""
}

// appendAddresses appends a list: u16 count ‖ texts.
func appendAddresses(b []byte, list []string) []byte {
	b = append(b, byte(len(list)>>8), byte(len(list)))
	for _, s := range list {
		b = appendText(b, s)
	}
	return b
}

// addresses returns a list of at most [MaxAddresses] different texts of 1 … [MaxAddress] printable ASCII characters. They need
// not be addresses that this version can dial.
func (c *cursor) addresses(field string) []string {
	n := int(c.u16(field))
	if n > MaxAddresses {
		c.rest, c.missing = nil, field
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		s := c.text(field)
		if !printable(s) || slices.Contains(list, s) {
			if c.missing == "" {
				c.missing = field
			}
			return nil
		}
		list = append(list, s)
	}
	return list
}

// printable reports whether s is 1 … MaxAddress characters of ASCII that print, without a space.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= MaxAddress
}

// dialable returns those of a list that this version can dial, in order.
func dialable(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		if ValidAddress(s) {
			out = append(out, s)
		}
	}
	return out
}

// checkAddresses holds a list that we make ourselves to what others can dial.
func checkAddresses(list []string) error {
	if err := between("number of addresses", int64(len(list)), 0, MaxAddresses); err != nil {
		return err
	}
	for i, s := range list {
		if !ValidAddress(s) || slices.Contains(list[:i], s) {
			return malformed("address " + strconv.Quote(s[:min(len(s), MaxAddress)]))
		}
	}
	return nil
}
