package friend

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// The labels of this package (KEYS.md §1).
const (
	labelAddress      = "radswarm/address/v1\x00"
	labelIntroduction = "radswarm/introduction/v1\x00"
	labelRevocation   = "radswarm/revocation/v1\x00"
	labelInvitation   = "radswarm/invitation/v1\x00"
)

// MaxWord is the length of the longest address record, introduction or revocation, in bytes.
const MaxWord = 1024

// wordHead is how many bytes of a word are label, certificate and signature.
const wordHead = keyring.CertificateLen + radicle.SignatureSize

// maxUnix is the last second of the year 9999, which every program can print.
const maxUnix = 253_402_300_799

// word is what a device signs in the name of its person: label ‖ certificate ‖ fields ‖ signature (FRIEND.md §2). Both
// signatures were verified.
type word struct {
	raw  []byte
	cert *keyring.Certificate
}

// splitWord cuts a word of a kind and returns the fields, unread. Nothing is verified yet.
func splitWord(what, label string, b []byte) (fields *cursor, err error) {
	if len(b) > MaxWord {
		return nil, malformed(what + " length")
	}
	if len(b) < len(label)+wordHead {
		return nil, malformed(what + " length")
	}
	if string(b[:len(label)]) != label {
		return nil, malformed(what + " label")
	}
	return &cursor{rest: b[len(label)+keyring.CertificateLen : len(b)-radicle.SignatureSize]}, nil
}

// verifyWord reads the certificate and verifies the signature of its device. The bytes are copied.
func verifyWord(label string, b []byte) (word, error) {
	cert, err := keyring.ParseCertificate(b[len(label):][:keyring.CertificateLen])
	if err != nil {
		return word{}, err
	}
	end := len(b) - radicle.SignatureSize
	err = cert.Device().Verify(keyring.Label(label), b[len(label):end], [radicle.SignatureSize]byte(b[end:]))
	return word{bytes.Clone(b), cert}, err
}

// signWord signs fields. The certificate must be valid now and the key that of its device.
func signWord(label string, key *keyring.DeviceKey, cert *keyring.Certificate, fields []byte, now time.Time) ([]byte, error) {
	if key.Device() != cert.Device() {
		return nil, fmt.Errorf("device key %v and certificate of %v: %w", key.Device(), cert.Device(), keyring.ErrMismatch)
	}
	if err := cert.Check(now); err != nil {
		return nil, err
	}
	body := append(cert.Bytes(), fields...)
	sig, err := key.Sign(keyring.Label(label), body)
	if err != nil {
		return nil, err
	}
	return append(append([]byte(label), body...), sig[:]...), nil
}

// DID is who says it.
func (w *word) DID() radicle.DID { return w.cert.DID() }

// Certificate is that of the device that signed. It may have run out since.
func (w *word) Certificate() *keyring.Certificate { return w.cert }

// Bytes returns a copy of the encoding.
func (w *word) Bytes() []byte { return bytes.Clone(w.raw) }

// check holds a word of a kind that was made at one time, and ends at another, against the clock: [keyring.ErrClock] where it or
// its certificate is dated further ahead than clocks may differ, [ErrEnded] where it ran out.
func (w *word) check(kind string, made, ends int64, now time.Time) error {
	if err := w.checkAhead(kind, made, now); err != nil {
		return err
	}
	if now.Unix() >= ends {
		day := time.Unix(ends, 0).UTC().Format(time.DateOnly)
		return fmt.Errorf("%s by %v %w on %s", kind, w.DID(), ErrEnded, day)
	}
	return nil
}

func (w *word) checkAhead(kind string, made int64, now time.Time) error {
	if err := w.cert.Check(now); errors.Is(err, keyring.ErrClock) {
		return err
	}
	if made > now.Add(keyring.MaxAhead).Unix() {
		return &keyring.ClockError{What: fmt.Sprintf("%s by %v", kind, w.DID()), Dated: time.Unix(made, 0), Clock: now}
	}
	return nil
}
