package p2p

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/crypto"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
)

// alpn names what is spoken inside of TLS, TCP and QUIC alike. Who does not offer it is refused before the certificate is
// shown.
const alpn = "radswarm/1"

// errProtocol is a client that does not offer [alpn].
var errProtocol = errors.New("no common protocol")

// identity makes the TLS configurations of a device: libp2p's certificate, in which the device key has signed the
// throw-away key of this process, once.
type identity struct {
	tls *libp2ptls.Identity
}

func newIdentity(key *keyring.DeviceKey) (*identity, error) {
	secret, err := crypto.UnmarshalEd25519PrivateKey(key.PrivateKey())
	if err != nil {
		return nil, err
	}
	id, err := libp2ptls.NewIdentity(secret)
	if err != nil {
		return nil, err
	}
	return &identity{tls: id}, nil
}

// A proof is what a handshake has shown of the peer.
type proof struct {
	device  keyring.Device // zero: nothing yet
	process net.Process
	wrong   bool // it is not the one that was dialled
}

// client is the configuration of one handshake with a device.
func (id *identity) client(want keyring.Device) (*tls.Config, *proof) {
	p := &proof{}
	return id.config(want, p), p
}

// server is the configuration of one inbound handshake.
func (id *identity) server(p *proof) *tls.Config {
	conf := id.config(keyring.Device{}, p)
	conf.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if !slices.Contains(hello.SupportedProtos, alpn) {
			return nil, errProtocol
		}
		return nil, nil // go on with this one
	}
	return conf
}

func (id *identity) config(want keyring.Device, p *proof) *tls.Config {
	conf, keys := id.tls.ConfigForPeer("")
	conf.NextProtos = []string{alpn}
	conf.VerifyConnection = func(state tls.ConnectionState) error {
		select {
		case key := <-keys: // there since the certificate was verified
			p.process = sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
			return p.see(want, key)
		default:
			return errors.New("no certificate")
		}
	}
	return conf
}

// see judges the peer's key. Only Ed25519 keys that are nobody else's as well are devices; all others end the handshake.
func (p *proof) see(want keyring.Device, key crypto.PubKey) error {
	device, err := deviceOf(key)
	if err != nil {
		return err
	}
	if !want.IsZero() && device != want {
		p.wrong = true
		return net.ErrWrongDevice
	}
	p.device = device
	return nil
}

func deviceOf(key crypto.PubKey) (keyring.Device, error) {
	if key == nil || key.Type() != crypto.Ed25519 {
		return keyring.Device{}, fmt.Errorf("%w: not an ed25519 key", net.ErrDevice)
	}
	raw, err := key.Raw()
	if err != nil || len(raw) != len(keyring.Device{}) {
		return keyring.Device{}, fmt.Errorf("%w: %d bytes", net.ErrDevice, len(raw))
	}
	device := keyring.Device(raw)
	if err := device.Validate(); err != nil {
		return keyring.Device{}, fmt.Errorf("%w: %w", net.ErrDevice, err)
	}
	return device, nil
}
