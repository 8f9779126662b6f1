package keyring

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/radicle"
)

// CertificateLen is the length of every certificate, in bytes.
const CertificateLen = len(labelCertificate) + 32 + 32 + 8 + 8 + 8 + radicle.SignatureSize

// MaxLife is how long a certificate is valid at most.
const MaxLife = 90 * 24 * time.Hour

// Certificate is a person's word that a device is theirs (KEYS.md §8). Its signature was verified and its keys are valid;
// whether it holds today is the matter of [Certificate.Check] and [Certificates].
type Certificate struct {
	raw         []byte
	did         radicle.DID
	device      Device
	seq         uint64
	first, last int64 // Unix seconds: not-before, not-after
}

// CertificateRequest is what a certificate is issued for.
type CertificateRequest struct {
	Device Device
	Known  uint64        // the highest seq seen of this DID; 0: none
	Life   time.Duration // whole seconds, at most MaxLife; 0: MaxLife
	Now    time.Time
}

// IssueCertificate makes a certificate that is valid from now on. It asks for one signature. Errors are the signer's,
// [ErrClock] where Known is ahead of Now, [blobstore.ErrBounds] for Life, and those of [ParseCertificate].
func IssueCertificate(ctx context.Context, s radicle.Signer, r CertificateRequest) (*Certificate, error) {
	const longest = int64(MaxLife / time.Second)
	life := longest
	if r.Life != 0 {
		life = int64(r.Life / time.Second)
	}
	if life < 1 || life > longest {
		return nil, &blobstore.BoundsError{What: "life of a certificate in seconds", Got: life, Min: 1, Max: longest}
	}
	seq, err := NextSeq(r.Known, r.Now)
	if err != nil {
		return nil, err
	}
	did, first := s.NID().DID(), max(0, r.Now.Unix())
	body := append(did[:], r.Device[:]...)
	for _, n := range []uint64{seq, uint64(first), uint64(first + life)} {
		body = binary.BigEndian.AppendUint64(body, n)
	}
	sig, err := Label(labelCertificate).Sign(ctx, s, body)
	if err != nil {
		return nil, err
	}
	return ParseCertificate(append(append([]byte(labelCertificate), body...), sig[:]...))
}

// ParseCertificate reads a certificate and verifies its signature. Errors are of class encoding, key and signature. The bytes
// are copied.
func ParseCertificate(b []byte) (*Certificate, error) {
	c := &cursor{rest: b}
	label := c.take("label", len(labelCertificate))
	out := &Certificate{
		raw:    bytes.Clone(b),
		did:    c.key("did"),
		device: c.key("device"),
		seq:    c.u64("number"),
	}
	first, last := c.u64("not-before"), c.u64("not-after")
	sig := c.take("signature", radicle.SignatureSize)
	if err := c.end("certificate"); err != nil {
		return nil, err
	}
	if string(label) != labelCertificate {
		return nil, malformed("certificate label")
	}
	if last > maxUnix || first >= last || last-first > uint64(MaxLife/time.Second) {
		return nil, malformed("certificate window")
	}
	out.first, out.last = int64(first), int64(last)
	if err := out.checkDevice(); err != nil {
		return nil, err
	}
	body := b[len(labelCertificate) : len(b)-len(sig)]
	if err := Label(labelCertificate).Verify(out.did, body, [radicle.SignatureSize]byte(sig)); err != nil {
		return nil, err
	}
	return out, nil
}

// checkDevice leaves the DID to [Label.Verify].
func (c *Certificate) checkDevice() error {
	if c.device == Device(c.did) {
		return in("certificate device", fmt.Errorf("%w: the did itself", radicle.ErrWeakKey))
	}
	if err := c.device.Validate(); err != nil {
		return in("certificate device", err)
	}
	return nil
}

// DID is whose device it is.
func (c *Certificate) DID() radicle.DID { return c.did }

// Device is the device named.
func (c *Certificate) Device() Device { return c.device }

// Seq is the number that the newest certificate of a DID has the highest of.
func (c *Certificate) Seq() uint64 { return c.seq }

// NotBefore is when it was issued, to the second.
func (c *Certificate) NotBefore() time.Time { return time.Unix(c.first, 0) }

// NotAfter is when it ends; it is no longer valid then.
func (c *Certificate) NotAfter() time.Time { return time.Unix(c.last, 0) }

// RenewAt is half of its life: the time to issue the next.
func (c *Certificate) RenewAt() time.Time { return time.Unix(c.first+(c.last-c.first)/2, 0) }

// Bytes returns a copy of the encoding.
func (c *Certificate) Bytes() []byte { return bytes.Clone(c.raw) }

// Check says whether the certificate is valid by itself at a time: [ErrClock] where it is dated too far ahead, [ErrExpired]
// where it ran out. A newer one may have replaced it: [Certificates] knows.
func (c *Certificate) Check(now time.Time) error {
	if err := c.checkClock(now); err != nil {
		return err
	}
	if c.expired(now) {
		return c.expiry()
	}
	return nil
}

func (c *Certificate) checkClock(now time.Time) error {
	what := fmt.Sprintf("the certificate of %v", c.did)
	if err := checkAhead(what, c.seq, now); err != nil {
		return err
	}
	return checkAhead(what, uint64(c.first)*1000, now)
}

func (c *Certificate) expired(now time.Time) bool { return !now.Before(c.NotAfter()) }

func (c *Certificate) expiry() error {
	return fmt.Errorf("device %v of %v: %w on %s", c.device, c.did, ErrExpired, c.NotAfter().UTC().Format(time.DateOnly))
}
