package p2p

import (
	"context"
	"log/slog"
	stdnet "net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/gologshim"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

// DefaultPort is where a device listens if nothing else was said, by TCP and UDP.
const DefaultPort = 8777

// Config is what a [Network] is made of.
type Config struct {
	Key     *keyring.DeviceKey
	Handler net.Handler

	// Listen are the addresses to listen on, all with one port, by TCP and UDP each. Port 0 is a free one, the same for all.
	// None: DefaultPort of all addresses of this machine, IPv4 and IPv6 as far as it has them.
	Listen []netip.AddrPort

	// Transports are those to use. None: TCP and QUIC.
	Transports []net.Transport

	// Log has what nobody returns: refused strangers and handshakes that failed, at level debug. None: silence.
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	if len(c.Transports) == 0 {
		c.Transports = []net.Transport{net.TCP, net.QUIC}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// A Network is a [net.Network] with sockets. It is safe for concurrent use.
type Network struct {
	*net.Hub
	identity   *identity
	log        *slog.Logger
	tcpPool    *pool
	quicPool   *pool
	transports []net.Transport
	addrs      []net.Addr
	tcp        []stdnet.Listener
	udp        []*udpEnd
	wg         sync.WaitGroup // accept loops and handshakes
	closing    chan struct{}
	once       sync.Once
}

var _ net.Network = (*Network)(nil)

// Listen makes the network of a device. Errors are those of the sockets: an address that is in use, or not of this
// machine.
func Listen(c Config) (*Network, error) {
	id, err := newIdentity(c.Key)
	if err != nil {
		return nil, err
	}
	return listenAs(id, c)
}

func listenAs(id *identity, c Config) (*Network, error) {
	quiet()
	c = c.withDefaults()
	n := &Network{
		identity: id, log: c.Log, transports: c.Transports, closing: make(chan struct{}),
		tcpPool: &pool{free: tcpPool}, quicPool: &pool{free: quicPool},
	}
	n.Hub = net.NewHub(c.Key.Device(), c.Handler, n)
	if err := n.bind(c.Listen); err != nil {
		_ = n.Close()
		return nil, err
	}
	for _, l := range n.tcp {
		n.wg.Go(func() { n.acceptTCP(l) })
	}
	for _, e := range n.udp {
		n.wg.Go(e.accept)
	}
	return n, nil
}

// quiet keeps libp2p and quic-go from writing to standard error on their own.
func quiet() {
	gologshim.SetDefaultHandler(slog.DiscardHandler)
	_ = os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true")
}

// Transports is [net.Dialer.Transports].
func (n *Network) Transports() []net.Transport { return n.transports }

// maxIPs is how many addresses of a name are tried.
const maxIPs = 4

// Dial is [net.Dialer.Dial]. A name is looked up with the system's resolver, and its addresses are tried one after the
// other.
func (n *Network) Dial(ctx context.Context, device keyring.Device, addr net.Addr, t net.Transport) (net.Link, error) {
	dial := n.dialTCP
	if t == net.QUIC {
		dial = n.dialQUIC
	}
	if _, isIP := addr.IP(); isIP {
		return dial(ctx, device, addr, addr)
	}
	ips, err := stdnet.DefaultResolver.LookupNetIP(ctx, "ip", addr.Host())
	if err != nil {
		return nil, err
	}
	for _, ip := range ips[:min(len(ips), maxIPs)] {
		var link net.Link
		if link, err = dial(ctx, device, net.AddrOf(netip.AddrPortFrom(ip, addr.Port())), addr); err == nil {
			return link, nil
		}
	}
	return nil, err
}

// Close is [net.Network.Close].
func (n *Network) Close() error {
	n.once.Do(func() {
		close(n.closing)
		for _, l := range n.tcp {
			_ = l.Close()
		}
		_ = n.Hub.Close()
		for _, e := range n.udp {
			e.close()
		}
		n.wg.Wait()
		_ = n.Hub.Close() // those that came at the last moment
	})
	return nil
}

// pause waits, and says whether there is anything to go on for.
func (n *Network) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-n.closing:
		return false
	}
}
