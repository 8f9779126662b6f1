package p2p

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	stdnet "net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	"github.com/quic-go/quic-go"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/radicle"
)

// patience is what must happen within; a safety net, no measure.
const patience = 2 * time.Minute

// everybody knows all devices, and counts the streams that it serves.
type everybody struct{ served chan struct{} }

func (everybody) Known(keyring.Device) bool { return true }

func (e everybody) Serve(context.Context, net.Conn, net.Stream) {
	if e.served != nil {
		e.served <- struct{}{}
	}
}

func key(seed byte) *keyring.DeviceKey { return keyring.NewDeviceKey([32]byte{seed}) }

func listen(t *testing.T, c Config, listen ...string) *Network {
	t.Helper()
	for _, s := range listen {
		c.Listen = append(c.Listen, netip.MustParseAddrPort(s))
	}
	n, err := Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// otherKeys are of all the kinds that libp2p knows and devices do not have.
func otherKeys(t *testing.T) map[string]crypto.PrivKey {
	t.Helper()
	keys := map[string]crypto.PrivKey{}
	for name, kind := range map[string]int{"RSA": crypto.RSA, "secp256k1": crypto.Secp256k1, "ECDSA": crypto.ECDSA} {
		k, _, err := crypto.GenerateKeyPairWithReader(kind, 2048, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys[name] = k
	}
	return keys
}

func identityOf(t *testing.T, k crypto.PrivKey) *identity {
	t.Helper()
	id, err := libp2ptls.NewIdentity(k)
	if err != nil {
		t.Fatal(err)
	}
	return &identity{tls: id}
}

// TestOtherKeysCall has peers call whose keys are of another kind, valid as they are.
func TestOtherKeysCall(t *testing.T) {
	served := make(chan struct{}, 100)
	n := listen(t, Config{Key: key(1), Handler: everybody{served}}, "127.0.0.1:0")
	for name, k := range otherKeys(t) {
		id := identityOf(t, k)
		t.Run(name+" by tcp", func(t *testing.T) {
			conf, _ := id.client(n.Device())
			c, err := tls.Dial("tcp", n.Addrs()[0].String(), conf)
			if err != nil {
				return // refused within the handshake
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Read says %v", err)
			}
		})
		t.Run(name+" by quic", func(t *testing.T) {
			conf, _ := id.client(n.Device())
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c, err := quic.DialAddr(ctx, n.Addrs()[0].String(), conf, nil)
			if err != nil {
				return
			}
			select {
			case <-c.Context().Done():
			case <-ctx.Done():
				t.Error("the connection stays")
			}
		})
	}
	if len(n.Conns()) != 0 || len(served) != 0 {
		t.Errorf("%d connections, %d streams", len(n.Conns()), len(served))
	}
}

// TestOtherKeysAnswer has such peers be where a device was looked for.
func TestOtherKeysAnswer(t *testing.T) {
	for name, k := range otherKeys(t) {
		for _, transport := range []net.Transport{net.TCP, net.QUIC} {
			t.Run(name+" by "+transport.String(), func(t *testing.T) {
				c := Config{
					Key: key(1), Handler: everybody{}, Transports: []net.Transport{transport},
					Listen: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")},
				}
				there, err := listenAs(identityOf(t, k), c)
				if err != nil {
					t.Fatal(err)
				}
				defer there.Close()
				c.Key = key(2)
				here := listen(t, c)
				_, err = here.Connect(t.Context(), key(1).Device(), there.Addrs())
				if !errors.Is(err, net.ErrUnreachable) {
					t.Errorf("Connect says %v", err)
				}
			})
		}
	}
}

func TestDeviceOf(t *testing.T) {
	for name, raw := range map[string][]byte{
		"order 8": {
			0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
			0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
		},
		"order 1":       append([]byte{1}, make([]byte, 31)...),
		"order 4":       make([]byte, 32),
		"not canonical": slices.Concat([]byte{0xee}, bytes.Repeat([]byte{0xff}, 30), []byte{0x7f}),
	} {
		k, err := crypto.UnmarshalEd25519PublicKey(raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := deviceOf(k); !errors.Is(err, net.ErrDevice) || !errors.Is(err, radicle.ErrWeakKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, k := range otherKeys(t) {
		if _, err := deviceOf(k.GetPublic()); !errors.Is(err, net.ErrDevice) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := deviceOf(nil); !errors.Is(err, net.ErrDevice) {
		t.Errorf("none: %v", err)
	}
}

// TestScanner calls without knowing what is spoken here, and does not get to see whose device it is.
func TestScanner(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	for _, protocols := range [][]string{nil, {"libp2p"}, {"h2", "http/1.1"}, {"h3"}} {
		conf := &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}
		conf.VerifyPeerCertificate = func([][]byte, [][]*x509.Certificate) error {
			t.Errorf("%v: there is a certificate", protocols)
			return nil
		}
		if c, err := tls.Dial("tcp", n.Addrs()[0].String(), conf); err == nil {
			t.Errorf("%v by tcp: a connection", protocols)
			_ = c.Close()
		}
		if protocols == nil {
			continue // quic-go refuses that itself
		}
		if c, err := quic.DialAddr(t.Context(), n.Addrs()[0].String(), conf, nil); err == nil {
			t.Errorf("%v by quic: a connection", protocols)
			_ = c.CloseWithError(0, "")
		}
	}
	old := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}, MaxVersion: tls.VersionTLS12}
	if c, err := tls.Dial("tcp", n.Addrs()[0].String(), old); err == nil {
		t.Error("TLS 1.2 is spoken")
		_ = c.Close()
	}
}

// TestFailedHandshakes has handshakes fail: none keeps its place.
func TestFailedHandshakes(t *testing.T) {
	n := listen(t, Config{Key: key(1), Handler: everybody{}}, "127.0.0.1:0")
	conf := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}
	for range net.MaxHandshakes / 4 {
		if c, err := tls.Dial("tcp", n.Addrs()[0].String(), conf); err == nil {
			_ = c.Close()
			t.Fatal("a connection")
		}
		if c, err := quic.DialAddr(t.Context(), n.Addrs()[0].String(), conf, nil); err == nil {
			_ = c.CloseWithError(0, "")
			t.Fatal("a connection")
		}
	}
	for end := time.Now().Add(patience); n.Crowded(n.Addrs()[0]); {
		if time.Now().After(end) {
			t.Fatal("places are taken by nobody")
		}
	}
}

// TestNoCertificate calls without showing who calls.
func TestNoCertificate(t *testing.T) {
	served := make(chan struct{}, 1)
	n := listen(t, Config{Key: key(1), Handler: everybody{served}}, "127.0.0.1:0")
	conf := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}}
	c, err := tls.Dial("tcp", n.Addrs()[0].String(), conf)
	if err == nil {
		_ = c.SetDeadline(time.Now().Add(patience))
		_, err = c.Read(make([]byte, 1))
		_ = c.Close()
	}
	if _, timeout := errors.AsType[stdnet.Error](err); err == nil || timeout && err.(stdnet.Error).Timeout() {
		t.Errorf("Read says %v", err)
	}
	if len(n.Conns()) != 0 {
		t.Error("there is a connection")
	}
}
