package net

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestParseAddr(t *testing.T) {
	label := strings.Repeat("a", 63)
	longest := strings.Join([]string{label, label, label, label[:61]}, ".") // 253
	for _, good := range []struct{ text, want string }{
		{"ana:1", "ana:1"},
		{"Ana.Example:65535", "ana.example:65535"},
		{"192.0.2.1:8777", "192.0.2.1:8777"},
		{"[2001:DB8::0:1]:8777", "[2001:db8::1]:8777"},
		{"[::ffff:192.0.2.1]:1", "192.0.2.1:1"},
		{"[fe80::1%eth0]:1", "[fe80::1]:1"},
		{"_x-1.b2:1", "_x-1.b2:1"},
		{longest + ":65535", longest + ":65535"},
	} {
		a, err := ParseAddr(good.text)
		if err != nil || a.String() != good.want {
			t.Errorf("%s is %q, %v", good.text, a, err)
			continue
		}
		again, err := ParseAddr(a.String())
		if err != nil || again != a {
			t.Errorf("%s read again is %v, %v", a, again, err)
		}
	}
	for _, bad := range []string{
		"", ":", "ana", "ana:", ":1", "ana:0", "ana:01", "ana:+1", "ana:-1", "ana:65536", "ana:99999999999999999999",
		"::1:1", "[::1]", "ana..bo:1", ".ana:1", "ana.:1", "-ana:1", "ana-:1", "a na:1", "änä:1", "ana/bo:1", "ana@bo:1",
		"300.1.1.1:1", "1.2.3:1", "0x7f.1:1", "127.1:1", "ana:1:1", "relay:ana:1", label + "a:1", longest + "a:1", "ana:1\n",
		"[ana]:x",
	} {
		if a, err := ParseAddr(bad); !errors.Is(err, ErrAddr) {
			t.Errorf("%q is %v, %v", bad, a, err)
		}
	}
}

func TestAddrText(t *testing.T) {
	a := AddrOf(netip.MustParseAddrPort("[::ffff:192.0.2.1]:8777"))
	text, err := a.MarshalText()
	if err != nil || string(text) != "192.0.2.1:8777" {
		t.Errorf("%q, %v", text, err)
	}
	var b Addr
	if err := b.UnmarshalText(text); err != nil || b != a {
		t.Errorf("%v, %v", b, err)
	}
	if b, err := a.AppendText([]byte("x")); err != nil || string(b) != "x"+string(text) {
		t.Errorf("%q, %v", b, err)
	}
	if (Addr{}).String() != "" || !(Addr{}).IsZero() || a.IsZero() {
		t.Error("zero")
	}
}

func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{
		"ana:1", "192.0.2.1:8777", "[2001:db8::1]:8777", "[::ffff:1.2.3.4]:9", "[fe80::1%eth0]:1", "1.2:3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseAddr(s)
		if err != nil {
			return
		}
		if again, err := ParseAddr(a.String()); err != nil || again != a {
			t.Errorf("%q is %q, which is %v, %v", s, a, again, err)
		}
		if len(a.String()) > MaxAddrText || a.Port() == 0 || a.Host() == "" {
			t.Errorf("%q is %q", s, a)
		}
	})
}
