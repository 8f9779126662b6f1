package keyring

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// Device is the public half of a device key: what a machine is called on the wire (KEYS.md §7). Any 32 bytes are one; see
// [Device.Validate].
type Device [ed25519.PublicKeySize]byte

// ParseDevice reads 64 lower-case hexadecimal digits.
func ParseDevice(s string) (d Device, err error) {
	if !decodeHex(d[:], s) {
		return Device{}, &blobstore.HexError{What: "device", Text: s[:min(len(s), 80)]}
	}
	return d, nil
}

// Validate returns an error that wraps [radicle.ErrWeakKey] for a key that anybody can sign with, or that is a second name.
func (d Device) Validate() error {
	if err := radicle.NID(d).Validate(); err != nil {
		return fmt.Errorf("device %v: %w", d, errors.Unwrap(err))
	}
	return nil
}

// Verify checks the device's signature over a body. Errors are [blobstore.ErrSignature], [radicle.ErrWeakKey] and [ErrLabel].
func (d Device) Verify(l Label, body []byte, sig [radicle.SignatureSize]byte) error {
	return l.Verify(radicle.DID(d), body, sig)
}

// IsZero reports whether d is the zero value, which is no device.
func (d Device) IsZero() bool { return d == Device{} }

// String returns 64 lower-case hexadecimal digits.
func (d Device) String() string { return hex.EncodeToString(d[:]) }

// AppendText appends the form of [Device.String].
func (d Device) AppendText(b []byte) ([]byte, error) { return hex.AppendEncode(b, d[:]), nil }

// MarshalText returns the form of [Device.String].
func (d Device) MarshalText() ([]byte, error) { return d.AppendText(nil) }

// UnmarshalText is [ParseDevice].
func (d *Device) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDevice(string(text))
	return err
}

// DeviceKey is the key of this machine on the wire.
type DeviceKey struct {
	hidden
	get func() ed25519.PrivateKey
}

// NewDeviceKey makes the key of a seed.
func NewDeviceKey(seed [ed25519.SeedSize]byte) *DeviceKey {
	key := ed25519.NewKeyFromSeed(seed[:])
	return &DeviceKey{get: func() ed25519.PrivateKey { return key }}
}

// Device returns the public half.
func (k *DeviceKey) Device() Device { return Device(k.get().Public().(ed25519.PublicKey)) }

// Sign signs a body that the caller has made itself: never bytes that a peer chose. The one error is [ErrLabel].
func (k *DeviceKey) Sign(l Label, body []byte) (sig [radicle.SignatureSize]byte, err error) {
	msg, err := l.message(body)
	if err != nil {
		return sig, err
	}
	return [radicle.SignatureSize]byte(ed25519.Sign(k.get(), msg)), nil
}

// PrivateKey returns a copy of the secret itself, for the handshake of the transport and nothing else.
func (k *DeviceKey) PrivateKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(k.get().Seed())
}

const (
	deviceHead   = "radswarm-device-key-v1\n"
	deviceSeed   = "seed "
	devicePublic = "public "

	// deviceFileLen is the length of every device key file, in bytes.
	deviceFileLen = len(deviceHead) + len(deviceSeed) + 2*ed25519.SeedSize + 1 + len(devicePublic) + 2*ed25519.PublicKeySize + 1
)

// encode returns the text of the file (KEYS.md §7).
func (k *DeviceKey) encode() []byte {
	return fmt.Appendf(nil, "%s%s%x\n%s%v\n", deviceHead, deviceSeed, k.get().Seed(), devicePublic, k.Device())
}

// ParseDeviceKey reads the text of a device key file. Errors are of class encoding, or [ErrMismatch] where the two halves
// are not of one key; they never repeat what was in it.
func ParseDeviceKey(text []byte) (*DeviceKey, error) {
	c := &cursor{rest: text}
	head := c.take("head", len(deviceHead))
	seedLine := c.take("seed", len(deviceSeed)+2*ed25519.SeedSize+1)
	publicLine := c.take("public key", len(devicePublic)+2*ed25519.PublicKeySize+1)
	if err := c.end("device key"); err != nil {
		return nil, err
	}
	if string(head) != deviceHead {
		return nil, malformed("device key head")
	}
	var seed, public [32]byte
	if !decodeLine(seed[:], seedLine, deviceSeed) {
		return nil, malformed("device key seed")
	}
	if !decodeLine(public[:], publicLine, devicePublic) {
		return nil, malformed("device key public key")
	}
	key := NewDeviceKey(seed)
	if key.Device() != public {
		return nil, in("device key public key", ErrMismatch)
	}
	return key, nil
}

// decodeLine reads name, lower-case hexadecimal digits, line feed.
func decodeLine(dst, line []byte, name string) bool {
	body, end := line[:len(line)-1], line[len(line)-1]
	return end == '\n' && string(body[:len(name)]) == name && decodeHex(dst, string(body[len(name):]))
}

// decodeHex fills dst from exactly as many lower-case hexadecimal digits.
func decodeHex(dst []byte, s string) bool {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(dst) || hex.EncodeToString(b) != s {
		return false
	}
	copy(dst, b)
	return true
}
