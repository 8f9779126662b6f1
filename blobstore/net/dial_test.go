package net

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func addr(t testing.TB, s string) Addr {
	t.Helper()
	a, err := ParseAddr(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPlan(t *testing.T) {
	both := []Transport{TCP, QUIC}
	for _, c := range []struct {
		name       string
		addrs      []string
		transports []Transport
		want       []string
	}{
		{"nothing", nil, both, nil},
		{"own network", []string{"192.168.1.2:1"}, both, []string{"192.168.1.2:1 tcp 0s", "192.168.1.2:1 quic 250ms"}},
		{"loopback", []string{"127.0.0.1:1", "[::1]:1"}, both, []string{
			"127.0.0.1:1 tcp 0s", "[::1]:1 tcp 0s", "127.0.0.1:1 quic 250ms", "[::1]:1 quic 250ms",
		}},
		{"elsewhere", []string{"8.8.8.8:1", "bo.example:1"}, both, []string{
			"8.8.8.8:1 quic 50ms", "bo.example:1 quic 50ms", "8.8.8.8:1 tcp 300ms", "bo.example:1 tcp 300ms",
		}},
		{"mixed", []string{"[2001:db8::1]:1", "10.0.0.1:1"}, both, []string{
			"10.0.0.1:1 tcp 0s", "[2001:db8::1]:1 quic 50ms", "10.0.0.1:1 quic 250ms", "[2001:db8::1]:1 tcp 300ms",
		}},
		{"one transport", []string{"10.0.0.1:1", "8.8.8.8:1"}, []Transport{QUIC}, []string{
			"8.8.8.8:1 quic 50ms", "10.0.0.1:1 quic 50ms",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var addrs []Addr
			for _, s := range c.addrs {
				addrs = append(addrs, addr(t, s))
			}
			var got []string
			for _, try := range plan(addrs, c.transports) {
				got = append(got, fmt.Sprintf("%v %v %v", try.addr, try.transport, try.after))
			}
			if c.name == "one transport" {
				slices.Sort(got)
				slices.Sort(c.want)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNear(t *testing.T) {
	for s, want := range map[string]bool{
		"127.9.9.9:1": true, "[::1]:1": true, "10.1.1.1:1": true, "172.16.0.1:1": true, "172.32.0.1:1": false,
		"192.168.0.1:1": true, "169.254.1.1:1": true, "[fe80::1]:1": true, "[fd00::1]:1": true, "100.64.0.1:1": true,
		"100.128.0.1:1": false, "8.8.8.8:1": false, "[2001:db8::1]:1": false, "localhost:1": false,
	} {
		if isNear(addr(t, s)) != want {
			t.Errorf("%s is near: %v", s, !want)
		}
	}
}

func TestUsable(t *testing.T) {
	many := []Addr{{}, addr(t, "0.0.0.0:1"), addr(t, "[::]:1"), addr(t, "224.0.0.1:1"), addr(t, "[ff02::1]:1")}
	if got := usable(many); len(got) != 0 {
		t.Errorf("%v can be dialled", got)
	}
	for i := range 2 * MaxAddrs {
		a := addr(t, fmt.Sprintf("ana:%d", i+1))
		many = append(many, a, a)
	}
	got := usable(many)
	if len(got) != MaxAddrs || got[0].Port() != 1 || got[MaxAddrs-1].Port() != MaxAddrs {
		t.Errorf("%v", got)
	}
}
