package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/huin/goupnp"
	"github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/huin/goupnp/httpu"
	"github.com/huin/goupnp/soap"
	"github.com/huin/goupnp/ssdp"
)

// What an internet gateway device may do (UPnP IGD 1 and 2).
const (
	searchTime   = 2 * time.Second // for answers to a search
	maxGateways  = 2               // of one network
	maxRouterXML = 256 << 10       // bytes of an answer
)

// gatewayURN is what is searched for; devices of version 2 answer to it too.
const gatewayURN = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"

// Codes of the errors of AddPortMapping.
const (
	codeConflict  = 718
	codePermanent = 725
)

// igd is a gateway over UPnP.
type igd struct {
	connection connection
	local      netip.Addr // our address in its network
}

// connection is what the three kinds of connection services have in common.
type connection interface {
	AddPortMappingCtx(
		ctx context.Context, remote string, external uint16, protocol string, internal uint16, client string, enabled bool,
		description string, lease uint32,
	) error
	DeletePortMappingCtx(ctx context.Context, remote string, external uint16, protocol string) error
	GetExternalIPAddressCtx(ctx context.Context) (string, error)
}

var _ gateway = (*igd)(nil)

// Forward implements gateway.
func (g *igd) Forward(ctx context.Context, protocol string, external, internal uint16, lease time.Duration) error {
	err := g.connection.AddPortMappingCtx(
		ctx, "", external, protocol, internal, g.local.String(), true, "radswarm", uint32(lease/time.Second),
	)
	if fault, ok := errors.AsType[*soap.SOAPFaultError](err); ok {
		switch fault.Detail.UPnPError.Errorcode {
		case codeConflict:
			return errPortTaken
		case codePermanent:
			return errPermanent
		}
		return fmt.Errorf("router answers %d", fault.Detail.UPnPError.Errorcode)
	}
	return err
}

// Forget implements gateway.
func (g *igd) Forget(ctx context.Context, protocol string, external uint16) error {
	return g.connection.DeletePortMappingCtx(ctx, "", external, protocol)
}

// External implements gateway.
func (g *igd) External(ctx context.Context) (netip.Addr, error) {
	text, err := g.connection.GetExternalIPAddressCtx(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	return netip.ParseAddr(text)
}

// findGateways looks for routers in the networks of these addresses of this machine. What cannot be asked is left out.
func findGateways(ctx context.Context, locals []netip.Addr) (all []gateway) {
	for _, local := range locals {
		for _, at := range search(ctx, local) {
			if g, err := gatewayAt(ctx, at, local); err == nil {
				all = append(all, g)
			}
		}
	}
	return all
}

// search asks one network where its routers are described.
func search(ctx context.Context, local netip.Addr) (found []*url.URL) {
	client, err := httpu.NewHTTPUClientAddr(local.String())
	if err != nil {
		return nil
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	answers, err := ssdp.RawSearch(ctx, client, gatewayURN, 2)
	if err != nil {
		return nil
	}
	for _, answer := range answers {
		at, err := answer.Location()
		if err == nil && nearby(at) && len(found) < maxGateways {
			found = append(found, at)
		}
	}
	return found
}

// nearby reports whether an address is one of a home network: whoever answers must not send us elsewhere.
func nearby(at *url.URL) bool {
	ip, err := netip.ParseAddr(at.Hostname())
	return err == nil && at.Scheme == "http" && (ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsLoopback())
}

// gatewayAt reads the description of a router and takes the first connection that can forward.
func gatewayAt(ctx context.Context, at *url.URL, local netip.Addr) (gateway, error) {
	careful()
	root, err := goupnp.DeviceByURLCtx(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		urn  string
		make func(goupnp.ServiceClient) connection
	}{
		{internetgateway2.URN_WANIPConnection_2, func(c goupnp.ServiceClient) connection {
			return &internetgateway2.WANIPConnection2{ServiceClient: c}
		}},
		{internetgateway2.URN_WANIPConnection_1, func(c goupnp.ServiceClient) connection {
			return &internetgateway2.WANIPConnection1{ServiceClient: c}
		}},
		{internetgateway2.URN_WANPPPConnection_1, func(c goupnp.ServiceClient) connection {
			return &internetgateway2.WANPPPConnection1{ServiceClient: c}
		}},
	} {
		services, err := goupnp.NewServiceClientsFromRootDevice(root, at, kind.urn)
		if err != nil || len(services) == 0 {
			continue
		}
		if !nearby(&services[0].SOAPClient.EndpointURL) {
			continue
		}
		services[0].SOAPClient.HTTPClient = *carefulClient()
		return &igd{connection: kind.make(services[0]), local: local}, nil
	}
	return nil, errors.New("no connection that forwards")
}

// careful has the library ask with carefulClient too: it has one client for all.
var careful = sync.OnceFunc(func() { goupnp.HTTPClientDefault = carefulClient() })

// carefulClient asks devices of which nobody knows what they are: it follows nobody, waits not long and reads not much.
func carefulClient() *http.Client {
	return &http.Client{
		Timeout:       5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     bounded{&http.Transport{DisableKeepAlives: true}},
	}
}

// bounded cuts answers that are too long.
type bounded struct{ *http.Transport }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.Transport.RoundTrip(req)
	if err == nil {
		resp.Body = cut{io.LimitReader(resp.Body, maxRouterXML), resp.Body}
	}
	return resp, err
}

type cut struct {
	io.Reader
	io.Closer
}
