package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"radswarm/blobstore/net"
)

// house is a router that speaks UPnP.
type house struct {
	external string         // its address outside
	taken    map[string]int // external ports, and the code that it answers for them
	version  int            // of its connection service

	mu    sync.Mutex
	ports map[string]string // forwarded: "TCP 8777" to client:port and lease
}

const description = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:InternetGatewayDevice:1</deviceType><deviceList><device>
<deviceType>urn:schemas-upnp-org:device:WANDevice:1</deviceType><deviceList><device>
<deviceType>urn:schemas-upnp-org:device:WANConnectionDevice:1</deviceType><serviceList><service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:%d</serviceType><serviceId>x</serviceId>
<controlURL>/ctl</controlURL><eventSubURL>/evt</eventSubURL><SCPDURL>/scpd</SCPDURL>
</service></serviceList></device></deviceList></device></deviceList></device></root>`

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		fmt.Fprintf(w, description, h.version)
		return
	}
	body, _ := io.ReadAll(r.Body)
	field := func(name string) string {
		m := regexp.MustCompile("<" + name + ">([^<]*)</" + name + ">").FindStringSubmatch(string(body))
		if m == nil {
			return ""
		}
		return m[1]
	}
	action := strings.Trim(r.Header.Get("SOAPACTION"), `"`)
	_, name, _ := strings.Cut(action, "#")
	key := field("NewProtocol") + " " + field("NewExternalPort")
	h.mu.Lock()
	defer h.mu.Unlock()
	code := h.taken[field("NewExternalPort")]
	if name == "AddPortMapping" && (code == codeConflict || code == codePermanent && field("NewLeaseDuration") != "0") {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>
			<faultstring>UPnPError</faultstring><detail><UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>%d</errorCode>
			</UPnPError></detail></s:Fault></s:Body></s:Envelope>`, code)
		return
	}
	out := ""
	switch name {
	case "AddPortMapping":
		h.ports[key] = field("NewInternalClient") + ":" + field("NewInternalPort") + " " + field("NewLeaseDuration")
	case "DeletePortMapping":
		delete(h.ports, key)
	case "GetExternalIPAddress":
		out = "<NewExternalIPAddress>" + h.external + "</NewExternalIPAddress>"
	}
	fmt.Fprintf(w, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><u:%sResponse
		xmlns:u="urn:schemas-upnp-org:service:WANIPConnection:%d">%s</u:%sResponse></s:Body></s:Envelope>`, name, h.version, out, name)
}

func (h *house) forwards() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprint(h.ports)
}

// The port is forwarded while the daemon runs, and what others are told follows; at the end it is taken back.
func TestRouter(t *testing.T) {
	for name, x := range map[string]struct {
		*house
		forwards, address string
	}{
		"version 1":      {&house{external: "192.0.2.9", version: 1}, "map[TCP 8777:127.0.0.1:8777 3600 UDP 8777:127.0.0.1:8777 3600]", "192.0.2.9:8777"},
		"version 2":      {&house{external: "192.0.2.9", version: 2}, "map[TCP 8777:127.0.0.1:8777 3600 UDP 8777:127.0.0.1:8777 3600]", "192.0.2.9:8777"},
		"taken":          {&house{external: "192.0.2.9", version: 1, taken: map[string]int{"8777": codeConflict}}, "map[TCP 8778:127.0.0.1:8777 3600 UDP 8778:127.0.0.1:8777 3600]", "192.0.2.9:8778"},
		"for ever":       {&house{external: "192.0.2.9", version: 1, taken: map[string]int{"8777": codePermanent}}, "map[TCP 8777:127.0.0.1:8777 0 UDP 8777:127.0.0.1:8777 0]", "192.0.2.9:8777"},
		"behind another": {&house{external: "10.0.0.1", version: 1}, "map[TCP 8777:127.0.0.1:8777 3600 UDP 8777:127.0.0.1:8777 3600]", ""},
		"shared":         {&house{external: "100.64.3.4", version: 1}, "map[TCP 8777:127.0.0.1:8777 3600 UDP 8777:127.0.0.1:8777 3600]", ""},
		"no address":     {&house{external: "", version: 1}, "map[]", ""},
		"no forwarding":  {&house{external: "192.0.2.9", version: 7}, "map[]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := x.house
			h.ports = map[string]string{}
			server := httptest.NewServer(h)
			defer server.Close()
			at, err := url.Parse(server.URL + "/root.xml")
			if err != nil {
				t.Fatal(err)
			}
			told := make(chan struct{}, 8)
			r := &router{
				port:    func() uint16 { return 8777 },
				changed: func(context.Context) { told <- struct{}{} },
				log:     slog.New(slog.DiscardHandler),
				find: func(ctx context.Context) []gateway {
					g, err := gatewayAt(ctx, at, netip.MustParseAddr("127.0.0.1"))
					if err != nil {
						return nil
					}
					return []gateway{g}
				},
			}
			r.renew(t.Context(), r.renew(t.Context(), nil)) // the second time it stays where it is
			if got := h.forwards(); got != x.forwards {
				t.Errorf("forwards %s", got)
			}
			address, ok := r.Address()
			if ok != (x.address != "") || ok && address.String() != x.address {
				t.Errorf("address %v", address)
			}
			if ok != (len(told) == 1) {
				t.Errorf("told %d times", len(told))
			}
			if !ok {
				return
			}
			r.address = netip.AddrPort{} // as at the start
			<-told
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() { defer close(ended); r.run(ctx) }()
			<-told
			cancel()
			<-ended
			if got := h.forwards(); got != "map[]" {
				t.Errorf("forwards %s at the end", got)
			}
		})
	}
}

// Whoever answers a search must be near, and what it says is bounded.
func TestGatewayIsNotBelieved(t *testing.T) {
	for text, want := range map[string]bool{
		"http://192.168.1.1:5000/x": true, "http://10.0.0.1/x": true, "http://127.0.0.1:1/x": true, "http://[fe80::1]/x": true,
		"https://192.168.1.1/x": false, "http://192.0.2.1/x": false, "http://router.example/x": false, "file:///etc/passwd": false,
	} {
		at, err := url.Parse(text)
		if err != nil || nearby(at) != want {
			t.Errorf("%s: %v", text, err)
		}
	}
	sent := make(chan int64, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<root>")
		n, _ := io.Copy(w, io.LimitReader(endless{}, 64<<20))
		sent <- n
	}))
	defer server.Close()
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gatewayAt(t.Context(), at, netip.Addr{}); err == nil {
		t.Error("it is a gateway")
	}
	if n := <-sent; n > 16<<20 { // what the sockets have room for goes beyond the bound
		t.Errorf("read %d bytes", n)
	}
}

// endless is a description that does not end.
type endless struct{}

func (endless) Read(b []byte) (int, error) { return copy(b, strings.Repeat("a", len(b))), nil }

func TestPrivateIPs(t *testing.T) {
	var addrs []net.Addr
	for _, text := range []string{"192.168.1.7:8777", "127.0.0.1:8777", "192.0.2.1:8777", "[fd00::1]:8777", "10.1.2.3:8777"} {
		a, err := net.ParseAddr(text)
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, a)
	}
	if got := fmt.Sprint(privateIPs(addrs)); got != "[192.168.1.7 10.1.2.3]" {
		t.Error(got)
	}
}

// A search ends with the daemon.
func TestSearchEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if all := findGateways(ctx, []netip.Addr{netip.MustParseAddr("127.0.0.1")}); len(all) != 0 {
		t.Errorf("%v", all)
	}
}
