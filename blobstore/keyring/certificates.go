package keyring

import (
	"fmt"
	"io/fs"
	"sync"
	"time"

	"radswarm/radicle"
)

// Standing is what a device may do.
type Standing uint8

const (
	// Current is a device with a valid certificate, the newest of its DID.
	Current Standing = iota + 1
	// Expired is a device that was met while its certificate was valid. It may serve, and ask GET, HAVE, AUDIT and HASH; it
	// places nothing new (KEYS.md §8).
	Expired
)

// String returns "current", "expired" or "unknown".
func (s Standing) String() string {
	switch s {
	case Current:
		return "current"
	case Expired:
		return "expired"
	}
	return "unknown"
}

// Known is what [Certificates] remembers of a DID: what the state database keeps.
type Known struct {
	Certificate *Certificate // the newest seen
	Met         bool         // its device was seen with a certificate that was valid at that moment
}

// Certificates remembers the newest certificate of each DID (KEYS.md §8). It grows by one entry for each DID that is added, so
// its caller adds those whom it admitted, and checks others by [Certificate.Check].
type Certificates struct {
	clock func() time.Time

	mu    sync.Mutex
	known map[radicle.DID]Known // guarded by mu
}

// NewCertificates returns an empty memory. The clock is asked at every call.
func NewCertificates(clock func() time.Time) *Certificates {
	return &Certificates{clock: clock, known: make(map[radicle.DID]Known)}
}

// Add remembers a certificate that a device presented on a connection of its own, or that its owner published, and says how the
// device stands. A device that a newer certificate replaced is a [*RetiredError]; one whose certificate ran out
// before it was ever met is [ErrExpired]; one dated too far ahead is a [*ClockError] and is not remembered.
func (c *Certificates) Add(cert *Certificate) (Standing, error) {
	now := c.clock()
	if err := cert.checkClock(now); err != nil {
		return 0, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[cert.did] = join(c.known[cert.did], Known{Certificate: cert, Met: !cert.expired(now)})
	return c.standing(cert.did, cert.device, now)
}

// join returns what is known after b was seen: the newer certificate, met if the device in it was.
func join(a, b Known) Known {
	if a.Certificate == nil {
		return b
	}
	if b.Certificate.device == a.Certificate.device {
		a.Met = a.Met || b.Met
		b.Met = a.Met
	}
	if byAge(a.Certificate.seq, a.Certificate.raw, b.Certificate.seq, b.Certificate.raw) < 0 {
		return b
	}
	return a
}

// Standing says how a device of a DID stands now. A DID of which nothing is known is [fs.ErrNotExist]; other errors are as in
// [Certificates.Add].
func (c *Certificates) Standing(did radicle.DID, device Device) (Standing, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing(did, device, c.clock())
}

// standing is called with mu held.
func (c *Certificates) standing(did radicle.DID, device Device, now time.Time) (Standing, error) {
	k := c.known[did]
	switch {
	case k.Certificate == nil:
		return 0, fmt.Errorf("certificate of %v: %w", did, fs.ErrNotExist)
	case k.Certificate.device != device:
		return 0, &RetiredError{DID: did, Device: device, Newest: k.Certificate.seq}
	case !k.Certificate.expired(now):
		return Current, nil
	case k.Met:
		return Expired, nil
	}
	return 0, k.Certificate.expiry()
}

// Restore puts back what [Certificates.Get] gave, from a database of our own.
func (c *Certificates) Restore(k Known) {
	if k.Certificate == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[k.Certificate.did] = join(c.known[k.Certificate.did], k)
}

// Get returns what is known of a DID.
func (c *Certificates) Get(did radicle.DID) (Known, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.known[did]
	return k, ok
}

// Forget drops a DID. A retired device of it would be accepted again.
func (c *Certificates) Forget(did radicle.DID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, did)
}
