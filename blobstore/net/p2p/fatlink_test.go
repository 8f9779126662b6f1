//go:build unix

package p2p_test

import (
	"context"
	"io"
	stdnet "net"
	"net/netip"
	"testing"
	"time"

	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
)

const (
	fatDelay = 50 * time.Millisecond // one way
	fatRate  = 100_000_000 / 8       // bytes a second
	fatQueue = 2 << 20               // bytes that wait before the line
)

// BenchmarkLongFat moves 32 MiB on one stream over a line of 100 Mbit/s and a round trip of 100 ms, of which the line can
// carry 12.5 MB/s less the headers. The window decides how much of it a stream fills.
func BenchmarkLongFat(b *testing.B) {
	for _, transport := range []net.Transport{net.TCP, net.QUIC} {
		b.Run(transport.String(), func(b *testing.B) {
			backend := nettest.New(transport)
			far := backend.Join(b, 2, nettest.Handler{
				Serves: func(_ context.Context, _ net.Conn, s net.Stream) { swallow(s) },
			})
			here := backend.Join(b, 1, nettest.Handler{})
			c, err := here.Connect(context.Background(), far.Device(), []net.Addr{fatLink(b, transport, far.Addrs()[0])})
			if err != nil {
				b.Fatal(err)
			}
			const n = 32 << 20
			b.SetBytes(n)
			for b.Loop() {
				s, err := c.Open(context.Background())
				if err != nil {
					b.Fatal(err)
				}
				data := make([]byte, benchWrite)
				for range n / benchWrite {
					if _, err := s.Write(data); err != nil {
						b.Fatal(err)
					}
				}
				_ = s.CloseWrite()
				_, _ = io.Copy(io.Discard, s)
				_ = s.Close()
			}
		})
	}
}

// fatLink is an address from which everything is carried to another one, and back.
func fatLink(b *testing.B, transport net.Transport, to net.Addr) net.Addr {
	b.Helper()
	if transport == net.QUIC {
		return fatUDP(b, to)
	}
	l, err := stdnet.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := stdnet.Dial("tcp", to.String())
		if err != nil {
			b.Error(err)
			return
		}
		b.Cleanup(func() { _, _ = in.Close(), out.Close() })
		go carry(in, out, 16<<10)
		carry(out, in, 16<<10)
	}()
	return net.AddrOf(l.Addr().(*stdnet.TCPAddr).AddrPort())
}

func fatUDP(b *testing.B, to net.Addr) net.Addr {
	b.Helper()
	near, err := stdnet.ListenUDP("udp4", &stdnet.UDPAddr{IP: stdnet.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	far, err := stdnet.DialUDP("udp4", nil, stdnet.UDPAddrFromAddrPort(netip.MustParseAddrPort(to.String())))
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []*stdnet.UDPConn{near, far} {
		_ = c.SetReadBuffer(4 << 20)
		b.Cleanup(func() { _ = c.Close() })
	}
	caller := make(chan netip.AddrPort, 1)
	go carry(&udpSide{UDPConn: near, caller: caller}, far, 2048)
	go func() { carry(far, &udpSide{UDPConn: near, to: <-caller}, 2048) }()
	return net.AddrOf(near.LocalAddr().(*stdnet.UDPAddr).AddrPort())
}

// udpSide is the side of the one who calls.
type udpSide struct {
	*stdnet.UDPConn
	caller chan netip.AddrPort // told once
	to     netip.AddrPort
}

func (s *udpSide) Read(p []byte) (int, error) {
	n, from, err := s.ReadFromUDPAddrPort(p)
	if s.caller != nil && err == nil {
		s.caller <- from
		s.caller = nil
	}
	return n, err
}

func (s *udpSide) Write(p []byte) (int, error) { return s.WriteToUDPAddrPort(p, s.to) }

// carry is one direction of the line.
func carry(from io.Reader, to io.Writer, packet int) {
	type item struct {
		data []byte
		due  time.Time
	}
	flight := make(chan item, (fatQueue+int(fatRate*fatDelay.Seconds()))/packet)
	defer close(flight)
	go func() {
		for i := range flight {
			<-time.After(time.Until(i.due))
			if _, err := to.Write(i.data); err != nil {
				return
			}
		}
	}()
	free := time.Now()
	for {
		data := make([]byte, packet)
		n, err := from.Read(data)
		if err != nil {
			return
		}
		if now := time.Now(); free.Before(now) {
			free = now
		}
		free = free.Add(time.Duration(n) * time.Second / fatRate)
		flight <- item{data[:n], free.Add(fatDelay)}
	}
}
